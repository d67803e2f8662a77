#include "config_case.h"

#define APP                                                                                    \
    PLACES "services: {app: {regions: {eu: {addresses: 192.0.2.1}, us: {addresses: "           \
           "192.0.2.2}}}}\n"

static void zones_and_their_names_are_read(void **state)
{
    (void)state;
    struct loaded loaded = load_good(APP "zones:\n"
                                         "  Example.com:\n"
                                         "    file: example.com.zone\n"
                                         "    names:\n"
                                         "      '@': app\n"
                                         "      www: {service: app, sticky: true}\n"
                                         "      '*.shop': {service: app, sticky: false}\n"
                                         "      '{region}.app': app\n"
                                         "      api.example.com.: app\n"
                                         "  example.org.: {file: /var/zones/org}\n"
                                         "  0/25.2.0.192.in-addr.arpa: {file: rev, names: }\n");
    const struct config *config = loaded.config;
    assert_int_equal(config->zone_count, 3);
    const struct config_zone *zone = &config->zones[0];
    assert_string_equal(zone->origin, "Example.com.");
    assert_string_equal(zone->file, "dir/example.com.zone");
    assert_int_equal(zone->place.line, 4);
    assert_int_equal(zone->file_place.line, 5);
    assert_int_equal(zone->name_count, 5);
    assert_string_equal(zone->names[0].owner, "@");
    assert_int_equal(zone->names[0].service, 0);
    assert_int_equal(zone->names[0].sticky, -1);
    assert_false(zone->names[0].has_region);
    assert_int_equal(zone->names[0].place.line, 7);
    assert_int_equal(zone->names[1].sticky, 1);
    assert_int_equal(zone->names[2].sticky, 0);
    assert_true(zone->names[3].has_region);
    assert_string_equal(zone->names[3].owner, "{region}.app");
    assert_string_equal(zone->names[4].owner, "api.example.com.");
    assert_string_equal(config->zones[1].origin, "example.org.");
    assert_string_equal(config->zones[1].file, "/var/zones/org");
    assert_int_equal(config->zones[1].name_count, 0);
    unload(&loaded);
}

#define NAMES(names) APP "zones:\n  example.com:\n    file: z\n    names: {" names "}\n"

static void mistakes_are_named_with_their_place(void **state)
{
    (void)state;

    static const struct broken cases[] = {
        {"zones: [example.com]\n", 1, 8, "'zones' must be a mapping", NULL, 0},
        {"zones: {example.com: z}\n", 1, 22, "'example.com' must be a mapping, not 'z'", NULL,
         0},
        {"zones: {example.com: {}}\n", 1, 9, "the zone 'example.com' has no file",
         "file: example.com.zone", 0},
        {"zones: {example.com: {file: ''}}\n", 1, 29, "'file' is empty", NULL, 0},
        {"zones: {example.com: {fil: z}}\n", 1, 23, "unknown key 'fil'", "did you mean 'file'?",
         2},
        {"zones: {exam ple: {file: z}}\n", 1, 9, "a character that does not belong", NULL, 0},
        {"zones: {a..b: {file: z}}\n", 1, 9, "the name 'a..b' has an empty label", NULL, 0},
        {"zones: {'*.example.com': {file: z}}\n", 1, 9, "a zone cannot be a wildcard", NULL, 0},
        {"zones: {b\xc3\xbc"
         "cher.example: {file: z}}\n",
         1, 9, "a character that does not belong", NULL, 0},
        {"zones:\n  example.com: {file: z}\n  example.com: {file: z}\n", 3, 3,
         "the key 'example.com' stands here twice", "in line 2", 0},
        {"zones:\n  example.com: {file: z}\n  EXAMPLE.com.: {file: z}\n", 3, 3,
         "the zone 'EXAMPLE.com.' stands here twice", "in line 2", 0},
        {NAMES("www: ap"), 6, 18, "there is no service 'ap'", "did you mean 'app'?", 0},
        {NAMES("www: "), 6, 13, "'www' must be a single value, not nothing", NULL, 0},
        {NAMES("www: [app]"), 6, 18, "'www' must be a single value, not a list", NULL, 0},
        {NAMES("www: {sticky: true}"), 6, 13, "'www' does not say which service", NULL, 0},
        {NAMES("www: {service: app, stiky: true}"), 6, 33, "unknown key 'stiky'",
         "did you mean 'sticky'?", 0},
        {NAMES("www: {service: app, sticky: 1}"), 6, 41, "must be true or false", NULL, 0},
        {NAMES("www.example.org.: app"), 6, 13, "'www.example.org.' lies outside the zone",
         "without a final dot", 0},
        {NAMES("notexample.com.: app"), 6, 13, "lies outside the zone", NULL, 0},
        {NAMES("www: app, WWW: app"), 6, 23,
         "'www' and 'WWW' are the same name: www.example.com.", "in line 6", 0},
        {NAMES("www: app, www.example.com.: app"), 6, 23, "are the same name", NULL, 0},
        {NAMES("'@': app, example.com.: app"), 6, 23, "are the same name: example.com.", NULL,
         0},
        {NAMES("us.app: app, '{region}.app': app"), 6, 26,
         "'us.app' and '{region}.app' are the same name: us.app.example.com.", NULL, 0},
        {NAMES("'{region}.app': app, us.app: app"), 6, 34, "are the same name", NULL, 0},
        {NAMES("'{regoin}.app': app"), 6, 13, "has braces that say nothing", "write {region}",
         0},
        {NAMES("'{region}.{region}': app"), 6, 13, "has braces that say nothing", NULL, 0},
        {NAMES("'{a}.{region}': app"), 6, 13, "has braces that say nothing", NULL, 0},
        {NAMES("'a..b': app"), 6, 13, "has an empty label", NULL, 0},
        {NAMES("'a.*.b': app"), 6, 13, "a character that does not belong", NULL, 0},
        {NAMES("'w w': app"), 6, 13, "a character that does not belong", NULL, 0},
        {NAMES("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa: app"), 6, 13,
         "a label longer than 63 bytes", NULL, 0},
        {NAMES("'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa{region}': app"),
         6, 13, "a label longer than 63 bytes", NULL, 0},
    };

    expect_broken(cases, COUNT(cases));
}

static void the_root_may_be_a_zone(void **state)
{
    (void)state;
    struct loaded loaded =
        load_good(APP "zones: {'.': {file: root, names: {'@': app, www: app, a.b.: app}}}\n");
    assert_string_equal(loaded.config->zones[0].origin, ".");
    unload(&loaded);
    expect_one_broken(
        &(struct broken){APP "zones: {'.': {file: root, names: {www: app, www.: app}}}\n", 3,
                         45, "are the same name: www.", NULL, 0});
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(zones_and_their_names_are_read),
        cmocka_unit_test(mistakes_are_named_with_their_place),
        cmocka_unit_test(the_root_may_be_a_zone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
