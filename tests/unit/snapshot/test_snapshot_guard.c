#include "rhumb/snapshot_guard.h"

#include "snapshot_case.h"

static void rules_are_those_of_the_service(void **state)
{
    (void)state;
    struct snapshot_case one;
    case_load(
        &one,
        "regions: {eu: {}}\n"
        "services:\n"
        "  a: {regions: {eu: {addresses: [192.0.2.1]}}}\n"
        "  b: {min_up: 25%, protect: {min_usable: 1, max_down_per_minute: 40%}, failback: "
        "{after: 2m}, ttl: {settle: 7s}, regions: {eu: {addresses: [192.0.2.1]}}}\n"
        "  c: {failback: manual, regions: {eu: {addresses: [192.0.2.1]}}}\n");
    struct health_rules a = snapshot_guard_rules(&one.config->services[0]);
    struct health_rules b = snapshot_guard_rules(&one.config->services[1]);
    struct health_rules c = snapshot_guard_rules(&one.config->services[2]);
    assert_int_equal(a.min_up_permille, 500);
    assert_int_equal(a.min_usable, 0);
    assert_int_equal(a.max_down_permille, 1000);
    assert_int_equal(a.failback, HEALTH_FAILBACK_AUTO);
    assert_int_equal(a.settle_ms, 300000);
    assert_int_equal(b.min_up_permille, 250);
    assert_int_equal(b.min_usable, 1);
    assert_int_equal(b.max_down_permille, 400);
    assert_int_equal(b.failback, HEALTH_FAILBACK_AFTER);
    assert_int_equal(b.failback_after_ms, 120000);
    assert_int_equal(b.settle_ms, 7000);
    assert_int_equal(c.failback, HEALTH_FAILBACK_MANUAL);
    case_close(&one);
}

static void seats_say_who_they_are(void **state)
{
    static const struct ip_addr v4 = {.family = IP_V4}, v6 = {.family = IP_V6};
    struct snapshot_case one;
    case_load(&one, "regions: {eu: {}, us: {}}\n"
                    "services:\n"
                    "  a: {regions: {eu: {addresses: ['2001:db8::1']}, us: {service: b}}}\n"
                    "  b: {regions: {eu: {addresses: ['2001:db8::1']}}}\n"
                    "  c: {regions: {eu: {names: [a.example]}}}\n");
    struct snapshot_seat seats[] = {
        {.target = 3, .region = 1, .addr = &v4, .nested = CONFIG_NONE},
        {.target = SNAPSHOT_NO_TARGET, .addr = &v6, .nested = CONFIG_NONE},
        {.target = 4, .host = "a.", .nested = CONFIG_NONE},
        {.target = SNAPSHOT_NO_TARGET, .region = 1, .nested = 0},
        {.target = SNAPSHOT_NO_TARGET, .nested = 2},
    };

    static const struct {
        uint8_t region, families;
        bool unchecked;
        enum health_state state;
    } expected[] = {
        {1, HEALTH_V4, false, HEALTH_UNKNOWN},
        {0, HEALTH_V6, true, HEALTH_UP}, /* nobody probes it */
        {0, HEALTH_V4 | HEALTH_V6, false, HEALTH_UNKNOWN},
        {1, HEALTH_V6, false, HEALTH_UP}, /* a service: its own guard says how it does */
        {0, HEALTH_V4 | HEALTH_V6, false, HEALTH_UP},
    };

    (void)state;
    struct snapshot snapshot = {.config = one.config, .seats = seats, .seat_count = 5};
    for (uint32_t i = 0; i < 5; i++) {
        struct health_seat seat = snapshot_guard_seat(&snapshot, i);
        assert_int_equal(seat.region, expected[i].region);
        assert_int_equal(seat.families, expected[i].families);
        assert_int_equal(seat.unchecked, expected[i].unchecked);
        assert_int_equal(seat.state, expected[i].state);
        assert_true(seat.usable);
        assert_int_equal(seat.scale, HEALTH_SCALE_FULL);
        assert_int_equal(seat.force, HEALTH_FORCE_NONE);
    }
    case_close(&one);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rules_are_those_of_the_service),
        cmocka_unit_test(seats_say_who_they_are),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
