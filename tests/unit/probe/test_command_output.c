#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "command_output.h"

static void the_first_line_is_the_reason(void **state)
{
    (void)state;

    static const struct {
        const char *pieces[3];
        int exit_status, signal;
        enum health_outcome outcome;
        const char *reason;
    } cases[] = {
        {{""}, 0, 0, HEALTH_SUCCESS, "exit status 0"},
        {{""}, 3, 0, HEALTH_FAILURE, "exit status 3"},
        {{"all is well\nreally\n"}, 0, 0, HEALTH_SUCCESS, "exit status 0: all is well"},
        {{"no ", "luck", "\nx"}, 1, 0, HEALTH_FAILURE, "exit status 1: no luck"},
        {{"\nsecond\n"}, 1, 0, HEALTH_FAILURE, "exit status 1"},
        {{"a\tb\x1b[31mc\xff\r\n"}, 1, 0, HEALTH_FAILURE, "exit status 1: a?b?[31mc??"},
        {{"half"}, 0, 11, HEALTH_FAILURE, "killed by signal 11: half"},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct command_output output = {0};
        struct probe_result result;
        for (size_t p = 0; p < 3 && cases[i].pieces[p]; p++)
            assert_true(
                command_output_feed(&output, cases[i].pieces[p], strlen(cases[i].pieces[p])));
        command_output_judge(&output, cases[i].exit_status, cases[i].signal, &result);
        assert_int_equal(result.outcome, cases[i].outcome);
        assert_string_equal(result.reason, cases[i].reason);
        assert_int_equal(result.scale, 100);
    }
}

static void a_long_line_is_cut(void **state)
{
    (void)state;
    struct command_output output = {0};
    struct probe_result result;
    for (size_t i = 0; i < 1000; i++)
        assert_true(command_output_feed(&output, "x", 1));
    command_output_judge(&output, 1, 0, &result);
    assert_int_equal(strlen(result.reason), PROBE_REASON_MAX - 1);
}

static void beyond_64_kib_nobody_reads(void **state)
{
    (void)state;
    static char bytes[COMMAND_OUTPUT_MAX_BYTES];
    struct command_output output = {0};
    struct probe_result result;
    memset(bytes, 'y', sizeof(bytes));
    bytes[1] = '\n';
    assert_true(command_output_feed(&output, bytes, sizeof(bytes)));
    assert_false(command_output_feed(&output, bytes, 1));
    command_output_judge(&output, 0, 13, &result);
    assert_string_equal(result.reason, "killed by signal 13 after 64 KiB of output: y");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_first_line_is_the_reason),
        cmocka_unit_test(a_long_line_is_cut),
        cmocka_unit_test(beyond_64_kib_nobody_reads),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
