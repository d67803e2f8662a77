#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "notify_queue.h"

static struct notice *make(enum config_severity severity, const char *id)
{
    const struct event event = {.kind = "test", .severity = severity};
    struct notice *notice = notice_new(&event, id, NULL);
    assert_non_null(notice);
    return notice;
}

/* put - an event of this severity, whose id is id. */
static struct notify_loss put(struct notify_queue *queue, enum config_severity severity,
                              const char *id, uint64_t since_ms)
{
    struct notice *notice = make(severity, id);
    notice->since_ms = since_ms;
    struct notify_loss loss = notify_queue_put(queue, notice);
    notice_unref(notice);
    return loss;
}

/* room_for - so many notices with ids of two letters, of any severity. */
static size_t room_for(size_t count)
{
    struct notice *longest = make(CONFIG_CRITICAL, "c1");
    size_t bytes = count * notify_queue_weigh(longest);
    notice_unref(longest);
    return bytes;
}

static void assert_next(struct notify_queue *queue, const char *id)
{
    struct notice *notice = notify_queue_take(queue);
    assert_non_null(notice);
    assert_string_equal(notice->id, id);
    notice_unref(notice);
}

static void first_in_first_out_round_and_round(void **state)
{
    (void)state;
    static const char *const ids[] = {"0", "1", "2", "3", "4", "5", "6", "7", "8", "9"};
    struct notify_queue queue;
    notify_queue_init(&queue, room_for(3));
    assert_null(notify_queue_take(&queue));
    assert_int_equal(put(&queue, CONFIG_INFO, ids[0], 0).count, 0);
    for (size_t i = 1; i < 10; i++) {
        assert_int_equal(put(&queue, CONFIG_INFO, ids[i], 0).count, 0);
        assert_next(&queue, ids[i - 1]);
    }
    assert_int_equal(queue.count, 1);
    notify_queue_deinit(&queue); /* and what is in it */
}

/* What a queue of three loses: a letter is a severity, a digit its number. */
static void a_full_queue_gives_up_the_oldest_of_the_lowest_severity(void **state)
{
    (void)state;

    static const struct {
        const char *put[6], *left[3];
    } cases[] = {
        {{"i1", "i2", "i3", "i4"}, {"i2", "i3", "i4"}},
        {{"w1", "i1", "c1", "w2"}, {"w1", "c1", "w2"}},
        {{"w1", "w2", "c1", "i1"}, {"w1", "w2", "c1"}},
        {{"c1", "c2", "c3", "w1"}, {"c1", "c2", "c3"}},
        {{"c1", "w1", "w2", "w3", "c2"}, {"c1", "w3", "c2"}},
        {{"i1", "c1", "i2", "c2", "c3", "c4"}, {"c2", "c3", "c4"}},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct notify_queue queue;
        notify_queue_init(&queue, room_for(3));
        for (size_t n = 0; n < 6 && cases[i].put[n]; n++) {
            char letter = cases[i].put[n][0];
            enum config_severity severity = letter == 'c'   ? CONFIG_CRITICAL
                                            : letter == 'w' ? CONFIG_WARNING
                                                            : CONFIG_INFO;
            struct notify_loss loss = put(&queue, severity, cases[i].put[n], 0);
            assert_int_equal(loss.count, n < 3 ? 0 : 1);
            assert_true(loss.severity <= severity);
        }
        for (size_t n = 0; n < 3; n++)
            assert_next(&queue, cases[i].left[n]);
        assert_int_equal(queue.count, 0);
        notify_queue_deinit(&queue);
    }
}

/* What is large makes room for itself; what is too large for the whole queue costs only itself. */
static void the_bound_is_of_bytes(void **state)
{
    (void)state;
    struct notify_queue queue;
    char large[600], huge[2000];
    memset(large, 'l', sizeof(large) - 1);
    memset(huge, 'h', sizeof(huge) - 1);
    large[sizeof(large) - 1] = huge[sizeof(huge) - 1] = '\0';
    notify_queue_init(&queue, 2048);
    for (size_t n = 0; queue.bytes + room_for(1) <= queue.max_bytes; n++)
        assert_int_equal(put(&queue, n % 2 ? CONFIG_INFO : CONFIG_WARNING, "ab", 0).count, 0);
    size_t before = queue.count;
    struct notify_loss loss = put(&queue, CONFIG_CRITICAL, large, 0);
    assert_true(loss.count > 1);
    assert_true(queue.bytes <= queue.max_bytes);
    assert_int_equal(queue.count, before - loss.count + 1);
    size_t left = queue.count;
    loss = put(&queue, CONFIG_INFO, huge, 0);
    assert_int_equal(loss.severity, CONFIG_INFO);
    assert_int_equal(queue.count, left - (loss.count - 1));
    notify_queue_deinit(&queue);
    assert_int_equal(queue.bytes, 0);
}

static void what_is_old_expires(void **state)
{
    (void)state;
    struct notify_queue queue;
    notify_queue_init(&queue, room_for(8));
    put(&queue, CONFIG_INFO, "a", 10);
    put(&queue, CONFIG_CRITICAL, "b", 20);
    put(&queue, CONFIG_INFO, "c", 30);
    assert_int_equal(notify_queue_expire(&queue, 10), 0);
    assert_int_equal(notify_queue_expire(&queue, 30), 2);
    assert_next(&queue, "c");
    assert_int_equal(notify_queue_expire(&queue, 100), 0);
    notify_queue_deinit(&queue);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(first_in_first_out_round_and_round),
        cmocka_unit_test(a_full_queue_gives_up_the_oldest_of_the_lowest_severity),
        cmocka_unit_test(the_bound_is_of_bytes),
        cmocka_unit_test(what_is_old_expires),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
