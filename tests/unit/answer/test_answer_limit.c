#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "rhumb/answer_limit.h"

enum { START_MS = 3600000, RATE = 100 };

static const uint8_t key[16] = "a key of sixteen";
static const struct config_rate_limit rate = {
    .per_second = RATE, .slip = 2, .v4_prefix = 24, .v6_prefix = 56};
static const struct answer_limit_class name = {.kind = ANSWER_LIMIT_NAME, .hash = 1};

static struct ip_addr address(const char *text)
{
    struct ip_addr addr;
    assert_true(ip_parse(text, &addr));
    return addr;
}

/* take - of count answers at one instant, how many may go. */
static unsigned take(struct answer_limiter *limiter, const char *client,
                     const struct answer_limit_class *class, uint64_t now_ms, unsigned count)
{
    struct ip_addr addr = address(client);
    unsigned passed = 0;
    for (unsigned i = 0; i < count; i++)
        passed += answer_limiter_take(limiter, &rate, &addr, class, now_ms);
    return passed;
}

static void a_seconds_worth_may_come_at_once_and_then_the_rate(void **state)
{
    (void)state;
    struct answer_limiter *limiter = answer_limiter_new(key);
    assert_int_equal(take(limiter, "192.0.2.1", &name, START_MS, 1000), RATE);
    assert_int_equal(take(limiter, "192.0.2.1", &name, START_MS + 9, 1000), 0);
    assert_int_equal(take(limiter, "192.0.2.1", &name, START_MS + 10, 1000), 1);
    assert_int_equal(take(limiter, "192.0.2.1", &name, START_MS + 250, 1000), RATE / 4 - 1);
    assert_int_equal(take(limiter, "192.0.2.1", &name, START_MS + 10000, 1000), RATE);
    unsigned passed = 0;
    for (unsigned ms = 0; ms < 10000; ms++) /* 1000 a second, for ten seconds */
        passed += take(limiter, "203.0.113.1", &name, START_MS + ms, 1);
    assert_in_range(passed, 11 * RATE - 1, 11 * RATE);
    answer_limiter_free(limiter);
}

static void below_the_rate_nothing_is_lost(void **state)
{
    (void)state;
    struct answer_limiter *limiter = answer_limiter_new(key);
    for (unsigned ms = 0; ms < 60000; ms += 1000 / RATE)
        assert_int_equal(take(limiter, "192.0.2.1", &name, START_MS + ms, 1), 1);
    answer_limiter_free(limiter);
}

static void a_clock_that_stands_still_or_steps_back_is_survived(void **state)
{
    (void)state;
    struct answer_limiter *limiter = answer_limiter_new(key);
    assert_int_equal(take(limiter, "192.0.2.1", &name, START_MS, 1000), RATE);
    assert_int_equal(take(limiter, "192.0.2.1", &name, START_MS - 500, 1000), 0);
    assert_int_equal(take(limiter, "192.0.2.1", &name, START_MS + 1000, 1000), RATE);
    answer_limiter_free(limiter);
}

static void networks_and_classes_have_each_their_own(void **state)
{
    (void)state;

    static const struct answer_limit_class other_hash = {.kind = ANSWER_LIMIT_NAME, .hash = 2};
    static const struct answer_limit_class other_kind = {.kind = ANSWER_LIMIT_NXDOMAIN,
                                                         .hash = 1};

    struct answer_limiter *limiter = answer_limiter_new(key);
    assert_int_equal(take(limiter, "192.0.2.1", &name, START_MS, 1000), RATE);
    assert_int_equal(take(limiter, "192.0.2.255", &name, START_MS, 1000), 0); /* same /24 */
    assert_int_equal(take(limiter, "192.0.3.1", &name, START_MS, 1000), RATE);
    assert_int_equal(take(limiter, "192.0.2.1", &other_hash, START_MS, 1000), RATE);
    assert_int_equal(take(limiter, "192.0.2.1", &other_kind, START_MS, 1000), RATE);
    assert_int_equal(take(limiter, "2001:db8:0:ff::1", &name, START_MS, 1000), RATE);
    assert_int_equal(take(limiter, "2001:db8:0:1::1", &name, START_MS, 1000), 0); /* same /56 */
    assert_int_equal(take(limiter, "2001:db8:0:100::1", &name, START_MS, 1000), RATE);
    answer_limiter_free(limiter);
}

