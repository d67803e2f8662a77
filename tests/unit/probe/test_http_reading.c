#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "http_reading.h"

static struct http_request *make(struct config_check check)
{
    struct ip_addr addr;
    assert_true(ip_parse("192.0.2.1", &addr));
    check.port = 80;
    struct http_request *request = http_request_new(&check, &addr);
    assert_non_null(request);
    return request;
}

static bool put_line(struct http_reading *reading, const char *line)
{
    return http_reading_header(reading, line, strlen(line));
}

static bool put_body(struct http_reading *reading, const char *text)
{
    return http_reading_body(reading, text, strlen(text));
}

static void a_metric_is_read_from_its_header(void **state)
{
    (void)state;
    struct config_check check = {.kind = CONFIG_CHECK_HTTP};
    check.metric = (struct config_metric){.header = "X-Lag", .degraded = 1, .down = 2};
    struct http_request *request = make(check);
    struct http_reading reading;
    struct http_answer answer = {0};
    http_reading_start(&reading, request);
    assert_true(put_line(&reading, "HTTP/1.1 302 Found\r\n"));
    assert_true(put_line(&reading, "X-Lag: 99\r\n"));
    assert_true(put_line(&reading, "HTTP/1.1 200 OK\r\n")); /* that was the redirect's */
    assert_true(put_line(&reading, "X-Laggard: 3\r\n"));
    http_reading_end(&reading, &answer);
    assert_int_equal(answer.metric.state, METRIC_MISSING);
    assert_true(put_line(&reading, "x-lAG:  1.5 \r\n"));
    http_reading_end(&reading, &answer);
    assert_int_equal(answer.metric.state, METRIC_FOUND);
    assert_true(answer.metric.number == 1.5);
    http_reading_deinit(&reading);
    http_request_free(request);
}

static void a_metric_is_read_from_a_body_in_pieces(void **state)
{
    (void)state;
    struct config_check check = {.kind = CONFIG_CHECK_HTTP, .body = "lag"};
    check.metric = (struct config_metric){.json = "lag", .degraded = 1, .down = 2};
    struct http_request *request = make(check);
    struct http_reading reading;
    struct http_answer answer = {0};
    http_reading_start(&reading, request);
    assert_true(put_body(&reading, "{\"lag\"")); /* found, but the number is still to come */
    assert_true(put_body(&reading, ": 7}"));
    http_reading_end(&reading, &answer);
    assert_true(answer.body_found);
    assert_int_equal(answer.metric.state, METRIC_FOUND);
    assert_true(answer.metric.number == 7);
    http_reading_deinit(&reading);

    char *filler = (char *)malloc(HTTP_BODY_MAX_BYTES);
    memset(filler, ' ', HTTP_BODY_MAX_BYTES);
    http_reading_start(&reading, request);
    assert_true(put_body(&reading, "{\"lag\": 7}"));
    assert_false(http_reading_body(&reading, filler, HTTP_BODY_MAX_BYTES));
    http_reading_end(&reading, &answer);
    assert_int_equal(answer.metric.state, METRIC_TOO_LONG);
    http_reading_deinit(&reading);
    http_request_free(request);
    free(filler);
}

static void text_and_pattern_must_both_be_found(void **state)
{
    (void)state;

    static const struct {
        const char *body, *regex, *first, *second;
        bool more; /* is the second piece wanted, and more after it? */
        bool found, matched;
    } cases[] = {
        {"ok", NULL, "all ok", NULL, false, true, true},
        {NULL, "o[k]", "all ok", NULL, false, true, true},
        {NULL, "o[k]$", "all o", "k", true, true, true},
        {NULL, "o[k]$", "all ok", "!", true, true, false},
        {"all", "o[k]", "all o", "k", false, true, true},
        {"all", "o[k]", "ok", "!", true, false, true},
        {NULL, NULL, "a", "b", true, true, true},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct config_check check = {
            .kind = CONFIG_CHECK_HTTP, .body = cases[i].body, .body_regex = cases[i].regex};
        struct http_request *request = make(check);
        struct http_reading reading;
        struct http_answer answer = {0};
        http_reading_start(&reading, request);
        bool more = put_body(&reading, cases[i].first);
        if (cases[i].second) {
            assert_true(more);
            more = put_body(&reading, cases[i].second);
        }
        assert_int_equal(more, cases[i].more);
        assert_int_equal(reading.cut, !more);
        http_reading_end(&reading, &answer);
        assert_int_equal(answer.body_found, cases[i].found);
        assert_int_equal(answer.pattern_found, cases[i].matched);
        http_reading_deinit(&reading);
        http_request_free(request);
    }
}

static void trailers_tell_how_a_call_ended(void **state)
{
    (void)state;
    struct http_request *request = make((struct config_check){.kind = CONFIG_CHECK_GRPC});
    struct http_reading reading;
    struct http_answer answer = {0};
    http_reading_start(&reading, request);
    http_reading_end(&reading, &answer);
    assert_int_equal(answer.grpc.status, GRPC_STATUS_UNKNOWN);
    assert_true(put_line(&reading, "HTTP/2 200 \r\n"));
    assert_true(http_reading_body(&reading, "\0\0\0\0\2\x08\1", 7));
    assert_true(put_line(&reading, "grpc-status: 5\r\n"));
    assert_true(put_line(&reading, "grpc-message: no\tservice \x01x\r\n"));
    http_reading_end(&reading, &answer);
    assert_int_equal(answer.grpc.status, 5);
    assert_string_equal(answer.grpc.message, "no?service ?x");
    assert_int_equal(answer.grpc.len, 7);
    assert_memory_equal(answer.grpc.bytes, "\0\0\0\0\2\x08\1", 7);
    assert_true(put_line(&reading, "grpc-status: x\r\n"));
    http_reading_end(&reading, &answer);
    assert_int_equal(answer.grpc.status, GRPC_STATUS_UNKNOWN);
    http_reading_deinit(&reading);
    http_request_free(request);
}

static void headers_have_a_limit(void **state)
{
    (void)state;
    struct http_request *request = make((struct config_check){.kind = CONFIG_CHECK_HTTP});
    struct http_reading reading;
    char line[1024];
    memset(line, 'x', sizeof(line));
    http_reading_start(&reading, request);
    for (size_t i = 0; i < 64; i++)
        assert_true(http_reading_header(&reading, line, sizeof(line)));
    assert_false(http_reading_header(&reading, line, 1));
    http_reading_deinit(&reading);
    http_request_free(request);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_metric_is_read_from_its_header),
        cmocka_unit_test(a_metric_is_read_from_a_body_in_pieces),
        cmocka_unit_test(text_and_pattern_must_both_be_found),
        cmocka_unit_test(trailers_tell_how_a_call_ended),
        cmocka_unit_test(headers_have_a_limit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
