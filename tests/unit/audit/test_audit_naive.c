/* The second proof beside the databases that people have. Random ones are in tests/property. */
#include <unistd.h>

#include "rhumb/audit.h"

#include "audit_bed.h"
#include "slip.h"

enum { SAMPLES = 5000, YAML_MAX = 8192 };

/* Rules of every kind, services of every policy, one inside another. %s: databases. */
static const char FORMAT[] =
    "geo:\n"
    "  databases: [ %s ]\n"
    "  networks: { 175.16.199.128/25: { country: JP }, 2001:218::/33: { asn: AS64500 },\n"
    "              67.43.156.0/24: { country: DE }, 192.0.2.0/24: { subdivision: US-CA } }\n"
    "  default: { country: NL }\n"
    "regions: { us: { country: US }, eu: { country: DE }, ap: { country: JP } }\n"
    "services:\n"
    "  app:\n"
    "    policy: geo\n"
    "    regions: &regions\n"
    "      us: { serves: [ NA, 10.0.0.0/8 ], addresses: [ 10.1.0.1, \"2001:db8:1::1\" ] }\n"
    "      eu: { serves: [ EU, default ], addresses: [ 10.2.0.1, \"2001:db8:2::1\" ] }\n"
    "      ap: { serves: [ AS ], addresses: [ 10.3.0.1 ] }\n"
    "    residency: { EU-union: [ eu ], JP: [ ap ], US-CA: [ us ], AS1221: [ ap ], AS64500: [ "
    "us ],\n"
    "                 AS: [ ap, eu ], 81.2.69.0/25: [ us, eu ], \"2001:480:10::/48\": [ us ] "
    "}\n"
    "  near: { policy: nearest, regions: *regions, residency: { GB: [ eu ], SE: [ eu ] },\n"
    "          answers: 2, when_all_down: { region: us } }\n"
    "  fast: { policy: latency, regions: *regions, sticky: true }\n"
    "  outer: { policy: failover, regions: { us: { addresses: [ 10.1.0.1 ] },\n"
    "           eu: { service: app } }, residency: { default: [ eu ] } }\n"
    "  share: { policy: weighted, regions: *regions, residency: { CH: [ eu ] } }\n";

static struct audit_bed bed;
static struct audit_naive found;

static enum err audit(uint64_t seed)
{
    struct audit_options options = {.seed = seed, .samples = SAMPLES};
    diag_list_free(bed.diags);
    bed.diags = diag_list_new();
    assert_non_null(bed.diags);
    return audit_naive(bed.snapshot, &options, bed.diags, &found);
}

static void open_with(const char *databases)
{
    char yaml[YAML_MAX];
    int len = snprintf(yaml, sizeof(yaml), FORMAT, databases);
    assert_in_range(len, 1, sizeof(yaml) - 1);
    bed_open(&bed, yaml);
}

static void assert_holds(const char *what)
{
    enum err err = audit(1);
    if (err != ERR_OK) {
        print_error("%s\n", what);
        diag_print_all(bed.diags, stderr);
    }
    assert_int_equal(err, ERR_OK);
    assert_int_equal(found.samples, SAMPLES);
    assert_int_equal(found.answers, SAMPLES);
    assert_true(found.stretches > 10 && found.leaves > 10);
}

static const char *data_folder(void)
{
    const char *data = getenv("RHUMB_TEST_DATA");
    return data ? data : "tests/data";
}

static const char *database(const char *name, char path[TEMP_PATH_MAX])
{
    snprintf(path, TEMP_PATH_MAX, "%s/mmdb/good/%s-Test.mmdb", data_folder(), name);
    return path;
}

static void the_proof_holds_for_every_good_database(void **state)
{
    (void)state;

    static const char *const names[] = {
        "GeoIP2-City",      "GeoLite2-City",     "GeoIP2-City-Shield", "GeoIP2-Country",
        "GeoLite2-Country", "GeoIP2-Enterprise", "GeoLite2-ASN",       "GeoIP2-ISP",
    };

    enum { NAMES = sizeof(names) / sizeof(names[0]) };

    open_with("");
    assert_holds("no database");
    bed_close(&bed);
    for (size_t i = 0; i < NAMES; i++) {
        char path[TEMP_PATH_MAX], next[TEMP_PATH_MAX], pair[2 * TEMP_PATH_MAX + 8];
        open_with(database(names[i], path));
        assert_holds(path);
        bed_close(&bed);
        snprintf(pair, sizeof(pair), "%s, %s", path, database(names[(i + 1) % NAMES], next));
        open_with(pair);
        assert_holds(pair);
        bed_close(&bed);
    }
}

static const char *city(char path[TEMP_PATH_MAX])
{
    return database("GeoLite2-City", path);
}

