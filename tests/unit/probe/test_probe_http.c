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

#include "fake_server.h"
#include "loop_fixture.h"
#include "probe_http.h"
#include "tls_server.h"

enum { DAY_S = 86400 };

/* ask_greeter - the result of one http probe against a server that plays script, either at once
 * (greets) or when it has been asked. */
static struct probe_result ask_greeter(struct fake_script script, bool greets,
                                       struct config_check check)
{
    struct loop_fixture fixture;
    struct fake_server server;
    loop_fixture_open(&fixture, 0, 0);
    fake_server_open(&server, &fixture.loop, "127.0.0.1", script);
    server.greets = greets;
    check.port = server.port;
    struct probe_result result = loop_fixture_ask(&fixture, &check);
    fake_server_close(&server);
    loop_fixture_close(&fixture);
    return result;
}

static struct probe_result ask_script(struct fake_script script, struct config_check check)
{
    return ask_greeter(script, false, check);
}

#define HEAD_200 "HTTP/1.1 200 OK\r\n"
#define CHUNKED  HEAD_200 "Transfer-Encoding: chunked\r\n\r\n"

static void answers_become_outcomes_with_reasons(void **state)
{
    (void)state;

    static const struct {
        struct fake_script script;
        const char *body;
        enum health_outcome outcome;
        const char *reason;
    } cases[] = {
        {{{HEAD_200 "Content-Length: 2\r\n\r\nok"}, FAKE_HOLD},
         NULL,
         HEALTH_SUCCESS,
         "status 200"},
        {{{HEAD_200 "\r\nuntil the end"}, FAKE_CLOSE}, NULL, HEALTH_SUCCESS, "status 200"},
        {{{"HTTP/1.1 204 No Content\r\n\r\n"}, FAKE_HOLD}, NULL, HEALTH_SUCCESS, "status 204"},
        {{{"HTTP/1.0 200 OK\r\n\r\n"}, FAKE_CLOSE}, NULL, HEALTH_SUCCESS, "status 200"},
        {{{"HTTP/1.1 100 Continue\r\n\r\n", HEAD_200 "Content-Length: 0\r\n\r\n"}, FAKE_HOLD},
         NULL,
         HEALTH_SUCCESS,
         "status 200"},
        {{{"HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n"}, FAKE_HOLD},
         NULL,
         HEALTH_FAILURE,
         "status 503, expected 200-299"},
        {{{"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n"},
          FAKE_HOLD},
         NULL,
         HEALTH_FAILURE,
         "status 302, expected 200-299"},
        {{{HEAD_200 "Content-Length: 4\r\n\r\nfine"}, FAKE_HOLD},
         "ok",
         HEALTH_FAILURE,
         "body lacks 'ok'"},
        {{{HEAD_200 "Content-Length: 6\r\n\r\nall o", "k"}, FAKE_HOLD},
         "ok",
         HEALTH_SUCCESS,
         "status 200"},
        {{{CHUNKED "3\r\nal", "l\r\n", "2\r\n o\r\n1", "\r\nk\r\n", "0\r\n\r\n"}, FAKE_HOLD},
         "ok",
         HEALTH_SUCCESS,
         "status 200"},
        {{{"HT", "TP/1.1 2", "00 OK\r", "\nContent-Length: 2\r\n", "\r\no", "k"}, FAKE_HOLD},
         "ok",
         HEALTH_SUCCESS,
         "status 200"},
        {{{"SSH-2.0-OpenSSH_9.2\r\n"}, FAKE_CLOSE},
         NULL,
         HEALTH_FAILURE,
         "the answer is not HTTP"},
        {{{"\x01\x02\x03\x04 garbage"}, FAKE_CLOSE},
         NULL,
         HEALTH_FAILURE,
         "the answer is not HTTP"},
        {{{NULL}, FAKE_CLOSE}, NULL, HEALTH_FAILURE, "connection closed without an answer"},
        {{{NULL}, FAKE_RESET}, NULL, HEALTH_FAILURE, "connection reset"},
        {{{HEAD_200 "Content-Length: 9\r\n\r\nshort"}, FAKE_CLOSE},
         NULL,
         HEALTH_FAILURE,
         "connection closed within the answer"},
        {{{HEAD_200 "Content-Length: 9\r\n\r\nshort"}, FAKE_RESET},
         NULL,
         HEALTH_FAILURE,
         "connection reset"},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct config_check check = check_of(CONFIG_CHECK_HTTP, 0);
        check.body = cases[i].body;
        struct probe_result result = ask_script(cases[i].script, check);
        assert_string_equal(result.reason, cases[i].reason);
        assert_int_equal(result.outcome, cases[i].outcome);
        if (result.outcome == HEALTH_SUCCESS) {
            assert_in_range(result.rtt_us, 1, 5000000);
            assert_times(&result, TOOK_CONNECT | TOOK_ANSWER);
        }
    }
}

