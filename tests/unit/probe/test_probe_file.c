#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>
#include <curl/curl.h>

#include "loop_fixture.h"
#include "state_files.h"

static char folder[] = "/tmp/rhumb-states-XXXXXX";
static char path[64], fresh_path[64];

/* put - replace the file in one step, age_s old. */
static void put(const char *bytes, size_t len, time_t age_s)
{
    struct timespec times[2];
    uv_timeval64_t now;
    int fd = open(fresh_path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, bytes, len), len);
    assert_int_equal(uv_gettimeofday(&now), 0);
    times[0] = times[1] = (struct timespec){now.tv_sec - age_s, now.tv_usec * 1000};
    assert_int_equal(futimens(fd, times), 0);
    close(fd);
    assert_int_equal(rename(fresh_path, path), 0);
}

static void put_text(const char *text)
{
    put(text, strlen(text), 0);
}

static struct config_check file_check(uint32_t max_age_ms)
{
    struct config_check check = check_of(CONFIG_CHECK_FILE, 0);
    check.file = (struct config_check_file){path, max_age_ms};
    return check;
}

static struct probe_result ask(void)
{
    struct loop_fixture fixture;
    loop_fixture_open(&fixture, 0, 0);
    struct config_check check = file_check(30000);
    struct probe_result result = loop_fixture_ask(&fixture, &check);
    loop_fixture_close(&fixture);
    return result;
}

static void the_file_says_it(void **state)
{
    (void)state;

    static const struct {
        const char *text;
        enum health_outcome outcome;
        unsigned scale;
        const char *reason;
    } cases[] = {
        {"{\"127.0.0.1\": \"up\"}", HEALTH_SUCCESS, 100, "up"},
        {"{\"127.0.0.1\": \"down\"}", HEALTH_FAILURE, 100, "down"},
        {"{\"127.0.0.1\": {\"state\": \"down\", \"reason\": \"backup\"}}", HEALTH_FAILURE, 100,
         "down: backup"},
        {"{\"127.0.0.1\": {\"state\": \"up\", \"scale\": 40, \"reason\": \"busy\"}}",
         HEALTH_SUCCESS, 40, "up: busy"},
        {"{\"127.0.0.2\": \"down\"}", HEALTH_OWN_FAULT, 100,
         "own fault: state file does not name 127.0.0.1"},
        {"{\"127.0.0.1\": \"maybe\"}", HEALTH_OWN_FAULT, 100,
         "own fault: state file is unclear about 127.0.0.1"},
        {"[]", HEALTH_OWN_FAULT, 100, "own fault: state file: it is no JSON object"},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        put_text(cases[i].text);
        struct probe_result result = ask();
        assert_string_equal(result.reason, cases[i].reason);
        assert_int_equal(result.outcome, cases[i].outcome);
        assert_int_equal(result.scale, cases[i].scale);
    }
}

static void an_old_file_says_nothing(void **state)
{
    (void)state;
    static const char text[] = "{\"127.0.0.1\": \"down\"}";
    put(text, sizeof(text) - 1, 45);
    struct probe_result result = ask();
    assert_int_equal(result.outcome, HEALTH_OWN_FAULT);
    assert_string_equal(result.reason,
                        "own fault: state file is stale: 45 s old, expected at most 30 s");
    put(text, sizeof(text) - 1, 28);
    assert_int_equal(ask().outcome, HEALTH_FAILURE);
    put(text, sizeof(text) - 1, -3600); /* from a clock that is ahead */
    assert_int_equal(ask().outcome, HEALTH_FAILURE);
}

static void what_cannot_be_read_says_nothing(void **state)
{
    (void)state;
    static char large[STATE_FILE_MAX_BYTES + 1];
    struct probe_result result;
    unlink(path);
    result = ask();
    assert_int_equal(result.outcome, HEALTH_OWN_FAULT);
    assert_string_equal(result.reason,
                        "own fault: state file: cannot open it: No such file or directory");
    assert_int_equal(mkdir(path, 0700), 0);
    assert_string_equal(ask().reason, "own fault: state file: it is no regular file");
    rmdir(path);
    assert_int_equal(mkfifo(path, 0600), 0); /* nobody writes: must not wait */
    assert_string_equal(ask().reason, "own fault: state file: it is no regular file");
    unlink(path);
    memset(large, ' ', sizeof(large));
    memcpy(large, "{\"127.0.0.1\": \"up\"}", 19);
    put(large, sizeof(large), 0);
    assert_string_equal(ask().reason, "own fault: state file: it is larger than 1 MiB");
    put(large, sizeof(large) - 1, 0);
    assert_int_equal(ask().outcome, HEALTH_SUCCESS);
}

