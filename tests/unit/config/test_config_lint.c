#include "rhumb/config_lint.h"

#include "config_case.h"

enum { YAML_MAX = 4096 };

/* A text, and what lint says of it: nothing, or one warning. */
struct linted {
    const char *text;
    unsigned line, column; /* line 0: nothing is said */
    const char *message, *remedy;
};

static void check_linted(const struct linted *cases, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct loaded loaded = load_good(cases[i].text);
        size_t before = diag_count(loaded.diags);
        config_lint(loaded.config, loaded.diags);
        size_t said = diag_count(loaded.diags) - before;
        const struct diag *diag = said > 0 ? diag_get(loaded.diags, before) : NULL;
        bool good = cases[i].line == 0
                        ? said == 0
                        : said == 1 && diag->severity == DIAG_WARNING &&
                              diag->place.line == cases[i].line &&
                              diag->place.column == cases[i].column &&
                              strstr(diag->message, cases[i].message) && diag->remedy &&
                              strstr(diag->remedy, cases[i].remedy);
        if (!good) {
            print_error("%s\n", cases[i].text);
            for (size_t d = before; d < diag_count(loaded.diags); d++)
                diag_print(diag_get(loaded.diags, d), stderr);
        }
        assert_true(good);
        unload(&loaded);
    }
}

/* Behind PLACES a service with a name; what follows begins in line 5. */
#define NAMED                                                                                  \
    PLACES "zones: {example.com: {file: z, names: {www: app}}}\n"                              \
           "checks: {web: {tcp: {port: 80}}, slow: {tcp: {port: 80}, interval: 5m}}\n"         \
           "services:\n"
#define TWO "regions: {eu: {addresses: [10.0.1.1]}, us: {addresses: [10.0.2.1]}}"

static void a_named_service_with_one_region_is_told(void **state)
{
    (void)state;

    static const struct linted cases[] = {
        {NAMED "  app: {regions: {eu: {addresses: [10.0.1.1]}}}\n", 5, 3,
         "'app' has one region: nothing is left when it is down", "give it another one"},
        {NAMED "  app: {" TWO "}\n", .line = 0},
        /* a part of others, and one that stands for others */
        {NAMED "  app: {regions: {eu: {service: part}, us: {addresses: [10.0.2.1]}}}\n"
               "  part: {regions: {eu: {addresses: [10.0.1.1]}}}\n",
         .line = 0},
        {NAMED "  app: {regions: {eu: {service: part}}}\n  part: {" TWO "}\n", .line = 0},
    };

    check_linted(cases, COUNT(cases));
}

static void one_region_of_a_family_is_told(void **state)
{
    (void)state;

    static const struct linted cases[] = {
        {NAMED "  app: {regions: {eu: {addresses: [10.0.1.1, '2001:db8::1']},\n"
               "    us: {addresses: [10.0.2.1]}}}\n",
         5, 19, "of the regions of 'app' only 'eu' has IPv6 addresses", "give another region"},
        {NAMED "  app: {regions: {eu: {addresses: ['2001:db8::1']}, us: {addresses: [10.0.2.1, "
               "'2001:db8::2']}}}\n",
         5, 53, "only 'us' has IPv4 addresses", "take these out"},
        {NAMED
         "  app: {regions: {eu: {addresses: [10.0.1.1, '2001:db8::1']},\n"
         "    us: {addresses: [10.0.2.1, '2001:db8::2']}, asia: {addresses: [10.0.3.1]}}}\n",
         .line = 0},
        /* names may have any address */
        {NAMED "  app: {regions: {eu: {addresses: [10.0.1.1, '2001:db8::1']},\n"
               "    us: {names: [us.example.net]}}}\n",
         .line = 0},
        /* said once, however many share the regions */
        {PLACES "zones: {example.com: {file: z, names: {www: app, a: b}}}\n"
                "services:\n"
                "  app: {regions: {eu: {addresses: [10.0.1.1, '2001:db8::1']},\n"
                "    us: {addresses: [10.0.2.1]}}}\n"
                "  b: {inherit: app}\n",
         4, 19, "only 'eu' has IPv6 addresses", ""},
    };

    check_linted(cases, COUNT(cases));
}

