#include <signal.h>
#include <sys/wait.h>

#include "rhumb/history.h"

#include "../../support/disk_case.h"

enum { KEY = 7 };

struct past {
    struct test_loop loop;
    struct temp_folder folder;
    struct history *history;
};

static void start(struct past *past)
{
    test_loop_open(&past->loop);
    test_log_open();
    assert_int_equal(history_new(&past->loop.uv, past->folder.path, &past->history), ERR_OK);
}

static void stop(struct past *past)
{
    history_close(past->history);
    test_loop_close(&past->loop);
    test_log_close();
}

static void add(struct history *history, uint64_t key, uint64_t time_ms)
{
    struct history_entry entry = {.time_ms = time_ms,
                                  .key = key,
                                  .address = "192.0.2.1",
                                  .check = "web",
                                  .from = "up",
                                  .to = "down",
                                  .reason = "timeout after 500 ms"};
    history_add(history, &entry);
}

static bool is_written(void *ctx)
{
    return history_lag_ms(((struct past *)ctx)->history) == 0;
}

static void settle(struct past *past)
{
    test_loop_until(&past->loop, is_written, past);
}

/* assert_times - of the newest entries, newest first; ends with 0. */
static void assert_times(const struct past *past, uint64_t key, const uint64_t *times)
{
    struct history_entry got[HISTORY_PER_TARGET];
    size_t count = history_get(past->history, key, got, HISTORY_PER_TARGET);
    for (size_t i = 0; i < count; i++)
        assert_int_equal(got[i].time_ms, times[i]);
    assert_int_equal(times[count], 0);
}

static size_t count_lines(const struct past *past)
{
    size_t count = 0;
    char *bytes = slurp(past->folder.path, "history.jsonl");
    for (const char *at = bytes; (at = strchr(at, '\n')) != NULL; at++)
        count++;
    free(bytes);
    return count;
}

static void what_happened_outlives_the_process(void **state)
{
    (void)state;
    struct past past;
    temp_folder_open(&past.folder);
    start(&past);
    add(past.history, KEY, 1);
    add(past.history, KEY, 2);
    assert_times(&past, KEY, (const uint64_t[]){2, 1, 0});
    stop(&past);
    start(&past);
    settle(&past);
    assert_times(&past, KEY, (const uint64_t[]){2, 1, 0});
    struct history_entry got[1];
    assert_int_equal(history_get(past.history, KEY, got, 1), 1);
    assert_string_equal(got[0].address, "192.0.2.1");
    assert_string_equal(got[0].check, "web");
    assert_string_equal(got[0].reason, "timeout after 500 ms");
    assert_int_equal(test_log_count(""), 0);
    stop(&past);
    temp_folder_close(&past.folder);
}

static void what_is_added_before_the_past_is_read_comes_on_top(void **state)
{
    (void)state;
    struct past past;
    temp_folder_open(&past.folder);
    start(&past);
    add(past.history, KEY, 1);
    add(past.history, KEY + 1, 1);
    stop(&past);
    start(&past);
    add(past.history, KEY, 2); /* the loop has not turned yet */
    assert_times(&past, KEY, (const uint64_t[]){2, 0});
    settle(&past);
    assert_times(&past, KEY, (const uint64_t[]){2, 1, 0});
    assert_times(&past, KEY + 1, (const uint64_t[]){1, 0});
    assert_int_equal(count_lines(&past), 3);
    stop(&past);
    temp_folder_close(&past.folder);
}

static void lines_are_added_in_batches(void **state)
{
    (void)state;
    struct past past;
    temp_folder_open(&past.folder);
    start(&past);
    settle(&past);
    size_t writes = disk_fault_writes();
    for (uint64_t i = 1; i <= 50; i++)
        add(past.history, i, i);
    settle(&past);
    assert_int_equal(disk_fault_writes(), writes + 1);
    assert_int_equal(count_lines(&past), 50);
    stop(&past);
    temp_folder_close(&past.folder);
}

/* A process that is killed has what it knew a second ago on disk; its last line may be cut. */
static void a_kill_loses_no_line_that_was_written_and_a_cut_one_is_passed_over(void **state)
{
    (void)state;
    struct past past;
    temp_folder_open(&past.folder);
    fflush(NULL);
    pid_t child = fork();
    if (child == 0) {
        start(&past);
        add(past.history, KEY, 1);
        add(past.history, KEY, 2);
        settle(&past);
        raise(SIGKILL);
    }
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFSIGNALED(status));
    char *whole = slurp(past.folder.path, "history.jsonl");
    size_t first = strcspn(whole, "\n") + 1;
    for (size_t len = first; len < strlen(whole) - 1; len += 30) {
        char path[TEMP_PATH_MAX];
        temp_write(&past.folder, "history.jsonl", whole);
        assert_int_equal(truncate(temp_path(&past.folder, "history.jsonl", path), (off_t)len),
                         0);
        start(&past);
        settle(&past);
        assert_times(&past, KEY, (const uint64_t[]){1, 0});
        assert_int_equal(test_log_count("event=history_lines_ignored"), len > first);
        add(past.history, KEY, 3); /* does not stick to what was cut */
        stop(&past);
        start(&past);
        settle(&past);
        assert_times(&past, KEY, (const uint64_t[]){3, 1, 0});
        stop(&past);
    }
    free(whole);
    temp_folder_close(&past.folder);
}

