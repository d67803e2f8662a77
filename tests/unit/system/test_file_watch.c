#include "watch_case.h"

static void change_in_place(const struct temp_folder *folder)
{
    temp_write(folder, "file", "two");
}

static void replace(const struct temp_folder *folder)
{
    temp_replace(folder, "file", "one"); /* same size and text: another file all the same */
}

static void delete (const struct temp_folder *folder)
{
    temp_remove(folder, "file");
}

static void create(const struct temp_folder *folder)
{
    temp_write(folder, "new", "one");
}

static void append(const struct temp_folder *folder)
{
    char path[TEMP_PATH_MAX];
    FILE *out = fopen(temp_path(folder, "file", path), "a");
    assert_non_null(out);
    fputs("more", out);
    assert_int_equal(fclose(out), 0);
}

static void every_way_to_change_a_file_is_told_once(void **state)
{
    (void)state;

    static const struct {
        void (*change)(const struct temp_folder *folder);
        const char *name;
    } cases[] = {
        {change_in_place, "file"}, {replace, "file"}, {delete, "file"},
        {create, "new"},           {append, "file"},
    };

    enum { COUNT = sizeof(cases) / sizeof(cases[0]) };

    static const char *const names[] = {"file", "new"};

    struct test_loop loop;
    struct temp_folder folders[COUNT];
    struct seen seen[COUNT];
    test_loop_open(&loop);
    for (size_t i = 0; i < COUNT; i++) {
        temp_folder_open(&folders[i]);
        temp_write(&folders[i], "file", "one");
        watch(&seen[i], &loop, &folders[i], names, 2);
    }
    for (size_t i = 0; i < COUNT; i++)
        cases[i].change(&folders[i]);
    for (size_t i = 0; i < COUNT; i++) {
        test_loop_until_count(&loop, &seen[i].count, 1);
        assert_last(&seen[i], &folders[i], cases[i].name);
    }
    for (size_t i = 0; i < COUNT; i++) {
        assert_int_equal(seen[i].count, 1);
        file_watch_close(seen[i].watch);
    }
    test_loop_close(&loop);
    for (size_t i = 0; i < COUNT; i++)
        temp_folder_close(&folders[i]);
}

/* Ten changes a tenth of a quiet period apart, of two files in turn. */
struct editor {
    uv_timer_t timer;
    const struct temp_folder *folder;
    size_t edits;
};

enum { EDITS = 10, EDIT_EVERY_MS = 50 };

static void on_edit(uv_timer_t *timer)
{
    struct editor *editor = timer->data;
    temp_printf(editor->folder, editor->edits % 2 == 0 ? "file" : "other", "%zu",
                editor->edits);
    if (++editor->edits == EDITS)
        uv_close((uv_handle_t *)timer, NULL);
}

static void changes_close_together_are_told_once(void **state)
{
    (void)state;
    static const char *const names[] = {"file", "other"};
    struct test_loop loop;
    struct temp_folder folder;
    struct seen seen;
    struct editor editor = {.folder = &folder};
    temp_folder_open(&folder);
    test_loop_open(&loop);
    watch(&seen, &loop, &folder, names, 2);
    uv_timer_init(&loop.uv, &editor.timer);
    editor.timer.data = &editor;
    uv_timer_start(&editor.timer, on_edit, 0, EDIT_EVERY_MS);
    test_loop_until_count(&loop, &seen.count, 1);
    assert_int_equal(editor.edits, EDITS); /* told after the last of them */
    temp_write(&folder, "file", "again");
    test_loop_until_count(&loop, &seen.count, 2);
    assert_int_equal(seen.count, 2);
    assert_last(&seen, &folder, "file");
    file_watch_close(seen.watch);
    test_loop_close(&loop);
    temp_folder_close(&folder);
}

static void strangers_in_the_folder_are_nobodys_business(void **state)
{
    (void)state;
    static const char *const ours[] = {"file"}, *const strangers[] = {"log"};
    struct test_loop loop;
    struct temp_folder folder;
    struct seen seen, strange;
    temp_folder_open(&folder);
    temp_write(&folder, "file", "one");
    temp_write(&folder, "log", "one");
    test_loop_open(&loop);
    watch(&seen, &loop, &folder, ours, 1);
    watch(&strange, &loop, &folder, strangers, 1);
    temp_write(&folder, "log", "two");
    temp_write(&folder, "file~", "backup"); /* comes and goes */
    temp_remove(&folder, "file~");
    test_loop_until_count(&loop, &strange.count, 1);
    temp_replace(&folder, "log", "three");
    test_loop_until_count(&loop, &strange.count, 2);
    assert_int_equal(seen.count, 0);
    file_watch_close(seen.watch);
    file_watch_close(strange.watch);
    test_loop_close(&loop);
    temp_folder_close(&folder);
}

/* Something else in the folder is written to all the time: the quiet comes nevertheless. */
static void a_busy_stranger_does_not_put_the_quiet_off(void **state)
{
    (void)state;
    static const char *const names[] = {"zone"};
    struct test_loop loop;
    struct temp_folder folder;
    struct seen seen;
    struct editor editor = {.folder = &folder};
    temp_folder_open(&folder);
    temp_write(&folder, "zone", "one");
    temp_write(&folder, "file", "");
    temp_write(&folder, "other", "");
    test_loop_open(&loop);
    watch(&seen, &loop, &folder, names, 1);
    uv_timer_init(&loop.uv, &editor.timer);
    editor.timer.data = &editor;
    uv_timer_start(&editor.timer, on_edit, 0, EDIT_EVERY_MS * 3);
    temp_write(&folder, "zone", "two");
    test_loop_until_count(&loop, &seen.count, 1);
    assert_true(editor.edits < EDITS);
    file_watch_close(seen.watch);
    test_loop_close(&loop);
    temp_folder_close(&folder);
}

static void a_folder_that_is_not_there_is_logged(void **state)
{
    (void)state;
    static const char *const names[] = {"gone/file", "file"};
    struct test_loop loop;
    struct temp_folder folder;
    struct seen seen;
    temp_folder_open(&folder);
    test_loop_open(&loop);
    test_log_open();
    watch(&seen, &loop, &folder, names, 2);
    assert_int_equal(test_log_count("event=watch_failed"), 1);
    assert_int_equal(test_log_count("/gone"), 1);
    test_log_close();
    temp_write(&folder, "file", "one");
    test_loop_until_count(&loop, &seen.count, 1);
    file_watch_close(seen.watch);
    test_loop_close(&loop);
    temp_folder_close(&folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_way_to_change_a_file_is_told_once),
        cmocka_unit_test(changes_close_together_are_told_once),
        cmocka_unit_test(strangers_in_the_folder_are_nobodys_business),
        cmocka_unit_test(a_busy_stranger_does_not_put_the_quiet_off),
        cmocka_unit_test(a_folder_that_is_not_there_is_logged),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
