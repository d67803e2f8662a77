#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#include <curl/curl.h>

#include "fake_server.h"
#include "loop_fixture.h"
#include "probe_reason.h"
#include "probe_stream.h"
#include "probe_tls.h"
#include "tls_server.h"

enum { DAY_S = 86400 };

static const char PKI_PATH[] = "stream-ca.pem", OTHER_PATH[] = "stream-other.pem";

static void an_open_port_is_a_success_with_a_round_trip(void **state)
{
    (void)state;
    struct loop_fixture fixture;
    struct fake_server server;
    loop_fixture_open(&fixture, 0, 0);
    fake_server_open(&server, &fixture.loop, "127.0.0.1",
                     (struct fake_script){.ending = FAKE_HOLD});
    struct config_check check = check_of(CONFIG_CHECK_TCP, server.port);
    struct probe_result result = loop_fixture_ask(&fixture, &check);
    assert_int_equal(result.outcome, HEALTH_SUCCESS);
    assert_string_equal(result.reason, "connected");
    assert_in_range(result.rtt_us, 1, 5000000);
    assert_times(&result, TOOK_CONNECT);
    fake_server_close(&server);
    loop_fixture_close(&fixture);
}

static void a_closed_port_is_refused(void **state)
{
    (void)state;
    struct loop_fixture fixture;
    loop_fixture_open(&fixture, 0, 0);
    struct config_check check = check_of(CONFIG_CHECK_TCP, closed_port());
    struct probe_result result = loop_fixture_ask(&fixture, &check);
    assert_int_equal(result.outcome, HEALTH_FAILURE);
    assert_string_equal(result.reason, "connection refused");
    assert_int_equal(result.rtt_us, 0);
    assert_times(&result, 0);
    loop_fixture_close(&fixture);
}

static void a_black_hole_times_out_and_is_a_failure(void **state)
{
    (void)state;
    struct loop_fixture fixture;
    struct black_hole hole;
    loop_fixture_open(&fixture, 0, 0);
    black_hole_open(&hole);
    struct config_check check = check_of(CONFIG_CHECK_TCP, hole.port);
    check.timeout_ms = 60;
    uint64_t started_ns = uv_hrtime();
    struct probe_result result = loop_fixture_ask(&fixture, &check);
    assert_int_equal(result.outcome, HEALTH_FAILURE);
    assert_string_equal(result.reason, "timeout after 60 ms in connect");
    assert_true(uv_hrtime() - started_ns >= 60 * UINT64_C(1000000));
    assert_times(&result, 0);
    assert_true(result.took.total_us >= 60000);
    black_hole_close(&hole);
    loop_fixture_close(&fixture);
}

/* TCP has no route to a group, on any machine: the nearest thing to having no route at all. */
static void an_address_without_a_route_is_our_own_fault(void **state)
{
    (void)state;
    static const char *const groups[] = {"224.0.0.1", "ff02::1"};
    for (size_t i = 0; i < 2; i++) {
        uv_loop_t loop;
        struct probe_means means = {.loop = &loop};
        struct probe_result result = {.outcome = HEALTH_SUCCESS};
        struct ip_addr addr = local_address(groups[i]);
        struct config_check check = check_of(CONFIG_CHECK_TCP, 80);
        struct stream_request *request = stream_request_new(&check, &addr);
        assert_int_equal(uv_loop_init(&loop), 0);
        assert_null(stream_run_start(&means, request, NULL, NULL, &result));
        assert_int_equal(result.outcome, HEALTH_OWN_FAULT);
        assert_int_equal(strncmp(result.reason, "own fault: ", 11), 0);
        assert_int_equal(uv_loop_close(&loop), 0);
        stream_request_free(request);
    }
}

static void a_cancelled_run_says_nothing_and_leaves_nothing(void **state)
{
    (void)state;
    uv_loop_t loop;
    struct probe_means means = {.loop = &loop};
    struct black_hole hole;
    struct probe_result result;
    struct ip_addr addr = local_address("127.0.0.1");
    black_hole_open(&hole);
    assert_int_equal(uv_loop_init(&loop), 0);
    struct config_check check = check_of(CONFIG_CHECK_TCP, hole.port);
    struct stream_request *request = stream_request_new(&check, &addr);
    struct stream_run *run = stream_run_start(&means, request, NULL, NULL, &result);
    assert_non_null(run);
    stream_run_cancel(run);
    uv_run(&loop, UV_RUN_DEFAULT);
    assert_int_equal(uv_loop_close(&loop), 0);
    stream_request_free(request);
    black_hole_close(&hole);
}

