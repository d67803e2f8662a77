#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "../../../src/net/proxy_header.h"

#define SIGNATURE    "\x0d\x0a\x0d\x0a\x00\x0d\x0a\x51\x55\x49\x54\x0a"
#define V4_BLOCK     "\xc0\x00\x02\x01\xc6\x33\x64\x02\x12\x34\x00\x35"
#define V6_ONE       "\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\1"
#define V6_MAPPED    "\0\0\0\0\0\0\0\0\0\0\xff\xff\xc0\x00\x02\x01"
#define PORTS        "\x12\x34\x00\x35"
#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define BYTES(text)  text, sizeof(text) - 1

/* A header by its parts; put() makes its bytes. */
struct parts {
    uint8_t version_command, family_transport;
    const char *block;
    size_t block_bytes;
    int length; /* what the length field says; -1: block_bytes */
};

static size_t put(uint8_t *out, const struct parts *parts)
{
    size_t length = parts->length < 0 ? parts->block_bytes : (size_t)parts->length;
    memcpy(out, SIGNATURE, 12);
    out[12] = parts->version_command;
    out[13] = parts->family_transport;
    out[14] = (uint8_t)(length >> 8);
    out[15] = (uint8_t)length;
    if (parts->block_bytes > 0)
        memcpy(out + 16, parts->block, parts->block_bytes);
    return 16 + parts->block_bytes;
}

/* parse - from a block of exactly that size, for the sanitizer. */
static enum proxy_step parse(const uint8_t *bytes, size_t count, struct proxy_header *header)
{
    uint8_t *exact = malloc(count > 0 ? count : 1);
    assert_non_null(exact);
    memcpy(exact, bytes, count);
    enum proxy_step step = proxy_header_parse(exact, count, header);
    free(exact);
    return step;
}

static void a_good_header_names_the_client(void **state)
{
    static const struct {
        struct parts parts;
        const char *client; /* NULL: the proxy speaks for itself */
    } cases[] = {
        {{0x21, 0x11, BYTES(V4_BLOCK), -1}, "192.0.2.1"},
        {{0x21, 0x12, BYTES(V4_BLOCK), -1}, "192.0.2.1"},
        {{0x21, 0x21, BYTES(V6_ONE V6_ONE PORTS), -1}, "2001:db8::1"},
        {{0x21, 0x22, BYTES(V6_ONE V6_ONE PORTS), -1}, "2001:db8::1"},
        {{0x21, 0x22, BYTES(V6_MAPPED V6_MAPPED PORTS), -1}, "192.0.2.1"},
        /* TLVs: of some bytes, of none, two of them */
        {{0x21, 0x11, BYTES(V4_BLOCK "\x04\x00\x03xyz"), -1}, "192.0.2.1"},
        {{0x21, 0x11, BYTES(V4_BLOCK "\xe0\x00\x00"), -1}, "192.0.2.1"},
        {{0x21, 0x11, BYTES(V4_BLOCK "\xe0\x00\x00\x05\x00\x01i"), -1}, "192.0.2.1"},
        /* LOCAL, whatever else it says; UNSPEC */
        {{0x20, 0x00, "", 0, -1}, NULL},
        {{0x20, 0x11, BYTES(V4_BLOCK), -1}, NULL},
        {{0x20, 0xff, BYTES("junk"), -1}, NULL},
        {{0x21, 0x00, "", 0, -1}, NULL},
        {{0x21, 0x00, BYTES("junk"), -1}, NULL},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        uint8_t bytes[512];
        struct proxy_header header;
        char text[IP_TEXT_MAX];
        size_t count = put(bytes, &cases[i].parts);
        memset(bytes + count, 0xee, 20); /* what the client sent */
        assert_int_equal(parse(bytes, count + 20, &header), PROXY_DONE);
        assert_int_equal(header.bytes, count);
        assert_int_equal(header.has_client, cases[i].client != NULL);
        if (cases[i].client)
            assert_string_equal(ip_format(&header.client, text), cases[i].client);
    }
}

static void a_unix_socket_has_no_address(void **state)
{
    static char block[216 + 4] = "/run/client";

    (void)state;
    for (uint8_t family = 0x31; family <= 0x32; family++) {
        uint8_t bytes[512];
        struct proxy_header header;
        struct parts parts = {0x21, family, block, 216, -1};
        size_t count = put(bytes, &parts);
        assert_int_equal(parse(bytes, count, &header), PROXY_DONE);
        assert_false(header.has_client);
        parts.block_bytes = 215;
        count = put(bytes, &parts);
        assert_int_equal(parse(bytes, count, &header), PROXY_BAD);
        parts.block_bytes = 219; /* a TLV of three bytes */
        count = put(bytes, &parts);
        assert_int_equal(parse(bytes, count, &header), PROXY_DONE);
        assert_int_equal(header.bytes, count);
    }
}

