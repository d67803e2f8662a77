#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "state_table.h"

static struct state_table *parse(const char *text, char fault[STATE_FAULT_MAX])
{
    fault[0] = '\0';
    return state_table_parse(text, strlen(text), fault);
}

static const struct state_entry *find(const struct state_table *table, const char *address)
{
    struct ip_addr addr;
    assert_true(ip_parse(address, &addr));
    return state_table_find(table, &addr);
}

static void an_address_is_found_however_it_is_written(void **state)
{
    (void)state;
    char fault[STATE_FAULT_MAX];
    struct state_table *table =
        parse("{\"192.0.2.10\": \"up\", \"2001:DB8:0:0::1\": \"down\"}", fault);
    assert_non_null(table);
    assert_int_equal(table->count, 2);
    assert_int_equal(find(table, "192.0.2.10")->word, STATE_UP);
    assert_int_equal(find(table, "2001:db8::1")->word, STATE_DOWN);
    assert_null(find(table, "192.0.2.11"));
    free(table);
}

static void an_entry_is_a_word_or_an_object(void **state)
{
    (void)state;

    static const struct {
        const char *value;
        enum state_word word;
        unsigned scale;
        const char *reason;
    } cases[] = {
        {"\"up\"", STATE_UP, 100, ""},
        {"\"down\"", STATE_DOWN, 100, ""},
        {"{\"state\": \"up\"}", STATE_UP, 100, ""},
        {"{\"state\": \"up\", \"scale\": 40}", STATE_UP, 40, ""},
        {"{\"state\": \"up\", \"scale\": 0}", STATE_UP, 0, ""},
        {"{\"state\": \"down\", \"reason\": \"backup\", \"since\": 5}", STATE_DOWN, 100,
         "backup"},
        {"{\"state\": \"down\", \"reason\": \"a\\nb\\u00e9\"}", STATE_DOWN, 100, "a?b??"},
        {"{\"state\": \"down\", \"reason\": 5}", STATE_DOWN, 100, ""},
        {"\"UP\"", STATE_UNCLEAR, 100, ""},
        {"\"\"", STATE_UNCLEAR, 100, ""},
        {"true", STATE_UNCLEAR, 100, ""},
        {"null", STATE_UNCLEAR, 100, ""},
        {"[\"up\"]", STATE_UNCLEAR, 100, ""},
        {"{}", STATE_UNCLEAR, 100, ""},
        {"{\"state\": \"up\", \"scale\": 101}", STATE_UNCLEAR, 100, ""},
        {"{\"state\": \"up\", \"scale\": -1}", STATE_UNCLEAR, 100, ""},
        {"{\"state\": \"up\", \"scale\": 0.5}", STATE_UNCLEAR, 100, ""},
        {"{\"state\": \"up\", \"scale\": \"40\"}", STATE_UNCLEAR, 100, ""},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char text[256], fault[STATE_FAULT_MAX];
        snprintf(text, sizeof(text), "{\"::1\": \"up\", \"192.0.2.1\": %s}", cases[i].value);
        struct state_table *table = parse(text, fault);
        assert_non_null(table);
        const struct state_entry *entry = find(table, "192.0.2.1");
        assert_int_equal(entry->word, cases[i].word);
        assert_int_equal(entry->scale, cases[i].scale);
        assert_string_equal(entry->reason, cases[i].reason);
        assert_int_equal(find(table, "::1")->word, STATE_UP); /* one spoils itself alone */
        free(table);
    }
}

static void what_is_no_address_is_passed_over(void **state)
{
    (void)state;
    char fault[STATE_FAULT_MAX];
    struct state_table *table = parse(
        "{\"written\": 1700000000, \"192.0.2.1\": \"up\", \"192.0.2.0/24\": \"down\"}", fault);
    assert_non_null(table);
    assert_int_equal(table->count, 1);
    free(table);
    table = parse("{}", fault);
    assert_non_null(table);
    assert_int_equal(table->count, 0);
    assert_null(find(table, "192.0.2.1"));
    free(table);
}

static void a_broken_file_is_refused_with_a_reason(void **state)
{
    (void)state;

    static const struct {
        const char *text, *fault;
    } cases[] = {
        {"", "no JSON in line 1"},
        {"{\"192.0.2.1\":\n\"up\"", "no JSON in line 2"},
        {"{\"192.0.2.1\": \"up\"} x", "no JSON in line 1"},
        {"[\"192.0.2.1\"]", "it is no JSON object"},
        {"{\"192.0.2.1\": \"up\", \"192.0.2.1\": \"down\"}", "no JSON in line 1: duplicate"},
        {"{\"2001:db8::1\": \"up\", \"2001:DB8:0::1\": \"down\"}",
         "it names 2001:db8::1 twice"},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char fault[STATE_FAULT_MAX];
        assert_null(parse(cases[i].text, fault));
        assert_non_null(strstr(fault, cases[i].fault));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_address_is_found_however_it_is_written),
        cmocka_unit_test(an_entry_is_a_word_or_an_object),
        cmocka_unit_test(what_is_no_address_is_passed_over),
        cmocka_unit_test(a_broken_file_is_refused_with_a_reason),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
