#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "rhumb/geo_place.h"

#include "geo_country.h"

static void the_table_is_sorted_and_sane(void **state)
{
    (void)state;
    assert_int_equal(geo_country_table_count, 250); /* ISO 3166-1, and XK */
    for (size_t i = 0; i < geo_country_table_count; i++) {
        const struct geo_country *country = &geo_country_table[i];
        assert_int_equal(strlen(country->code), 2);
        assert_non_null(strstr("AF AN AS EU NA OC SA", country->continent));
        assert_true(country->subregion < GEO_SUBREGION_COUNT);
        assert_true(country->latitude >= -90 && country->latitude <= 90);
        assert_true(country->longitude >= -180 && country->longitude <= 180);
        if (i > 0)
            assert_true(strcmp(country[-1].code, country->code) < 0);
    }
}

static void every_row_is_found_by_its_code(void **state)
{
    (void)state;
    for (size_t i = 0; i < geo_country_table_count; i++) {
        const struct geo_country *country = &geo_country_table[i];
        assert_ptr_equal(geo_country_find(country->code), country);
        assert_true(geo_country_is_known(country->code));
    }
}

static void the_union_has_27_members_and_7_territories(void **state)
{
    (void)state;
    size_t members = 0;
    for (size_t i = 0; i < geo_country_table_count; i++)
        members += geo_country_table[i].in_eu;
    assert_int_equal(members, 27 + 7);
}

static void what_is_no_country_is_not_known(void **state)
{
    (void)state;

    static const char *const cases[] = {"",   "N",  "NLD", "nl", "XX",
                                        "EU", "UK", "ZZ",  "AA", "\xff\xff"};

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        assert_false(geo_country_is_known(cases[i]));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_table_is_sorted_and_sane),
        cmocka_unit_test(every_row_is_found_by_its_code),
        cmocka_unit_test(the_union_has_27_members_and_7_territories),
        cmocka_unit_test(what_is_no_country_is_not_known),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
