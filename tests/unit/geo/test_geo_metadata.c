#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "geo_metadata.h"

#define MARKER                                                                                 \
    "\xab\xcd\xef"                                                                             \
    "MaxMind.com"
#define LANGUAGES "\x49languages"
#define TEXTS                                                                                  \
    "\x4b"                                                                                     \
    "description"

/* Control bytes: 0x4N text, 0xeN map, 0x0N 0x04 array, 0xaN number, 0x2N pointer. */
static const struct {
    const char *bytes;
    size_t len;
    bool is_sound;
} cases[] = {

#define CASE(bytes, is_sound)                                                                  \
    {                                                                                          \
        bytes, sizeof(bytes) - 1, is_sound                                                     \
    }
    CASE("", true), /* without a marker the library says what is wrong */
    CASE("no metadata", true),
    CASE(MARKER, false),
    CASE(MARKER "\xe0", true),
    CASE(MARKER "\x41x", false), /* no map */
    CASE(MARKER "\xe1\x41x\xa1\x01", true),
    CASE(MARKER "\xe1\x41x\xa1", false), /* cut */
    CASE(MARKER "\xe2\x41x\xa1\x01", false),
    CASE(MARKER "\xe1" LANGUAGES "\x02\x04\x42"
                "en\x42"
                "de",
         true),
    CASE(MARKER "\xe1" LANGUAGES "\x00\x04", true),
    CASE(MARKER "\xe1" LANGUAGES "\x02\x04\x42"
                "en\xa1\x01",
         false), /* not a text */
    CASE(MARKER "\xe1" LANGUAGES "\x02\x04\x42"
                "en",
         false),
    CASE(MARKER "\xe1" LANGUAGES "\x42"
                "en",
         false), /* not an array */
    CASE(MARKER "\xe1" LANGUAGES "\x1f\x04\xff\xff\xff", false),
    CASE(MARKER "\xe1" TEXTS "\xe1\x42"
                "en\x42hi",
         true),
    CASE(MARKER "\xe1" TEXTS "\xe1\x42"
                "en\xa1\x01",
         false),
    CASE(MARKER "\xe1" TEXTS "\xe1\xa1\x01\x42hi", false),
    CASE(MARKER "\xe1" TEXTS "\x01\x04\x42hi", false), /* an array, not a map */
    CASE(MARKER "\xe2\x41x\x42"
                "en" LANGUAGES "\x01\x04\x20\x03",
         true), /* to "en" */
    CASE(MARKER "\xe2\x41x\x42"
                "en" LANGUAGES "\x01\x04\x20\xff",
         false), /* to nowhere */
    CASE(MARKER "\xe2\x41x\x42"
                "en" LANGUAGES "\x01\x04\x20\x12",
         false),                                                     /* to itself */
    CASE(MARKER "\xe2\x49languages\x00\x04\x20\x01\xa1\x01", false), /* the key by a pointer */
    CASE(MARKER "\xe1" LANGUAGES "\xa1\x01" MARKER "\xe0", true), /* the last marker counts */
    CASE(MARKER "\xe1\x41x\x01\x07", true),                       /* a boolean has no bytes */
#undef CASE
};

static void texts_that_the_library_would_stumble_over_are_seen(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        uint8_t *exact = malloc(cases[i].len + 1); /* a step past the end is seen */
        assert_non_null(exact);
        memcpy(exact + 1, cases[i].bytes, cases[i].len);
        bool is_sound = geo_metadata_is_sound(exact + 1, cases[i].len);
        free(exact);
        if (is_sound != cases[i].is_sound)
            fail_msg("case %zu is taken for %s", i, is_sound ? "sound" : "broken");
    }
}

/* Arrays in arrays: the walk ends before the stack does. */
static void deep_nesting_is_refused(void **state)
{
    (void)state;

    enum { LEVELS = 100000 };

    static const char head[] = MARKER "\xe1\x41x";
    size_t len = sizeof(head) - 1 + 2 * LEVELS;
    uint8_t *bytes = malloc(len);
    assert_non_null(bytes);
    memcpy(bytes, head, sizeof(head) - 1);
    for (size_t at = sizeof(head) - 1; at < len; at += 2)
        memcpy(bytes + at, "\x01\x04", 2);
    assert_false(geo_metadata_is_sound(bytes, len));
    free(bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(texts_that_the_library_would_stumble_over_are_seen),
        cmocka_unit_test(deep_nesting_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
