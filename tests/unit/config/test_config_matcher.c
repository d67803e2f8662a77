#include "config_case.h"
#include "config_matcher.h"

static void each_form_has_its_kind(void **state)
{
    (void)state;

    static const struct {
        const char *text;
        enum config_matcher_kind kind;
        const char *code, *subdivision;
        uint32_t asn;
    } cases[] = {
        {"192.0.2.0/24", CONFIG_MATCH_NETWORK, "", "", 0},
        {"192.0.2.1", CONFIG_MATCH_NETWORK, "", "", 0},
        {"2001:db8::/32", CONFIG_MATCH_NETWORK, "", "", 0},
        {"AS64496", CONFIG_MATCH_ASN, "", "", 64496},
        {"US-CA", CONFIG_MATCH_SUBDIVISION, "US", "CA", 0},
        {"AS-01", CONFIG_MATCH_SUBDIVISION, "AS", "01", 0}, /* American Samoa */
        {"DE", CONFIG_MATCH_COUNTRY, "DE", "", 0},
        {"EU-union", CONFIG_MATCH_UNION, "", "", 0},
        {"EU", CONFIG_MATCH_CONTINENT, "EU", "", 0},
        {"AS", CONFIG_MATCH_CONTINENT, "AS", "", 0},
        {"AF", CONFIG_MATCH_CONTINENT, "AF", "", 0}, /* the continent wins */
        {"country:AF", CONFIG_MATCH_COUNTRY, "AF", "", 0},
        {"default", CONFIG_MATCH_DEFAULT, "", "", 0},
    };

    struct arena *arena = arena_new(1024 * 1024);
    struct diag_list *diags = diag_list_new();
    struct config_reader reader = {.arena = arena, .diags = diags, .folder = "."};
    struct diag_place place = {.file = "f", .line = 3, .column = 7};
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct config_matcher matcher;
        assert_true(config_read_matcher(&reader, cases[i].text, &place, &matcher));
        assert_int_equal(matcher.kind, cases[i].kind);
        assert_string_equal(matcher.code, cases[i].code);
        assert_string_equal(matcher.subdivision, cases[i].subdivision);
        assert_int_equal(matcher.asn, cases[i].asn);
        assert_int_equal(matcher.place.line, 3);
        for (size_t j = 0; j < i; j++) {
            struct config_matcher other;
            assert_true(config_read_matcher(&reader, cases[j].text, &place, &other));
            assert_false(config_matcher_equal(&matcher, &other));
        }
        assert_true(config_matcher_equal(&matcher, &matcher));
    }
    assert_int_equal(diag_count(diags), 0);
    diag_list_free(diags);
    arena_free(arena);
}

static void other_texts_are_refused_with_what_was_expected(void **state)
{
    (void)state;

    static const struct {
        const char *text, *remedy;
    } cases[] = {
        {"de", "did you mean 'DE'"},
        {"UK", "did you mean 'GB'"},
        {"eu-union", "did you mean 'EU-union'"},
        {"Default", "did you mean 'default'"},
        {"Germany", "expected a network"},
        {"DEU", "expected a network"},
        {"us-ca", "expected a network"},
        {"country:EU", "expected a network"},
        {"country:de", "expected a network"},
        {"AS99999999999", "expected a network"},
        {"*", "expected a network"},
        {"192.0.2.1/24", "did you mean '192.0.2.0/24'"},
        {"192.0.2", "write it as 192.0.2.0/24"},
        {"continent:EU", "write it as 192.0.2.0/24"},
    };

    struct arena *arena = arena_new(1024 * 1024);
    struct diag_place place = {.file = "f", .line = 3, .column = 7};
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct diag_list *diags = diag_list_new();
        struct config_reader reader = {.arena = arena, .diags = diags, .folder = "."};
        struct config_matcher matcher;
        assert_false(config_read_matcher(&reader, cases[i].text, &place, &matcher));
        assert_int_equal(diag_error_count(diags), 1);
        assert_int_equal(diag_get(diags, 0)->place.column, 7);
        assert_non_null(strstr(diag_get(diags, 0)->remedy, cases[i].remedy));
        diag_list_free(diags);
    }
    arena_free(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_form_has_its_kind),
        cmocka_unit_test(other_texts_are_refused_with_what_was_expected),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
