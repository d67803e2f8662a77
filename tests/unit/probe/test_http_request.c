#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "http_request.h"

static struct http_request *make(const struct config_check *check, const char *address)
{
    struct ip_addr addr;
    assert_true(ip_parse(address, &addr));
    struct http_request *request = http_request_new(check, &addr);
    assert_non_null(request);
    return request;
}

static void urls_name_the_host_and_go_to_the_address(void **state)
{
    (void)state;

    static const struct {
        enum config_check_kind kind;
        const char *address, *host;
        uint16_t port;
        const char *url, *connect_to;
    } cases[] = {
        {CONFIG_CHECK_HTTP, "192.0.2.1", NULL, 80, "http://192.0.2.1:80/", "::192.0.2.1:80"},
        {CONFIG_CHECK_HTTPS, "192.0.2.1", "app.example", 8443, "https://app.example:8443/",
         "::192.0.2.1:8443"},
        {CONFIG_CHECK_HTTPS, "2001:db8::1", NULL, 443, "https://[2001:db8::1]:443/",
         "::[2001:db8::1]:443"},
        {CONFIG_CHECK_HTTP, "192.0.2.1", "2001:db8::2", 80, "http://[2001:db8::2]:80/",
         "::192.0.2.1:80"},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct config_check check = {
            .kind = cases[i].kind, .host = cases[i].host, .port = cases[i].port};
        struct http_request *request = make(&check, cases[i].address);
        assert_string_equal(request->url, cases[i].url);
        assert_string_equal(request->connect_to, cases[i].connect_to);
        assert_int_equal(request->https, cases[i].kind == CONFIG_CHECK_HTTPS);
        http_request_free(request);
    }
}

static void followed_redirects_may_lead_to_another_port(void **state)
{
    (void)state;
    struct config_check check = {
        .kind = CONFIG_CHECK_HTTP, .port = 8080, .path = "/a?b", .follow = 3};
    struct http_request *request = make(&check, "2001:db8::1");
    assert_string_equal(request->url, "http://[2001:db8::1]:8080/a?b");
    assert_string_equal(request->connect_to, "::[2001:db8::1]:");
    assert_null(request->path);
    http_request_free(request);
}

static void a_grpc_check_is_a_call_over_http2(void **state)
{
    (void)state;
    struct config_check check = {
        .kind = CONFIG_CHECK_GRPC, .port = 50051, .grpc_service = "up", .min_cert_days = 9};
    struct http_request *request = make(&check, "192.0.2.1");
    assert_string_equal(request->url, "http://192.0.2.1:50051/");
    assert_string_equal(request->path, "/grpc.health.v1.Health/Check");
    assert_string_equal(request->method, "POST");
    assert_string_equal(request->headers[0], "Content-Type: application/grpc");
    assert_string_equal(request->headers[1], "TE: trailers");
    assert_int_equal(request->content_len, 9);
    assert_memory_equal(request->content, "\0\0\0\0\4\x0a\2up", 9);
    assert_true(request->http2 && request->is_grpc);
    assert_int_equal(request->min_cert_days, 0); /* there is no certificate */
    http_request_free(request);
    check.grpc_tls = true;
    check.host = "cart.example";
    request = make(&check, "192.0.2.1");
    assert_string_equal(request->url, "https://cart.example:50051/");
    assert_int_equal(request->min_cert_days, 9);
    http_request_free(request);
}

static void a_probe_comes_from_the_source_of_its_family(void **state)
{
    (void)state;
    struct config_check check = {.kind = CONFIG_CHECK_HTTP, .port = 80};
    assert_true(ip_parse("192.0.2.9", &check.source.v4));
    struct http_request *request = make(&check, "192.0.2.1");
    assert_true(ip_equal(&request->source, &check.source.v4));
    http_request_free(request);
    request = make(&check, "2001:db8::1");
    assert_int_equal(request->source.family, IP_NONE);
    http_request_free(request);
}

static void unsaid_options_have_defaults(void **state)
{
    (void)state;
    struct config_check check = {.kind = CONFIG_CHECK_HTTP, .port = 80, .min_cert_days = 9};
    struct http_request *request = make(&check, "192.0.2.1");
    assert_string_equal(request->path, "/");
    assert_string_equal(request->method, "GET");
    assert_int_equal(request->status_count, 1);
    assert_int_equal(request->statuses[0].first, 200);
    assert_int_equal(request->statuses[0].last, 299);
    assert_int_equal(request->body.len, 0);
    assert_null(request->ca_file);
    assert_int_equal(request->min_cert_days, 0); /* there is no certificate */
    http_request_free(request);
    http_request_free(NULL);
}

static void headers_become_lines(void **state)
{
    (void)state;
    struct config_header headers[] = {{"X-Probe", "rhumb"}, {"X-Empty", ""}, {"X-None", NULL}};
    struct config_check check = {
        .kind = CONFIG_CHECK_HTTP, .port = 80, .headers = headers, .header_count = 3};
    struct http_request *request = make(&check, "192.0.2.1");
    assert_int_equal(request->header_count, 3);
    assert_string_equal(request->headers[0], "X-Probe: rhumb");
    assert_string_equal(request->headers[1], "X-Empty;");
    assert_string_equal(request->headers[2], "X-None;");
    http_request_free(request);
}

enum { NOW_S = 1800000000, DAY_S = 86400 };