/* ask - the result of one check against a server that plays script, at once (greets) or when it
 * has been sent something. */
static struct probe_result ask(struct fake_script script, bool greets,
                               struct config_check check, char *out_request)
{
    struct loop_fixture fixture;
    struct fake_server server;
    loop_fixture_open(&fixture, 0, 0);
    fake_server_open(&server, &fixture.loop, "127.0.0.1", script);
    server.greets = greets;
    check.port = server.port;
    struct probe_result result = loop_fixture_ask(&fixture, &check);
    if (out_request)
        snprintf(out_request, FAKE_REQUEST_MAX, "%s", server.request);
    fake_server_close(&server);
    loop_fixture_close(&fixture);
    return result;
}

static void answers_are_compared_with_what_is_expected(void **state)
{
    (void)state;

    static const struct {
        struct fake_script script;
        bool greets;
        const char *send, *expect;
        enum health_outcome outcome;
        const char *reason;
    } cases[] = {
        {{{"+PONG\r\n"}, FAKE_HOLD},
         false,
         "PING\r\n\r\n",
         "+PONG",
         HEALTH_SUCCESS,
         "answer as expected"},
        {{{"+PO", "NG\r\n"}, FAKE_HOLD},
         false,
         "PING\r\n\r\n",
         "+PONG",
         HEALTH_SUCCESS,
         "answer as expected"},
        {{{"220 mail.example ESMTP\r\n"}, FAKE_HOLD},
         true,
         NULL,
         "220 ",
         HEALTH_SUCCESS,
         "answer as expected"},
        {{{NULL}, FAKE_HOLD}, false, "hello", NULL, HEALTH_SUCCESS, "connected"},
        {{{"-ERR\r\n"}, FAKE_CLOSE},
         false,
         "PING\r\n\r\n",
         "+PONG",
         HEALTH_FAILURE,
         "answer lacks '+PONG'"},
        {{{NULL}, FAKE_CLOSE}, true, NULL, "a\r\nb", HEALTH_FAILURE, "answer lacks 'a??b'"},
        {{{NULL}, FAKE_RESET}, true, NULL, "x", HEALTH_FAILURE, "connection reset"},
        {{{NULL}, FAKE_ENDLESS},
         true,
         NULL,
         "y",
         HEALTH_FAILURE,
         "the first 64 KiB of the answer lacks 'y'"},
        {{{NULL}, FAKE_HOLD},
         true,
         NULL,
         "x",
         HEALTH_FAILURE,
         "timeout after 80 ms waiting for the answer"},
        {{{"half"}, FAKE_HOLD},
         true,
         NULL,
         "x",
         HEALTH_FAILURE,
         "timeout after 80 ms within the answer"},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char request[FAKE_REQUEST_MAX];
        struct config_check check = check_of(CONFIG_CHECK_TCP, 0);
        const char *send = cases[i].send ? cases[i].send : "";
        const char *expect = cases[i].expect ? cases[i].expect : "";
        check.send = (struct config_bytes){send, strlen(send)};
        check.expect = (struct config_bytes){expect, strlen(expect)};
        if (strncmp(cases[i].reason, "timeout", 7) == 0)
            check.timeout_ms = 80;
        struct probe_result result = ask(cases[i].script, cases[i].greets, check, request);
        assert_string_equal(result.reason, cases[i].reason);
        assert_int_equal(result.outcome, cases[i].outcome);
        if (cases[i].send && cases[i].expect)
            assert_string_equal(request, cases[i].send);
        if (result.outcome == HEALTH_SUCCESS)
            assert_times(&result, TOOK_CONNECT | (cases[i].expect ? TOOK_ANSWER : 0u));
    }
}