static void timeouts_say_what_was_waited_for(void **state)
{
    (void)state;

    static const struct {
        struct fake_script script;
        const char *reason;
    } cases[] = {
        {{{NULL}, FAKE_HOLD}, "timeout after 80 ms waiting for the answer"},
        {{{"HTTP/1.1 200 OK\r\nX-Slow: "}, FAKE_HOLD}, "timeout after 80 ms within the answer"},
        {{{HEAD_200 "Content-Length: 9\r\n\r\nslow"}, FAKE_HOLD},
         "timeout after 80 ms within the answer"},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct config_check check = check_of(CONFIG_CHECK_HTTP, 0);
        check.timeout_ms = 80;
        struct probe_result result = ask_script(cases[i].script, check);
        assert_string_equal(result.reason, cases[i].reason);
        assert_int_equal(result.outcome, HEALTH_FAILURE);
    }
}

static void a_slow_body_is_enough_once_the_pattern_has_come(void **state)
{
    (void)state;
    struct fake_script script = {{HEAD_200 "Content-Length: 900\r\n\r\n", "all ok"}, FAKE_HOLD};
    struct config_check check = check_of(CONFIG_CHECK_HTTP, 0);
    check.body = "ok";
    struct probe_result result = ask_script(script, check);
    assert_string_equal(result.reason, "status 200");
    assert_int_equal(result.outcome, HEALTH_SUCCESS);
}

static void a_huge_body_is_cut_at_its_limit(void **state)
{
    (void)state;

    static const struct {
        const char *body;
        enum health_outcome outcome;
    } cases[] = {{NULL, HEALTH_SUCCESS}, {"ok", HEALTH_FAILURE}};

    for (size_t i = 0; i < 2; i++) {
        struct loop_fixture fixture;
        struct fake_server server;
        struct fake_script script = {{HEAD_200 "Content-Length: 1073741824\r\n\r\n"},
                                     FAKE_ENDLESS};
        loop_fixture_open(&fixture, 0, 0);
        fake_server_open(&server, &fixture.loop, "127.0.0.1", script);
        struct config_check check = check_of(CONFIG_CHECK_HTTP, server.port);
        check.body = cases[i].body;
        struct probe_result result = loop_fixture_ask(&fixture, &check);
        assert_int_equal(result.outcome, cases[i].outcome);
        assert_string_equal(result.reason, cases[i].body ? "body lacks 'ok'" : "status 200");
        assert_true(server.sent_bytes < 64u << 20); /* what fits into socket buffers */
        fake_server_close(&server);
        loop_fixture_close(&fixture);
    }
}

static void an_endless_header_is_cut_at_its_limit(void **state)
{
    (void)state;
    static char lines[128 * 1024];
    for (size_t i = 0; i + 10 < sizeof(lines); i += 10)
        memcpy(lines + i, "X-A: 123\r\n", 11);
    struct fake_script script = {{HEAD_200, lines}, FAKE_HOLD};
    struct probe_result result = ask_script(script, check_of(CONFIG_CHECK_HTTP, 0));
    assert_string_equal(result.reason, "header over 64 KiB");
    assert_int_equal(result.outcome, HEALTH_FAILURE);
}