static void answers_are_judged_by_status_then_body_then_certificate(void **state)
{
    (void)state;

    static const struct {
        long status;
        bool body_found;
        int64_t expiry_s;
        uint32_t min_days;
        bool ok;
        const char *reason;
    } cases[] = {
        {200, true, 0, 0, true, "status 200"},
        {299, true, 0, 0, true, "status 299"},
        {401, true, 0, 0, true, "status 401"},
        {300, true, 0, 0, false, "status 300, expected 200-299, 401"},
        {503, false, 1, 7, false, "status 503, expected 200-299, 401"},
        {0, true, 0, 0, false, "status 0, expected 200-299, 401"},
        {200, false, 1, 7, false, "body lacks 'ok'"},
        {200, true, 0, 7, false, "certificate's end cannot be read"},
        {200, true, NOW_S, 7, false, "certificate expired"},
        {200, true, NOW_S - DAY_S, 7, false, "certificate expired"},
        {200, true, NOW_S + 1, 1, false, "certificate expires in 0 days, expected at least 1"},
        {200, true, NOW_S + DAY_S, 7, false,
         "certificate expires in 1 day, expected at least 7"},
        {200, true, NOW_S + 4 * DAY_S - 1, 7, false,
         "certificate expires in 3 days, expected at least 7"},
        {200, true, NOW_S + 7 * DAY_S - 1, 7, false,
         "certificate expires in 6 days, expected at least 7"},
        {200, true, NOW_S + 7 * DAY_S, 7, true, "status 200"},
    };
    struct config_status_range statuses[] = {{200, 299}, {401, 401}};
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct config_check check = {.kind = CONFIG_CHECK_HTTPS,
                                     .port = 443,
                                     .statuses = statuses,
                                     .status_count = 2,
                                     .body = "ok",
                                     .min_cert_days = cases[i].min_days};
        struct http_request *request = make(&check, "192.0.2.1");
        struct http_answer answer = {.status = cases[i].status,
                                     .body_found = cases[i].body_found,
                                     .cert = {cases[i].expiry_s, NOW_S},
                                     .rtt_us = 1234};
        struct probe_result result;
        http_request_judge(request, &answer, &result);
        assert_string_equal(result.reason, cases[i].reason);
        assert_int_equal(result.outcome, cases[i].ok ? HEALTH_SUCCESS : HEALTH_FAILURE);
        assert_int_equal(result.rtt_us, cases[i].ok ? 1234 : 0);
        http_request_free(request);
    }
}

static void another_version_or_body_than_expected_is_a_failure(void **state)
{
    (void)state;
    struct config_check check = {.kind = CONFIG_CHECK_HTTP,
                                 .port = 80,
                                 .body_regex = "o[k]",
                                 .http_version = CONFIG_HTTP_2};
    struct http_request *request = make(&check, "192.0.2.1");
    struct http_answer answer = {.status = 200, .body_found = true};
    struct probe_result result;
    http_request_judge(request, &answer, &result);
    assert_string_equal(result.reason, "the server does not speak HTTP/2");
    answer.is_http2 = true;
    http_request_judge(request, &answer, &result);
    assert_string_equal(result.reason, "body does not match body_regex");
    answer.pattern_found = true;
    http_request_judge(request, &answer, &result);
    assert_string_equal(result.reason, "status 200");
    assert_int_equal(result.scale, 100);
    http_request_free(request);
}

static void a_long_list_of_statuses_is_cut_between_items(void **state)
{
    (void)state;
    struct config_status_range statuses[32];
    for (uint16_t i = 0; i < 32; i++)
        statuses[i] = (struct config_status_range){(uint16_t)(100 + i), (uint16_t)(200 + i)};
    struct config_check check = {
        .kind = CONFIG_CHECK_HTTP, .port = 80, .statuses = statuses, .status_count = 32};
    struct http_request *request = make(&check, "192.0.2.1");
    struct http_answer answer = {.status = 500, .body_found = true};
    struct probe_result result;
    http_request_judge(request, &answer, &result);
    assert_string_equal(result.reason,
                        "status 500, expected 100-200, 101-201, 102-202, 103-203, 104-204, "
                        "105-205, 106-206");
    http_request_free(request);
}

static void certificate_times_are_read_as_openssl_prints_them(void **state)
{
    (void)state;

    static const struct {
        const char *text;
        int64_t s;
    } cases[] = {
        {"Jan  1 00:00:00 1970 GMT", 0}, /* too old to matter: same as unreadable */
        {"Jan  1 00:00:01 1970 GMT", 1},
        {"Nov 23 07:08:15 2026 GMT", 1795417695},
        {"Nov  3 07:08:15 2026 GMT", 1793689695},
        {"Feb 29 23:59:59 2028 GMT", 1835481599},
        {"Jan 19 03:14:08 2038 GMT", 2147483648},
        {"Dec 31 23:59:59 9999 GMT", 253402300799},
        {"Nov 23 07:08:15 2026", 0},
        {"Nov 23 07:08:15 2026 GMT+1", 0},
        {"Foo 23 07:08:15 2026 GMT", 0},
        {"nov 23 07:08:15 2026 GMT", 0},
        {"Bad time value", 0},
        {"", 0},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        assert_int_equal(http_parse_cert_time(cases[i].text), cases[i].s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(urls_name_the_host_and_go_to_the_address),
        cmocka_unit_test(followed_redirects_may_lead_to_another_port),
        cmocka_unit_test(a_grpc_check_is_a_call_over_http2),
        cmocka_unit_test(a_probe_comes_from_the_source_of_its_family),
        cmocka_unit_test(unsaid_options_have_defaults),
        cmocka_unit_test(headers_become_lines),
        cmocka_unit_test(answers_are_judged_by_status_then_body_then_certificate),
        cmocka_unit_test(another_version_or_body_than_expected_is_a_failure),
        cmocka_unit_test(a_long_list_of_statuses_is_cut_between_items),
        cmocka_unit_test(certificate_times_are_read_as_openssl_prints_them),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
