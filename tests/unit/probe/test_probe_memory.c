/* Every allocation of src/probe fails once. The program is linked with --wrap, so that calls
 * from our own files come here first; those of the libraries do not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#include <curl/curl.h>

#include "rhumb/probe.h"

#include "fake_server.h"
#include "loop_fixture.h"
#include "probe_http.h"
#include "run_queue.h"

/* 0: none; 1: the next one, 2: the one after that ... */
static size_t fail_at;

static bool fails(void)
{
    return fail_at > 0 && --fail_at == 0;
}

void *__real_calloc(size_t count, size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__real_realloc(void *old, size_t size);
void *__wrap_realloc(void *old, size_t size);
char *__real_strdup(const char *text);
char *__wrap_strdup(const char *text);
int __wrap_asprintf(char **out, const char *format, ...) __attribute__((format(printf, 2, 3)));
CURL *__real_curl_easy_init(void);
CURL *__wrap_curl_easy_init(void);
CURLM *__real_curl_multi_init(void);
CURLM *__wrap_curl_multi_init(void);
struct curl_slist *__real_curl_slist_append(struct curl_slist *list, const char *text);
struct curl_slist *__wrap_curl_slist_append(struct curl_slist *list, const char *text);

void *__wrap_calloc(size_t count, size_t size)
{
    return fails() ? NULL : __real_calloc(count, size);
}

void *__wrap_realloc(void *old, size_t size)
{
    return fails() ? NULL : __real_realloc(old, size);
}

char *__wrap_strdup(const char *text)
{
    return fails() ? NULL : __real_strdup(text);
}

int __wrap_asprintf(char **out, const char *format, ...)
{
    va_list args;
    if (fails()) {
        *out = (char *)(uintptr_t)1; /* undefined after a failure */
        return -1;
    }
    va_start(args, format);
    int len = vasprintf(out, format, args);
    va_end(args);
    return len;
}

CURL *__wrap_curl_easy_init(void)
{
    return fails() ? NULL : __real_curl_easy_init();
}

CURLM *__wrap_curl_multi_init(void)
{
    return fails() ? NULL : __real_curl_multi_init();
}

struct curl_slist *__wrap_curl_slist_append(struct curl_slist *list, const char *text)
{
    return fails() ? NULL : __real_curl_slist_append(list, text);
}

static struct config_header headers[] = {{"X-A", "1"}, {"X-B", ""}};

/* rich_check - a check that uses every option which is copied. */
static struct config_check rich_check(uint16_t port)
{
    struct config_check check = check_of(CONFIG_CHECK_HTTPS, port);
    check.path = "/health";
    check.method = "POST";
    check.host = "app.example";
    check.headers = headers;
    check.header_count = 2;
    check.body = "ok";
    check.body_regex = "o[k]";
    check.grpc_service = "up";
    check.send = check.expect = (struct config_bytes){"ok", 2};
    check.metric = (struct config_metric){.json = "lag", .degraded = 1, .down = 2};
    check.ca_file = "/etc/ca.pem";
    return check;
}

static void a_prober_without_memory_leaves_nothing(void **state)
{
    (void)state;
    struct prober_limits limits = {.max_in_flight = 1, .max_per_address = 1};
    uv_loop_t loop;
    struct prober *prober = NULL;
    enum err err = ERR_NO_MEMORY;
    size_t tries = 0;
    assert_int_equal(uv_loop_init(&loop), 0);
    while (err == ERR_NO_MEMORY) {
        fail_at = ++tries;
        err = prober_new(&loop, &limits, &prober);
    }
    fail_at = 0;
    assert_int_equal(err, ERR_OK);
    assert_in_range(tries, 8,
                    12); /* prober, buckets twice, commands, files, client, multi handle;
                                      then none failed */
    prober_close(prober);
    uv_run(&loop, UV_RUN_DEFAULT);
    assert_int_equal(uv_loop_close(&loop), 0);
}

static void a_probe_without_memory_leaves_nothing(void **state)
{
    (void)state;

    static const struct {
        enum config_check_kind kind;
        size_t least_tries;
    } cases[] = {{CONFIG_CHECK_HTTPS, 14}, {CONFIG_CHECK_TLS, 8}, {CONFIG_CHECK_GRPC, 10}};

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct loop_fixture fixture;
        struct seen seen = {.fixture = &fixture};
        struct ip_addr addr = local_address("127.0.0.1");
        struct config_check check = rich_check(1);
        struct probe *probe = NULL;
        enum err err = ERR_NO_MEMORY;
        size_t tries = 0;
        check.kind = cases[i].kind;
        loop_fixture_open(&fixture, 0, 0);
        while (err == ERR_NO_MEMORY) {
            fail_at = ++tries;
            err =
                probe_add(fixture.prober, &check, &addr, 0, 60000, seen_record, &seen, &probe);
            assert_true((err == ERR_OK) == (probe != NULL)); /* untouched after a failure */
        }
        fail_at = 0;
        assert_int_equal(err, ERR_OK);
        assert_in_range(tries, cases[i].least_tries, 30);
        loop_fixture_close(&fixture);
    }
}