static void nobody_listening_is_a_refused_connection(void **state)
{
    (void)state;
    struct loop_fixture fixture;
    loop_fixture_open(&fixture, 0, 0);
    struct config_check check = check_of(CONFIG_CHECK_HTTP, closed_port());
    struct probe_result result = loop_fixture_ask(&fixture, &check);
    assert_string_equal(result.reason, "connection refused");
    assert_times(&result, 0);
    assert_int_equal(result.outcome, HEALTH_FAILURE);
    loop_fixture_close(&fixture);
}

static void a_black_hole_is_a_timeout_in_connect(void **state)
{
    (void)state;
    struct loop_fixture fixture;
    struct black_hole hole;
    loop_fixture_open(&fixture, 0, 0);
    black_hole_open(&hole);
    struct config_check check = check_of(CONFIG_CHECK_HTTP, hole.port);
    check.timeout_ms = 60;
    struct probe_result result = loop_fixture_ask(&fixture, &check);
    assert_string_equal(result.reason, "timeout after 60 ms in connect");
    assert_int_equal(result.outcome, HEALTH_FAILURE);
    black_hole_close(&hole);
    loop_fixture_close(&fixture);
}

static void no_route_is_our_own_fault(void **state)
{
    (void)state;
    struct loop_fixture fixture;
    struct seen seen = {.fixture = &fixture, .delay_ms = 60000};
    struct ip_addr group = local_address("224.0.0.1"); /* TCP has no route to a group */
    struct config_check check = check_of(CONFIG_CHECK_HTTP, 80);
    struct probe *probe;
    loop_fixture_open(&fixture, 0, 0);
    assert_int_equal(
        probe_add(fixture.prober, &check, &group, 0, 0, seen_record, &seen, &probe), ERR_OK);
    loop_fixture_until(&fixture, &seen.count, 1);
    assert_string_equal(seen.last.reason, "own fault: no route to that network");
    assert_int_equal(seen.last.outcome, HEALTH_OWN_FAULT);
    loop_fixture_close(&fixture);
}

static void a_source_that_is_not_ours_is_our_own_fault(void **state)
{
    (void)state;
    struct fake_script script = {{HEAD_200 "Content-Length: 0\r\n\r\n"}, FAKE_HOLD};
    struct config_check check = check_of(CONFIG_CHECK_HTTP, 0);
    check.source.v4 = local_address("127.0.0.77");
    assert_int_equal(ask_script(script, check).outcome, HEALTH_SUCCESS);
    check.source.v4 = local_address("192.0.2.77");
    struct probe_result result = ask_script(script, check);
    assert_int_equal(result.outcome, HEALTH_OWN_FAULT);
    assert_string_equal(result.reason, "own fault: the source address is not ours");
}

/* Whatever host it names: nothing is resolved. The second server is the first once more. */
static void redirects_stay_at_the_address(void **state)
{
    (void)state;

    static const struct {
        uint32_t follow;
        const char *location, *reason;
    } cases[] = {
        {0, "http://unknown.invalid/", "status 302, expected 200-299"},
        {3, "http://unknown.invalid:%u/", "more redirects than 'follow' allows"},
        {3, "http://192.0.2.1:%u/", "more redirects than 'follow' allows"},
        {3, "/", "more redirects than 'follow' allows"},
        {3, "ftp://127.0.0.1:%u/", "redirected to another protocol"},
        {3, "file:///etc/passwd", "redirected to another protocol"},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct loop_fixture fixture;
        struct fake_server server;
        char location[64], answer[160];
        struct fake_script script = {{answer}, FAKE_CLOSE};
        loop_fixture_open(&fixture, 0, 0);
        fake_server_open(&server, &fixture.loop, "127.0.0.1", script);
        const char *number = strchr(cases[i].location, '%');
        if (number)
            snprintf(location, sizeof(location), "%.*s%u/", (int)(number - cases[i].location),
                     cases[i].location, server.port);
        else
            snprintf(location, sizeof(location), "%s", cases[i].location);
        snprintf(answer, sizeof(answer),
                 "HTTP/1.1 302 Found\r\nLocation: %s\r\nContent-Length: 0\r\n\r\n", location);
        struct config_check check = check_of(CONFIG_CHECK_HTTP, server.port);
        check.follow = cases[i].follow;
        struct probe_result result = loop_fixture_ask(&fixture, &check);
        assert_string_equal(result.reason, cases[i].reason);
        bool followed = strncmp(cases[i].reason, "more", 4) == 0;
        assert_int_equal(server.connections, followed ? cases[i].follow + 1 : 1);
        if (number && followed)
            assert_non_null(
                strstr(server.request, i == 1 ? "Host: unknown.invalid:" : "Host: 192.0.2.1:"));
        fake_server_close(&server);
        loop_fixture_close(&fixture);
    }
}

