#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "rhumb/log.h"
#include "rhumb/log_json.h"
#include "rhumb/rng.h"

static const char *as_json(const char *line, struct text *text)
{
    struct json_put json;
    text_init(text, 32 * 1024);
    json_put_init(&json, text);
    json_put_begin(&json, NULL, '{');
    log_json_put(&json, line);
    json_put_end(&json, '}');
    return text_get(text);
}

static void pairs_become_members(void **state)
{
    (void)state;

    static const struct {
        const char *line, *json;
    } cases[] = {
        {"event=ready", "{\"event\":\"ready\"}"},
        {"event=a b=7 c=-0.5 d=007 e=1e5 f=1. g=- h=",
         "{\"event\":\"a\",\"b\":7,\"c\":-0.5,"
         "\"d\":\"007\",\"e\":\"1e5\",\"f\":\"1.\","
         "\"g\":\"-\",\"h\":\"\"}"},
        {"a=10.0.0.1 b=::1 c=12ms", "{\"a\":\"10.0.0.1\",\"b\":\"::1\",\"c\":\"12ms\"}"},
        {"a=\"two words\" b=c", "{\"a\":\"two words\",\"b\":\"c\"}"},
        {"a=\"\" b=\"7\"", "{\"a\":\"\",\"b\":\"7\"}"},
        {"a=\"say \\\"hi\\\" \\\\ there\"", "{\"a\":\"say \\\"hi\\\" \\\\ there\"}"},
        {"a=\"line\\x0afeed\\x1b\"", "{\"a\":\"line\\nfeed\\u001b\"}"},
        {"a=M\xc3\xbcnchen", "{\"a\":\"M\xc3\xbcnchen\"}"},
        {"a=\xff", "{\"a\":\"\\ufffd\"}"},
        {"a=\"cut", "{\"a\":\"cut\"}"}, /* a line has an end */
        {"a=\"cut\\", "{\"a\":\"cut\\\\\"}"},
        {"a=\"cut\\x4", "{\"a\":\"cutx4\"}"},
        {"no pairs here", "{}"},
        {"=x a=1  b=2", "{\"a\":1,\"b\":2}"},
        {"", "{}"},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct text text;
        assert_string_equal(as_json(cases[i].line, &text), cases[i].json);
        text_deinit(&text);
    }
}

/* A text goes through log_quote() and comes out as it was, whatever is in it. */
static void every_text_survives_both_ways(void **state)
{
    (void)state;
    static const char BYTES[] = "a \"\\=x0\n\t7.-\x7f{}";
    struct rng rng;
    rng_init(&rng, 9);
    for (unsigned i = 0; i < 3000; i++) {
        char value[40], quoted[LOG_QUOTE_MAX], line[LOG_QUOTE_MAX + 16];
        size_t len = rng_below(&rng, sizeof(value));
        for (size_t n = 0; n < len; n++)
            value[n] = BYTES[rng_below(&rng, sizeof(BYTES) - 1)];
        value[len] = '\0';
        snprintf(line, sizeof(line), "k=%s z=1", log_quote(value, quoted));
        struct text expected, got;
        struct json_put json;
        text_init(&expected, 4096);
        json_put_init(&json, &expected);
        json_put_begin(&json, NULL, '{');
        json_put_string(&json, "k", value);
        json_put_uint(&json, "z", 1);
        json_put_end(&json, '}');
        assert_string_equal(as_json(line, &got), text_get(&expected));
        text_deinit(&got);
        text_deinit(&expected);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pairs_become_members),
        cmocka_unit_test(every_text_survives_both_ways),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
