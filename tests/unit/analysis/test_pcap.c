#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "rhumb/analysis_pcap.h"

enum { FILE_MAX = 4096 };

/* A capture while it is put together. */
struct capture {
    uint8_t bytes[FILE_MAX];
    size_t len;
    bool little;
};

static void put(struct capture *c, const void *bytes, size_t len)
{
    assert_true(c->len + len <= FILE_MAX);
    memcpy(c->bytes + c->len, bytes, len);
    c->len += len;
}

static void put_u32(struct capture *c, uint32_t value)
{
    uint8_t big[4];
    store_u32(big, c->little ? __builtin_bswap32(value) : value);
    put(c, big, 4);
}

static void put_header(struct capture *c, uint32_t magic, uint32_t link)
{
    c->len = 0;
    put_u32(c, magic);
    put_u32(c, c->little ? 0x00040002 : 0x00020004);
    put_u32(c, 0);
    put_u32(c, 0);
    put_u32(c, 262144);
    put_u32(c, link);
}

/* put_packet - kept of sent bytes. */
static void put_packet(struct capture *c, const uint8_t *bytes, size_t kept, size_t sent)
{
    put_u32(c, 1700000000);
    put_u32(c, 5);
    put_u32(c, (uint32_t)kept);
    put_u32(c, (uint32_t)sent);
    put(c, bytes, kept);
}

#define UDP(port, len) 0xc0, 0x00, 0, port, 0, len, 0, 0
#define IPV4(protocol, fragment)                                                               \
    0x45, 0, 0, 32, 0, 0, fragment, 0, 64, protocol, 0, 0, 192, 0, 2, 7, 198, 51, 100, 1
#define IPV6(next)                                                                             \
    0x60, 0, 0, 0, 0, 12, next, 64, 0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 7,    \
        0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1
#define ETHERNET 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12

static const uint8_t plain[] = {IPV4(17, 0), UDP(53, 12), 'a', 'b', 'c', 'd'};

static void assert_payload(const struct pcap_query *query)
{
    assert_int_equal(query->len, 4);
    assert_memory_equal(query->payload, "abcd", 4);
    assert_false(query->cut);
}

static void every_byte_order_and_clock_is_read(void **state)
{
    static const uint32_t magics[] = {0xa1b2c3d4, 0xa1b23c4d};

    (void)state;
    for (size_t i = 0; i < 4; i++) {
        struct capture c = {.little = i % 2 == 0};
        struct pcap pcap;
        struct pcap_query query;
        put_header(&c, magics[i / 2], 101);
        put_packet(&c, plain, sizeof(plain), sizeof(plain));
        put_packet(&c, plain, sizeof(plain), sizeof(plain));
        assert_true(pcap_is(c.bytes, c.len));
        assert_null(pcap_open(&pcap, c.bytes, c.len));
        for (size_t n = 0; n < 2; n++) {
            assert_int_equal(pcap_next(&pcap, &query), PCAP_QUERY);
            assert_payload(&query);
            assert_int_equal(query.source.family, IP_V4);
            assert_int_equal(query.source.bytes[3], 7);
        }
        assert_int_equal(pcap_next(&pcap, &query), PCAP_END);
    }
}

static void what_is_no_capture_is_named(void **state)
{
    (void)state;
    struct capture c = {0};
    struct pcap pcap;
    put_header(&c, 0x0a0d0d0a, 1);
    assert_non_null(strstr(pcap_open(&pcap, c.bytes, c.len), "pcapng"));
    put_header(&c, 0xa1b2c3d4, 105);
    assert_non_null(strstr(pcap_open(&pcap, c.bytes, c.len), "kind of link"));
    put_header(&c, 0xa1b2c3d4, 1);
    assert_non_null(strstr(pcap_open(&pcap, c.bytes, 23), "ends inside"));
    assert_non_null(
        strstr(pcap_open(&pcap, (const uint8_t *)"client=192.0.2.1", 16), "no packet"));
    assert_false(pcap_is(c.bytes, 3));
    assert_false(pcap_is(c.bytes, 0));
}