static void an_impossible_host_is_our_own_fault(void **state)
{
    (void)state;
    struct loop_fixture fixture;
    loop_fixture_open(&fixture, 0, 0);
    struct config_check check = check_of(CONFIG_CHECK_HTTP, 80);
    check.host = "no host";
    struct probe_result result = loop_fixture_ask(&fixture, &check);
    assert_string_equal(result.reason, "own fault: not a possible host");
    assert_int_equal(result.outcome, HEALTH_OWN_FAULT);
    loop_fixture_close(&fixture);
}

/* ask_request - what a server gets to see of check, as text. */
static void ask_request(struct config_check check, char request[FAKE_REQUEST_MAX])
{
    struct loop_fixture fixture;
    struct fake_server server;
    struct fake_script script = {{HEAD_200 "Content-Length: 0\r\n\r\n"}, FAKE_HOLD};
    loop_fixture_open(&fixture, 0, 0);
    fake_server_open(&server, &fixture.loop, "127.0.0.1", script);
    check.port = server.port;
    struct probe_result result = loop_fixture_ask(&fixture, &check);
    assert_int_equal(result.outcome, HEALTH_SUCCESS);
    memcpy(request, server.request, FAKE_REQUEST_MAX);
    fake_server_close(&server);
    loop_fixture_close(&fixture);
}

static void requests_carry_what_the_check_says(void **state)
{
    (void)state;
    static struct config_header headers[] = {{"X-Probe", "yes"}, {"X-Empty", ""}};
    static struct config_header typed[] = {{"content-type", "text/plain"}};

    static const struct {
        const char *method, *path, *host;
        struct config_header *headers;
        size_t header_count;
        const char *expected[4], *unexpected;
    } cases[] = {
        {NULL,
         NULL,
         NULL,
         NULL,
         0,
         {"GET / HTTP/1.1\r\n", "\r\nHost: 127.0.0.1:", "\r\nUser-Agent: rhumb\r\n"},
         "Expect:"},
        {"GET",
         "/../a?b=c%20d",
         "app.example",
         NULL,
         0,
         {"GET /../a?b=c%20d HTTP/1.1\r\n", "\r\nHost: app.example:"},
         "127.0.0.1"},
        {"HEAD",
         "/h",
         NULL,
         headers,
         2,
         {"HEAD /h ", "\r\nX-Probe: yes\r\n", "\r\nX-Empty:"},
         "GET"},
        {"POST",
         "/p",
         NULL,
         NULL,
         0,
         {"POST /p ", "\r\nContent-Length: 0\r\n"},
         "Content-Type"},
        {"POST",
         "/p",
         NULL,
         typed,
         1,
         {"POST /p ", "\r\ncontent-type: text/plain\r\n"},
         "urlencoded"},
        {"OPTIONS", "*", NULL, NULL, 0, {"OPTIONS * HTTP/1.1\r\n"}, "GET"},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char request[FAKE_REQUEST_MAX];
        struct config_check check = check_of(CONFIG_CHECK_HTTP, 0);
        check.method = cases[i].method;
        check.path = cases[i].path;
        check.host = cases[i].host;
        check.headers = cases[i].headers;
        check.header_count = cases[i].header_count;
        ask_request(check, request);
        for (size_t e = 0; e < 4 && cases[i].expected[e]; e++)
            assert_non_null(strstr(request, cases[i].expected[e]));
        assert_null(strstr(request, cases[i].unexpected));
    }
}

