#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "grpc_health.h"

static void a_request_names_the_service(void **state)
{
    (void)state;
    char bytes[GRPC_REQUEST_MAX], name[300];
    assert_int_equal(grpc_health_request(NULL, bytes), 5);
    assert_memory_equal(bytes, "\0\0\0\0\0", 5);
    assert_int_equal(grpc_health_request("", bytes), 5);
    assert_int_equal(grpc_health_request("shop.Cart", bytes), 16);
    assert_memory_equal(bytes, "\0\0\0\0\x0b\x0a\x09shop.Cart", 16);
    memset(name, 'x', sizeof(name));
    name[200] = '\0'; /* its length takes two bytes */
    assert_int_equal(grpc_health_request(name, bytes), 5 + 3 + 200);
    assert_memory_equal(bytes, "\0\0\0\0\xcb\x0a\xc8\x01x", 9);
    name[200] = 'x';
    name[299] = '\0'; /* more than the configuration takes is cut */
    assert_int_equal(grpc_health_request(name, bytes), GRPC_REQUEST_MAX);
}

static void answers_become_outcomes_with_reasons(void **state)
{
    (void)state;

    static const struct {
        int status;
        const char *message;
        const char *bytes;
        size_t len;
        enum health_outcome outcome;
        const char *reason;
    } cases[] = {
        {0, "", "\0\0\0\0\2\x08\1", 7, HEALTH_SUCCESS, "serving"},
        {GRPC_STATUS_UNKNOWN, "", "\0\0\0\0\2\x08\1", 7, HEALTH_SUCCESS, "serving"},
        {0, "", "\0\0\0\0\0", 5, HEALTH_FAILURE, "the service's health is unknown"},
        {0, "", "\0\0\0\0\2\x08\0", 7, HEALTH_FAILURE, "the service's health is unknown"},
        {0, "", "\0\0\0\0\2\x08\2", 7, HEALTH_FAILURE, "the service is not serving"},
        {0, "", "\0\0\0\0\2\x08\3", 7, HEALTH_FAILURE, "the server does not know the service"},
        {0, "", "\0\0\0\0\2\x08\4", 7, HEALTH_FAILURE, "the service has an unknown state"},
        /* of a number that stands twice the last counts, and unknown fields are passed over */
        {0, "", "\0\0\0\0\4\x08\2\x08\1", 9, HEALTH_SUCCESS, "serving"},
        {0, "", "\0\0\0\0\6\x12\2ab\x08\1", 11, HEALTH_SUCCESS, "serving"},
        {0, "", "\0\0\0\0\7\x15\1\1\1\1\x08\1", 12, HEALTH_SUCCESS, "serving"},
        {0, "", "\0\0\0\0\x0b\x19\1\1\1\1\1\1\1\1\x08\1", 16, HEALTH_SUCCESS, "serving"},
        {0, "", "\0\0\0\0\4\x10\5\x08\1", 9, HEALTH_SUCCESS, "serving"},
        /* broken ones */
        {0, "", "", 0, HEALTH_FAILURE, "the answer is no health of gRPC"},
        {GRPC_STATUS_UNKNOWN, "", "", 0, HEALTH_FAILURE, "the answer is not gRPC"},
        {0, "", "\0\0\0\0", 4, HEALTH_FAILURE, "the answer is no health of gRPC"},
        {0, "", "\1\0\0\0\2\x08\1", 7, HEALTH_FAILURE, "the answer is no health of gRPC"},
        {0, "", "\0\0\0\0\3\x08\1", 7, HEALTH_FAILURE, "the answer is no health of gRPC"},
        {0, "", "\0\xff\xff\xff\xff\x08\1", 7, HEALTH_FAILURE,
         "the answer is no health of gRPC"},
        {0, "", "\0\0\0\0\1\x08", 6, HEALTH_FAILURE, "the answer is no health of gRPC"},
        {0, "", "\0\0\0\0\2\x12\x7f", 7, HEALTH_FAILURE, "the answer is no health of gRPC"},
        {0, "", "\0\0\0\0\1\x0b", 6, HEALTH_FAILURE, "the answer is no health of gRPC"},
        {0, "", "\0\0\0\0\x0b\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\1", 16, HEALTH_FAILURE,
         "the answer is no health of gRPC"},
        /* the call itself failed */
        {5, "no service x", "", 0, HEALTH_FAILURE, "gRPC status 5 NOT_FOUND: no service x"},
        {12, "", "", 0, HEALTH_FAILURE, "gRPC status 12 UNIMPLEMENTED"},
        {14, "", "\0\0\0\0\2\x08\1", 7, HEALTH_FAILURE, "gRPC status 14 UNAVAILABLE"},
        {99, "", "", 0, HEALTH_FAILURE, "gRPC status 99 of no known kind"},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct grpc_answer answer = {
            .status = cases[i].status, .bytes = cases[i].bytes, .len = cases[i].len};
        struct probe_result result;
        strncpy(answer.message, cases[i].message, sizeof(answer.message) - 1);
        grpc_health_judge(&answer, &result);
        assert_string_equal(result.reason, cases[i].reason);
        assert_int_equal(result.outcome, cases[i].outcome);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_request_names_the_service),
        cmocka_unit_test(answers_become_outcomes_with_reasons),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
