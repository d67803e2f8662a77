#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "policy_rank.h"

static struct ip_prefix prefix(const char *text)
{
    struct ip_prefix parsed;
    assert_true(ip_prefix_parse(text, &parsed));
    return parsed;
}

/* The marks of a map: the longest one around an address is what its location knows. */
enum { MARK_8, MARK_24, MARK_25, MARK_V6, MARK_COUNT };

static struct ip_prefix marks[MARK_COUNT];

static int setup(void **state)
{
    (void)state;
    marks[MARK_8] = prefix("192.0.0.0/8");
    marks[MARK_24] = prefix("192.0.2.0/24");
    marks[MARK_25] = prefix("192.0.2.128/25");
    marks[MARK_V6] = prefix("2001:db8::/32");
    return 0;
}

static const struct geo_location CALIFORNIA = {
    .place = {.country = "US", .continent = "NA", .subdivision = "CA", .asn = 64496},
    .mark = GEO_MARK_NONE,
};
static const struct geo_location GERMANY = {
    .place = {.country = "DE", .continent = "EU", .flags = GEO_IN_EU},
    .mark = GEO_MARK_NONE,
};
static const struct geo_location NOWHERE = {.mark = GEO_MARK_NONE};

static struct config_matcher matcher(enum config_matcher_kind kind, const char *code,
                                     const char *subdivision)
{
    struct config_matcher made = {.kind = kind, .asn = 64496};
    memcpy(made.code, code, strlen(code) + 1);
    memcpy(made.subdivision, subdivision, strlen(subdivision) + 1);
    return made;
}

static bool matches(struct config_matcher made, const struct geo_location *location)
{
    return policy_match(&made, location, marks) > 0;
}

static void each_kind_looks_at_its_own_field(void **state)
{
    (void)state;

    static const struct {
        enum config_matcher_kind kind;
        const char *code, *subdivision;
        bool california, germany, nowhere;
    } rows[] = {
        {CONFIG_MATCH_ASN, "", "", true, false, false},
        {CONFIG_MATCH_SUBDIVISION, "US", "CA", true, false, false},
        {CONFIG_MATCH_SUBDIVISION, "US", "C", false, false, false},
        {CONFIG_MATCH_SUBDIVISION, "US", "CAL", false, false, false},
        {CONFIG_MATCH_SUBDIVISION, "MX", "CA", false, false, false},
        {CONFIG_MATCH_COUNTRY, "US", "", true, false, false},
        {CONFIG_MATCH_COUNTRY, "DE", "", false, true, false},
        {CONFIG_MATCH_COUNTRY, "NA", "", false, false, false}, /* Namibia is no continent */
        {CONFIG_MATCH_UNION, "", "", false, true, false},
        {CONFIG_MATCH_CONTINENT, "NA", "", true, false, false},
        {CONFIG_MATCH_CONTINENT, "EU", "", false, true, false},
        {CONFIG_MATCH_CONTINENT, "US", "", false, false, false},
        {CONFIG_MATCH_DEFAULT, "", "", true, true, true},
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct config_matcher made = matcher(rows[i].kind, rows[i].code, rows[i].subdivision);
        assert_int_equal(matches(made, &CALIFORNIA), rows[i].california);
        assert_int_equal(matches(made, &GERMANY), rows[i].germany);
        assert_int_equal(matches(made, &NOWHERE), rows[i].nowhere);
    }
}

static void an_unknown_asn_matches_nothing(void **state)
{
    (void)state;
    struct config_matcher zero = {.kind = CONFIG_MATCH_ASN};
    assert_false(matches(zero, &GERMANY));
}

static void a_network_matches_whatever_lies_inside(void **state)
{
    (void)state;

    static const struct {
        const char *network;
        uint32_t mark;
        bool matches;
    } rows[] = {
        {"192.0.2.0/24", MARK_24, true},
        {"192.0.2.0/24", MARK_25, true},
        {"192.0.2.0/24", MARK_8, false},
        {"192.0.0.0/8", MARK_25, true},
        {"192.0.2.0/25", MARK_25, false},
        {"192.0.2.128/25", MARK_24, false},
        {"0.0.0.0/0", MARK_8, true},
        {"::/0", MARK_8, false},
        {"2001:db8::/32", MARK_V6, true},
        {"0.0.0.0/0", MARK_V6, false},
        {"192.0.2.0/24", GEO_MARK_NONE, false},
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct config_matcher made = {.kind = CONFIG_MATCH_NETWORK,
                                      .network = prefix(rows[i].network)};
        struct geo_location location = {.mark = rows[i].mark};
        assert_int_equal(matches(made, &location), rows[i].matches);
    }
}

/* A location that everything fits. */
static void kinds_go_from_specific_to_general(void **state)
{
    (void)state;
    struct geo_location location = CALIFORNIA;
    location.place.flags = GEO_IN_EU;
    location.mark = MARK_25;
    const struct config_matcher in_order[] = {
        {.kind = CONFIG_MATCH_NETWORK, .network = prefix("192.0.2.128/25")},
        {.kind = CONFIG_MATCH_NETWORK, .network = prefix("192.0.2.0/24")},
        {.kind = CONFIG_MATCH_NETWORK, .network = prefix("0.0.0.0/0")},
        matcher(CONFIG_MATCH_ASN, "", ""),
        matcher(CONFIG_MATCH_SUBDIVISION, "US", "CA"),
        matcher(CONFIG_MATCH_COUNTRY, "US", ""),
        matcher(CONFIG_MATCH_UNION, "", ""),
        matcher(CONFIG_MATCH_CONTINENT, "NA", ""),
        matcher(CONFIG_MATCH_DEFAULT, "", ""),
    };
    unsigned before = UINT32_MAX;
    for (size_t i = 0; i < sizeof(in_order) / sizeof(in_order[0]); i++) {
        unsigned match = policy_match(&in_order[i], &location, marks);
        assert_true(match > 0 && match < before);
        before = match;
    }
}

static void matchers_are_told_as_they_are_written(void **state)
{
    (void)state;

    const struct {
        struct config_matcher matcher;
        const char *text;
    } rows[] = {
        {{.kind = CONFIG_MATCH_NETWORK, .network = prefix("192.0.2.0/24")}, "192.0.2.0/24"},
        {{.kind = CONFIG_MATCH_NETWORK, .network = prefix("2001:db8::/32")}, "2001:db8::/32"},
        {matcher(CONFIG_MATCH_ASN, "", ""), "AS64496"},
        {matcher(CONFIG_MATCH_SUBDIVISION, "US", "CA"), "US-CA"},
        {matcher(CONFIG_MATCH_COUNTRY, "DE", ""), "country DE"},
        {matcher(CONFIG_MATCH_UNION, "", ""), "EU-union"},
        {matcher(CONFIG_MATCH_CONTINENT, "EU", ""), "continent EU"},
        {matcher(CONFIG_MATCH_DEFAULT, "", ""), "default"},
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        char buffer[POLICY_MATCHER_TEXT_MAX];
        assert_string_equal(policy_matcher_format(&rows[i].matcher, buffer), rows[i].text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_kind_looks_at_its_own_field),
        cmocka_unit_test(an_unknown_asn_matches_nothing),
        cmocka_unit_test(a_network_matches_whatever_lies_inside),
        cmocka_unit_test(kinds_go_from_specific_to_general),
        cmocka_unit_test(matchers_are_told_as_they_are_written),
    };
    return cmocka_run_group_tests(tests, setup, NULL);
}