static void a_probe_comes_from_the_source_it_is_given(void **state)
{
    (void)state;
    struct fake_script script = {{NULL}, FAKE_HOLD};
    struct config_check check = check_of(CONFIG_CHECK_TCP, 0);
    check.source.v4 = local_address("127.0.0.77");
    assert_int_equal(ask(script, true, check, NULL).outcome, HEALTH_SUCCESS);
    check.source.v4 = local_address("192.0.2.77");
    struct probe_result result = ask(script, true, check, NULL);
    assert_int_equal(result.outcome, HEALTH_OWN_FAULT);
    assert_string_equal(result.reason, "own fault: the source address is not ours");
    check.source = (struct config_probe_source){.v6 = local_address("2001:db8::77")};
    assert_int_equal(ask(script, true, check, NULL).outcome,
                     HEALTH_SUCCESS); /* not its family */
}

static void certificates_are_verified_as_the_check_says(void **state)
{
    (void)state;

    static const struct {
        const char *names;
        long from_s, until_s;
        const char *host;
        bool self_signed, no_verify, other_ca;
        uint32_t min_days;
        enum health_outcome outcome;
        const char *reason;
    } cases[] = {
        {"DNS:a.example", -60, 9 * DAY_S, "a.example", false, false, false, 0, HEALTH_SUCCESS,
         "answer as expected"},
        {"IP:127.0.0.1", -60, 9 * DAY_S, NULL, false, false, false, 0, HEALTH_SUCCESS,
         "answer as expected"},
        {"IP:127.0.0.1", -60, 9 * DAY_S, "127.0.0.1", false, false, false, 0, HEALTH_SUCCESS,
         "answer as expected"},
        {"DNS:a.example", -60, 9 * DAY_S, "b.example", false, false, false, 0, HEALTH_FAILURE,
         "certificate is for another name"},
        {"DNS:a.example", -60, 9 * DAY_S, NULL, false, false, false, 0, HEALTH_FAILURE,
         "certificate is for another name"},
        {"DNS:a.example", -9 * DAY_S, -60, "a.example", false, false, false, 0, HEALTH_FAILURE,
         "certificate expired"},
        {"DNS:a.example", 3600, DAY_S, "a.example", false, false, false, 0, HEALTH_FAILURE,
         "certificate is not valid yet"},
        {"DNS:a.example", -60, 9 * DAY_S, "a.example", true, false, false, 0, HEALTH_FAILURE,
         "certificate is self-signed"},
        {"DNS:a.example", -60, 9 * DAY_S, "a.example", false, false, true, 0, HEALTH_FAILURE,
         "certificate is signed by an unknown authority"},
        {"DNS:a.example", -9 * DAY_S, -60, "b.example", true, true, false, 0, HEALTH_SUCCESS,
         "answer as expected"},
        {"DNS:a.example", -60, 3 * DAY_S + 3600, "a.example", false, false, false, 7,
         HEALTH_FAILURE, "certificate expires in 3 days, expected at least 7"},
        {"DNS:a.example", -60, 9 * DAY_S, "a.example", false, false, false, 7, HEALTH_SUCCESS,
         "answer as expected"},
    };

    struct cert ca = cert_make("ca", NULL, -60, 9 * DAY_S, NULL);
    struct cert other = cert_make("other", NULL, -60, 9 * DAY_S, NULL);
    cert_write(&ca, PKI_PATH);
    cert_write(&other, OTHER_PATH);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct loop_fixture fixture;
        struct tls_server server;
        struct cert cert = cert_make("leaf", cases[i].names, cases[i].from_s, cases[i].until_s,
                                     cases[i].self_signed ? NULL : &ca);
        loop_fixture_open(&fixture, 0, 0);
        tls_server_start(&server, &cert, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok",
                         NULL);
        struct config_check check = check_of(CONFIG_CHECK_TLS, server.port);
        check.host = cases[i].host;
        check.verify = !cases[i].no_verify;
        check.ca_file = cases[i].other_ca ? OTHER_PATH : PKI_PATH;
        check.min_cert_days = cases[i].min_days;
        check.send = (struct config_bytes){"GET / HTTP/1.1\r\n\r\n", 18};
        check.expect = (struct config_bytes){"\r\n\r\nok", 6};
        struct probe_result result = loop_fixture_ask(&fixture, &check);
        tls_server_stop(&server);
        loop_fixture_close(&fixture);
        assert_string_equal(result.reason, cases[i].reason);
        if (result.outcome == HEALTH_SUCCESS)
            assert_times(&result, TOOK_CONNECT | TOOK_TLS | TOOK_ANSWER);
        assert_int_equal(result.outcome, cases[i].outcome);
        cert_free(&cert);
    }
    unlink(PKI_PATH);
    unlink(OTHER_PATH);
    cert_free(&ca);
    cert_free(&other);
}

