#include "config_case.h"

/* What is_ok and the like look like matters little here. */
#define THREE "  a: {icmp: {}}\n  b: {tcp: {port: 1}}\n  c: {http: , interval: 1s}\n"

static void parts_may_stand_behind_and_before(void **state)
{
    (void)state;
    struct loaded loaded = load_good("checks:\n"
                                     "  both: {all: [c, a]}\n" THREE "  one: {any: [a, b, c]}\n"
                                     "  two: {at_least: {count: 2, of: [a, c, b]}}\n");
    const struct config_check *both = &loaded.config->checks[1];
    assert_int_equal(both->kind, CONFIG_CHECK_PARTS);
    assert_int_equal(both->part_count, 2);
    assert_int_equal(both->parts[0], 4);
    assert_int_equal(both->parts[1], 2);
    assert_int_equal(both->parts_needed, 2);
    assert_int_equal(loaded.config->checks[5].part_count, 3);
    assert_int_equal(loaded.config->checks[5].parts_needed, 1);
    const struct config_check *two = &loaded.config->checks[6];
    assert_int_equal(two->parts_needed, 2);
    assert_int_equal(two->parts[1], 4);
    unload(&loaded);
}

static void the_slowest_part_gives_the_pace(void **state)
{
    (void)state;
    struct loaded loaded =
        load_good("checks:\n"
                  "  x: {any: [a, b]}\n"
                  "  a: {tcp: {port: 1}, interval: 1s, timeout: 500ms, confirm: 300ms}\n"
                  "  b: {tcp: {port: 2}, interval: 20s, timeout: 200ms, min_down: 5m}\n"
                  "  y: {all: [a, b], fall: 2, rise: 4, min_down: 7s, assume: down}\n");
    const struct config_check *check = &loaded.config->checks[1];
    assert_int_equal(check->interval_ms, 20000);
    assert_int_equal(check->timeout_ms, 500);
    assert_int_equal(check->confirm_ms, 300);
    assert_int_equal(check->fall, 1);
    assert_int_equal(check->rise, 1);
    assert_int_equal(check->min_down_ms, 0);
    assert_true(check->assume_up);
    check = &loaded.config->checks[4];
    assert_int_equal(check->fall, 2);
    assert_int_equal(check->rise, 4);
    assert_int_equal(check->min_down_ms, 7000);
    assert_false(check->assume_up);
    unload(&loaded);
}

static void recovery_takes_as_long_as_that_of_the_slowest_part(void **state)
{
    (void)state;
    struct loaded loaded = load_good(
        PLACES "checks:\n"
               "  x: {any: [a, b]}\n"
               "  a: {tcp: {port: 1}, interval: 1s, timeout: 500ms}\n"
               "  b: {tcp: {port: 2}, interval: 2s, timeout: 200ms, fall: 1}\n"
               "services: {s: {check: x, ttl: {stable: 0s}, regions: {eu: {addresses: "
               "192.0.2.1}}}}\n");
    uint64_t detect_ms;
    uint64_t worst_ms =
        config_recovery_worst_ms(loaded.config, &loaded.config->services[0], &detect_ms);
    assert_int_equal(detect_ms, 2700); /* of a: 1500 + 2 * (100 + 500); of b: 2200 */
    assert_int_equal(worst_ms, 3700);  /* a suspect TTL later */
    unload(&loaded);
}

static void mistakes_are_named_with_their_place(void **state)
{
    (void)state;

    static const struct broken cases[] = {
        {"checks:\n" THREE "  x: {all: }\n", 5, 7, "'all' must be a list, not nothing", NULL,
         0},
        {"checks:\n" THREE "  x: {all: a}\n", 5, 12, "'all' has 1 items; it takes 2 to 16",
         NULL, 0},
        {"checks:\n" THREE "  x: {all: [a]}\n", 5, 12, "it takes 2 to 16", NULL, 0},
        {"checks:\n" THREE "  x: {any: [a,a,a,a,a,a,a,a,a,a,a,a,a,a,a,a,a]}\n", 5, 12,
         "'any' has 17 items", NULL, 0},
        {"checks:\n" THREE "  x: {any: {of: [a, b]}}\n", 5, 12, "'any' must be a list", NULL,
         0},
        {"checks:\n" THREE "  x: {any: [a, nome]}\n", 5, 16, "there is no check 'nome'",
         "did you mean 'none'?", 0},
        {"checks:\n" THREE "  x: {any: [a, b, a]}\n", 5, 19, "'a' stands here twice",
         "counts once", 0},
        {"checks:\n" THREE "  x: {any: [a, x]}\n", 5, 16, "'x' cannot be a part of itself",
         NULL, 0},
        {"checks:\n" THREE "  x: {any: [a, none]}\n", 5, 16, "'none' asks nothing", NULL, 0},
        {"checks:\n" THREE "  x: {any: [a, y]}\n  y: {all: [b, c]}\n", 5, 16,
         "the part 'y' is itself made of checks", "name its parts here", 0},
        {"checks:\n" THREE "  x: {any: [a, b], all: [a, c]}\n", 5, 20, "not of two", NULL, 0},
        {"checks:\n" THREE "  x: {any: [a, b], interval: 1s}\n", 5, 20, "no 'interval'",
         "set it in the checks", 0},
        {"checks:\n" THREE "  x: {any: [a, b], timeout: 1s}\n", 5, 20, "no 'timeout'", NULL, 0},
        {"checks:\n" THREE "  x: {any: [a, b], confirm: 1s}\n", 5, 20, "no 'confirm'", NULL, 0},
        {"checks:\n" THREE "  x: {at_least: [a, b]}\n", 5, 17, "'at_least' must be a mapping",
         NULL, 0},
        {"checks:\n" THREE "  x: {at_least: {count: 1}}\n", 5, 7,
         "needs both count: and of:", "count: 2, of:", 0},
        {"checks:\n" THREE "  x: {at_least: {of: [a, b]}}\n", 5, 7, "needs both", NULL, 0},
        {"checks:\n" THREE "  x: {at_least: {count: 3, of: [a, b]}}\n", 5, 25,
         "3 of 2 checks cannot be up", "from 1 to 2", 0},
        {"checks:\n" THREE "  x: {at_least: {count: 0, of: [a, b]}}\n", 5, 25,
         "from 1 to 16, not '0'", NULL, 0},
        {"checks:\n" THREE "  x: {at_least: {count: 1, of: [a]}}\n", 5, 32, "'of' has 1 items",
         NULL, 0},
        {"checks:\n" THREE "  x: {at_least: {count: 1, off: [a]}}\n", 5, 28,
         "unknown key 'off'", "did you mean 'of'?", 2},
    };

    expect_broken(cases, COUNT(cases));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(parts_may_stand_behind_and_before),
        cmocka_unit_test(the_slowest_part_gives_the_pace),
        cmocka_unit_test(recovery_takes_as_long_as_that_of_the_slowest_part),
        cmocka_unit_test(mistakes_are_named_with_their_place),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
