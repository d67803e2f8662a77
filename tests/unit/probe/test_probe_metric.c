#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "probe_metric.h"
#include "probe_reason.h"

static void a_number_becomes_a_share_of_the_weight(void **state)
{
    (void)state;

    static const struct {
        double degraded, down, number;
        enum health_outcome outcome;
        unsigned scale;
        const char *reason;
    } cases[] = {
        {2, 10, -5, HEALTH_SUCCESS, 100, "status 200, metric lag -5"},
        {2, 10, 2, HEALTH_SUCCESS, 100, "status 200, metric lag 2"},
        {2, 10, 4, HEALTH_SUCCESS, 75, "status 200, metric lag 4"},
        {2, 10, 9.999, HEALTH_SUCCESS, 1, "status 200, metric lag 9.999"},
        {2, 10, 10, HEALTH_FAILURE, 100, "metric lag 10 >= 10"},
        {2, 10, 12, HEALTH_FAILURE, 100, "metric lag 12 >= 10"},
        {2, 10, 1e300, HEALTH_FAILURE, 100, "metric lag 1e+300 >= 10"},
        {20, 5, 100, HEALTH_SUCCESS, 100, "status 200, metric lag 100"},
        {20, 5, 20, HEALTH_SUCCESS, 100, "status 200, metric lag 20"},
        {20, 5, 8, HEALTH_SUCCESS, 20, "status 200, metric lag 8"},
        {20, 5, 5.01, HEALTH_SUCCESS, 1, "status 200, metric lag 5.01"},
        {20, 5, 5, HEALTH_FAILURE, 100, "metric lag 5 <= 5"},
        {20, 5, -1, HEALTH_FAILURE, 100, "metric lag -1 <= 5"},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct config_metric config = {
            .json = "lag", .degraded = cases[i].degraded, .down = cases[i].down};
        struct probe_metric metric;
        struct metric_value value = {METRIC_FOUND, cases[i].number};
        struct probe_result result;
        assert_int_equal(probe_metric_init(&metric, &config), ERR_OK);
        probe_result_set(&result, HEALTH_SUCCESS, "status 200");
        probe_metric_judge(&metric, &value, &result);
        assert_string_equal(result.reason, cases[i].reason);
        assert_int_equal(result.outcome, cases[i].outcome);
        assert_int_equal(result.scale, cases[i].scale);
        probe_metric_deinit(&metric);
    }
}

static void without_a_metric_nothing_changes(void **state)
{
    (void)state;
    struct config_metric config = {0};
    struct probe_metric metric;
    struct metric_value value = {0};
    struct probe_result result;
    assert_int_equal(probe_metric_init(&metric, &config), ERR_OK);
    probe_result_set(&result, HEALTH_SUCCESS, "status 200");
    probe_metric_judge(&metric, &value, &result);
    assert_string_equal(result.reason, "status 200");
    assert_int_equal(result.scale, 100);
    probe_metric_deinit(&metric);
}

static void what_is_not_known_is_a_failure(void **state)
{
    (void)state;

    static const struct {
        enum metric_state state;
        const char *reason;
    } cases[] = {
        {METRIC_MISSING, "metric X-Lag is not in the answer"},
        {METRIC_NO_NUMBER, "metric X-Lag is not a number"},
        {METRIC_NO_JSON, "metric X-Lag cannot be read: the body is not JSON"},
        {METRIC_TOO_LARGE, "metric X-Lag cannot be read: a number is out of range"},
        {METRIC_TOO_LONG, "metric X-Lag cannot be read: the body is over 64 KiB"},
    };

    struct config_metric config = {.header = "X-Lag", .degraded = 1, .down = 2};
    struct probe_metric metric;
    assert_int_equal(probe_metric_init(&metric, &config), ERR_OK);
    assert_true(metric.in_header);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct metric_value value = {.state = cases[i].state};
        struct probe_result result;
        probe_result_set(&result, HEALTH_SUCCESS, "status 200");
        probe_metric_judge(&metric, &value, &result);
        assert_int_equal(result.outcome, HEALTH_FAILURE);
        assert_string_equal(result.reason, cases[i].reason);
    }
    probe_metric_deinit(&metric);
}

