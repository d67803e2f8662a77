#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "rhumb/json_put.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static void values_stand_in_their_places(void **state)
{
    (void)state;
    struct text text;
    struct json_put json;
    text_init(&text, 1000);
    json_put_init(&json, &text);
    json_put_begin(&json, NULL, '{');
    json_put_string(&json, "a", "x");
    json_put_optional(&json, "left out", NULL);
    json_put_begin(&json, "list", '[');
    json_put_uint(&json, NULL, UINT64_MAX);
    json_put_bool(&json, NULL, true);
    json_put_null(&json, NULL);
    json_put_begin(&json, NULL, '{');
    json_put_end(&json, '}');
    json_put_begin(&json, NULL, '[');
    json_put_end(&json, ']');
    json_put_end(&json, ']');
    json_put_real(&json, "r", -1.25, 1);
    json_put_real(&json, "nan", NAN, 1);
    json_put_real(&json, "infinite", INFINITY, 0);
    json_put_raw(&json, "raw", "[1]");
    json_put_end(&json, '}');
    assert_string_equal(text_get(&text),
                        "{\"a\":\"x\",\"list\":[18446744073709551615,true,null,{},[]],"
                        "\"r\":-1.2,\"nan\":null,\"infinite\":null,\"raw\":[1]}");
    text_deinit(&text);
}

static void strings_are_escaped_and_always_text(void **state)
{
    (void)state;

    static const struct {
        const char *value, *json;
    } cases[] = {
        {"", "\"\""},
        {"a\"b\\c/", "\"a\\\"b\\\\c/\""},
        {"\b\t\n\f\r\x01\x1f\x7f", "\"\\b\\t\\n\\f\\r\\u0001\\u001f\\u007f\""},
        {"\xc3\xa9\xe2\x82\xac\xf0\x9f\x8c\x8d", "\"\xc3\xa9\xe2\x82\xac\xf0\x9f\x8c\x8d\""},
        {"\xed\x9f\xbf\xee\x80\x80\xf4\x8f\xbf\xbf",
         "\"\xed\x9f\xbf\xee\x80\x80\xf4\x8f\xbf\xbf\""},
        {"\xff", "\"\\ufffd\""},
        {"x\x80y", "\"x\\ufffdy\""},
        {"\xc0\xaf", "\"\\ufffd\\ufffd\""},                       /* overlong */
        {"\xe0\x80\x80", "\"\\ufffd\\ufffd\\ufffd\""},            /* overlong */
        {"\xed\xa0\x80", "\"\\ufffd\\ufffd\\ufffd\""},            /* half of a surrogate pair */
        {"\xf4\x90\x80\x80", "\"\\ufffd\\ufffd\\ufffd\\ufffd\""}, /* beyond U+10FFFF */
        {"\xe2\x82", "\"\\ufffd\\ufffd\""},                       /* cut */
        {"\xc3", "\"\\ufffd\""},
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        struct text text;
        struct json_put json;
        text_init(&text, 1000);
        json_put_init(&json, &text);
        json_put_string(&json, NULL, cases[i].value);
        assert_string_equal(text_get(&text), cases[i].json);
        text_deinit(&text);
    }
}

static void a_full_text_fails_for_good(void **state)
{
    (void)state;
    struct text text;
    struct json_put json;
    text_init(&text, 4);
    json_put_init(&json, &text);
    json_put_string(&json, NULL, "longer");
    json_put_uint(&json, NULL, 1);
    assert_true(text.failed);
    text_deinit(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_stand_in_their_places),
        cmocka_unit_test(strings_are_escaped_and_always_text),
        cmocka_unit_test(a_full_text_fails_for_good),
    };
    return cmocka_run_group_tests_name("json_put", tests, NULL, NULL);
}
