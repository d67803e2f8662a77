#include "config_case.h"

static void recovery_is_the_slower_of_two_ways(void **state)
{
    (void)state;

    static const struct {
        const char *check, *ttl;
        uint64_t worst_ms, detect_ms;
    } cases[] = {
        /* steering.md section 3: max(interval + timeout + stable, detect + suspect) */
        {"tcp: {port: 1}, interval: 1s, timeout: 500ms", "stable: 30s", 31500, 2700},
        {"tcp: {port: 1}, interval: 1s, timeout: 500ms", "stable: 1s", 3700, 2700},
        {"tcp: {port: 1}, interval: 1s, timeout: 500ms, fall: 1", "stable: 1s", 2500, 1500},
        {"tcp: {port: 1}, interval: 1s, timeout: 500ms, confirm: 1s, fall: 5",
         "stable: 0s, suspect: 2s", 9500, 7500},
        {"tcp: {port: 1}", "stable: 30s", 42000, 16200},
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        char text[512];
        snprintf(text, sizeof(text),
                 PLACES "checks: {c: {%s}}\nservices: {a: {check: c, ttl: {%s}, regions: {eu: "
                        "{addresses: 192.0.2.1}}}}\n",
                 cases[i].check, cases[i].ttl);
        struct loaded loaded = load_good(text);
        uint64_t detect_ms;
        assert_int_equal(
            config_recovery_worst_ms(loaded.config, &loaded.config->services[0], &detect_ms),
            cases[i].worst_ms);
        assert_int_equal(detect_ms, cases[i].detect_ms);
        unload(&loaded);
    }
}

static void what_is_not_probed_does_not_recover(void **state)
{
    (void)state;
    static const char *const texts[] = {
        PLACES "services: {a: {regions: {eu: {addresses: 192.0.2.1}}}}\n",
        PLACES "checks: {c: {http: }}\nservices: {a: {check: c, regions: {eu: {names: "
               "b.example}}}}\n",
    };
    for (size_t i = 0; i < COUNT(texts); i++) {
        struct loaded loaded = load_good(texts[i]);
        uint64_t detect_ms = 1;
        assert_int_equal(
            config_recovery_worst_ms(loaded.config, &loaded.config->services[0], &detect_ms),
            0);
        assert_int_equal(detect_ms, 0);
        unload(&loaded);
    }
}

static void kinds_and_policies_have_names(void **state)
{
    (void)state;
    assert_string_equal(config_check_kind_name(CONFIG_CHECK_NONE), "none");
    assert_string_equal(config_check_kind_name(CONFIG_CHECK_TCP), "tcp");
    assert_string_equal(config_check_kind_name(CONFIG_CHECK_HTTP), "http");
    assert_string_equal(config_check_kind_name(CONFIG_CHECK_HTTPS), "https");
    assert_string_equal(config_policy_name(CONFIG_POLICY_NEAREST), "nearest");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(recovery_is_the_slower_of_two_ways),
        cmocka_unit_test(what_is_not_probed_does_not_recover),
        cmocka_unit_test(kinds_and_policies_have_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