static void the_environment_sets_no_proxy(void **state)
{
    (void)state;
    char request[FAKE_REQUEST_MAX];
    setenv("http_proxy", "http://127.0.0.1:1", 1);
    setenv("ALL_PROXY", "http://127.0.0.1:1", 1);
    ask_request(check_of(CONFIG_CHECK_HTTP, 0), request);
    unsetenv("http_proxy");
    unsetenv("ALL_PROXY");
}

static void every_run_makes_its_own_connection(void **state)
{
    (void)state;
    struct loop_fixture fixture;
    struct fake_server server;
    struct seen seen = {.fixture = &fixture, .delay_ms = 1};
    struct fake_script script = {{HEAD_200 "Content-Length: 0\r\n\r\n"}, FAKE_HOLD};
    struct ip_addr addr = local_address("127.0.0.1");
    struct probe *probe;
    loop_fixture_open(&fixture, 0, 0);
    fake_server_open(&server, &fixture.loop, "127.0.0.1", script);
    struct config_check check = check_of(CONFIG_CHECK_HTTP, server.port);
    assert_int_equal(probe_add(fixture.prober, &check, &addr, 0, 0, seen_record, &seen, &probe),
                     ERR_OK);
    loop_fixture_until(&fixture, &seen.successes, 5);
    assert_int_equal(server.connections, 5);
    fake_server_close(&server);
    loop_fixture_close(&fixture);
}

/* https --------------------------------------------------------------------------------------
 */

static struct {
    char folder[32], ca_path[64], other_ca_path[64], twin_ca_path[64];
    struct cert ca, other_ca, twin_ca; /* the twin has the name of the first, but its own key */
} pki;

static int make_pki(void **state)
{
    (void)state;
    snprintf(pki.folder, sizeof(pki.folder), "/tmp/rhumb-test-XXXXXX");
    assert_non_null(mkdtemp(pki.folder));
    snprintf(pki.ca_path, sizeof(pki.ca_path), "%s/ca.pem", pki.folder);
    snprintf(pki.twin_ca_path, sizeof(pki.twin_ca_path), "%s/twin.pem", pki.folder);
    snprintf(pki.other_ca_path, sizeof(pki.other_ca_path), "%s/other.pem", pki.folder);
    pki.ca = cert_make("authority", NULL, -DAY_S, 30 * DAY_S, NULL);
    pki.other_ca = cert_make("other", NULL, -DAY_S, 30 * DAY_S, NULL);
    pki.twin_ca = cert_make("authority", NULL, -DAY_S, 30 * DAY_S, NULL);
    cert_write(&pki.ca, pki.ca_path);
    cert_write(&pki.other_ca, pki.other_ca_path);
    cert_write(&pki.twin_ca, pki.twin_ca_path);
    return 0;
}

static int remove_pki(void **state)
{
    (void)state;
    unlink(pki.ca_path);
    unlink(pki.other_ca_path);
    unlink(pki.twin_ca_path);
    rmdir(pki.folder);
    cert_free(&pki.ca);
    cert_free(&pki.other_ca);
    cert_free(&pki.twin_ca);
    return 0;
}

#define ANSWER_OK HEAD_200 "Content-Length: 2\r\n\r\nok"

/* ask_tls - the result of one https probe against a server with this certificate. */
static struct probe_result ask_tls(struct tls_server *server, const struct cert *cert,
                                   struct config_check check)
{
    struct loop_fixture fixture;
    loop_fixture_open(&fixture, 0, 0);
    tls_server_start(server, cert, ANSWER_OK, NULL);
    check.port = server->port;
    struct probe_result result = loop_fixture_ask(&fixture, &check);
    tls_server_stop(server);
    loop_fixture_close(&fixture);
    return result;
}

