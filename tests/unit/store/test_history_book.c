#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "history_book.h"
#include "history_line.h"

enum { LINE_BYTES = 10 };

static struct history_entry entry_at(uint64_t key, uint64_t time_ms)
{
    return (struct history_entry){.time_ms = time_ms,
                                  .key = key,
                                  .address = "192.0.2.1",
                                  .check = "web",
                                  .from = "up",
                                  .to = "down",
                                  .reason = "connection refused"};
}

static void add(struct history_book *book, uint64_t key, uint64_t time_ms)
{
    struct history_entry entry = entry_at(key, time_ms);
    assert_int_equal(history_book_add(book, &entry, LINE_BYTES), ERR_OK);
}

static void the_newest_comes_first(void **state)
{
    (void)state;
    struct history_entry got[3];
    struct history_book *book = history_book_new();
    assert_int_equal(history_book_get(book, 1, got, 3), 0);
    for (uint64_t i = 1; i <= 5; i++)
        add(book, i % 2, i);
    assert_int_equal(history_book_get(book, 1, got, 3), 3);
    assert_int_equal(got[0].time_ms, 5);
    assert_int_equal(got[1].time_ms, 3);
    assert_int_equal(got[2].time_ms, 1);
    assert_string_equal(got[0].address, "192.0.2.1");
    assert_string_equal(got[0].check, "web");
    assert_string_equal(got[0].from, "up");
    assert_string_equal(got[0].to, "down");
    assert_string_equal(got[0].reason, "connection refused");
    assert_int_equal(history_book_get(book, 0, got, 1), 1);
    assert_int_equal(got[0].time_ms, 4);
    assert_int_equal(history_book_line_bytes(book), 5 * LINE_BYTES);
    history_book_free(book);
}

static void a_target_keeps_its_last_hundred(void **state)
{
    (void)state;
    struct history_entry got[HISTORY_PER_TARGET + 1];
    struct history_book *book = history_book_new();
    for (uint64_t i = 1; i <= 250; i++) {
        add(book, 7, i);
        size_t count = history_book_get(book, 7, got, HISTORY_PER_TARGET + 1);
        assert_int_equal(count, i < HISTORY_PER_TARGET ? i : HISTORY_PER_TARGET);
        for (size_t k = 0; k < count; k++)
            assert_int_equal(got[k].time_ms, i - k);
    }
    assert_int_equal(history_book_line_bytes(book), HISTORY_PER_TARGET * LINE_BYTES);
    history_book_free(book);
}

static void one_target_too_many_costs_the_longest_quiet(void **state)
{
    (void)state;
    struct history_entry got[1];
    struct history_book *book = history_book_new();
    for (uint64_t key = 0; key < HISTORY_TARGETS_MAX; key++)
        add(book, key, key);
    add(book, 0, HISTORY_TARGETS_MAX); /* no longer quiet */
    add(book, HISTORY_TARGETS_MAX, 1);
    assert_int_equal(history_book_get(book, 0, got, 1), 1);
    assert_int_equal(history_book_get(book, 1, got, 1), 0);
    assert_int_equal(history_book_get(book, 2, got, 1), 1);
    assert_int_equal(history_book_get(book, HISTORY_TARGETS_MAX, got, 1), 1);
    assert_int_equal(history_book_line_bytes(book), (HISTORY_TARGETS_MAX + 1) * LINE_BYTES);
    history_book_free(book);
}

/* Beyond all entries that are allowed a target has the room it has; a new one gets one. */
static void all_entries_together_are_bounded(void **state)
{
    (void)state;

    enum { TARGETS = HISTORY_ENTRIES_MAX / HISTORY_PER_TARGET };

    struct history_entry got[HISTORY_PER_TARGET];
    struct history_book *book = history_book_new();
    for (uint64_t i = 0; i < HISTORY_ENTRIES_MAX; i++)
        add(book, i % TARGETS, i);
    for (uint64_t i = 0; i < 3; i++)
        add(book, TARGETS, i);
    assert_int_equal(history_book_get(book, TARGETS, got, HISTORY_PER_TARGET), 1);
    assert_int_equal(got[0].time_ms, 2);
    assert_int_equal(history_book_get(book, 0, got, HISTORY_PER_TARGET), HISTORY_PER_TARGET);
    assert_int_equal(history_book_line_bytes(book),
                     (uint64_t)(HISTORY_ENTRIES_MAX + 1) * LINE_BYTES);
    history_book_free(book);
}

static void the_latest_name_of_a_check_counts(void **state)
{
    (void)state;
    struct history_entry got[2], entry = entry_at(1, 2);
    struct history_book *book = history_book_new();
    add(book, 1, 1);
    entry.check = "renamed";
    assert_int_equal(history_book_add(book, &entry, LINE_BYTES), ERR_OK);
    assert_int_equal(history_book_get(book, 1, got, 2), 2);
    assert_string_equal(got[0].check, "renamed");
    assert_string_equal(got[1].check, "renamed");
    history_book_free(book);
}

static void copy(void *ctx, const struct history_entry *entry, size_t line_bytes)
{
    assert_int_equal(history_book_add(ctx, entry, line_bytes), ERR_OK);
}

