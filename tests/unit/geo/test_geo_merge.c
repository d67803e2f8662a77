#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "geo_merge.h"

static const struct geo_place nothing = {0};
static const struct geo_place nl = {.country = "NL", .continent = "EU", .subdivision = "NH"};
static const struct geo_place us_ca = {.country = "US",
                                       .subdivision = "CA",
                                       .flags = GEO_HAS_COORDINATES,
                                       .latitude = 37,
                                       .longitude = -122};
static const struct geo_place us = {.country = "US"};
static const struct geo_place as = {.asn = 64496};
static const struct geo_place as_us = {.country = "US", .asn = 64497};
static const struct geo_place spot = {
    .flags = GEO_HAS_COORDINATES, .latitude = 1, .longitude = 2};
static const struct geo_place eu = {.continent = "EU"};
static const struct geo_place orphan = {.subdivision = "NH"};
static const struct geo_place pop = {.country = "JP", .asn = 64510};

/* The rows of the rules in geo_merge.h. */
static const struct row {
    const char *what;
    const struct geo_place *databases[3];
    const struct geo_place *network;
    uint32_t network_wins;
    const struct geo_place *fallback;
    const char *text;
    uint8_t place_source, asn_source;
} rows[] = {
    {"nobody knows anything",
     {NULL},
     NULL,
     0,
     &nothing,
     "unknown",
     GEO_SOURCE_NONE,
     GEO_SOURCE_NONE},
    {"the default stands in",
     {NULL},
     NULL,
     0,
     &pop,
     "JP AS AS64510",
     GEO_SOURCE_DEFAULT,
     GEO_SOURCE_DEFAULT},
    {"an AS number alone is no place",
     {&as},
     NULL,
     0,
     &pop,
     "JP AS AS64496",
     GEO_SOURCE_DEFAULT,
     0},
    {"a continent alone is one", {&eu}, NULL, 0, &pop, "?? EU", 0, GEO_SOURCE_NONE},
    {"a spot alone is one", {NULL, &spot}, NULL, 0, &pop, "1.00,2.00", 1, GEO_SOURCE_NONE},
    {"the first database wins", {&nl, &us_ca}, NULL, 0, &pop, "NL-NH EU", 0, GEO_SOURCE_NONE},
    {"the second adds what the first leaves unsaid",
     {&us, &us_ca},
     NULL,
     0,
     &pop,
     "US-CA NA 37.00,-122.00",
     0,
     GEO_SOURCE_NONE},
    {"but not from another country", {&us, &nl}, NULL, 0, &pop, "US NA", 0, GEO_SOURCE_NONE},
    {"a countryless spot is added",
     {&us, &spot},
     NULL,
     0,
     &pop,
     "US NA 1.00,2.00",
     0,
     GEO_SOURCE_NONE},
    {"a countryless subdivision is not",
     {&nl, &orphan},
     NULL,
     0,
     &pop,
     "NL-NH EU",
     0,
     GEO_SOURCE_NONE},
    {"nor alone", {&orphan}, NULL, 0, &nothing, "unknown", GEO_SOURCE_NONE, GEO_SOURCE_NONE},
    {"AS numbers come from anywhere", {&nl, &as}, NULL, 0, &pop, "NL-NH EU AS64496", 0, 1},
    {"even from where another country is named",
     {&nl, &as_us},
     NULL,
     0,
     &pop,
     "NL-NH EU AS64497",
     0,
     1},
    {"a network as long as the database wins",
     {&us_ca},
     &nl,
     1,
     &pop,
     "NL-NH EU",
     GEO_SOURCE_NETWORK,
     GEO_SOURCE_NONE},
    {"a shorter network does not",
     {&us_ca},
     &nl,
     0,
     &pop,
     "US-CA NA 37.00,-122.00",
     0,
     GEO_SOURCE_NONE},
    {"a shorter network still adds",
     {&us},
     &spot,
     0,
     &pop,
     "US NA 1.00,2.00",
     0,
     GEO_SOURCE_NONE},
    {"a longer network takes its fields only",
     {&us_ca},
     &spot,
     1,
     &pop,
     "US-CA NA 1.00,2.00",
     0,
     GEO_SOURCE_NONE},
    {"length counts against the winning database",
     {&us, &nl},
     &nl,
     1,
     &pop,
     "NL-NH EU",
     GEO_SOURCE_NETWORK,
     GEO_SOURCE_NONE},
    {"not against one that lost", {&us, &nl}, &nl, 2, &pop, "US NA", 0, GEO_SOURCE_NONE},
    {"nor against one without a record",
     {NULL, &us},
     &nl,
     1,
     &pop,
     "US NA",
     1,
     GEO_SOURCE_NONE},
    {"nor against one that does not know the field",
     {&as, &us},
     &nl,
     1,
     &pop,
     "US NA AS64496",
     1,
     0},
    {"a network where no database says anything",
     {NULL},
     &nl,
     0,
     &pop,
     "NL-NH EU",
     GEO_SOURCE_NETWORK,
     GEO_SOURCE_NONE},
    {"a network may name the AS alone",
     {&nl},
     &as,
     1,
     &pop,
     "NL-NH EU AS64496",
     0,
     GEO_SOURCE_NETWORK},
};

static void every_rule_has_its_row(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const struct row *row = &rows[i];
        struct geo_evidence evidence = {
            .database_count = 3,
            .network = row->network,
            .network_wins = row->network_wins,
            .fallback = row->fallback,
        };
        memcpy(evidence.databases, row->databases, sizeof(row->databases));
        struct geo_location location = geo_merge(&evidence);
        char text[GEO_PLACE_TEXT_MAX];
        if (strcmp(geo_place_format(&location.place, text), row->text) != 0)
            fail_msg("%s: %s", row->what, text);
        assert_int_equal(location.place_source, row->place_source);
        assert_int_equal(location.asn_source, row->asn_source);
        assert_int_equal(location.mark, GEO_MARK_NONE);
    }
}

static void the_32nd_database_counts_too(void **state)
{
    (void)state;
    struct geo_evidence evidence = {.database_count = 32, .fallback = &pop};
    evidence.databases[31] = &us;
    evidence.network = &nl;
    assert_int_equal(geo_merge(&evidence).place_source, 31);
    evidence.network_wins = UINT32_C(1) << 31;
    assert_int_equal(geo_merge(&evidence).place_source, GEO_SOURCE_NETWORK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_rule_has_its_row),
        cmocka_unit_test(the_32nd_database_counts_too),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