static void requests_without_memory_leave_nothing(void **state)
{
    (void)state;
    static const char *argv[] = {"true", "x"};

    static const enum config_check_kind kinds[] = {CONFIG_CHECK_COMMAND, CONFIG_CHECK_DNS,
                                                   CONFIG_CHECK_FILE, CONFIG_CHECK_ICMP};

    for (size_t k = 0; k < 4; k++) {
        struct loop_fixture fixture;
        struct seen seen = {.fixture = &fixture};
        struct ip_addr addr = local_address("127.0.0.1");
        struct config_check check = check_of(kinds[k], 53);
        struct probe *probe = NULL;
        enum err err = ERR_NO_MEMORY;
        check.command = (struct config_check_command){argv, 2};
        check.dns.name = "a.example.";
        check.file.path = "/nowhere";
        loop_fixture_open(&fixture, 0, 0);
        size_t tries = 0;
        while (err == ERR_NO_MEMORY) {
            fail_at = ++tries;
            err =
                probe_add(fixture.prober, &check, &addr, 0, 60000, seen_record, &seen, &probe);
        }
        fail_at = 0;
        assert_int_equal(err, ERR_OK);
        assert_in_range(tries, 3, 20);
        loop_fixture_close(&fixture);
    }
}

/* play - runs with the nth allocation failing, until none of a run's is left; then it succeeds. */
static void play(const struct config_check *check)
{
    struct loop_fixture fixture;
    struct seen seen = {.fixture = &fixture, .delay_ms = 1};
    struct ip_addr addr = local_address("127.0.0.1");
    struct probe *probe;
    size_t tries = 0;
    bool more = true;
    loop_fixture_open(&fixture, 0, 0);
    assert_int_equal(probe_add(fixture.prober, check, &addr, 0, 0, seen_record, &seen, &probe),
                     ERR_OK);
    while (more) {
        size_t runs = seen.count, faults = seen.own_faults;
        fail_at = ++tries;
        loop_fixture_until(&fixture, &seen.count, runs + 1);
        more = seen.own_faults > faults;
        if (more)
            assert_non_null(strstr(seen.last.reason, "emory"));
        assert_true(tries < 30);
    }
    fail_at = 0;
    loop_fixture_until(&fixture, &seen.successes, 2);
    assert_int_equal(seen.failures, 0);
    assert_true(seen.own_faults > 0);
    loop_fixture_close(&fixture);
}

static void commands_and_files_without_memory_are_our_own_fault(void **state)
{
    (void)state;
    static const char *argv[] = {"true"};
    char path[] = "/tmp/rhumb-state-XXXXXX";
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, "{\"127.0.0.1\": \"up\"}", 19), 19);
    close(fd);
    struct config_check check = check_of(CONFIG_CHECK_COMMAND, 0);
    check.command = (struct config_check_command){argv, 1};
    play(&check);
    check = check_of(CONFIG_CHECK_FILE, 0);
    check.file = (struct config_check_file){path, 60000};
    play(&check);
    unlink(path);
}

static void a_run_without_memory_is_our_own_fault_and_passes(void **state)
{
    (void)state;

    static const enum config_check_kind kinds[] = {CONFIG_CHECK_TCP, CONFIG_CHECK_HTTP};

    for (size_t k = 0; k < 2; k++) {
        struct loop_fixture fixture;
        struct fake_server server;
        struct seen seen = {.fixture = &fixture, .delay_ms = 1};
        struct ip_addr addr = local_address("127.0.0.1");
        struct fake_script script = {{"HTTP/1.1 200 OK\r\nContent-Length: 19\r\n\r\n"
                                      "{\"ok\": 1, \"lag\": 1}"},
                                     FAKE_CLOSE};
        struct probe *probe;
        loop_fixture_open(&fixture, 0, 0);
        fake_server_open(&server, &fixture.loop, "127.0.0.1", script);
        struct config_check check = rich_check(server.port);
        check.kind = kinds[k];
        check.send = check.expect = (struct config_bytes){0};
        assert_int_equal(
            probe_add(fixture.prober, &check, &addr, 0, 0, seen_record, &seen, &probe), ERR_OK);
        size_t tries = 0;
        bool more = true;
        while (more) { /* one run each, with the nth allocation failing */
            size_t runs = seen.count, faults = seen.own_faults;
            fail_at = ++tries;
            loop_fixture_until(&fixture, &seen.count, runs + 1);
            more = seen.own_faults > faults;
            if (more)
                assert_non_null(strstr(seen.last.reason, "emory"));
            assert_true(tries < 30);
        }
        fail_at = 0;
        loop_fixture_until(&fixture, &seen.successes, 3);
        assert_int_equal(seen.failures, 0);
        assert_true(seen.own_faults > 0);
        fake_server_close(&server);
        loop_fixture_close(&fixture);
    }
}

int main(void)
{
    curl_global_init(CURL_GLOBAL_DEFAULT);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_prober_without_memory_leaves_nothing),
        cmocka_unit_test(a_probe_without_memory_leaves_nothing),
        cmocka_unit_test(requests_without_memory_leave_nothing),
        cmocka_unit_test(commands_and_files_without_memory_are_our_own_fault),
        cmocka_unit_test(a_run_without_memory_is_our_own_fault_and_passes),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    curl_global_cleanup();
    return failed;
}