struct packet_case {
    const char *what;
    uint32_t link;
    enum pcap_result result;
    uint8_t bytes[120];
    size_t len;
    enum ip_family family;
};

#define CASE(what, link, result, family, ...)                                                  \
    {                                                                                          \
        what, link, result, {__VA_ARGS__}, sizeof((uint8_t[]){__VA_ARGS__}), family            \
    }

static void packets_of_every_kind_are_told_apart(void **state)
{
    static const struct packet_case cases[] = {
        CASE("Ethernet", 1, PCAP_QUERY, IP_V4, ETHERNET, 8, 0, IPV4(17, 0), UDP(53, 12), 'a',
             'b', 'c', 'd'),
        CASE("Ethernet, padded", 1, PCAP_QUERY, IP_V4, ETHERNET, 8, 0, IPV4(17, 0), UDP(53, 12),
             'a', 'b', 'c', 'd', 0, 0, 0),
        CASE("one VLAN tag", 1, PCAP_QUERY, IP_V4, ETHERNET, 0x81, 0, 0, 9, 8, 0, IPV4(17, 0),
             UDP(53, 12), 'a', 'b', 'c', 'd'),
        CASE("two VLAN tags", 1, PCAP_QUERY, IP_V6, ETHERNET, 0x88, 0xa8, 0, 9, 0x81, 0, 0, 9,
             0x86, 0xdd, IPV6(17), UDP(53, 12), 'a', 'b', 'c', 'd'),
        CASE("three VLAN tags", 1, PCAP_OTHER, 0, ETHERNET, 0x81, 0, 0, 9, 0x81, 0, 0, 9, 0x81,
             0, 0, 9, 8, 0, IPV4(17, 0), UDP(53, 12), 'a', 'b', 'c', 'd'),
        CASE("ARP", 1, PCAP_OTHER, 0, ETHERNET, 8, 6, 0, 1),
        CASE("cooked", 113, PCAP_QUERY, IP_V4, 0, 0, 0, 1, 0, 6, 1, 2, 3, 4, 5, 6, 0, 0, 8, 0,
             IPV4(17, 0), UDP(53, 12), 'a', 'b', 'c', 'd'),
        CASE("cooked 2", 276, PCAP_QUERY, IP_V6, 0x86, 0xdd, 0, 0, 0, 0, 0, 1, 0, 1, 0, 6, 1, 2,
             3, 4, 5, 6, 0, 0, IPV6(17), UDP(53, 12), 'a', 'b', 'c', 'd'),
        CASE("raw IPv6", 101, PCAP_QUERY, IP_V6, IPV6(17), UDP(53, 12), 'a', 'b', 'c', 'd'),
        CASE("raw, other number", 12, PCAP_QUERY, IP_V4, IPV4(17, 0), UDP(53, 12), 'a', 'b',
             'c', 'd'),
        CASE("IPv4 options", 101, PCAP_QUERY, IP_V4, 0x46, 0, 0, 36, 0, 0, 0, 0, 64, 17, 0, 0,
             192, 0, 2, 7, 198, 51, 100, 1, 1, 1, 1, 0, UDP(53, 12), 'a', 'b', 'c', 'd'),
        CASE("IPv6 extension headers", 101, PCAP_QUERY, IP_V6, IPV6(0), 60, 0, 0, 0, 0, 0, 0, 0,
             17, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, UDP(53, 12), 'a', 'b', 'c', 'd'),
        CASE("IPv6 fragment", 101, PCAP_OTHER, 0, IPV6(44), 17, 0, 0, 0, 0, 0, 0, 0,
             UDP(53, 12), 'a', 'b', 'c', 'd'),
        CASE("IPv4 fragment, first", 101, PCAP_OTHER, 0, IPV4(17, 0x20), UDP(53, 12), 'a', 'b',
             'c', 'd'),
        CASE("IPv4 fragment, later", 101, PCAP_OTHER, 0, IPV4(17, 0x01), UDP(53, 12), 'a', 'b',
             'c', 'd'),
        CASE("TCP", 101, PCAP_OTHER, 0, IPV4(6, 0), UDP(53, 12), 'a', 'b', 'c', 'd'),
        CASE("another port", 101, PCAP_OTHER, 0, IPV4(17, 0), UDP(54, 12), 'a', 'b', 'c', 'd'),
        CASE("UDP shorter than its header", 101, PCAP_OTHER, 0, IPV4(17, 0), UDP(53, 7), 'a'),
        CASE("header length below the least", 101, PCAP_OTHER, 0, 0x44, 0, 0, 32, 0, 0, 0, 0,
             64, 17, 0, 0, 192, 0, 2, 7, 198, 51, 100, 1, UDP(53, 12), 'a', 'b', 'c', 'd'),
        CASE("no IP version", 101, PCAP_OTHER, 0, 0x55, 0, 0, 32, 0, 0, 0, 0, 64, 17, 0, 0, 192,
             0, 2, 7, 198, 51, 100, 1, UDP(53, 12), 'a', 'b', 'c', 'd'),
        CASE("ends in the link", 1, PCAP_OTHER, 0, 1, 2, 3),
        CASE("ends in IPv6", 101, PCAP_OTHER, 0, 0x60, 0, 0, 0, 0, 12, 17),
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct capture c = {0};
        struct pcap pcap;
        struct pcap_query query = {0};
        put_header(&c, 0xa1b2c3d4, cases[i].link);
        put_packet(&c, cases[i].bytes, cases[i].len, cases[i].len);
        assert_null(pcap_open(&pcap, c.bytes, c.len));
        enum pcap_result result = pcap_next(&pcap, &query);
        if (result != cases[i].result)
            print_error("%s\n", cases[i].what);
        assert_int_equal(result, cases[i].result);
        if (result == PCAP_QUERY) {
            assert_payload(&query);
            assert_int_equal(query.source.family, cases[i].family);
            assert_int_equal(query.source.bytes[query.source.family == IP_V4 ? 3 : 15], 7);
        }
        assert_int_equal(pcap_next(&pcap, &query), PCAP_END);
    }
}