static void each_entry_makes_the_same_book(void **state)
{
    (void)state;
    struct history_entry got[HISTORY_PER_TARGET], same[HISTORY_PER_TARGET];
    struct history_book *book = history_book_new(), *other = history_book_new();
    for (uint64_t i = 0; i < 1000; i++)
        add(book, i * i % 13, i);
    history_book_each(book, copy, other);
    assert_int_equal(history_book_line_bytes(book), history_book_line_bytes(other));
    for (uint64_t key = 0; key < 13; key++) {
        size_t count = history_book_get(book, key, got, HISTORY_PER_TARGET);
        assert_int_equal(history_book_get(other, key, same, HISTORY_PER_TARGET), count);
        for (size_t i = 0; i < count; i++)
            assert_int_equal(got[i].time_ms, same[i].time_ms);
    }
    history_book_free(book);
    history_book_free(other);
}

static void texts_are_cut_between_characters(void **state)
{
    (void)state;
    char reason[HISTORY_REASON_BYTES + 10];
    struct history_entry got[1], entry = entry_at(1, 1);
    struct history_book *book = history_book_new();
    memset(reason, 'x', sizeof(reason));
    memcpy(reason + HISTORY_REASON_BYTES - 1, "\xc3\xa9", 3); /* e with acute, across the end */
    entry.reason = reason;
    assert_int_equal(history_book_add(book, &entry, LINE_BYTES), ERR_OK);
    assert_int_equal(history_book_get(book, 1, got, 1), 1);
    assert_int_equal(strlen(got[0].reason), HISTORY_REASON_BYTES - 1);
    history_book_free(book);
}

/* ---- lines ---- */

struct taken {
    struct history_book *book;
    size_t count;
};

static void take(void *ctx, const struct history_entry *entry, size_t line_bytes)
{
    struct taken *taken = ctx;
    taken->count++;
    copy(taken->book, entry, line_bytes);
}

static void a_line_says_what_the_entry_said(void **state)
{
    (void)state;
    static const char *const reasons[] = {"", "timeout after 500 ms", "\"quoted\"\n\t\\",
                                          "\x01\x7f", "\xe2\x82\xac"};
    for (size_t i = 0; i < sizeof(reasons) / sizeof(reasons[0]); i++) {
        struct taken taken = {.book = history_book_new()};
        struct history_entry got[1], entry = entry_at(UINT64_MAX - i, 1785585600123);
        struct text line;
        entry.reason = reasons[i];
        text_init(&line, 4096);
        assert_true(history_line_put(&line, &entry));
        assert_ptr_equal(strchr(line.bytes, '\n'), line.bytes + line.len - 1);
        assert_true(history_line_take(line.bytes, line.len, take, &taken));
        assert_int_equal(history_book_get(taken.book, entry.key, got, 1), 1);
        assert_int_equal(got[0].time_ms, entry.time_ms);
        assert_string_equal(got[0].reason, entry.reason);
        assert_string_equal(got[0].to, entry.to);
        assert_string_equal(got[0].address, entry.address);
        text_deinit(&line);
        history_book_free(taken.book);
    }
}

static void what_is_no_text_is_replaced(void **state)
{
    (void)state;
    struct history_entry entry = entry_at(1, 1);
    struct text line;
    entry.reason = "status \xff\xfe";
    text_init(&line, 4096);
    assert_true(history_line_put(&line, &entry));
    assert_non_null(strstr(line.bytes, "(not UTF-8)"));
    text_deinit(&line);
}

static void a_line_that_is_cut_or_not_ours_says_nothing(void **state)
{
    (void)state;
    static const char *const strangers[] = {
        "",
        "\n",
        "null\n",
        "[]\n",
        "{}\n",
        "hello\n",
        "{\"time\":-1,\"target\":\"00000000000000aa\",\"address\":\"\",\"check\":\"\","
        "\"from\":\"\",\"to\":\"\",\"reason\":\"\"}\n",
        "{\"time\":1,\"target\":\"aa\",\"address\":\"\",\"check\":\"\","
        "\"from\":\"\",\"to\":\"\",\"reason\":\"\"}\n",
        "{\"time\":1,\"target\":\"zz000000000000aa\",\"address\":\"\",\"check\":\"\","
        "\"from\":\"\",\"to\":\"\",\"reason\":\"\"}\n",
        "{\"time\":1,\"target\":\"00000000000000aa\",\"address\":1,\"check\":\"\","
        "\"from\":\"\",\"to\":\"\",\"reason\":\"\"}\n",
    };
    struct taken taken = {.book = history_book_new()};
    struct history_entry entry = entry_at(1, 1);
    struct text line;
    for (size_t i = 0; i < sizeof(strangers) / sizeof(strangers[0]); i++)
        assert_false(history_line_take(strangers[i], strlen(strangers[i]), take, &taken));
    text_init(&line, 4096);
    assert_true(history_line_put(&line, &entry));
    for (size_t len = 0; len < line.len - 1; len++)
        assert_false(history_line_take(line.bytes, len, take, &taken));
    assert_int_equal(taken.count, 0);
    text_deinit(&line);
    history_book_free(taken.book);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_newest_comes_first),
        cmocka_unit_test(a_target_keeps_its_last_hundred),
        cmocka_unit_test(one_target_too_many_costs_the_longest_quiet),
        cmocka_unit_test(all_entries_together_are_bounded),
        cmocka_unit_test(the_latest_name_of_a_check_counts),
        cmocka_unit_test(each_entry_makes_the_same_book),
        cmocka_unit_test(texts_are_cut_between_characters),
        cmocka_unit_test(a_line_says_what_the_entry_said),
        cmocka_unit_test(what_is_no_text_is_replaced),
        cmocka_unit_test(a_line_that_is_cut_or_not_ours_says_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
