#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>
#include <curl/curl.h>

#include "notify_bed.h"

enum { TEXT_MAX = 8192 };

/* read_text - what is in the file of that name; "" when there is none. */
static const char *read_text(const struct temp_folder *folder, const char *name,
                             char text[TEXT_MAX])
{
    char path[TEMP_PATH_MAX];
    FILE *file = fopen(temp_path(folder, name, path), "r");
    size_t len = file ? fread(text, 1, TEXT_MAX - 1, file) : 0;
    text[len] = '\0';
    if (file)
        fclose(file);
    return text;
}

/* A command that is a shell script in a folder of its own; $2 is the folder. */
struct script {
    struct notify_bed bed;
    struct temp_folder folder;
    char path[TEMP_PATH_MAX];
    struct config_receiver *receiver;
};

static void open_script(struct script *script, const char *text)
{
    notify_bed_open(&script->bed, NULL);
    temp_folder_open(&script->folder);
    temp_printf(&script->folder, "page", "#!/bin/sh\n%s", text);
    assert_int_equal(chmod(temp_path(&script->folder, "page", script->path), 0755), 0);
    script->receiver = notify_bed_add_command(&script->bed, script->path,
                                              "two words; $(touch x)", script->folder.path);
}

static void close_script(struct script *script)
{
    notify_bed_close(&script->bed);
    temp_folder_close(&script->folder);
}

static void a_command_gets_arguments_one_line_and_two_variables(void **state)
{
    (void)state;
    struct script script;
    char text[TEXT_MAX], expected[64];
    setenv("RHUMB_TEST_SECRET", "not for others", 1);
    open_script(&script, "cat >\"$2/input\"; echo \"$1\" >\"$2/argument\"; env >\"$2/env\"\n"
                         "echo out; echo err >&2; pwd >\"$2/pwd\"\n");
    notify_bed_send(&script.bed, CONFIG_WARNING, "why");
    notify_bed_until_idle(&script.bed);
    read_text(&script.folder, "input", text);
    assert_memory_equal(text, "{\"id\":\"", 7);
    assert_non_null(strstr(text, "\"event\":\"health\""));
    assert_non_null(strstr(text, "\"reason\":\"why\"}\n"));
    assert_ptr_equal(strchr(text, '\n'), text + strlen(text) - 1); /* one line */
    assert_string_equal(read_text(&script.folder, "argument", text), "two words; $(touch x)\n");
    read_text(&script.folder, "env", text);
    assert_non_null(strstr(text, "RHUMB_EVENT=health\n"));
    snprintf(expected, sizeof(expected), "PATH=%.20s", getenv("PATH"));
    assert_non_null(strstr(text, expected));
    assert_null(strstr(text, "RHUMB_TEST_SECRET"));
    assert_null(strstr(text, "HOME="));
    struct notify_totals totals = notify_totals(script.bed.notify);
    assert_int_equal(totals.delivered, 1);
    assert_int_equal(totals.failed + totals.given_up, 0);
    close_script(&script);
}

static void runs_of_a_command_follow_each_other_in_order(void **state)
{
    (void)state;
    struct script script;
    char text[TEXT_MAX];
    open_script(&script, "read line\necho \"begin ${line##*reason}\" >>\"$2/log\"\n"
                         "sleep 0.05\necho end >>\"$2/log\"\n");
    notify_bed_send(&script.bed, CONFIG_WARNING, "one");
    notify_bed_send(&script.bed, CONFIG_WARNING, "two");
    notify_bed_send(&script.bed, CONFIG_WARNING, "three");
    assert_string_equal(read_text(&script.folder, "log", text),
                        ""); /* not within notify_send() */
    notify_bed_until_idle(&script.bed);
    assert_string_equal(read_text(&script.folder, "log", text),
                        "begin \":\"one\"}\nend\nbegin \":\"two\"}\nend\n"
                        "begin \":\"three\"}\nend\n");
    close_script(&script);
}

static void a_command_that_fails_is_logged_and_not_run_again(void **state)
{
    (void)state;

    static const struct {
        const char *text, *reason;
    } cases[] = {
        {"echo run >>\"$2/log\"; exit 3\n", "reason=\"exit status 3\""},
        {"echo run >>\"$2/log\"; kill -TERM $$\n", "reason=\"ended by signal 15\""},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct script script;
        char text[TEXT_MAX];
        open_script(&script, cases[i].text);
        notify_bed_send(&script.bed, CONFIG_WARNING, "one");
        notify_bed_until_idle(&script.bed);
        notify_bed_send(&script.bed, CONFIG_WARNING, "two");
        notify_bed_until_idle(&script.bed);
        assert_string_equal(read_text(&script.folder, "log", text), "run\nrun\n");
        assert_int_equal(test_log_count("event=notify_failed"), 2);
        assert_int_equal(test_log_count(cases[i].reason), 2);
        assert_int_equal(test_log_count("about=health"), 2);
        struct notify_totals totals = notify_totals(script.bed.notify);
        assert_int_equal(totals.given_up, 2);
        assert_int_equal(totals.delivered, 0);
        close_script(&script);
    }
}

