/* Real commands, some of them hostile. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#include <curl/curl.h>

#include "loop_fixture.h"

enum { ARGV_MAX = 4 };

static char folder[] = "/tmp/rhumb-command-XXXXXX";

struct command {
    const char *argv[ARGV_MAX];
};

static struct config_check command_check(struct command *command)
{
    struct config_check check = check_of(CONFIG_CHECK_COMMAND, 0);
    size_t count = 0;
    while (count < ARGV_MAX && command->argv[count])
        count++;
    check.name = "backup";
    check.command = (struct config_check_command){command->argv, count};
    return check;
}

static struct probe_result run(struct command command, uint16_t port, uint32_t timeout_ms)
{
    struct loop_fixture fixture;
    loop_fixture_open(&fixture, 0, 0);
    struct config_check check = command_check(&command);
    check.port = port;
    check.timeout_ms = timeout_ms;
    struct probe_result result = loop_fixture_ask(&fixture, &check);
    loop_fixture_close(&fixture);
    return result;
}

static void the_exit_status_decides(void **state)
{
    (void)state;

    static const struct {
        struct command command;
        enum health_outcome outcome;
        const char *reason;
    } cases[] = {
        {{{"true"}}, HEALTH_SUCCESS, "exit status 0"},
        {{{"/bin/echo", "fine", "$HOME *"}}, HEALTH_SUCCESS, "exit status 0: fine $HOME *"},
        {{{"sh", "-c", "echo out; echo more; exit 7"}}, HEALTH_FAILURE, "exit status 7: out"},
        {{{"sh", "-c", "echo trouble >&2; exit 1"}}, HEALTH_FAILURE, "exit status 1: trouble"},
        {{{"sh", "-c", "kill -TERM $$"}}, HEALTH_FAILURE, "killed by signal 15"},
        {{{"cat"}}, HEALTH_SUCCESS, "exit status 0"}, /* standard input is empty */
        {{{"sh", "-c", "trap '' PIPE; yes; exit 3"}}, HEALTH_FAILURE, "exit status 3: y"},
        {{{"yes"}}, HEALTH_FAILURE, "killed by signal 13 after 64 KiB of output: y"},
        {{{"sh", "-c", "exec >&- 2>&-; sleep 0.05; exit 4"}}, HEALTH_FAILURE, "exit status 4"},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct probe_result result = run(cases[i].command, 0, 20000);
        assert_string_equal(result.reason, cases[i].reason);
        assert_int_equal(result.outcome, cases[i].outcome);
        assert_int_equal(result.rtt_us > 0, result.outcome == HEALTH_SUCCESS);
    }
}

static void a_command_that_cannot_be_run_is_our_own_fault(void **state)
{
    (void)state;

    static const struct {
        struct command command;
        const char *reason;
    } cases[] = {
        {{{"/nowhere/check"}},
         "own fault: cannot run /nowhere/check: No such file or directory"},
        {{{"no-such-command"}}, "own fault: cannot run no-such-command: No such file"},
        {{{"/etc/passwd"}}, "own fault: cannot run /etc/passwd: Permission denied"},
        {{{"/etc"}}, "own fault: cannot run /etc: Permission denied"},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct probe_result result = run(cases[i].command, 0, 20000);
        assert_int_equal(result.outcome, HEALTH_OWN_FAULT);
        assert_int_equal(strncmp(result.reason, cases[i].reason, strlen(cases[i].reason)), 0);
    }
}

/* PWD, SHLVL and the like are the shell's own. */
static void the_environment_is_ours_alone(void **state)
{
    (void)state;
    struct command names = {
        {"sh", "-c", "env | grep -v PWD= | cut -d= -f1 | sort | tr '\\n' ' '"}};
    struct command values = {
        {"sh", "-c", "echo $RHUMB_ADDRESS $RHUMB_CHECK $RHUMB_PORT $PATH"}};
    setenv("RHUMB_SECRET", "x", 1);
    assert_string_equal(run(names, 5432, 20000).reason,
                        "exit status 0: PATH RHUMB_ADDRESS RHUMB_CHECK RHUMB_PORT ");
    assert_string_equal(run(names, 0, 20000).reason,
                        "exit status 0: PATH RHUMB_ADDRESS RHUMB_CHECK ");
    unsetenv("RHUMB_SECRET");
    assert_string_equal(run(values, 5432, 20000).reason,
                        "exit status 0: 127.0.0.1 backup 5432 "
                        "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin");
}

/* ls opens a descriptor of its own: 3. */
static void no_descriptor_of_ours_is_open_in_it(void **state)
{
    (void)state;
    int fd = open("/dev/null", O_RDONLY) /* as a library may */;
    struct probe_result result =
        run((struct command){{"sh", "-c",
                              "ls /proc/self/fd | tr '\\n' ' '; readlink /proc/self/fd/0"}},
            0, 20000);
    close(fd);
    assert_string_equal(result.reason, "exit status 0: 0 1 2 3 /dev/null");
}

static bool exists(const char *name)
{
    char path[256];
    snprintf(path, sizeof(path), "%s/%s", folder, name);
    return access(path, F_OK) == 0;
}

