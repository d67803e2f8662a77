#include "config_case.h"

static void a_ping_needs_nothing_said(void **state)
{
    (void)state;
    struct loaded loaded = load_good("checks: {a: {icmp: {}}, b: {icmp: , interval: 1s}}\n");
    assert_int_equal(loaded.config->checks[1].kind, CONFIG_CHECK_ICMP);
    assert_int_equal(loaded.config->checks[1].timeout_ms, 2000);
    assert_int_equal(loaded.config->checks[2].kind, CONFIG_CHECK_ICMP);
    assert_int_equal(loaded.config->checks[2].interval_ms, 1000);
    unload(&loaded);
}

static void a_lost_ping_is_not_sent_again_by_the_kernel(void **state)
{
    (void)state;
    struct loaded loaded = load_good("checks: {a: {icmp: {}, timeout: 1s}}\n");
    assert_false(has_warning(&loaded, "SYN"));
    unload(&loaded);
}

static void mistakes_are_named_with_their_place(void **state)
{
    (void)state;

    static const struct broken cases[] = {
        {"checks: {a: {icmp: {size: 56}}}\n", 1, 21, "an icmp check has no options",
         "write icmp: {}", 0},
        {"checks: {a: {icmp: yes}}\n", 1, 20, "'icmp' must be a mapping, not 'yes'", NULL, 0},
        {"checks: {a: {icmp: {}, tcp: {port: 1}}}\n", 1, 24, "not of two", NULL, 0},
    };

    expect_broken(cases, COUNT(cases));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_ping_needs_nothing_said),
        cmocka_unit_test(a_lost_ping_is_not_sent_again_by_the_kernel),
        cmocka_unit_test(mistakes_are_named_with_their_place),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