static void a_command_that_cannot_start_is_logged(void **state)
{
    (void)state;
    struct notify_bed bed;
    notify_bed_open(&bed, NULL);
    notify_bed_add_command(&bed, "/no/such/program", NULL, NULL);
    notify_bed_add_command(&bed, "/etc/passwd", NULL, NULL);
    for (size_t i = 0; i < 10; i++)
        notify_bed_send(&bed, CONFIG_WARNING, "one");
    notify_bed_until_idle(&bed);
    assert_int_equal(test_log_count("receiver=/no/such/program about=health"), 10);
    assert_int_equal(test_log_count("reason=\"no such file or directory\""), 10);
    assert_int_equal(test_log_count("reason=\"permission denied\""), 10);
    notify_bed_close(&bed);
}

static void a_command_that_reads_nothing_is_fine(void **state)
{
    (void)state;
    struct notify_bed bed;
    notify_bed_open(&bed, NULL);
    notify_bed_add_command(&bed, "true", NULL, NULL); /* found in PATH */
    notify_bed_send(&bed, CONFIG_WARNING, "one");
    notify_bed_until_idle(&bed);
    assert_int_equal(notify_totals(bed.notify).delivered, 1);
    notify_bed_close(&bed);
}

/* is_alive - is there a process of this number that is no zombie? */
static bool is_alive(const char *pid)
{
    char path[64], line[512] = "";
    snprintf(path, sizeof(path), "/proc/%.*s/stat", (int)strcspn(pid, "\n"), pid);
    FILE *file = fopen(path, "r");
    if (!file)
        return false;
    bool alive = fgets(line, sizeof(line), file) && !strstr(line, ") Z ");
    fclose(file);
    return alive;
}

static bool is_dead(void *ctx)
{
    return !is_alive(ctx);
}

static void a_command_that_hangs_is_killed_with_all_it_started(void **state)
{
    (void)state;
    struct script script;
    char pid[TEXT_MAX];
    open_script(&script, "sleep 600 & echo $! >\"$2/pid\"; wait\n");
    script.receiver->timeout_ms = 1000; /* the script has come so far by then */
    notify_bed_set(&script.bed);
    notify_bed_send(&script.bed, CONFIG_WARNING, "one");
    notify_bed_until_idle(&script.bed);
    assert_int_equal(test_log_count("reason=\"killed after 1000 ms\""), 1);
    assert_string_not_equal(read_text(&script.folder, "pid", pid), "");
    test_loop_until(&script.bed.loop, is_dead, pid);
    close_script(&script);
}

static bool has_pid(void *ctx)
{
    char text[TEXT_MAX];
    return strchr(read_text(ctx, "pid", text), '\n') != NULL;
}

static void at_the_end_a_command_that_hangs_is_killed(void **state)
{
    (void)state;
    struct script script;
    char pid[TEXT_MAX];
    open_script(&script, "sleep 600 & echo $! >\"$2/pid\"; wait\n");
    notify_bed_send(&script.bed, CONFIG_WARNING, "one");
    test_loop_until(&script.bed.loop, has_pid, &script.folder);
    read_text(&script.folder, "pid", pid);
    assert_true(is_alive(pid));
    notify_close(script.bed.notify);
    test_loop_until(&script.bed.loop, is_dead, pid);
    test_loop_close(&script.bed.loop); /* the command was waited for: no zombie, no handle */
    assert_int_equal(test_log_count("event=notify_dropped"), 1);
    test_log_close();
    temp_folder_close(&script.folder);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_command_gets_arguments_one_line_and_two_variables),
        cmocka_unit_test(runs_of_a_command_follow_each_other_in_order),
        cmocka_unit_test(a_command_that_fails_is_logged_and_not_run_again),
        cmocka_unit_test(a_command_that_cannot_start_is_logged),
        cmocka_unit_test(a_command_that_reads_nothing_is_fine),
        cmocka_unit_test(a_command_that_hangs_is_killed_with_all_it_started),
        cmocka_unit_test(at_the_end_a_command_that_hangs_is_killed),
    };
    signal(SIGPIPE, SIG_IGN); /* as main() does */
    curl_global_init(CURL_GLOBAL_DEFAULT);
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    curl_global_cleanup();
    return failed;
}
