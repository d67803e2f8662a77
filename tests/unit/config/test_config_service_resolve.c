#include "config_case.h"

#define TWO                                                                                    \
    PLACES "services:\n  a:\n    regions: {eu: {addresses: 192.0.2.1}, us: {addresses: "       \
           "192.0.2.2}, asia: {addresses: 192.0.2.3}}\n"

static void those_left_out_of_order_follow(void **state)
{
    (void)state;

    static const struct {
        const char *text;
        uint8_t order[3];
    } cases[] = {
        {TWO "    policy: failover\n    order: [us, asia, eu]\n", {1, 2, 0}},
        {TWO "    policy: failover\n    order: [asia]\n", {2, 0, 1}},
        {TWO "    policy: failover\n    order: us\n", {1, 0, 2}},
        {TWO "    policy: failover\n", {0, 1, 2}},
        {TWO, {0, 1, 2}},
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        struct loaded loaded = load_good(cases[i].text);
        assert_memory_equal(loaded.config->services[0].order, cases[i].order, 3);
        unload(&loaded);
    }
}

static void residency_is_a_set_of_regions_by_who(void **state)
{
    (void)state;
    struct loaded loaded = load_good(TWO "    residency:\n"
                                         "      EU-union: [eu]\n"
                                         "      DE: [eu, asia]\n"
                                         "      192.0.2.0/24: us\n");
    const struct config_service *a = &loaded.config->services[0];
    assert_int_equal(a->residency_count, 3);
    assert_int_equal(a->residency[0].who.kind, CONFIG_MATCH_UNION);
    assert_int_equal(a->residency[0].allowed, 1);
    assert_int_equal(a->residency[1].allowed, 5);
    assert_int_equal(a->residency[2].allowed, 2);
    assert_int_equal(a->residency[1].place.line, 7);
    unload(&loaded);
}

static void when_all_down_has_three_forms(void **state)
{
    (void)state;

    static const struct {
        const char *text;
        enum config_all_down all_down;
        uint16_t region;
    } cases[] = {
        {TWO "    when_all_down: all\n", CONFIG_ALL_DOWN_ALL, 0},
        {TWO "    when_all_down: empty\n", CONFIG_ALL_DOWN_EMPTY, 0},
        {TWO "    when_all_down: {region: asia}\n", CONFIG_ALL_DOWN_REGION, 2},
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        struct loaded loaded = load_good(cases[i].text);
        assert_int_equal(loaded.config->services[0].all_down, cases[i].all_down);
        assert_int_equal(loaded.config->services[0].all_down_region, cases[i].region);
        unload(&loaded);
    }
}

static void mistakes_are_named_with_their_place(void **state)
{
    (void)state;

    static const struct broken cases[] = {
        {TWO "    order: [eu]\n", 5, 5, "'order' goes with policy failover, not geo",
         "set policy: failover", 0},
        {TWO "    policy: weighted\n    order: [eu]\n", 6, 5, "not weighted", NULL, 0},
        {TWO "    policy: failover\n    order: [ue]\n", 6, 13,
         "the service 'a' has no region 'ue'", "did you mean", 0},
        {TWO "    policy: failover\n    order: [us, us]\n", 6, 17,
         "the region 'us' stands here", NULL, 0},
        {TWO "    policy: failover\n    order: []\n", 6, 12, "'order' has 0 items", NULL, 0},
        {TWO "    policy: failover\n    order: {us: 1}\n", 6, 12, "'order' must be a list",
         NULL, 0},
        {TWO "    residency: [eu]\n", 5, 16, "'residency' must be a mapping", NULL, 0},
        {TWO "    residency: {Europe: [eu]}\n", 5, 17, "'Europe' says nothing about clients",
         NULL, 0},
        {TWO "    residency: {DE: []}\n", 5, 21, "'DE' has 0 items", NULL, 0},
        {TWO "    residency: {DE: [mars]}\n", 5, 22, "the service 'a' has no region 'mars'",
         "expected one of: eu, us, asia", 0},
        {TWO "    residency: {AF: [eu], country:AF: [eu], '10.0.0.0/8': eu, AF : us}\n", 5, 63,
         "the key 'AF' stands here twice", NULL, 0},
        {TWO "    residency:\n      '2001:db8::/32': eu\n      '2001:DB8::/32': us\n", 7, 7,
         "the residency of '2001:DB8::/32' stands here twice", "in line 6", 0},
        {TWO "    when_all_down: al\n", 5, 20, "unknown value 'al' for 'when_all_down'",
         "all, {region: NAME} or empty", 0},
        {TWO "    when_all_down: [all]\n", 5, 20, "unknown value", NULL, 0},
        {TWO "    when_all_down: {}\n", 5, 20, "does not say which region", NULL, 0},
        {TWO "    when_all_down: {region: mars}\n", 5, 29, "has no region 'mars'", NULL, 0},
        {TWO "    when_all_down: {regoin: us}\n", 5, 21, "unknown key 'regoin'",
         "did you mean 'region'?", 2},
        /* inherited, but in terms of other regions */
        {TWO "    residency: {DE: [eu]}\n"
             "  b: {inherit: a, regions: {us: {addresses: 192.0.2.4}}}\n",
         5, 22, "the service 'b' has no region 'eu'", NULL, 0},
    };

    expect_broken(cases, COUNT(cases));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(those_left_out_of_order_follow),
        cmocka_unit_test(residency_is_a_set_of_regions_by_who),
        cmocka_unit_test(when_all_down_has_three_forms),
        cmocka_unit_test(mistakes_are_named_with_their_place),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
