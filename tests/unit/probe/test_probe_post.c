#include <netdb.h>
#include <semaphore.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>
#include <curl/curl.h>

#include "rhumb/probe_post.h"

#include "fake_server.h"
#include "loop_fixture.h"

/* ---- a resolver that hangs ---- */

static atomic_bool resolver_hangs;
static atomic_uint resolving;
static sem_t resolver_goes_on;

/* getaddrinfo - libcurl finds this one first: knows no host, or waits as long as a dead
 * resolver makes it wait. */
int getaddrinfo(const char *node, const char *service, const struct addrinfo *hints,
                struct addrinfo **out_list)
{
    (void)node;
    (void)service;
    (void)hints;
    (void)out_list;
    atomic_fetch_add(&resolving, 1);
    if (atomic_load(&resolver_hangs))
        sem_wait(&resolver_goes_on);
    atomic_fetch_sub(&resolving, 1);
    return EAI_NONAME;
}

/* ---- posting ---- */

struct outcome {
    size_t count;
    struct post_result last;
};

static void on_done(void *ctx, const struct post_result *result)
{
    struct outcome *outcome = ctx;
    outcome->count++;
    outcome->last = *result;
}

static struct post_request request_of(const char *url)
{
    return (struct post_request){
        .url = url, .json = "{\"event\":\"health\"}", .id = "7-1", .timeout_ms = 5000};
}

static struct post_result post_once(struct loop_fixture *fixture,
                                    const struct post_request *request)
{
    struct outcome outcome = {0};
    struct poster *poster;
    struct post *post;
    assert_int_equal(poster_new(&fixture->loop, &poster), ERR_OK);
    assert_int_equal(post_start(poster, request, on_done, &outcome, &post), ERR_OK);
    assert_int_equal(outcome.count, 0); /* not from within */
    loop_fixture_until(fixture, &outcome.count, 1);
    poster_close(poster);
    assert_int_equal(outcome.count, 1);
    return outcome.last;
}

#define HEAD_200 "HTTP/1.1 200 OK\r\n"

static void only_a_whole_answer_of_success_takes_it(void **state)
{
    (void)state;

    static const struct {
        struct fake_script script;
        bool taken;
        const char *reason;
    } cases[] = {
        {{{HEAD_200 "Content-Length: 2\r\n\r\nok"}, FAKE_HOLD}, true, "status 200"},
        {{{"HTTP/1.1 204 No Content\r\n\r\n"}, FAKE_HOLD}, true, "status 204"},
        {{{HEAD_200 "Content-Length: 1073741824\r\n\r\n"}, FAKE_ENDLESS}, true, "status 200"},
        {{{"HTTP/1.1 302 Found\r\nLocation: /b\r\nContent-Length: 0\r\n\r\n"}, FAKE_HOLD},
         false,
         "status 302, expected 200-299"},
        {{{"HTTP/1.1 500 Oops\r\nContent-Length: 0\r\n\r\n"}, FAKE_HOLD},
         false,
         "status 500, expected 200-299"},
        {{{NULL}, FAKE_CLOSE}, false, "connection closed without an answer"},
        {{{NULL}, FAKE_RESET}, false, "connection reset"},
        {{{HEAD_200 "Content-Length: 9\r\n\r\nhalf"}, FAKE_CLOSE},
         false,
         "connection closed within the answer"},
        {{{"220 mail.example.net ESMTP\r\n"}, FAKE_CLOSE}, false, "the answer is not HTTP"},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct loop_fixture fixture;
        struct fake_server server;
        char url[64];
        loop_fixture_open(&fixture, 0, 0);
        fake_server_open(&server, &fixture.loop, "127.0.0.1", cases[i].script);
        snprintf(url, sizeof(url), "http://127.0.0.1:%u/", server.port);
        struct post_request request = request_of(url);
        struct post_result result = post_once(&fixture, &request);
        assert_string_equal(result.reason, cases[i].reason);
        assert_int_equal(result.taken, cases[i].taken);
        assert_int_equal(server.connections, 1);
        fake_server_close(&server);
        loop_fixture_close(&fixture);
    }
}

static void what_is_sent_is_json_with_an_id_and_the_headers(void **state)
{
    (void)state;
    static const struct config_header headers[] = {{"Authorization", "Bearer x"},
                                                   {"X-Empty", ""}};
    struct loop_fixture fixture;
    struct fake_server server;
    struct fake_script script = {{HEAD_200 "Content-Length: 0\r\n\r\n"}, FAKE_HOLD};
    char url[64], host[64];
    loop_fixture_open(&fixture, 0, 0);
    fake_server_open(&server, &fixture.loop, "127.0.0.1", script);
    snprintf(url, sizeof(url), "http://127.0.0.1:%u/a/b?c=d", server.port);
    snprintf(host, sizeof(host), "\r\nHost: 127.0.0.1:%u\r\n", server.port);
    struct post_request request = request_of(url);
    request.headers = headers;
    request.header_count = 2;
    assert_true(post_once(&fixture, &request).taken);

    const char *expected[] = {host,
                              "\r\nContent-Type: application/json\r\n",
                              "\r\nContent-Length: 18\r\n",
                              "\r\nIdempotency-Key: 7-1\r\n",
                              "\r\nAuthorization: Bearer x\r\n",
                              "\r\nX-Empty:\r\n",
                              "\r\n\r\n{\"event\":\"health\"}"};

    const char first[] = "POST /a/b?c=d HTTP/1.1\r\n";
    assert_memory_equal(server.request, first, sizeof(first) - 1);
    for (size_t i = 0; i < sizeof(expected) / sizeof(expected[0]); i++)
        assert_non_null(strstr(server.request, expected[i]));
    fake_server_close(&server);
    loop_fixture_close(&fixture);
}