static void a_wrong_header_is_bad(void **state)
{
    static const struct parts cases[] = {
        {0x11, 0x11, BYTES(V4_BLOCK), -1}, /* version */
        {0x31, 0x11, BYTES(V4_BLOCK), -1},
        {0x01, 0x11, BYTES(V4_BLOCK), -1},
        {0x22, 0x11, BYTES(V4_BLOCK), -1}, /* command */
        {0x2f, 0x11, BYTES(V4_BLOCK), -1},
        {0x21, 0x01, BYTES(V4_BLOCK), -1}, /* family and transport */
        {0x21, 0x10, BYTES(V4_BLOCK), -1},
        {0x21, 0x13, BYTES(V4_BLOCK), -1},
        {0x21, 0x20, BYTES(V6_ONE V6_ONE PORTS), -1},
        {0x21, 0x23, BYTES(V6_ONE V6_ONE PORTS), -1},
        {0x21, 0x41, BYTES(V4_BLOCK), -1},
        {0x21, 0xff, BYTES(V4_BLOCK), -1},
        {0x21, 0x11, BYTES(V4_BLOCK "\x04"), -1}, /* TLVs that do not fit */
        {0x21, 0x11, BYTES(V4_BLOCK "\x04\x00"), -1},
        {0x21, 0x11, BYTES(V4_BLOCK "\x04\x00\x01"), -1},
        {0x21, 0x11, BYTES(V4_BLOCK "\x04\x00\x03xy"), -1},
        {0x21, 0x11, BYTES(V4_BLOCK "\x04\xff\xffxyz"), -1},
        {0x21, 0x11, BYTES(V4_BLOCK "\x04\x00\x00\x05"), -1},
        {0x21, 0x22, BYTES(V4_BLOCK), -1}, /* an IPv4 block for IPv6 */
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        uint8_t bytes[512];
        struct proxy_header header;
        size_t count = put(bytes, &cases[i]);
        assert_int_equal(parse(bytes, count, &header), PROXY_BAD);
    }
}

static void every_length_below_the_addresses_is_bad(void **state)
{
    static const struct {
        uint8_t family_transport;
        int address_bytes;
    } cases[] = {{0x11, 12}, {0x12, 12}, {0x21, 36}, {0x22, 36}, {0x31, 216}, {0x32, 216}};

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++)
        for (int length = 0; length <= cases[i].address_bytes; length++) {
            static char block[300];
            uint8_t bytes[512];
            struct proxy_header header;
            const struct parts parts = {0x21, cases[i].family_transport, block, 220, length};
            size_t count = put(bytes, &parts);
            assert_int_equal(parse(bytes, count, &header),
                             length == cases[i].address_bytes ? PROXY_DONE : PROXY_BAD);
        }
}

static void a_header_cut_anywhere_says_how_much_it_takes(void **state)
{
    (void)state;
    uint8_t bytes[512];
    const struct parts parts = {0x21, 0x21, BYTES(V6_ONE V6_ONE PORTS "\x04\x00\x02xy"), -1};
    size_t whole = put(bytes, &parts);
    for (size_t count = 0; count < whole; count++) {
        struct proxy_header header = {0};
        assert_int_equal(parse(bytes, count, &header), PROXY_MORE);
        assert_int_equal(header.bytes, count < 16 ? 16 : whole);
        assert_true(header.bytes > count);
    }
}

static void a_wrong_signature_is_told_at_its_first_wrong_byte(void **state)
{
    (void)state;
    for (size_t wrong = 0; wrong < 12; wrong++)
        for (unsigned bit = 0; bit < 8; bit++) {
            uint8_t bytes[512];
            struct proxy_header header = {0};
            const struct parts parts = {0x21, 0x11, BYTES(V4_BLOCK), -1};
            size_t count = put(bytes, &parts);
            bytes[wrong] ^= (uint8_t)(1 << bit);
            assert_int_equal(parse(bytes, wrong, &header), PROXY_MORE);
            assert_int_equal(parse(bytes, wrong + 1, &header), PROXY_BAD);
            assert_int_equal(parse(bytes, count, &header), PROXY_BAD);
        }
}

static void the_longest_header_is_65551_bytes(void **state)
{
    static uint8_t bytes[16 + 65535];

    (void)state;
    struct proxy_header header;
    const struct parts parts = {0x21, 0x11, BYTES(V4_BLOCK "\xe0\xff\xf0"), 65535};
    (void)put(bytes, &parts); /* one TLV of 65520 bytes: all that is left */
    assert_int_equal(parse(bytes, sizeof(bytes) - 1, &header), PROXY_MORE);
    assert_int_equal(header.bytes, sizeof(bytes));
    assert_int_equal(parse(bytes, sizeof(bytes), &header), PROXY_DONE);
    assert_int_equal(header.bytes, sizeof(bytes));
}

static void only_the_networks_named_are_trusted(void **state)
{
    (void)state;

    static const struct {
        const char *peer;
        bool trusted;
    } cases[] = {
        {"192.0.2.1", true},        {"192.0.2.127", true}, {"192.0.2.128", false},
        {"192.0.3.1", false},       {"2001:db8::1", true}, {"2001:db8::2", false},
        {"::ffff:c000:201", false},
    };

    struct ip_prefix networks[2];
    assert_true(ip_prefix_parse("192.0.2.0/25", &networks[0]));
    assert_true(ip_prefix_parse("2001:db8::1", &networks[1]));
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct ip_addr peer;
        assert_true(ip_parse(cases[i].peer, &peer));
        assert_int_equal(proxy_trusts(networks, 2, &peer), cases[i].trusted);
        assert_false(proxy_trusts(networks, 0, &peer));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_good_header_names_the_client),
        cmocka_unit_test(a_unix_socket_has_no_address),
        cmocka_unit_test(a_wrong_header_is_bad),
        cmocka_unit_test(every_length_below_the_addresses_is_bad),
        cmocka_unit_test(a_header_cut_anywhere_says_how_much_it_takes),
        cmocka_unit_test(a_wrong_signature_is_told_at_its_first_wrong_byte),
        cmocka_unit_test(the_longest_header_is_65551_bytes),
        cmocka_unit_test(only_the_networks_named_are_trusted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