static void certificates_are_verified_as_the_check_says(void **state)
{
    (void)state;

    static const struct {
        const char *names;
        long from_s, until_s;
        const char *host;
        bool self_signed, no_verify;
        const char *ca_path; /* NULL: the one that signed */
        uint32_t min_days;
        enum health_outcome outcome;
        const char *reason;
    } cases[] = {
        {"DNS:app.example", -60, 9 * DAY_S, "app.example", false, false, NULL, 0,
         HEALTH_SUCCESS, "status 200"},
        {"IP:127.0.0.1", -60, 9 * DAY_S, NULL, false, false, NULL, 0, HEALTH_SUCCESS,
         "status 200"},
        {"DNS:app.example", -60, 9 * DAY_S, "other.example", false, false, NULL, 0,
         HEALTH_FAILURE, "certificate is for another name"},
        {"DNS:app.example", -60, 9 * DAY_S, NULL, false, false, NULL, 0, HEALTH_FAILURE,
         "certificate is for another name"},
        {"DNS:app.example", -9 * DAY_S, -60, "app.example", false, false, NULL, 0,
         HEALTH_FAILURE, "certificate expired"},
        {"DNS:app.example", 3600, DAY_S, "app.example", false, false, NULL, 0, HEALTH_FAILURE,
         "certificate is not valid yet"},
        {"DNS:app.example", -60, 9 * DAY_S, "app.example", true, false, NULL, 0, HEALTH_FAILURE,
         "certificate is self-signed"},
        {"DNS:app.example", -60, 9 * DAY_S, "app.example", false, false, pki.other_ca_path, 0,
         HEALTH_FAILURE, "certificate is signed by an unknown authority"},
        {"DNS:app.example", -60, 9 * DAY_S, "app.example", false, false, pki.twin_ca_path, 0,
         HEALTH_FAILURE, "TLS handshake failed: a signature is wrong"},
        {"DNS:app.example", -9 * DAY_S, -60, "other.example", true, true, NULL, 0,
         HEALTH_SUCCESS, "status 200"},
        {"DNS:app.example", -60, 3 * DAY_S + 3600, "app.example", false, false, NULL, 7,
         HEALTH_FAILURE, "certificate expires in 3 days, expected at least 7"},
        {"DNS:app.example", -60, 9 * DAY_S, "app.example", false, false, NULL, 7,
         HEALTH_SUCCESS, "status 200"},
        {"DNS:app.example", -9 * DAY_S, -60, "app.example", true, true, NULL, 7, HEALTH_FAILURE,
         "certificate expired"},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct tls_server server;
        struct config_check check = check_of(CONFIG_CHECK_HTTPS, 0);
        struct cert cert = cert_make("leaf", cases[i].names, cases[i].from_s, cases[i].until_s,
                                     cases[i].self_signed ? NULL : &pki.ca);
        check.host = cases[i].host;
        check.verify = !cases[i].no_verify;
        check.ca_file = cases[i].ca_path ? cases[i].ca_path : pki.ca_path;
        check.min_cert_days = cases[i].min_days;
        struct probe_result result = ask_tls(&server, &cert, check);
        assert_string_equal(result.reason, cases[i].reason);
        if (result.outcome == HEALTH_SUCCESS)
            assert_times(&result, TOOK_CONNECT | TOOK_TLS | TOOK_ANSWER);
        assert_int_equal(result.outcome, cases[i].outcome);
        cert_free(&cert);
    }
}

static void the_host_is_sent_as_server_name_and_host_header(void **state)
{
    (void)state;
    struct tls_server server;
    struct cert cert = cert_make("leaf", "DNS:app.example", -60, DAY_S, &pki.ca);
    struct config_check check = check_of(CONFIG_CHECK_HTTPS, 0);
    check.host = "app.example";
    check.ca_file = pki.ca_path;
    check.body = "ok";
    struct probe_result result = ask_tls(&server, &cert, check);
    assert_string_equal(result.reason, "status 200");
    assert_string_equal(server.server_name, "app.example");
    assert_non_null(strstr(server.request, "\r\nHost: app.example:"));
    cert_free(&cert);
}

