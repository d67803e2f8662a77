#include "zone_rdata.h"
#include "zone_test.h"
#include "zone_text.h"

static size_t unhex(const char *text, uint8_t *bytes)
{
    size_t len = strlen(text) / 2;
    for (size_t i = 0; i < len; i++)
        bytes[i] = (uint8_t)(zone_text_hex_digit(text[2 * i]) << 4 |
                             zone_text_hex_digit(text[2 * i + 1]));
    return len;
}

static void wire_form_is_accepted_or_refused(void **state)
{
    (void)state;

    static const struct {
        uint16_t type;
        const char *wire;
        bool ok;
    } cases[] = {
        {1, "c0000201", true},
        {1, "c00002", false},
        {1, "c000020101", false},
        {1, "", false},
        {2, "00", true},
        {2, "036e733100", true},
        {2, "036e7331", false},
        {2, "c00c", false},
        {2, "036e7331c00c", false},
        {2, "40", false},
        {2, "", false},
        {2, "0000", false},
        {14, "0000", true},
        {14, "017200016500", true},
        {14, "017200", false},
        {14, "0172000165", false},
        {14, "017200c000", false},
        {14, "c00000", false},
        {14, "01720001650000", false},
        {14, "", false},
        {15, "000a00", true},
        {15, "000a", false},
        {16, "00", true},
        {16, "0161", true},
        {16, "026100", true},
        {16, "0261", false},
        {16, "", false},
        {28, "20010db8000000000000000000000001", true},
        {28, "20010db80000000000000000000001", false},
        {29, "001216138903210070c3da8000989a68", true},
        {29, "011216138903210070c3da8000989a68", false}, /* version 1 */
        {29, "00121613934fd900a69fb20000989a68", true},
        {29, "001216136cb0270059604e0000989a68", true},
        {29, "00121613934fd9018000000000989a68", false}, /* behind a pole */
        {29, "001216136cb026ff8000000000989a68", false},
        {29, "0012161380000000a69fb20100989a68", false},
        {29, "001216138000000059604dff00989a68", false},
        {29, "001a1613800000008000000000989a68", false}, /* sizes are decimal */
        {29, "00a11613800000008000000000989a68", false},
        {29, "00121613800000008000000000989a", false},
        {42, "", true},
        {42, "00011803c00002", true},
        {42, "00011804c0000200", false}, /* trailing zero byte */
        {42, "00012103c00002", false},
        {42, "00018103c00002", false},
        {42, "0002810120", false},
        {42, "00011885c000020101", false},
        {42, "0063ff01ff", true}, /* a family we do not know */
        {45, "0a0002", true},
        {45, "0a0102c0000201", true},
        {45, "0a0102c00002", false},
        {45, "0a03020000", true},
        {45, "0a0402", false},
        {47, "00", true},
        {47, "00000140", true},
        {47, "00000000", false},
        {47, "00000140000140", false},
        {47, "00010140000140", false},
        {47, "000021", false},
        {47, "0000014001", false},
        {47, "00000240", false},
        {50, "010000000001aa", true},
        {50, "010000000000", false},
        {55, "01020001aabb", true},
        {55, "00020001bb", false},
        {55, "01020000aa", false},
        {64, "000100", true},
        {64, "000100000300020050", true},
        {64, "000100000300020050000300020050", false},
        {64, "00010000030002005000010003026832", false},
        {64, "00010000010000", false},
        {64, "0001000001000100", false},
        {64, "000100000100020268", false},
        {64, "00010000020000", false},
        {64, "00010000040003c00002", false},
        {64, "00010000040000", false},
        {64, "00010000060004c0000201", false},
        {64, "00010000060000", false},
        {64, "000100000600102001", false},
        {64, "000100000000010003", false},
        {64, "000100000000020003", false},
        {64, "000100000000020003000300020050", true},
        {64, "000100000000020000", false},
        {64, "0001000000000400030003000300020050", false},
        {64, "0001000000000100", false},
        {65, "0001000003", false},
        {108, "010203040506", true},
        {108, "0102030405", false},
        {257, "0005697373756500", true},
        {257, "0000", false},
        {65280, "", true},
        {65280, "00ff", true},
        {10, "", true},
        {23, "036e733100", true},
        {23, "036e7331", false},
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        uint8_t bytes[256];
        uint64_t hash;
        const char *reason = NULL;
        size_t len = unhex(cases[i].wire, bytes);
        bool ok = zone_rdata_check(cases[i].type, bytes, len, &hash, &reason);
        if (ok != cases[i].ok)
            print_error("type %u, %s\n", cases[i].type, cases[i].wire);
        assert_int_equal(ok, cases[i].ok);
        if (!ok)
            assert_non_null(reason);
    }
}

/* Answers compress the names in these types (RFC 3597 section 4): no other bytes may get there,
 * whether or not the file spells the type out. */
static void data_that_is_compressed_is_one_name(void **state)
{
    (void)state;

    static const uint16_t types[] = {2, 3, 4, 5, 7, 8, 9, 12};

    static const struct {
        const char *wire;
        bool ok;
    } cases[] = {
        {"00", true},          {"016d0361626300", true}, {"", false},     {"0000", false},
        {"016d036162", false}, {"016dc000", false},      {"c000", false}, {"4000", false},
    };

    for (size_t i = 0; i < COUNT(types) * COUNT(cases); i++) {
        uint16_t type = types[i / COUNT(cases)];
        uint8_t bytes[16];
        uint64_t hash;
        const char *reason = NULL;
        size_t len = unhex(cases[i % COUNT(cases)].wire, bytes);
        bool ok = zone_rdata_check(type, bytes, len, &hash, &reason);
        if (ok != cases[i % COUNT(cases)].ok)
            fail_msg("type %u, %s", type, cases[i % COUNT(cases)].wire);
    }
}

static void names_longer_than_255_bytes_are_refused(void **state)
{
    (void)state;
    uint8_t bytes[512];
    uint64_t hash;
    const char *reason;
    for (size_t labels = 126; labels <= 128; labels++) {
        for (size_t i = 0; i < labels; i++)
            memcpy(bytes + 2 * i, "\1a", 2);
        bytes[2 * labels] = 0;
        assert_int_equal(zone_rdata_check(2, bytes, 2 * labels + 1, &hash, &reason),
                         labels <= 127);
    }
}

/* Any bytes at all: the walk ends and stays inside (the sanitizers watch). */
static void any_bytes_are_walked(void **state)
{
    (void)state;
    uint32_t x = 1;
    for (unsigned round = 0; round < 200; round++) {
        for (unsigned type = 1; type < 260; type++) {
            uint64_t hash;
            const char *reason;
            size_t len = x % 64;
            uint8_t *bytes = malloc(len + 1);
            assert_non_null(bytes);
            for (size_t i = 0; i < len; i++) {
                x = x * 1664525 + 1013904223;
                bytes[i] = (uint8_t)(x >> 28 < 12 ? (x >> 16) % 6 : x >> 16);
            }
            x = x * 1664525 + 1013904223;
            uint8_t *exact = realloc(bytes, len > 0 ? len : 1);
            assert_non_null(exact);
            (void)zone_rdata_check((uint16_t)type, exact, len, &hash, &reason);
            free(exact);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(wire_form_is_accepted_or_refused),
        cmocka_unit_test(data_that_is_compressed_is_one_name),
        cmocka_unit_test(names_longer_than_255_bytes_are_refused),
        cmocka_unit_test(any_bytes_are_walked),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