static void a_header_is_a_number_and_nothing_else(void **state)
{
    (void)state;

    static const struct {
        const char *text;
        enum metric_state state;
        double number;
    } cases[] = {
        {"0", METRIC_FOUND, 0},         {"12", METRIC_FOUND, 12},
        {"-3.5", METRIC_FOUND, -3.5},   {"+1e3", METRIC_FOUND, 1000},
        {".5", METRIC_FOUND, 0.5},      {"", METRIC_NO_NUMBER, 0},
        {"5s", METRIC_NO_NUMBER, 0},    {"nan", METRIC_NO_NUMBER, 0},
        {"inf", METRIC_NO_NUMBER, 0},   {"-inf", METRIC_NO_NUMBER, 0},
        {"1e999", METRIC_TOO_LARGE, 0}, {"-1e999", METRIC_TOO_LARGE, 0},
        {"0x3", METRIC_NO_NUMBER, 0},   {"+0X1P3", METRIC_NO_NUMBER, 0},
        {"1e", METRIC_NO_NUMBER, 0},    {"1e-3", METRIC_FOUND, 0.001},
        {" 1", METRIC_NO_NUMBER, 0},    {"1, 2", METRIC_NO_NUMBER, 0},
        {"-", METRIC_NO_NUMBER, 0},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct metric_value value = metric_from_text(cases[i].text);
        assert_int_equal(value.state, cases[i].state);
        assert_true(value.state != METRIC_FOUND || value.number == cases[i].number);
    }
}

static void a_path_leads_through_a_json_body(void **state)
{
    (void)state;

    static const char BODY[] = "{\"a\": {\"b\": [1, {\"c\": 2.5}]}, \"s\": \"9\", \"n\": null,"
                               " \"t\": true, \"big\": 12345678901}";

    static const struct {
        const char *body, *path;
        enum metric_state state;
        double number;
    } cases[] = {
        {BODY, "a.b[0]", METRIC_FOUND, 1},
        {BODY, "a.b[1].c", METRIC_FOUND, 2.5},
        {BODY, "big", METRIC_FOUND, 12345678901},
        {BODY, "s", METRIC_NO_NUMBER, 0},
        {BODY, "t", METRIC_NO_NUMBER, 0},
        {BODY, "a", METRIC_NO_NUMBER, 0},
        {BODY, "n", METRIC_MISSING, 0},
        {BODY, "x", METRIC_MISSING, 0},
        {BODY, "a.b[2]", METRIC_MISSING, 0},
        {BODY, "a[0]", METRIC_MISSING, 0},
        {BODY, "s.x", METRIC_MISSING, 0},
        {BODY, "a.b[1].c.d", METRIC_MISSING, 0},
        {"[[7]]", "[0][0]", METRIC_FOUND, 7},
        {"", "a", METRIC_NO_JSON, 0},
        {"ok", "a", METRIC_NO_JSON, 0},
        {"{\"a\": 1", "a", METRIC_NO_JSON, 0},
        {"{\"a\": 1} x", "a", METRIC_NO_JSON, 0},
        {"{\"a\": 1e999}", "a", METRIC_TOO_LARGE, 0},
        {"{\"a\": -1e999}", "a", METRIC_TOO_LARGE, 0},
        {"{\"a\": 1, \"b\": 1e999}", "a", METRIC_TOO_LARGE, 0},
        {"{\"a\": 99999999999999999999}", "a", METRIC_TOO_LARGE, 0},
        {"{\"a\": 1e-999}", "a", METRIC_FOUND, 0},
        {"{\"a\": 1, \"a\": 2}", "a", METRIC_NO_JSON, 0}, /* which of them? */
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct metric_value value =
            metric_from_json(cases[i].body, strlen(cases[i].body), cases[i].path);
        if (value.state != cases[i].state)
            fail_msg("%s: %d", cases[i].path, value.state);
        assert_true(value.state != METRIC_FOUND || value.number == cases[i].number);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_number_becomes_a_share_of_the_weight),
        cmocka_unit_test(without_a_metric_nothing_changes),
        cmocka_unit_test(what_is_not_known_is_a_failure),
        cmocka_unit_test(a_header_is_a_number_and_nothing_else),
        cmocka_unit_test(a_path_leads_through_a_json_body),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