static void a_packet_kept_in_part_says_so(void **state)
{
    (void)state;
    struct capture c = {0};
    struct pcap pcap;
    struct pcap_query query;
    put_header(&c, 0xa1b2c3d4, 101);
    put_packet(&c, plain, sizeof(plain) - 2, sizeof(plain));
    assert_null(pcap_open(&pcap, c.bytes, c.len));
    assert_int_equal(pcap_next(&pcap, &query), PCAP_QUERY);
    assert_true(query.cut);
    assert_int_equal(query.len, 2);
}

static void a_file_cut_anywhere_ends(void **state)
{
    (void)state;
    struct capture c = {.little = true};
    struct pcap pcap;
    struct pcap_query query;
    put_header(&c, 0xa1b2c3d4, 101);
    put_packet(&c, plain, sizeof(plain), sizeof(plain));
    size_t whole = c.len;
    for (size_t len = 24; len < whole; len++) {
        assert_null(pcap_open(&pcap, c.bytes, len));
        assert_int_equal(pcap_next(&pcap, &query), len == 24 ? PCAP_END : PCAP_BROKEN);
        assert_int_equal(pcap_next(&pcap, &query), PCAP_END);
    }
    c.len = 24;
    put_u32(&c, 0);
    put_u32(&c, 0);
    put_u32(&c, 262145); /* more than a packet can have */
    put_u32(&c, 262145);
    assert_null(pcap_open(&pcap, c.bytes, sizeof(c.bytes)));
    assert_int_equal(pcap_next(&pcap, &query), PCAP_BROKEN);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_byte_order_and_clock_is_read),
        cmocka_unit_test(what_is_no_capture_is_named),
        cmocka_unit_test(packets_of_every_kind_are_told_apart),
        cmocka_unit_test(a_packet_kept_in_part_says_so),
        cmocka_unit_test(a_file_cut_anywhere_ends),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
