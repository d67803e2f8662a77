#include "zone_generate.h"
#include "zone_test.h"

static void ranges_are_parsed_or_refused(void **state)
{
    (void)state;

    static const struct {
        const char *text;
        bool ok;
        uint64_t count;
    } cases[] = {
        {"1-10", true, 10},    {"0-0", true, 1},         {"1-10/2", true, 5},
        {"1-10/100", true, 1}, {"0-65535", true, 65536}, {"0-2147483647", true, 2147483648},
        {"10-1", false, 0},    {"1-10/0", false, 0},     {"1", false, 0},
        {"-10", false, 0},     {"1-", false, 0},         {"1-10/", false, 0},
        {"1/2-10", false, 0},  {"1-x", false, 0},        {"1-2147483648", false, 0},
        {"", false, 0},
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        struct zone_range range;
        assert_int_equal(zone_range_parse(cases[i].text, strlen(cases[i].text), &range),
                         cases[i].ok);
        if (cases[i].ok)
            assert_true(zone_range_count(&range) == cases[i].count);
    }
}

/* expand - the words of a text; the result or the reason. */
static void expand(const char *text, uint32_t value, char out[512])
{
    const struct zone_source source = {.text = text, .len = strlen(text)};
    struct zone_lexer lexer;
    struct zone_entry entry = {0};
    struct zone_fault fault;
    struct text line;
    size_t bad;
    text_init(&line, ZONE_GENERATE_TEXT_MAX);
    zone_lexer_init(&lexer, &source);
    assert_int_equal(zone_lexer_next(&lexer, &entry, &fault), ZONE_LEX_ENTRY);
    const char *reason = zone_generate_expand(entry.tokens, entry.count, value, &line, &bad);
    if (reason)
        snprintf(out, 512, "!%zu %.30s", bad, reason);
    else
        snprintf(out, 512, "%s", text_get(&line));
    text_deinit(&line);
    zone_entry_deinit(&entry);
}

static void templates_are_expanded(void **state)
{
    (void)state;

    static const struct {
        const char *text;
        uint32_t value;
        const char *result;
    } cases[] = {
        {"host$ A 192.0.2.$", 7, "host7 A 192.0.2.7"},
        {"a A 1", 7, "a A 1"},
        {"${0} A 1", 7, "7 A 1"},
        {"${5} A 1", 7, "12 A 1"},
        {"${-5} A 1", 7, "2 A 1"},
        {"${0,3} A 1", 7, "007 A 1"},
        {"${0,3,d} A 1", 7, "007 A 1"},
        {"${0,2,x} A 1", 255, "ff A 1"},
        {"${0,4,X} A 1", 255, "00FF A 1"},
        {"${0,3,o} A 1", 8, "010 A 1"},
        {"${0,0,d} A 1", 8, "8 A 1"},
        {"${0,1,n} A 1", 0x1a2, "2.a.1 A 1"},
        {"${0,7,N} A 1", 0x1a, "A.1.0.0 A 1"},
        {"${0,0,n} A 1", 0, "0 A 1"},
        {"a$b$c A 1", 3, "a3b3c A 1"},
        {"a\\$b A 1", 3, "a\\$b A 1"},
        {"a$$b A 1", 3, "a\\$b A 1"},
        {"a\\.$ A 1", 3, "a\\.3 A 1"},
        {"a TXT \"x $ y\"", 3, "a TXT \"x 3 y\""},
        {"a MX \"10 mail$\"", 3, "a MX 10 mail3"},
        {"a CAA 0 issue \"x$\"", 3, "a CAA 0 issue x3"},
        {"a SPF \"v $\"", 3, "a SPF \"v 3\""},
        {"a TXT \"x $\" \"y $\"", 3, "a TXT \"x 3\" \"y 3\""},
        {"a CAA 0 issue x\"$\"", 3, "a CAA 0 issue x\"3\""},
        {"\"a$\"", 3, "\"a3\""},
        {"${0", 3, "!0 expected ${offset}, ${offset,w"},
        {"a ${x} 1", 3, "!1 expected ${offset}, ${offset,w"},
        {"a ${0,x} 1", 3, "!1 expected ${offset}, ${offset,w"},
        {"a ${0,300} 1", 3, "!1 expected ${offset}, ${offset,w"},
        {"a ${0,2,q} 1", 3, "!1 expected ${offset}, ${offset,w"},
        {"a ${0,2,dd} 1", 3, "!1 expected ${offset}, ${offset,w"},
        {"a ${0,2,} 1", 3, "!1 expected ${offset}, ${offset,w"},
        {"a ${} 1", 3, "!1 expected ${offset}, ${offset,w"},
        {"a ${-4} 1", 3, "!1 the offset makes the value neg"},
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        char result[512];
        expand(cases[i].text, cases[i].value, result);
        assert_string_equal(result, cases[i].result);
    }
}

static void a_text_that_grows_too_long_is_refused(void **state)
{
    (void)state;
    const struct zone_token word = {.text = "${0,255}${0,255}", .len = 16, .line = 1};
    struct text line;
    size_t bad;
    text_init(&line, 300);
    assert_string_equal(zone_generate_expand(&word, 1, 1, &line, &bad),
                        "the generated record is too long");
    text_deinit(&line);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ranges_are_parsed_or_refused),
        cmocka_unit_test(templates_are_expanded),
        cmocka_unit_test(a_text_that_grows_too_long_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