/* One probe all the time, the file is replaced under it. */
static void a_replaced_file_is_seen(void **state)
{
    (void)state;
    struct loop_fixture fixture;
    struct seen seen = {.fixture = &fixture, .delay_ms = 20};
    struct ip_addr addr = local_address("127.0.0.1");
    struct config_check check = file_check(30000);
    struct probe *probe;
    put_text("{\"127.0.0.1\": \"up\"}");
    loop_fixture_open(&fixture, 0, 0);
    assert_int_equal(probe_add(fixture.prober, &check, &addr, 0, 0, seen_record, &seen, &probe),
                     ERR_OK);
    loop_fixture_until(&fixture, &seen.successes, 2);
    put_text("{\"127.0.0.1\": \"down\"}");
    loop_fixture_until(&fixture, &seen.failures, 1);
    put_text("{\"127.0.0.1\": \"do");
    loop_fixture_until(&fixture, &seen.own_faults, 1);
    put_text("{\"127.0.0.1\": \"up\"}");
    loop_fixture_until(&fixture, &seen.successes, seen.successes + 1);
    unlink(path);
    loop_fixture_until(&fixture, &seen.own_faults, seen.own_faults + 1);
    put_text("{\"127.0.0.1\": \"down\"}");
    size_t failures = seen.failures;
    loop_fixture_until(&fixture, &seen.failures, failures + 1);
    loop_fixture_close(&fixture);
}

/* All ask at once; those that find somebody looking wait for the same look. */
static void a_thousand_targets_share_one_file(void **state)
{
    (void)state;

    enum { TARGETS = 1000, ENTRY_MAX = 32 };

    static char text[TARGETS * ENTRY_MAX];
    struct loop_fixture fixture;
    struct seen seen = {.fixture = &fixture, .delay_ms = 60000};
    size_t used = 0;
    for (unsigned i = 0; i < TARGETS; i++)
        used +=
            (size_t)snprintf(text + used, sizeof(text) - used, "%s\"10.0.%u.%u\": \"%s\"",
                             i > 0 ? ", " : "{", i / 256, i % 256, i % 4 > 0 ? "up" : "down");
    text[used++] = '}';
    put(text, used, 0);
    loop_fixture_open(&fixture, TARGETS, 0);
    struct config_check check = file_check(30000);
    for (unsigned i = 0; i < TARGETS; i++) {
        struct ip_addr addr = {.family = IP_V4,
                               .bytes = {10, 0, (uint8_t)(i / 256), (uint8_t)(i % 256)}};
        struct probe *probe;
        assert_int_equal(
            probe_add(fixture.prober, &check, &addr, 0, 0, seen_record, &seen, &probe), ERR_OK);
    }
    loop_fixture_until(&fixture, &seen.count, TARGETS);
    assert_int_equal(seen.successes, TARGETS * 3 / 4);
    assert_int_equal(seen.failures, TARGETS / 4);
    loop_fixture_close(&fixture);
}

static void a_run_that_is_cut_leaves_nothing(void **state)
{
    (void)state;
    struct loop_fixture fixture;
    struct seen seen = {.fixture = &fixture};
    struct ip_addr addr = local_address("127.0.0.1");
    struct config_check check = file_check(30000);
    struct probe *probe;
    put_text("{\"127.0.0.1\": \"up\"}");
    loop_fixture_open(&fixture, 0, 0);
    assert_int_equal(probe_add(fixture.prober, &check, &addr, 0, 0, seen_record, &seen, &probe),
                     ERR_OK);
    while (prober_in_flight(fixture.prober) == 0 && seen.count == 0 && !fixture.guard_fired)
        uv_run(&fixture.loop, UV_RUN_ONCE);
    loop_fixture_close(&fixture);
}