static void a_long_file_is_written_anew_without_what_is_forgotten(void **state)
{
    (void)state;

    enum { TARGETS = 30, EACH = 350 };

    struct past past;
    struct history_entry got[HISTORY_PER_TARGET];
    temp_folder_open(&past.folder);
    start(&past);
    settle(&past);
    for (uint64_t i = 1; i <= EACH; i++)
        for (uint64_t key = 0; key < TARGETS; key++)
            add(past.history, key, i);
    settle(&past); /* 10500 lines, 1.5 MB */
    assert_int_equal(count_lines(&past), TARGETS * HISTORY_PER_TARGET);
    add(past.history, 0, EACH + 1);
    settle(&past);
    assert_int_equal(count_lines(&past), TARGETS * HISTORY_PER_TARGET + 1);
    stop(&past);
    start(&past);
    settle(&past);
    for (uint64_t key = 0; key < TARGETS; key++) {
        assert_int_equal(history_get(past.history, key, got, HISTORY_PER_TARGET),
                         HISTORY_PER_TARGET);
        assert_int_equal(got[0].time_ms, key == 0 ? EACH + 1 : EACH);
    }
    stop(&past);
    temp_folder_close(&past.folder);
}

static void lines_wait_for_a_disk_that_refuses(void **state)
{
    (void)state;
    struct past past;
    temp_folder_open(&past.folder);
    start(&past);
    settle(&past);
    disk_fault_refuse(ENOSPC);
    add(past.history, KEY, 1);
    test_loop_until_log(&past.loop, "event=state_not_written", 1);
    add(past.history, KEY, 2);
    assert_true(history_lag_ms(past.history) > 0);
    disk_fault_refuse(0);
    test_loop_until_log(&past.loop, "event=state_written_again", 1);
    settle(&past);
    assert_int_equal(count_lines(&past), 2);
    assert_int_equal(test_log_count(""), 2);
    stop(&past);
    start(&past);
    settle(&past);
    assert_times(&past, KEY, (const uint64_t[]){2, 1, 0});
    stop(&past);
    temp_folder_close(&past.folder);
}

static void closing_leaves_a_disk_that_hangs(void **state)
{
    (void)state;
    struct past past;
    temp_folder_open(&past.folder);
    start(&past);
    settle(&past);
    disk_fault_hang();
    add(past.history, KEY, 1);
    test_loop_until(&past.loop, is_hanging, NULL);
    uint64_t before_ms = uv_hrtime() / 1000000;
    stop(&past);
    assert_true(uv_hrtime() / 1000000 - before_ms < 2000);
    disk_fault_release();
    while (disk_fault_hanging() > 0)
        usleep(1000);
    temp_folder_close(&past.folder);
}

static void what_cannot_be_ours_is_set_aside(void **state)
{
    (void)state;
    struct past past;
    char path[TEMP_PATH_MAX];
    temp_folder_open(&past.folder);
    temp_write(&past.folder, "victim", "precious\n");
    assert_int_equal(symlink("victim", temp_path(&past.folder, "history.jsonl", path)), 0);
    start(&past);
    add(past.history, KEY, 1);
    settle(&past);
    assert_int_equal(test_log_count("event=history_not_read"), 1);
    assert_int_equal(count_files(past.folder.path, "history.jsonl.unreadable-"), 1);
    assert_int_equal(count_lines(&past), 1);
    char *victim = slurp(past.folder.path, "victim");
    assert_string_equal(victim, "precious\n");
    free(victim);
    stop(&past);
    temp_folder_close(&past.folder);
}

static void without_a_folder_it_remembers_in_memory(void **state)
{
    (void)state;
    struct past past;
    test_loop_open(&past.loop);
    assert_int_equal(history_new(&past.loop.uv, NULL, &past.history), ERR_OK);
    add(past.history, KEY, 1);
    assert_times(&past, KEY, (const uint64_t[]){1, 0});
    assert_int_equal(history_lag_ms(past.history), 0);
    history_close(past.history);
    test_loop_close(&past.loop);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_happened_outlives_the_process),
        cmocka_unit_test(what_is_added_before_the_past_is_read_comes_on_top),
        cmocka_unit_test(lines_are_added_in_batches),
        cmocka_unit_test(a_kill_loses_no_line_that_was_written_and_a_cut_one_is_passed_over),
        cmocka_unit_test(a_long_file_is_written_anew_without_what_is_forgotten),
        cmocka_unit_test(lines_wait_for_a_disk_that_refuses),
        cmocka_unit_test(closing_leaves_a_disk_that_hangs),
        cmocka_unit_test(what_cannot_be_ours_is_set_aside),
        cmocka_unit_test(without_a_folder_it_remembers_in_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