static void without_a_ca_file_the_systems_authorities_count(void **state)
{
    (void)state;
    struct tls_server server;
    struct cert cert = cert_make("leaf", "IP:127.0.0.1", -60, DAY_S, &pki.ca);
    struct probe_result result = ask_tls(&server, &cert, check_of(CONFIG_CHECK_HTTPS, 0));
    /* A machine without any authorities cannot judge, and says so. */
    if (access("/etc/ssl/certs/ca-certificates.crt", R_OK) == 0)
        assert_string_equal(result.reason, "certificate is signed by an unknown authority");
    else
        assert_int_equal(result.outcome, HEALTH_OWN_FAULT);
    cert_free(&cert);
}

static void a_ca_file_that_cannot_be_read_is_our_own_fault(void **state)
{
    (void)state;
    struct tls_server server;
    struct cert cert = cert_make("leaf", "IP:127.0.0.1", -60, DAY_S, &pki.ca);
    struct config_check check = check_of(CONFIG_CHECK_HTTPS, 0);
    check.ca_file = "/nonexistent/ca.pem";
    struct probe_result result = ask_tls(&server, &cert, check);
    assert_string_equal(result.reason, "own fault: cannot read the CA certificates");
    assert_int_equal(result.outcome, HEALTH_OWN_FAULT);
    cert_free(&cert);
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
        {{{"HTTP/1.1 400 Bad Request\r\n\r\n"}, FAKE_HOLD},
         true,
         "TLS handshake failed: wrong version number"},
        {{{NULL}, FAKE_RESET}, true, "connection reset"},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct config_check check = check_of(CONFIG_CHECK_HTTPS, 0);
        check.verify = false; /* reading the authorities takes time under a sanitizer */
        check.timeout_ms = i == 0 ? 80 : 5000;
        struct probe_result result = ask_greeter(cases[i].script, cases[i].greets, check);
        assert_string_equal(result.reason, cases[i].reason);
        assert_int_equal(result.outcome, HEALTH_FAILURE);
    }
}

int main(void)
{
    signal(SIGPIPE, SIG_IGN);
    curl_global_init(CURL_GLOBAL_DEFAULT);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(answers_become_outcomes_with_reasons),
        cmocka_unit_test(timeouts_say_what_was_waited_for),
        cmocka_unit_test(a_slow_body_is_enough_once_the_pattern_has_come),
        cmocka_unit_test(a_huge_body_is_cut_at_its_limit),
        cmocka_unit_test(an_endless_header_is_cut_at_its_limit),
        cmocka_unit_test(nobody_listening_is_a_refused_connection),
        cmocka_unit_test(a_black_hole_is_a_timeout_in_connect),
        cmocka_unit_test(no_route_is_our_own_fault),
        cmocka_unit_test(a_source_that_is_not_ours_is_our_own_fault),
        cmocka_unit_test(redirects_stay_at_the_address),
        cmocka_unit_test(an_impossible_host_is_our_own_fault),
        cmocka_unit_test(requests_carry_what_the_check_says),
        cmocka_unit_test(the_environment_sets_no_proxy),
        cmocka_unit_test(every_run_makes_its_own_connection),
        cmocka_unit_test(certificates_are_verified_as_the_check_says),
        cmocka_unit_test(the_host_is_sent_as_server_name_and_host_header),
        cmocka_unit_test(without_a_ca_file_the_systems_authorities_count),
        cmocka_unit_test(a_ca_file_that_cannot_be_read_is_our_own_fault),
        cmocka_unit_test(a_server_without_tls_fails_the_handshake),
    };
    int failed = cmocka_run_group_tests(tests, make_pki, remove_pki);
    curl_global_cleanup();
    return failed;
}