/* wait_gone - until nobody has that number any more; the loop has nothing to do with it. */
static void wait_gone(const char *name)
{
    char path[256];
    long pid = 0;
    snprintf(path, sizeof(path), "%s/%s", folder, name);
    FILE *file = fopen(path, "re");
    assert_non_null(file);
    assert_int_equal(fscanf(file, "%ld", &pid), 1);
    fclose(file);
    unlink(path);
    uint64_t started_ns = uv_hrtime();
    while (kill((pid_t)pid, 0) == 0 && uv_hrtime() - started_ns < UINT64_C(10000000000)) {
        char status[256] = "";
        snprintf(path, sizeof(path), "/proc/%ld/stat", pid);
        FILE *stat = fopen(path, "re"); /* a zombie whose new parent is slow is gone as well */
        if (stat && fgets(status, sizeof(status), stat) && strstr(status, ") Z "))
            started_ns = 0;
        if (stat)
            fclose(stat);
        if (started_ns == 0)
            return;
    }
    assert_int_equal(kill((pid_t)pid, 0), -1);
    assert_int_equal(errno, ESRCH);
}

/* Its children are in its group, and ignore what can be ignored. */
static void at_the_deadline_the_whole_group_is_killed(void **state)
{
    (void)state;
    char script[512];
    snprintf(script, sizeof(script),
             "trap '' TERM INT HUP; sh -c 'echo $$ >%s/child; sleep 1000' & echo $$ >%s/self; "
             "while :; do sleep 1000; done",
             folder, folder);
    uint64_t started_ns = uv_hrtime();
    struct probe_result result = run((struct command){{"sh", "-c", script}}, 0, 1000);
    assert_int_equal(result.outcome, HEALTH_FAILURE);
    assert_string_equal(result.reason, "timeout after 1000 ms and killed");
    assert_true(uv_hrtime() - started_ns >= UINT64_C(1000000000));
    assert_true(exists("child") && exists("self"));
    wait_gone("self");
    wait_gone("child");
}

/* A grandchild holds the output open: the exit of the command counts, not the end of the pipe. */
static void what_it_leaves_behind_is_killed_when_it_ends(void **state)
{
    (void)state;
    char script[512];
    snprintf(script, sizeof(script), "sleep 1000 & echo $! >%s/left; echo done", folder);
    struct probe_result result = run((struct command){{"sh", "-c", script}}, 0, 20000);
    assert_string_equal(result.reason, "exit status 0: done");
    wait_gone("left");
}

static void a_removed_probe_takes_its_command_along(void **state)
{
    (void)state;
    char script[512];
    struct loop_fixture fixture;
    struct seen seen = {.fixture = &fixture};
    struct ip_addr addr = local_address("127.0.0.1");
    struct probe *probe;
    snprintf(script, sizeof(script), "echo $$ >%s/new; mv %s/new %s/cut; exec sleep 1000",
             folder, folder, folder);
    struct command command = {{"sh", "-c", script}};
    struct config_check check = command_check(&command);
    check.timeout_ms = 20000;
    loop_fixture_open(&fixture, 0, 0);
    assert_int_equal(probe_add(fixture.prober, &check, &addr, 0, 0, seen_record, &seen, &probe),
                     ERR_OK);
    while (!exists("cut") && !fixture.guard_fired)
        uv_run(&fixture.loop, UV_RUN_ONCE);
    loop_fixture_close(&fixture); /* until its end has been seen */
    assert_int_equal(seen.count, 0);
    wait_gone("cut");
}

/* Twelve at three addresses; two may run. Those that wait are under no deadline yet. */
static void only_so_many_run_at_once(void **state)
{
    (void)state;

    enum { COMMANDS = 12, AT_ONCE = 2 };

    static const char script[] =
        "mkdir $0/$$ && set -- $0/*/ && rc=$# && sleep 0.1 && rmdir $0/$$ && exit $((rc > 2))";
    struct loop_fixture fixture;
    struct seen seen = {.fixture = &fixture, .delay_ms = 60000};
    struct command command = {{"sh", "-c", script, folder}};
    struct config_check check = command_check(&command);
    size_t most = 0;
    loop_fixture_open(&fixture, 0, 0);
    prober_set_max_commands(fixture.prober, AT_ONCE);
    check.timeout_ms = 3000;
    for (unsigned i = 0; i < COMMANDS; i++) {
        struct ip_addr addr = local_address("127.0.0.1");
        struct probe *probe;
        addr.bytes[3] = (uint8_t)(1 + i % 3);
        assert_int_equal(
            probe_add(fixture.prober, &check, &addr, 0, 0, seen_record, &seen, &probe), ERR_OK);
    }
    while (seen.count < COMMANDS && !fixture.guard_fired) {
        uv_run(&fixture.loop, UV_RUN_ONCE);
        size_t now = prober_in_flight(fixture.prober);
        most = now > most ? now : most;
    }
    assert_int_equal(seen.successes, COMMANDS);
    assert_int_equal(most, AT_ONCE);
    loop_fixture_close(&fixture);
}

int main(void)
{
    curl_global_init(CURL_GLOBAL_DEFAULT);
    if (!mkdtemp(folder))
        return 1;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_exit_status_decides),
        cmocka_unit_test(a_command_that_cannot_be_run_is_our_own_fault),
        cmocka_unit_test(the_environment_is_ours_alone),
        cmocka_unit_test(no_descriptor_of_ours_is_open_in_it),
        cmocka_unit_test(at_the_deadline_the_whole_group_is_killed),
        cmocka_unit_test(what_it_leaves_behind_is_killed_when_it_ends),
        cmocka_unit_test(a_removed_probe_takes_its_command_along),
        cmocka_unit_test(only_so_many_run_at_once),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    rmdir(folder);
    curl_global_cleanup();
    return failed;
}