static void assert_told(uint32_t line, const char *part)
{
    for (size_t i = 0; i < diag_count(bed.diags); i++) {
        const struct diag *diag = diag_get(bed.diags, i);
        if (diag->severity == DIAG_ERROR && (line == 0 || diag->place.line == line) &&
            strstr(diag->message, part))
            return;
    }
    diag_print_all(bed.diags, stderr);
    fail_msg("no error in line %u: %s", line, part);
}

static void a_slipped_leaf_is_found_with_its_network_and_rule(void **state)
{
    (void)state;

    static const struct {
        unsigned service;
        const char *client;
        uint8_t region;
        uint32_t line;
        const char *part;
    } cases[] = {
        {0, "192.0.2.77", 1, 14, "clients in 192.0.2.0/24 may be sent to 'eu' of 'app'"},
        {0, "81.2.69.1", 2, 15, "clients in 81.2.69.0/25 may be sent to 'ap' of 'app'"},
        {0, "2001:480:10::1", 1, 15, "may be sent to 'eu' of 'app'"},
        {1, "89.160.20.130", 0, 16, "may be sent to 'us' of 'near'"}, /* SE in the database */
        {3, "203.0.113.1", 0, 20, "may be sent to 'us' of 'outer'"},
    };

    char path[TEMP_PATH_MAX];
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct ip_addr addr;
        uint8_t len;
        open_with(city(path));
        const struct policy_service *service =
            &bed.snapshot->policies.services[cases[i].service];
        assert_true(ip_parse(cases[i].client, &addr));
        uint32_t class = service->trie ? geo_trie_find(service->trie, &addr, &len) : 0;
        if ((policy_class_get(service, class).allowed >> cases[i].region & 1) != 0)
            fail_msg("case %zu: nothing forbids it", i);
        slip_region(service, &addr, cases[i].region);
        assert_int_equal(audit(1), ERR_INVALID);
        assert_true(found.faults > 0);
        assert_told(cases[i].line, cases[i].part);
        bed_close(&bed);
    }
}

/* A leaf that grew over its neighbour: its scope holds clients of another rule. */
static void a_scope_over_a_boundary_is_found(void **state)
{
    (void)state;
    struct ip_addr addr;
    char path[TEMP_PATH_MAX];
    open_with(city(path));
    const struct policy_service *app = &bed.snapshot->policies.services[0];
    assert_true(ip_parse("81.2.69.200", &addr)); /* beside 81.2.69.0/25 */
    uint8_t len;
    struct ip_addr inside;
    assert_true(ip_parse("81.2.69.1", &inside));
    slip_leaf(app, &addr, geo_trie_find(app->trie, &inside, &len));
    assert_int_equal(audit(1), ERR_INVALID);
    assert_told(0, "81.2.69.");
    bed_close(&bed);
}

static void the_same_seed_asks_the_same_clients(void **state)
{
    (void)state;
    char path[TEMP_PATH_MAX];
    open_with(city(path));
    assert_int_equal(audit(7), ERR_OK);
    struct audit_naive first = found;
    assert_int_equal(audit(7), ERR_OK);
    assert_memory_equal(&first, &found, sizeof(first));
    bed_close(&bed);
}

static void a_database_that_went_away_is_an_error(void **state)
{
    (void)state;
    char path[TEMP_PATH_MAX], yaml[YAML_MAX], mmdb[TEMP_PATH_MAX];
    struct temp_folder folder;
    temp_folder_open(&folder);
    assert_int_equal(symlink(city(path), temp_path(&folder, "x.mmdb", mmdb)), 0);
    snprintf(yaml, sizeof(yaml), FORMAT, mmdb);
    bed_open(&bed, yaml);
    temp_remove(&folder, "x.mmdb");
    assert_int_equal(audit(1), ERR_INVALID);
    assert_int_equal(found.faults, 0);
    assert_int_equal(diag_error_count(bed.diags), 1); /* both families miss it: said once */
    assert_told(2, "cannot be read");
    bed_close(&bed);
    temp_folder_close(&folder);
}

static void without_services_there_is_nothing_to_break(void **state)
{
    (void)state;
    bed_open(&bed, "zones: { example.com: { file: zone } }\n");
    assert_int_equal(audit(1), ERR_OK);
    assert_int_equal(found.answers, 0);
    bed_close(&bed);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_proof_holds_for_every_good_database),
        cmocka_unit_test(a_slipped_leaf_is_found_with_its_network_and_rule),
        cmocka_unit_test(a_scope_over_a_boundary_is_found),
        cmocka_unit_test(the_same_seed_asks_the_same_clients),
        cmocka_unit_test(a_database_that_went_away_is_an_error),
        cmocka_unit_test(without_services_there_is_nothing_to_break),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