/* Every thread of libuv's pool waits, as if for dead disks, until the gate opens. */
enum { POOL_THREADS = 4 };

static uv_barrier_t gate;

static void wait_at_gate(uv_work_t *work)
{
    (void)work;
    uv_barrier_wait(&gate);
}

static void what_cannot_be_read_in_time_says_nothing(void **state)
{
    (void)state;
    struct loop_fixture fixture;
    struct config_check check = file_check(30000);
    uv_work_t works[POOL_THREADS];
    put_text("{\"127.0.0.1\": \"down\"}");
    loop_fixture_open(&fixture, 0, 0);
    assert_int_equal(uv_barrier_init(&gate, POOL_THREADS + 1), 0);
    for (size_t i = 0; i < POOL_THREADS; i++)
        assert_int_equal(uv_queue_work(&fixture.loop, &works[i], wait_at_gate, NULL), 0);
    check.timeout_ms = 40;
    struct probe_result result = loop_fixture_ask(&fixture, &check);
    assert_int_equal(result.outcome, HEALTH_OWN_FAULT);
    assert_string_equal(result.reason,
                        "own fault: timeout after 40 ms in reading the state file");
    uv_barrier_wait(&gate);
    check.timeout_ms = 5000;
    assert_int_equal(loop_fixture_ask(&fixture, &check).outcome, HEALTH_FAILURE);
    loop_fixture_close(&fixture);
    uv_barrier_destroy(&gate);
}

static void more_files_than_threads_are_all_read(void **state)
{
    (void)state;

    enum { FILES = 6 };

    struct loop_fixture fixture;
    struct seen seen = {.fixture = &fixture, .delay_ms = 60000};
    struct ip_addr addr = local_address("127.0.0.1");
    char paths[FILES][80];
    loop_fixture_open(&fixture, 0, 0);
    for (size_t i = 0; i < FILES; i++) {
        struct config_check check = file_check(30000);
        struct probe *probe;
        put_text("{\"127.0.0.1\": \"up\"}");
        snprintf(paths[i], sizeof(paths[i]), "%s.%zu", path, i);
        assert_int_equal(rename(path, paths[i]), 0);
        check.file.path = paths[i];
        assert_int_equal(
            probe_add(fixture.prober, &check, &addr, 0, 0, seen_record, &seen, &probe), ERR_OK);
    }
    loop_fixture_until(&fixture, &seen.successes, FILES);
    for (size_t i = 0; i < FILES; i++)
        unlink(paths[i]);
    loop_fixture_close(&fixture);
}

static void askers_that_leave_are_not_told(void **state)
{
    (void)state;
    uv_loop_t loop;
    struct state_asker asker = {.on_view = NULL};
    struct state_view view;
    put_text("{}");
    assert_int_equal(uv_loop_init(&loop), 0);
    struct state_files *files = state_files_new(&loop);
    ring_init(&asker.in_line);
    assert_false(state_files_ask(files, path, &asker, &view));
    state_files_leave(&asker);
    uv_run(&loop, UV_RUN_DEFAULT);
    assert_true(state_files_ask(files, path, &asker, &view)); /* looked at a moment ago */
    assert_non_null(view.table);
    state_files_close(files);
    uv_run(&loop, UV_RUN_DEFAULT);
    assert_int_equal(uv_loop_close(&loop), 0);
}

int main(void)
{
    curl_global_init(CURL_GLOBAL_DEFAULT);
    if (!mkdtemp(folder))
        return 1;
    snprintf(path, sizeof(path), "%s/states.json", folder);
    snprintf(fresh_path, sizeof(fresh_path), "%s/states.new", folder);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_file_says_it),
        cmocka_unit_test(an_old_file_says_nothing),
        cmocka_unit_test(what_cannot_be_read_says_nothing),
        cmocka_unit_test(a_replaced_file_is_seen),
        cmocka_unit_test(a_thousand_targets_share_one_file),
        cmocka_unit_test(a_run_that_is_cut_leaves_nothing),
        cmocka_unit_test(what_cannot_be_read_in_time_says_nothing),
        cmocka_unit_test(more_files_than_threads_are_all_read),
        cmocka_unit_test(askers_that_leave_are_not_told),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    unlink(path);
    rmdir(folder);
    curl_global_cleanup();
    return failed;
}
