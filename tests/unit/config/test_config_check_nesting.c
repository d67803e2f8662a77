#include "config_case.h"

#define END "regions: {eu: {addresses: 192.0.2.1}}"

static void loops_are_printed(void **state)
{
    (void)state;

    static const struct broken cases[] = {
        {PLACES "services:\n  a: {regions: {x: {service: a}}}\n", 3, 17,
         "services contain each other in a loop: a -> a", "addresses:", 0},
        {PLACES "services:\n  a: {regions: {x: {service: b}}}\n"
                "  b: {regions: {y: {service: a}}}\n",
         4, 17, "in a loop: a -> b -> a", NULL, 0},
        {PLACES "services:\n  z: {regions: {x: {service: b}}}\n"
                "  b: {regions: {eu: {addresses: 192.0.2.1}, x: {service: c}}}\n"
                "  c: {regions: {x: {service: b}}}\n",
         5, 17, "in a loop: b -> c -> b", NULL, 0},
        /* through what is inherited */
        {PLACES "services:\n  a: {regions: {x: {service: b}}}\n  b: {inherit: a}\n", 3, 17,
         "in a loop: b -> b", NULL, 0},
        {PLACES "services:\n  a: {regions: {x: {service: a}, y: {service: a}}}\n", 3, 17,
         "in a loop: a -> a", NULL, 2},
    };

    expect_broken(cases, COUNT(cases));
}

static void two_ways_to_one_service_are_no_loop(void **state)
{
    (void)state;
    struct loaded loaded =
        load_good(PLACES "services:\n"
                         "  a: {regions: {x: {service: b}, y: {service: c}}}\n"
                         "  b: {regions: {x: {service: d}}}\n"
                         "  c: {regions: {x: {service: d}}}\n"
                         "  d: {" END "}\n");
    assert_int_equal(loaded.config->services[0].regions[1].service, 2);
    unload(&loaded);
}

static void nesting_ends_after_eight_levels(void **state)
{
    (void)state;
    for (int levels = 8; levels <= 10; levels++) {
        char text[2048];
        size_t len = (size_t)snprintf(text, sizeof(text), PLACES "services:\n");
        for (int i = 1; i < levels; i++)
            len += (size_t)snprintf(text + len, sizeof(text) - len,
                                    "  s%d: {regions: {x: {service: s%d}}}\n", i, i + 1);
        snprintf(text + len, sizeof(text) - len, "  s%d: {" END "}\n", levels);
        struct loaded loaded = load_bytes(text, strlen(text));
        assert_int_equal(loaded.err, levels == 8 ? ERR_OK : ERR_INVALID);
        assert_int_equal(diag_error_count(loaded.diags), levels > 8);
        if (levels > 8) {
            const struct diag *diag = first_of(loaded.diags, DIAG_ERROR);
            assert_non_null(strstr(diag->message, "nests deeper than 8 levels"));
            assert_int_equal(diag->place.line, levels == 9 ? 3 : 4);
        }
        unload(&loaded);
    }
}

/* load_wide - a is width regions of b, which is width regions of c, which is width regions. */
static struct loaded load_wide(int width, int levels)
{
    char text[16384];
    size_t len = (size_t)snprintf(text, sizeof(text), PLACES "services:\n");
    for (int level = 0; level < levels; level++) {
        len +=
            (size_t)snprintf(text + len, sizeof(text) - len, "  %c: {regions: {", 'a' + level);
        for (int i = 0; i < width; i++)
            len += (size_t)snprintf(text + len, sizeof(text) - len, "r%d: {service: %c}, ", i,
                                    'b' + level);
        len += (size_t)snprintf(text + len, sizeof(text) - len, "}}\n");
    }
    snprintf(text + len, sizeof(text) - len, "  %c: {" END "}\n", 'a' + levels);
    return load_bytes(text, strlen(text));
}

static void the_work_of_a_query_is_bounded(void **state)
{
    (void)state;

    static const struct {
        int width, levels;
        bool good;
        const char *message;
    } cases[] = {
        {64, 1, true, NULL},                                /* 64 + 64 * 2 */
        {64, 2, false, "the service 'a' nests too widely"}, /* 64 + 64 * 2 * 192 */
        {20, 3, false, "the service 'a' nests too widely"},
        {3, 5, true, NULL}, /* 3 * (1 + 6 * (1 + 6 * (1 + 6 * (1 + 6 * (1 + 2))))) */
        {64, 7, false, "the service 'f' nests too widely"}, /* once, at the innermost */
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        struct loaded loaded = load_wide(cases[i].width, cases[i].levels);
        assert_int_equal(loaded.err, cases[i].good ? ERR_OK : ERR_INVALID);
        if (!cases[i].good) {
            assert_non_null(
                strstr(first_of(loaded.diags, DIAG_ERROR)->message, cases[i].message));
        }
        unload(&loaded);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(loops_are_printed),
        cmocka_unit_test(two_ways_to_one_service_are_no_loop),
        cmocka_unit_test(nesting_ends_after_eight_levels),
        cmocka_unit_test(the_work_of_a_query_is_bounded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