static void a_timeout_says_what_was_waited_for(void **state)
{
    (void)state;
    struct loop_fixture fixture;
    struct fake_server server;
    struct fake_script script = {{NULL}, FAKE_HOLD};
    char url[64];
    loop_fixture_open(&fixture, 0, 0);
    fake_server_open(&server, &fixture.loop, "127.0.0.1", script);
    snprintf(url, sizeof(url), "http://127.0.0.1:%u/", server.port);
    struct post_request request = request_of(url);
    request.timeout_ms = 80;
    struct post_result result = post_once(&fixture, &request);
    assert_false(result.taken);
    assert_string_equal(result.reason, "timeout after 80 ms waiting for the answer");
    fake_server_close(&server);
    loop_fixture_close(&fixture);
}

static void nobody_there_is_a_reason_too(void **state)
{
    (void)state;
    struct loop_fixture fixture;
    char url[64];
    loop_fixture_open(&fixture, 0, 0);
    snprintf(url, sizeof(url), "http://127.0.0.1:%u/", closed_port());
    struct post_request request = request_of(url);
    struct post_result result = post_once(&fixture, &request);
    assert_false(result.taken);
    assert_string_equal(result.reason, "connection refused");
    request = request_of("http://no-such-host.invalid/");
    result = post_once(&fixture, &request);
    assert_false(result.taken);
    assert_string_equal(result.reason, "cannot resolve the host");
    loop_fixture_close(&fixture);
}

static void a_cancelled_post_is_never_heard_of_again(void **state)
{
    (void)state;
    struct loop_fixture fixture;
    struct outcome outcome = {0};
    struct poster *poster;
    struct post *post;
    loop_fixture_open(&fixture, 0, 0);
    assert_int_equal(poster_new(&fixture.loop, &poster), ERR_OK);
    struct post_request request = request_of("http://127.0.0.1:1/");
    assert_int_equal(post_start(poster, &request, on_done, &outcome, &post), ERR_OK);
    post_cancel(post);
    poster_close(poster);
    loop_fixture_close(&fixture); /* and nothing is left on the loop */
    assert_int_equal(outcome.count, 0);
}

/* A resolver that does not answer makes getaddrinfo() hang for many seconds. */
static void a_dead_resolver_holds_nobody(void **state)
{
    (void)state;

    enum { HELD_MS = 1000 }; /* far more than a turn takes, far less than the resolver */

    struct loop_fixture fixture;
    struct outcome outcome = {0};
    struct poster *poster;
    struct post *post;
    loop_fixture_open(&fixture, 0, 0);
    atomic_store(&resolver_hangs, true);
    assert_int_equal(poster_new(&fixture.loop, &poster), ERR_OK);
    struct post_request request = request_of("http://hooks.example.net/");
    request.timeout_ms = 80;
    uint64_t start_ns = uv_hrtime();
    assert_int_equal(post_start(poster, &request, on_done, &outcome, &post), ERR_OK);
    loop_fixture_until(&fixture, &outcome.count, 1);
    assert_string_equal(outcome.last.reason, "timeout after 80 ms resolving the host");
    assert_int_equal(atomic_load(&resolving), 1); /* it still hangs */

    request.timeout_ms = 60000; /* the other end of a post: cancelled, the poster closed */
    assert_int_equal(post_start(poster, &request, on_done, &outcome, &post), ERR_OK);
    while (atomic_load(&resolving) < 2 && !fixture.guard_fired)
        uv_run(&fixture.loop, UV_RUN_ONCE);
    post_cancel(post);
    poster_close(poster);
    loop_fixture_close(&fixture);
    assert_in_range((uv_hrtime() - start_ns) / 1000000, 80, 80 + HELD_MS);

    atomic_store(&resolver_hangs, false); /* the threads end by themselves */
    sem_post(&resolver_goes_on);
    sem_post(&resolver_goes_on);
    while (atomic_load(&resolving) > 0)
        uv_sleep(1);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_a_whole_answer_of_success_takes_it),
        cmocka_unit_test(what_is_sent_is_json_with_an_id_and_the_headers),
        cmocka_unit_test(a_timeout_says_what_was_waited_for),
        cmocka_unit_test(nobody_there_is_a_reason_too),
        cmocka_unit_test(a_cancelled_post_is_never_heard_of_again),
        cmocka_unit_test(a_dead_resolver_holds_nobody),
    };
    sem_init(&resolver_goes_on, 0, 0);
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    curl_global_cleanup();
    return failed;
}
