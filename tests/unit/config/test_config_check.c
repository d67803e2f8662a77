#include "config_case.h"

#define ZONE "zones: {example.com: {file: z, names: {'@': a}}}\n"

static void mistakes_no_section_sees_alone_are_found(void **state)
{
    (void)state;

    static const struct broken cases[] = {
        {PLACES
         "services: {a: {policy: nearest, regions: {asia: {addresses: 192.0.2.1}}}}\n" ZONE,
         2, 43, "the policy nearest needs to know where the region 'asia' is", "location:", 0},
        {PLACES
         "services: {a: {policy: latency, regions: {asia: {addresses: 192.0.2.1}}}}\n" ZONE,
         2, 43, "the policy latency needs to know where", NULL, 0},
        {PLACES "services:\n  a: {policy: nearest, regions: {lab: {service: b}}}\n"
                "  b: {regions: {eu: {addresses: 192.0.2.1}}}\n" ZONE,
         3, 34, "needs to know where the region 'lab' is", NULL, 0},
        {PLACES
         "services: {a: {policy: weighted, regions: {eu: {addresses: 192.0.2.1, weight: 0},"
         " us: {addresses: 192.0.2.2, weight: 0}}}}\n" ZONE,
         2, 44, "every region of 'a' has weight 0", "only when every other", 0},
        {PLACES "services: {a: {regions: {eu: {names: b.example}}}}\n" ZONE, 3, 40,
         "'a' answers with a CNAME, which the apex", "RFC 1034", 0},
        {PLACES "services: {a: {regions: {eu: {names: b.example}}}}\n"
                "zones: {example.com: {file: z, names: {Example.COM.: a}}}\n",
         3, 40, "the apex of a zone", NULL, 0},
        {PLACES
         "services:\n  a: {regions: {x: {service: b}}}\n  b: {regions: {y: {service: c}}}\n"
         "  c: {regions: {eu: {names: b.example}}}\n" ZONE,
         6, 40, "'a' answers with a CNAME", NULL, 0},
    };

    expect_broken(cases, COUNT(cases));
}

static void what_looks_alike_but_is_fine_passes(void **state)
{
    (void)state;
    static const char *const texts[] = {
        PLACES "services: {a: {regions: {asia: {addresses: 192.0.2.1}}}}\n" ZONE,
        PLACES "services: {a: {policy: nearest, regions: {eu: {addresses: 192.0.2.1}}}}\n" ZONE,
        PLACES
        "services: {a: {regions: {eu: {addresses: 192.0.2.1, weight: 0}, us: {addresses: "
        "192.0.2.1}}}}\n" ZONE,
        PLACES "services: {a: {regions: {eu: {names: b.example}}}}\n"
               "zones: {example.com: {file: z, names: {www: a}}}\n",
        PLACES "x-notes: [anything]\nservices: {a: {inherit: b}, b: {regions: {eu: {addresses: "
               "192.0.2.1}}}}\n" ZONE,
        PLACES "services: {a: {regions: {x: {service: b}}}, b: {regions: {eu: {addresses: "
               "192.0.2.1}}}}\n" ZONE,
    };
    for (size_t i = 0; i < COUNT(texts); i++) {
        struct loaded loaded = load_good(texts[i]);
        if (diag_count(loaded.diags) > 0)
            diag_print_all(loaded.diags, stderr);
        assert_int_equal(diag_count(loaded.diags), 0);
        unload(&loaded);
    }
}

static void what_is_allowed_but_odd_is_warned_of(void **state)
{
    (void)state;
    expect_warning("server: {}\n", 0, "there are no zones");
    expect_warning("zones: {}\n", 0, "there are no zones");
    expect_warning(PLACES "services:\n  a: {regions: {eu: {addresses: 192.0.2.1}}}\n", 3,
                   "the service 'a' has no name");
    expect_warning(PLACES "services:\n  a: {policy: latency, latency: {source: pop}, regions: "
                          "{eu: {addresses: 192.0.2.1}}}\n" ZONE,
                   3, "this server's own round trips");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(mistakes_no_section_sees_alone_are_found),
        cmocka_unit_test(what_looks_alike_but_is_fine_passes),
        cmocka_unit_test(what_is_allowed_but_odd_is_warned_of),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