/* A flood from forged addresses passes through the table; who is over the rate stays there. */
static void a_flood_of_other_networks_frees_nobody(void **state)
{
    (void)state;
    struct answer_limiter *limiter = answer_limiter_new(key);
    unsigned passed = take(limiter, "192.0.2.1", &name, START_MS, 1000);
    for (uint32_t n = 0; n < 500000; n++) {
        char text[IP_TEXT_MAX];
        snprintf(text, sizeof(text), "%u.%u.%u.1", 10 + n / 65536, n / 256 % 256, n % 256);
        assert_int_equal(take(limiter, text, &name, START_MS, 1), 1);
        if (n % 1000 == 0)
            passed += take(limiter, "192.0.2.1", &name, START_MS, 10);
    }
    assert_int_equal(passed, RATE);
    answer_limiter_free(limiter);
}

static void exempt_networks_are_known_by_prefix(void **state)
{
    (void)state;
    struct ip_prefix prefixes[2];
    assert_true(ip_prefix_parse("192.0.2.0/25", &prefixes[0]));
    assert_true(ip_prefix_parse("2001:db8::/32", &prefixes[1]));
    const struct config_rate_limit some = {.exempt = prefixes, .exempt_count = 2};
    const struct config_rate_limit none = {.exempt_count = 0};
    struct ip_addr inside = address("192.0.2.127"), outside = address("192.0.2.128");
    struct ip_addr inside6 = address("2001:db8:ffff::1");
    assert_true(answer_limit_is_exempt(&some, &inside));
    assert_true(answer_limit_is_exempt(&some, &inside6));
    assert_false(answer_limit_is_exempt(&some, &outside));
    assert_false(answer_limit_is_exempt(&none, &inside));
}

/* ---- two workers, one table ---- */

struct taker {
    struct answer_limiter *limiter;
    unsigned passed;
};

static void *take_many(void *arg)
{
    struct taker *taker = arg;
    struct ip_addr addr = {.family = IP_V4, .bytes = {192, 0, 2, 1}};
    for (unsigned i = 0; i < 100000; i++)
        taker->passed +=
            answer_limiter_take(taker->limiter, &rate, &addr, &name, START_MS + i / 100);
    return NULL;
}

static void two_workers_share_one_rate(void **state)
{
    (void)state;
    struct taker takers[2] = {{answer_limiter_new(key), 0}, {NULL, 0}};
    takers[1].limiter = takers[0].limiter;
    pthread_t threads[2];
    for (unsigned i = 0; i < 2; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, take_many, &takers[i]), 0);
    for (unsigned i = 0; i < 2; i++)
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    /* One second: what the bucket holds, and what runs out of it. A clash may let one pass. */
    unsigned passed = takers[0].passed + takers[1].passed;
    assert_in_range(passed, RATE, 2 * RATE + 5);
    answer_limiter_free(takers[0].limiter);
    answer_limiter_free(NULL);
}

/* ---- memory ---- */

static int failing = -1; /* the allocation that fails, counted from 0 */

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);

void *__wrap_malloc(size_t size)
{
    return failing-- == 0 ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t count, size_t size)
{
    return failing-- == 0 ? NULL : __real_calloc(count, size);
}

static void without_memory_there_is_no_table(void **state)
{
    (void)state;
    for (int i = 0; i < 2; i++) {
        failing = i;
        assert_null(answer_limiter_new(key));
    }
    failing = 2;
    struct answer_limiter *limiter = answer_limiter_new(key);
    failing = -1;
    assert_non_null(limiter);
    answer_limiter_free(limiter);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_seconds_worth_may_come_at_once_and_then_the_rate),
        cmocka_unit_test(below_the_rate_nothing_is_lost),
        cmocka_unit_test(a_clock_that_stands_still_or_steps_back_is_survived),
        cmocka_unit_test(networks_and_classes_have_each_their_own),
        cmocka_unit_test(a_flood_of_other_networks_frees_nobody),
        cmocka_unit_test(exempt_networks_are_known_by_prefix),
        cmocka_unit_test(two_workers_share_one_rate),
        cmocka_unit_test(without_memory_there_is_no_table),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