static void a_ca_file_that_cannot_be_read_is_our_own_fault(void **state)
{
    (void)state;
    struct config_check check = check_of(CONFIG_CHECK_TLS, 0);
    check.ca_file = "/nonexistent/ca.pem";
    struct probe_result result =
        ask((struct fake_script){{NULL}, FAKE_HOLD}, false, check, NULL);
    assert_string_equal(result.reason, "own fault: cannot read the CA certificates");
    assert_int_equal(result.outcome, HEALTH_OWN_FAULT);
}

static void a_server_without_tls_fails_the_handshake(void **state)
{
    (void)state;

    static const struct {
        struct fake_script script;
        bool greets;
        const char *reason;
    } cases[] = {
        {{{NULL}, FAKE_HOLD}, false, "timeout after 80 ms in TLS handshake"},
        {{{"220 mail.example ESMTP\r\n"}, FAKE_HOLD},
         true,
         "TLS handshake failed: wrong version number"},
        {{{NULL}, FAKE_RESET}, true, "connection reset"},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct config_check check = check_of(CONFIG_CHECK_TLS, 0);
        check.verify = false;
        check.timeout_ms = i == 0 ? 80 : 5000;
        struct probe_result result = ask(cases[i].script, cases[i].greets, check, NULL);
        assert_string_equal(result.reason, cases[i].reason);
        assert_int_equal(result.outcome, HEALTH_FAILURE);
    }
}

/* More files than places: each is read when its turn comes, and none is forgotten to be freed.
 */
static void authorities_are_kept_for_a_minute(void **state)
{
    (void)state;
    struct tls_trust *trust = tls_trust_new();
    struct cert ca = cert_make("ca", NULL, -60, 9 * DAY_S, NULL);
    struct probe_result result;
    int fd = open("/dev/null", O_RDWR);
    cert_write(&ca, PKI_PATH);
    struct tls_terms terms = {"a.example", local_address("127.0.0.1"), PKI_PATH, true};
    struct probe_tls *session = probe_tls_new(trust, &terms, fd, 1000, &result);
    assert_non_null(session);
    probe_tls_free(session);
    unlink(PKI_PATH);
    session = probe_tls_new(trust, &terms, fd, 60999, &result);
    assert_non_null(session); /* by what was read before */
    assert_null(probe_tls_new(trust, &terms, fd, 61000, &result));
    probe_tls_free(session);
    for (size_t i = 0; i < 20; i++) {
        char path[32];
        snprintf(path, sizeof(path), "stream-ca-%zu.pem", i);
        cert_write(&ca, path);
        terms.ca_file = path;
        session = probe_tls_new(trust, &terms, fd, 1000 + i, &result);
        assert_non_null(session);
        probe_tls_free(session);
        unlink(path);
    }
    close(fd);
    cert_free(&ca);
    tls_trust_free(trust);
}

int main(void)
{
    signal(SIGPIPE, SIG_IGN);
    curl_global_init(CURL_GLOBAL_DEFAULT);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_open_port_is_a_success_with_a_round_trip),
        cmocka_unit_test(a_closed_port_is_refused),
        cmocka_unit_test(a_black_hole_times_out_and_is_a_failure),
        cmocka_unit_test(an_address_without_a_route_is_our_own_fault),
        cmocka_unit_test(a_cancelled_run_says_nothing_and_leaves_nothing),
        cmocka_unit_test(answers_are_compared_with_what_is_expected),
        cmocka_unit_test(a_probe_comes_from_the_source_it_is_given),
        cmocka_unit_test(certificates_are_verified_as_the_check_says),
        cmocka_unit_test(a_ca_file_that_cannot_be_read_is_our_own_fault),
        cmocka_unit_test(a_server_without_tls_fails_the_handshake),
        cmocka_unit_test(authorities_are_kept_for_a_minute),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    curl_global_cleanup();
    return failed;
}
