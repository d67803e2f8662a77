#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "rhumb/policy_lint.h"

#include "policy_world.h"

/* Behind three regions and three known networks; what follows begins in line 5. */
#define WORLD                                                                                  \
    "regions: { us: { country: US }, eu: { country: DE }, ap: { country: JP } }\n"             \
    "geo: { networks: { 192.0.2.0/24: { country: US }, 198.51.100.0/24: { country: DE },\n"    \
    "  203.0.113.0/25: { subdivision: US-CA }, 203.0.113.128/25: { asn: AS64500 },\n"          \
    "  '2002::/16': { country: BR } } }\n"

struct expected {
    uint32_t line, column;
    const char *message, *remedy;
};

static void assert_linted(const char *yaml, const struct expected *expected, size_t count)
{
    static struct world world;
    struct diag_list *diags = diag_list_new();
    assert_non_null(diags);
    world_init(&world, yaml);
    assert_int_equal(policy_lint(world.config, world.map, &world.set, diags), ERR_OK);
    bool good = diag_count(diags) == count;
    for (size_t i = 0; good && i < count; i++) {
        const struct diag *diag = diag_get(diags, i);
        good = diag->severity == DIAG_WARNING && diag->place.line == expected[i].line &&
               diag->place.column == expected[i].column &&
               strstr(diag->message, expected[i].message) && diag->remedy &&
               strstr(diag->remedy, expected[i].remedy);
    }
    if (!good)
        diag_print_all(diags, stderr);
    assert_true(good);
    world_deinit(&world);
    diag_list_free(diags);
}

#define CLEAN(yaml) assert_linted(yaml, NULL, 0)
#define LINTED(yaml, ...)                                                                      \
    assert_linted(yaml, (const struct expected[]){__VA_ARGS__},                                \
                  sizeof((const struct expected[]){__VA_ARGS__}) / sizeof(struct expected))

static void rules_without_clients_are_told(void **state)
{
    (void)state;
    CLEAN(WORLD
          "services: { app: { policy: failover, residency: { DE: [eu], US-CA: [us],\n"
          "    AS64500: [us], US: [us], default: [eu], 10.0.0.0/8: [eu] },\n"
          "  regions: { us: { addresses: [10.0.1.1] }, eu: { addresses: [10.0.2.1] } } } }\n");
    LINTED(
        WORLD
        "services: { app: { policy: failover, residency: { FR: [eu], US-NY: [us],\n"
        "    BR: [us], 203.0.113.128/25: [us], AS64500: [eu] },\n" /* BR: 6to4 alone */
        "  regions: { us: { addresses: [10.0.1.1] }, eu: { addresses: [10.0.2.1] } } } }\n",
        {5, 51, "no client falls under the residency rule country FR of 'app'", "a database"},
        {5, 61, "rule US-NY of 'app'", ""}, {6, 5, "rule country BR of 'app'", ""},
        {6, 39, "rule AS64500 of 'app'", "more specific rules"});
    /* all its clients are in two narrower networks */
    LINTED(WORLD
           "services: { app: { policy: failover, residency: { 10.0.0.0/8: [eu],\n"
           "    10.0.0.0/9: [us], 10.128.0.0/9: [us] },\n"
           "  regions: { us: { addresses: [10.0.1.1] }, eu: { addresses: [10.0.2.1] } } } }\n",
           {5, 51, "rule 10.0.0.0/8 of 'app'", ""});
}

static void items_without_clients_are_told(void **state)
{
    (void)state;
    CLEAN(WORLD "services: { app: { regions: {\n"
                "  us: { serves: [US, US-CA, NA, 10.0.0.0/8], addresses: [10.0.1.1] },\n"
                "  eu: { serves: [EU-union, default], addresses: [10.0.2.1] } } } }\n");
    LINTED(WORLD "services: { app: { regions: {\n"
                 "  us: { serves: [US, US-NY, OC], addresses: [10.0.1.1] },\n"
                 "  eu: { serves: [EU, AS64501, default], addresses: [10.0.2.1] } } } }\n",
           {6, 22, "no client matches US-NY, which 'us' of 'app' serves", "take it out"},
           {6, 29, "no client matches continent OC", ""},
           {7, 22, "no client matches AS64501, which 'eu' of 'app' serves", ""});
    /* other policies do not read it, and who inherits does not say it again */
    CLEAN(WORLD "services: { app: { policy: failover, regions: {\n"
                "  us: { serves: [US-NY], addresses: [10.0.1.1] },\n"
                "  eu: { addresses: [10.0.2.1] } } } }\n");
    LINTED(WORLD
           "services: { app: { regions: {\n"
           "  us: { serves: [US, OC], addresses: [10.0.1.1] },\n"
           "  eu: { serves: [default], addresses: [10.0.2.1] } } }, b: { inherit: app } }\n",
           {6, 22, "continent OC, which 'us' of 'app' serves", ""});
}

static void nobodys_first_choice_is_told(void **state)
{
    (void)state;
    LINTED(WORLD "services: { app: { regions: {\n"
                 "  us: { serves: [default], addresses: [10.0.1.1] },\n"
                 "  eu: { serves: [EU], addresses: [10.0.2.1] },\n"
                 "  ap: { addresses: [10.0.3.1] } } } }\n",
           {8, 3, "the region 'ap' is the first choice of no client of 'app'", "weight: 0"});
    CLEAN(WORLD "services: { app: { regions: {\n"
                "  us: { serves: [default], addresses: [10.0.1.1] },\n"
                "  eu: { serves: [EU], addresses: [10.0.2.1] },\n"
                "  ap: { weight: 0, addresses: [10.0.3.1] } } } }\n");
    LINTED(
        WORLD "services: { app: { policy: nearest, regions: { us: { addresses: [10.0.1.1] },\n"
              "  eu: { addresses: [10.0.2.1] }, ap: { addresses: [10.0.3.1] } } } }\n",
        {6, 34, "the region 'ap' is the first choice of no client", "is its location right?"});
    /* where the order is nobody's by place */
    CLEAN(WORLD
          "services: { app: { policy: failover, regions: { us: { addresses: [10.0.1.1] },\n"
          "  eu: { addresses: [10.0.2.1] } } },\n"
          "  b: { policy: latency, latency: { source: pop },\n"
          "       regions: { us: { addresses: [10.0.1.1] }, eu: { addresses: [10.0.2.1] } } } "
          "}\n");
    /* no geography at all: everybody gets the first one */
    LINTED("regions: { us: { country: US }, eu: { country: DE } }\n"
           "services: { app: { policy: nearest, regions: { us: { addresses: [10.0.1.1] },\n"
           "  eu: { addresses: [10.0.2.1] } } } }\n",
           {3, 3, "the region 'eu' is the first choice of no client of 'app'", ""});
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rules_without_clients_are_told),
        cmocka_unit_test(items_without_clients_are_told),
        cmocka_unit_test(nobodys_first_choice_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
