#include "zone_rdata.h"
#include "zone_test.h"

static void types_have_names_in_any_case_and_numbers(void **state)
{
    (void)state;

    static const struct {
        const char *text;
        uint16_t type;
    } cases[] = {
        {"A", 1},     {"aaaa", 28},     {"NSEC3PARAM", 51},   {"svcb", 64},
        {"SPF", 99},  {"TYPE1", 1},     {"type65535", 65535}, {"TYPE0", 0},
        {"TYPE", 0},  {"TYPE12x", 0},   {"TYPE65536", 0},     {"TYPE 1", 0},
        {"AVC", 258}, {"DSYNC", 66},    {"FOO", 0},           {"", 0},
        {"IN", 0},    {"NSAP-PTR", 23}, {"ANY", 255},         {"AVERYLONGNAMEOFATYPE", 0},
    };

    for (size_t i = 0; i < COUNT(cases); i++)
        assert_int_equal(zone_rdata_type(cases[i].text, strlen(cases[i].text)), cases[i].type);
}

static void every_type_has_a_name_that_parses(void **state)
{
    (void)state;
    for (unsigned type = 1; type <= UINT16_MAX; type++) {
        char buffer[ZONE_TYPE_TEXT_MAX];
        const char *name = zone_rdata_type_name((uint16_t)type, buffer);
        if (type == 253 || type == 254)
            continue; /* MAILB, MAILA: questions only */
        assert_int_equal(zone_rdata_type(name, strlen(name)), type);
    }
}

static void types_have_fields(void **state)
{
    (void)state;
    size_t min, max;
    assert_true(zone_rdata_fields(6, &min, &max));
    assert_int_equal(min, 7);
    assert_int_equal(max, 7);
    assert_int_equal(zone_rdata_field(6, 0), ZONE_FIELD_NAME);
    assert_int_equal(zone_rdata_field(6, 2), ZONE_FIELD_U32);
    assert_int_equal(zone_rdata_field(6, 6), ZONE_FIELD_PERIOD);
    assert_true(zone_rdata_fields(16, &min, &max));
    assert_int_equal(min, 1);
    assert_true(max > UINT16_MAX);
    assert_int_equal(zone_rdata_field(16, 40000), ZONE_FIELD_STRING);
    assert_true(zone_rdata_fields(261, &min, &max));
    assert_int_equal(zone_rdata_field(261, 7), ZONE_FIELD_STRING);
    assert_false(zone_rdata_fields(65280, &min, &max));
    assert_int_equal(zone_rdata_field(65280, 0), ZONE_FIELD_OPAQUE);
    assert_int_equal(zone_rdata_field(10, 0), ZONE_FIELD_OPAQUE);
}

static void every_field_of_every_type_has_a_description(void **state)
{
    (void)state;
    for (unsigned type = 0; type <= UINT16_MAX; type++) {
        size_t min, max;
        if (!zone_rdata_fields((uint16_t)type, &min, &max))
            continue;
        for (size_t i = 0; i < max && i < 16; i++) {
            enum zone_field field = zone_rdata_field((uint16_t)type, i);
            assert_true(field >= ZONE_FIELD_OPAQUE && field <= ZONE_FIELD_SVCPARAMS);
            assert_non_null(zone_field_expected(field));
        }
    }
}

static void a_field_that_does_not_fit_is_not_written(void **state)
{
    (void)state;
    uint8_t out[4] = "";
    char address[] = "192.0.2.1", bad[] = "nonsense";
    assert_int_equal(zone_field_convert(ZONE_FIELD_A, address, out, 4), 4);
    assert_memory_equal(out, "\xc0\x00\x02\x01", 4);
    memset(out, 0, sizeof(out));
    assert_int_equal(zone_field_convert(ZONE_FIELD_A, address, out, 3), 4);
    assert_memory_equal(out, "\0\0\0", 4);
    assert_int_equal(zone_field_convert(ZONE_FIELD_A, bad, out, 4), -1);
    assert_int_equal(zone_field_convert(ZONE_FIELD_OPAQUE, bad, out, 4), -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(types_have_names_in_any_case_and_numbers),
        cmocka_unit_test(every_type_has_a_name_that_parses),
        cmocka_unit_test(types_have_fields),
        cmocka_unit_test(every_field_of_every_type_has_a_description),
        cmocka_unit_test(a_field_that_does_not_fit_is_not_written),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
