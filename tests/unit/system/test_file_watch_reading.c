/* What file_watch_begin(), _set(), _retry() and _close() promise around reading the files. */
#include "watch_case.h"

static void only_the_files_set_last_count(void **state)
{
    (void)state;
    static const char *const before[] = {"file"}, *const after[] = {"sub/other"};
    struct test_loop loop;
    struct temp_folder folder;
    struct seen seen, old;
    temp_folder_open(&folder);
    temp_make_folder(&folder, "sub");
    temp_write(&folder, "file", "one");
    temp_write(&folder, "sub/other", "one");
    test_loop_open(&loop);
    watch(&seen, &loop, &folder, before, 1);
    watch(&old, &loop, &folder, before, 1);
    set(&seen, &folder, after, 1);
    temp_write(&folder, "file", "two");
    test_loop_until_count(&loop, &old.count, 1);
    assert_int_equal(seen.count, 0);
    temp_write(&folder, "sub/other", "two");
    test_loop_until_count(&loop, &seen.count, 1);
    assert_last(&seen, &folder, "sub/other");
    assert_int_equal(old.count, 1);
    file_watch_close(seen.watch);
    file_watch_close(old.watch);
    test_loop_close(&loop);
    temp_folder_close(&folder);
}

/* Read, then changed, then set: without a notice the change would be lost. */
static void what_changes_while_it_is_read_is_told(void **state)
{
    (void)state;
    static const char *const names[] = {"file", "new"};
    struct test_loop loop;
    struct temp_folder folder;
    struct seen known, fresh;
    temp_folder_open(&folder);
    temp_write(&folder, "file", "one");
    test_loop_open(&loop);
    watch(&known, &loop, &folder, names, 1);
    watch(&fresh, &loop, &folder, names, 0); /* knows no file yet */
    file_watch_begin(known.watch);
    file_watch_begin(fresh.watch);
    temp_write(&folder, "file", "two");
    temp_write(&folder, "new", "one");
    set(&known, &folder, names, 1);
    set(&fresh, &folder, &names[1], 1);
    test_loop_until_count(&loop, &known.count, 1);
    test_loop_until_count(&loop, &fresh.count, 1);
    assert_last(&known, &folder, "file");
    assert_last(&fresh, &folder, "new");
    file_watch_close(known.watch);
    file_watch_close(fresh.watch);
    test_loop_close(&loop);
    temp_folder_close(&folder);
}

/* Changed, then read because of something else: it was read as it is now. */
static void what_changed_before_it_was_read_is_not_told(void **state)
{
    (void)state;
    static const char *const names[] = {"file"};
    struct test_loop loop;
    struct temp_folder folder;
    struct seen seen, other;
    temp_folder_open(&folder);
    temp_write(&folder, "file", "one");
    test_loop_open(&loop);
    watch(&seen, &loop, &folder, names, 1);
    watch(&other, &loop, &folder, names, 1);
    temp_write(&folder, "file", "two");
    file_watch_begin(seen.watch);
    set(&seen, &folder, names, 1);
    test_loop_until_count(&loop, &other.count, 1);
    temp_write(&folder, "file", "three");
    test_loop_until_count(&loop, &seen.count, 1);
    assert_int_equal(seen.count, 1);
    file_watch_close(seen.watch);
    file_watch_close(other.watch);
    test_loop_close(&loop);
    temp_folder_close(&folder);
}

static void after_a_failure_a_new_name_may_be_the_remedy(void **state)
{
    (void)state;
    static const char *const names[] = {"file"};
    struct test_loop loop;
    struct temp_folder folder;
    struct seen seen;
    temp_folder_open(&folder);
    temp_write(&folder, "file", "one");
    test_loop_open(&loop);
    watch(&seen, &loop, &folder, names, 1);
    file_watch_begin(seen.watch);
    file_watch_retry(seen.watch);
    temp_write(&folder, "missing", "here");
    test_loop_until_count(&loop, &seen.count, 1);
    file_watch_begin(seen.watch);
    set(&seen, &folder, names, 1); /* a success: strangers again */
    temp_write(&folder, "stranger", "here");
    temp_write(&folder, "file", "two");
    test_loop_until_count(&loop, &seen.count, 2);
    assert_last(&seen, &folder, "file");
    file_watch_close(seen.watch);
    test_loop_close(&loop);
    temp_folder_close(&folder);
}

static void a_closed_watch_tells_nothing(void **state)
{
    (void)state;
    static const char *const names[] = {"file"};
    struct test_loop loop;
    struct temp_folder folder;
    struct seen seen, other;
    temp_folder_open(&folder);
    test_loop_open(&loop);
    watch(&seen, &loop, &folder, names, 1);
    watch(&other, &loop, &folder, names, 1);
    temp_write(&folder, "file", "one");
    file_watch_close(seen.watch);
    test_loop_until_count(&loop, &other.count, 1);
    assert_int_equal(seen.count, 0);
    file_watch_close(other.watch);
    test_loop_close(&loop);
    temp_folder_close(&folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_the_files_set_last_count),
        cmocka_unit_test(what_changes_while_it_is_read_is_told),
        cmocka_unit_test(what_changed_before_it_was_read_is_not_told),
        cmocka_unit_test(after_a_failure_a_new_name_may_be_the_remedy),
        cmocka_unit_test(a_closed_watch_tells_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
