#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "rhumb/hash.h"

/* Key 00 01 .. 0f, input 00 01 .. of 0, 1, 2 ... bytes; source: vectors_sip64 of the
 * reference implementation (Aumasson and Bernstein). Written little-endian, as there. */
static void siphash_gives_the_reference_outputs(void **state)
{
    (void)state;

    static const struct {
        size_t len;
        uint8_t output[8];
    } cases[] = {
        {0, {0x31, 0x0e, 0x0e, 0xdd, 0x47, 0xdb, 0x6f, 0x72}},
        {1, {0xfd, 0x67, 0xdc, 0x93, 0xc5, 0x39, 0xf8, 0x74}},
        {2, {0x5a, 0x4f, 0xa9, 0xd9, 0x09, 0x80, 0x6c, 0x0d}},
        {3, {0x2d, 0x7e, 0xfb, 0xd7, 0x96, 0x66, 0x67, 0x85}},
        {4, {0xb7, 0x87, 0x71, 0x27, 0xe0, 0x94, 0x27, 0xcf}},
        {5, {0x8d, 0xa6, 0x99, 0xcd, 0x64, 0x55, 0x76, 0x18}},
        {6, {0xce, 0xe3, 0xfe, 0x58, 0x6e, 0x46, 0xc9, 0xcb}},
        {7, {0x37, 0xd1, 0x01, 0x8b, 0xf5, 0x00, 0x02, 0xab}},
        {8, {0x62, 0x24, 0x93, 0x9a, 0x79, 0xf5, 0xf5, 0x93}},
        {9, {0xb0, 0xe4, 0xa9, 0x0b, 0xdf, 0x82, 0x00, 0x9e}},
        {15, {0xe5, 0x45, 0xbe, 0x49, 0x61, 0xca, 0x29, 0xa1}},
        {16, {0xdb, 0x9b, 0xc2, 0x57, 0x7f, 0xcc, 0x2a, 0x3f}},
        {63, {0x72, 0x45, 0x06, 0xeb, 0x4c, 0x32, 0x8a, 0x95}},
    };

    uint8_t key[16];
    for (uint8_t i = 0; i < sizeof(key); i++)
        key[i] = i;
    for (size_t c = 0; c < sizeof(cases) / sizeof(cases[0]); c++) {
        uint8_t *input = malloc(cases[c].len + 1); /* of its own: a read behind it is seen */
        assert_non_null(input);
        uint8_t *unaligned = input + 1;
        for (size_t i = 0; i < cases[c].len; i++)
            unaligned[i] = (uint8_t)i;
        uint64_t hash = siphash24(key, unaligned, cases[c].len);
        for (size_t i = 0; i < 8; i++)
            assert_int_equal((uint8_t)(hash >> 8 * i), cases[c].output[i]);
        free(input);
    }
}

/* RFC 9018 appendix A.1: client cookie, version, reserved, time, client address. */
static void siphash_makes_the_server_cookie_of_rfc_9018(void **state)
{
    (void)state;

    static const uint8_t secret[16] = {0xe5, 0xe9, 0x73, 0xe5, 0xa6, 0xb2, 0xa4, 0x3f,
                                       0x48, 0xe7, 0xdc, 0x84, 0x9e, 0x37, 0xbf, 0xcf};

    static const uint8_t input[] = {
        0x24, 0x64, 0xc4, 0xab, 0xcf, 0x10, 0xc9, 0x57, /* client cookie */
        0x01, 0x00, 0x00, 0x00,                         /* version, reserved */
        0x5c, 0xf7, 0x9f, 0x11,                         /* time */
        198,  51,   100,  100,
    };

    static const uint8_t cookie[8] = {0x1f, 0x81, 0x30, 0xc3, 0xee, 0xe2, 0x94, 0x80};

    uint64_t hash = siphash24(secret, input, sizeof(input));
    for (size_t i = 0; i < 8; i++)
        assert_int_equal((uint8_t)(hash >> 8 * i), cookie[i]);
}

/* Sticky picks depend on these values: another release, another machine, the same region. */
static void hash_bytes_never_changes(void **state)
{
    (void)state;

    static const struct {
        const char *text;
        uint64_t hash;
    } cases[] = {
        {"", UINT64_C(0xf52a15e9a9b5e89b)},
        {"a", UINT64_C(0x02c0bdbf481420f8)},
        {"foobar", UINT64_C(0x404da9e3b74078c2)},
        {"eu-west", UINT64_C(0x6531e3561ec894e2)},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        assert_true(hash_bytes(HASH_SEED, cases[i].text, strlen(cases[i].text)) ==
                    cases[i].hash);
    uint64_t chain = hash_bytes(hash_bytes(HASH_SEED, "ab", 2), "c", 1);
    assert_true(chain == UINT64_C(0x3113899008b7a722));
    assert_true(chain != hash_bytes(hash_bytes(HASH_SEED, "a", 1), "bc", 2));
    assert_true(hash_bytes(HASH_SEED, NULL, 0) == hash_bytes(HASH_SEED, "", 0));
}

/* draft-eastlake-fnv appendix: FNV-1a 64 of "foobar" is 85944171f73967e8. */
static void hash_bytes_is_a_mixed_fnv_1a(void **state)
{
    (void)state;
    assert_true(hash_bytes(HASH_SEED, "foobar", 6) == hash_mix(UINT64_C(0x85944171f73967e8)));
}

/* Every bit of the input moves about half of the output's: 64 one-bit changes of each of 64
 * values, 32 +- 12 bits each, 32 +- 1 in the mean. */
static void hash_mix_spreads_every_bit(void **state)
{
    (void)state;
    uint64_t flipped = 0;
    for (uint64_t value = 1; value <= 64; value++) {
        for (unsigned bit = 0; bit < 64; bit++) {
            uint64_t change = hash_mix(value * UINT64_C(0x123456789)) ^
                              hash_mix(value * UINT64_C(0x123456789) ^ UINT64_C(1) << bit);
            unsigned count = (unsigned)__builtin_popcountll(change);
            assert_in_range(count, 12, 52);
            flipped += count;
        }
    }
    assert_in_range(flipped, 31 * 64 * 64, 33 * 64 * 64);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(siphash_gives_the_reference_outputs),
        cmocka_unit_test(siphash_makes_the_server_cookie_of_rfc_9018),
        cmocka_unit_test(hash_bytes_never_changes),
        cmocka_unit_test(hash_bytes_is_a_mixed_fnv_1a),
        cmocka_unit_test(hash_mix_spreads_every_bit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