static void ttls_that_make_no_sense_are_told(void **state)
{
    (void)state;

    static const struct linted cases[] = {
        {NAMED "  app: {check: web, ttl: {stable: 5s, unsettled: 10s}, " TWO "}\n", 5, 3,
         "the TTLs of 'app' grow as things get worse: stable 5 s, unsettled 10 s, suspect 1 s",
         "stable should be the longest"},
        {NAMED "  app: {ttl: {unsettled: 2s, suspect: 3s}, " TWO "}\n", 5, 3, "suspect 3 s",
         ""},
        {NAMED "  app: {check: web, ttl: {stable: 10m}, " TWO "}\n", 5, 3,
         "clients of 'app' may stay at a dead region for 612 s", "lower its ttl: stable"},
        {NAMED "  app: {check: slow, ttl: {stable: 5m}, " TWO "}\n", 5, 3,
         "may stay at a dead region for 602 s", "let the check 'slow' ask more often"},
        {NAMED "  app: {ttl: {stable: 10m}, " TWO "}\n", .line = 0}, /* not checked */
        {PLACES "zones: {example.com: {file: z, names: {www: app}}}\n"
                "checks: {web: {tcp: {port: 80}, interval: 100s}}\n"
                "services:\n"
                "  app: {check: web, ttl: {stable: 10s}, " TWO "}\n",
         5, 3, "'app' has a TTL of 10 s, but a dead region is noticed after 106 s only",
         "let the check 'web' ask more often"},
        {NAMED "  app: {check: web, ttl: {stable: 1s}, " TWO "}\n", 5, 3, "unsettled 5 s", ""},
        {NAMED "  app: {check: web, ttl: {stable: 10m}, " TWO "}\n"
               "  b: {inherit: app}\n",
         5, 3, "612 s", ""}, /* inherited: said once */
        {NAMED "  app: {check: web, " TWO "}\n", .line = 0},
    };

    check_linted(cases, COUNT(cases));
}

static void one_address_in_two_regions_is_told_where_residency_differs(void **state)
{
    (void)state;

    static const struct linted cases[] = {
        {NAMED
         "  app: {residency: {DE: [eu]}, regions: {eu: {addresses: [10.0.1.1, 10.0.1.2]},\n"
         "    us: {addresses: [10.0.2.1, 10.0.1.2]}}}\n",
         6, 5, "10.0.1.2 is in 'eu' and in 'us', which the residency of 'app' tells apart",
         "say where this address is"},
        {NAMED "  app: {residency: {DE: [eu, us]}, regions: {eu: {addresses: [10.0.1.1]},\n"
               "    us: {addresses: [10.0.1.1]}, asia: {addresses: [10.0.3.1]}}}\n",
         .line = 0},
        {NAMED "  app: {regions: {eu: {addresses: [10.0.1.1]}, us: {addresses: [10.0.1.1]}}}\n",
         .line = 0},
    };

    check_linted(cases, COUNT(cases));
}

static void networks_that_nobody_is_in_are_told(void **state)
{
    (void)state;

    static const struct linted cases[] = {
        {"geo: {networks: {'2002:c000:200::/40': {country: DE}}}\n", 1, 18,
         "nobody is in 2002:c000:200::/40", "name the IPv4 network"},
        {"geo: {networks: {'64:ff9b::/96': {country: DE}, '2001:db8::/32': {country: DE}}}\n",
         1, 18, "nobody is in 64:ff9b::/96", ""},
        {NAMED "  app: {regions: {eu: {serves: ['2001::/32'], addresses: [10.0.1.1]}, us: "
               "{addresses: [10.0.2.1]}}}\n",
         5, 33, "nobody is in 2001::/32", ""},
        {NAMED "  app: {residency: {'::ffff:0:0/96': [eu]}, " TWO "}\n", 5, 21,
         "nobody is in ::ffff:0.0.0.0/96", ""},
        {"geo: {networks: {'2000::/3': {country: DE}, '::/0': {country: US}}}\n", .line = 0},
    };

    check_linted(cases, COUNT(cases));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_named_service_with_one_region_is_told),
        cmocka_unit_test(one_region_of_a_family_is_told),
        cmocka_unit_test(ttls_that_make_no_sense_are_told),
        cmocka_unit_test(one_address_in_two_regions_is_told_where_residency_differs),
        cmocka_unit_test(networks_that_nobody_is_in_are_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
