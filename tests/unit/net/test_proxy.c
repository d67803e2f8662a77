/* Clients at 127.0.1.x are trusted proxies, all others are not. */
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdlib.h>
#include <unistd.h>

#include "net_fixture.h"

#define PROXY    "127.0.1.1"
#define STRANGER "127.0.2.1"

enum { PER_PREFIX = 3, MESSAGE_MS = 1000 };

struct bed {
    struct net_fixture net;
    struct ip_prefix proxies[1];
};

static int set_up(void **state)
{
    struct bed *bed = calloc(1, sizeof(*bed));
    assert_non_null(bed);
    net_fixture_init(&bed->net, "127.0.0.1");
    assert_true(ip_prefix_parse("127.0.1.0/24", &bed->proxies[0]));
    bed->net.server.proxies = bed->proxies;
    bed->net.server.proxy_count = 1;
    bed->net.server.tcp_per_prefix = PER_PREFIX;
    bed->net.server.tcp_message_ms = MESSAGE_MS;
    net_fixture_start(&bed->net);
    bed->proxies[0] = (struct ip_prefix){0}; /* net has its own copy */
    *state = bed;
    return 0;
}

static int tear_down(void **state)
{
    struct bed *bed = *state;
    net_fixture_stop(&bed->net);
    free(bed);
    return 0;
}

static int connect_from(const struct bed *bed, const char *source, int type)
{
    return client_new_from(&bed->net, source, "127.0.0.1", type);
}

enum { HEADER_BYTES = 28, COMMAND_AT = 12, FAMILY_AT = 13, LENGTH_AT = 14 };

/* header_put - a header for an IPv4 client; returns HEADER_BYTES. */
static size_t header_put(uint8_t *out, const char *client)
{
    static const uint8_t fixed[16] = {0x0d, 0x0a, 0x0d, 0x0a, 0x00, 0x0d, 0x0a, 0x51,
                                      0x55, 0x49, 0x54, 0x0a, 0x21, 0x11, 0,    12};

    struct ip_addr addr;
    assert_true(ip_parse(client, &addr));
    memset(out, 0, HEADER_BYTES);
    memcpy(out, fixed, sizeof(fixed));
    memcpy(out + sizeof(fixed), addr.bytes, 4);
    return HEADER_BYTES;
}

static void expect_client(struct request_seen seen, const char *client)
{
    char text[IP_TEXT_MAX];
    assert_string_equal(ip_format(&seen.client, text), client);
}

static uint64_t bad_headers(const struct bed *bed)
{
    return net_fixture_totals(&bed->net).proxy_bad;
}

/* ---- UDP ---- */

static void a_datagram_comes_from_whom_its_proxy_says(void **state)
{
    const struct bed *bed = *state;
    int proxy = connect_from(bed, PROXY, SOCK_DGRAM);
    uint8_t header[HEADER_BYTES];
    header_put(header, "192.0.2.7");
    expect_client(udp_ask_seen(proxy, header, HEADER_BYTES), "192.0.2.7");
    header_put(header, "198.51.100.9");
    expect_client(udp_ask_seen(proxy, header, HEADER_BYTES), "198.51.100.9");
    header[COMMAND_AT] = 0x20; /* LOCAL */
    expect_client(udp_ask_seen(proxy, header, HEADER_BYTES), PROXY);
    close(proxy);
    assert_int_equal(bad_headers(bed), 0);
}

static void a_datagram_of_a_proxy_without_a_header_is_dropped(void **state)
{
    const struct bed *bed = *state;
    int proxy = connect_from(bed, PROXY, SOCK_DGRAM);
    uint8_t packet[HEADER_BYTES + 100], header[HEADER_BYTES];
    size_t bytes = query_put(packet, 1, 40);
    assert_int_equal(send(proxy, packet, bytes, 0), bytes);
    header_put(header, "192.0.2.7");
    for (size_t cut = 0; cut < HEADER_BYTES; cut++)
        assert_int_equal(send(proxy, header, cut, 0), cut);
    header[FAMILY_AT] = 0x10;
    assert_int_equal(send(proxy, header, HEADER_BYTES, 0), HEADER_BYTES);
    header_put(header, "192.0.2.7"); /* a good one comes through behind them, and first */
    expect_client(udp_ask_seen(proxy, header, HEADER_BYTES), "192.0.2.7");
    assert_int_equal(bad_headers(bed), 1 + HEADER_BYTES + 1);
    assert_int_equal(net_fixture_totals(&bed->net).queries, 1);
    close(proxy);
}

static void a_header_of_a_stranger_is_no_header(void **state)
{
    const struct bed *bed = *state;
    int stranger = connect_from(bed, STRANGER, SOCK_DGRAM);
    uint8_t packet[HEADER_BYTES + 100];
    size_t bytes = header_put(packet, "192.0.2.7");
    bytes += query_put(packet + bytes, 1, 40);
    assert_int_equal(send(stranger, packet, bytes, 0), bytes);
    client_wait(stranger, POLLIN);
    assert_int_equal(recv(stranger, packet, sizeof(packet), 0), bytes); /* echoed whole */
    expect_client(udp_ask_seen(stranger, packet, 0), STRANGER);
    close(stranger);
    assert_int_equal(bad_headers(bed), 0);
}

/* ---- TCP ---- */

static int connect_for(const struct bed *bed, const char *client)
{
    int proxy = connect_from(bed, PROXY, SOCK_STREAM);
    uint8_t header[HEADER_BYTES];
    tcp_send_all(proxy, header, header_put(header, client));
    return proxy;
}

static void a_stream_comes_from_whom_its_proxy_says(void **state)
{
    const struct bed *bed = *state;
    int proxy = connect_for(bed, "192.0.2.7");
    expect_client(tcp_ask_seen(proxy), "192.0.2.7");
    expect_client(tcp_ask_seen(proxy), "192.0.2.7"); /* said once, for all of it */
    close(proxy);
    int stranger = connect_from(bed, STRANGER, SOCK_STREAM);
    expect_client(tcp_ask_seen(stranger), STRANGER);
    close(stranger);
    assert_int_equal(bad_headers(bed), 0);
}

static void a_header_may_come_byte_by_byte_or_with_queries_behind_it(void **state)
{
    enum { TLV_BYTES = 1000 };

    const struct bed *bed = *state;
    uint8_t bytes[HEADER_BYTES + TLV_BYTES + 200] = {0};
    header_put(bytes, "192.0.2.7");
    int proxy = connect_from(bed, PROXY, SOCK_STREAM);
    const int on = 1;
    assert_int_equal(setsockopt(proxy, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on)), 0);
    for (size_t i = 0; i < HEADER_BYTES; i++) {
        tcp_send_all(proxy, bytes + i, 1);
        (void)poll(NULL, 0, 1); /* so that each is read by itself */
    }
    expect_client(tcp_ask_seen(proxy), "192.0.2.7");
    close(proxy);

    bytes[LENGTH_AT] = (12 + TLV_BYTES) >> 8;
    bytes[LENGTH_AT + 1] = (12 + TLV_BYTES) & 0xff;
    bytes[HEADER_BYTES + 1] = (TLV_BYTES - 3) >> 8;
    bytes[HEADER_BYTES + 2] = (TLV_BYTES - 3) & 0xff;
    size_t used = HEADER_BYTES + TLV_BYTES;
    for (uint16_t id = 1; id <= 3; id++)
        used += frame_put(bytes + used, id, 40);
    proxy = connect_from(bed, PROXY, SOCK_STREAM);
    tcp_send_all(proxy, bytes, used);
    for (uint16_t id = 1; id <= 3; id++)
        tcp_expect_answer(proxy, id, 40);
    expect_client(tcp_ask_seen(proxy), "192.0.2.7");
    close(proxy);
}

static void a_proxy_that_speaks_for_itself_has_no_limit(void **state)
{
    enum { CLIENTS = 2 * PER_PREFIX };

    const struct bed *bed = *state;
    int proxies[CLIENTS];
    uint8_t header[HEADER_BYTES];
    header_put(header, "192.0.2.7");
    header[COMMAND_AT] = 0x20; /* LOCAL: a health check */
    for (int i = 0; i < CLIENTS; i++) {
        proxies[i] = connect_from(bed, PROXY, SOCK_STREAM);
        tcp_send_all(proxies[i], header, HEADER_BYTES);
        expect_client(tcp_ask_seen(proxies[i]), PROXY);
    }
    for (int i = 0; i < CLIENTS; i++) {
        tcp_ask(proxies[i], 1);
        close(proxies[i]);
    }
}

static void networks_are_those_of_the_clients(void **state)
{
    const struct bed *bed = *state;
    int crowd[PER_PREFIX + 1], other = connect_for(bed, "198.51.100.1");
    tcp_ask(other, 1);
    for (int i = 0; i <= PER_PREFIX; i++) {
        crowd[i] = connect_for(bed, i % 2 ? "192.0.2.1" : "192.0.2.200");
        tcp_ask(crowd[i], 2);
    }
    tcp_expect_closed(crowd[0]);
    for (int i = 1; i <= PER_PREFIX; i++)
        tcp_ask(crowd[i], 3);
    tcp_ask(other, 4);
    assert_int_equal(net_fixture_totals(&bed->net).tcp_over_prefix, 1);
    for (int i = 0; i <= PER_PREFIX; i++)
        close(crowd[i]);
    close(other);
}

static void a_stream_without_a_good_header_is_closed(void **state)
{
    const struct bed *bed = *state;
    uint8_t bytes[100];
    int proxy = connect_from(bed, PROXY, SOCK_STREAM);
    tcp_send_all(proxy, bytes, frame_put(bytes, 1, 40)); /* a query, and no header */
    tcp_expect_closed(proxy);
    close(proxy);

    proxy = connect_from(bed, PROXY, SOCK_STREAM);
    header_put(bytes, "192.0.2.7");
    bytes[FAMILY_AT] = 0x41;
    tcp_send_all(proxy, bytes, HEADER_BYTES);
    tcp_expect_closed(proxy);
    close(proxy);

    proxy = connect_from(bed, PROXY, SOCK_STREAM);
    header_put(bytes, "192.0.2.7");
    bytes[LENGTH_AT] = 0x40; /* 16 KiB of it are more than anybody needs */
    tcp_send_all(proxy, bytes, HEADER_BYTES);
    tcp_expect_closed(proxy);
    close(proxy);

    proxy = connect_from(bed, PROXY, SOCK_STREAM);
    tcp_send_all(proxy, bytes, 5);
    assert_int_equal(shutdown(proxy, SHUT_WR), 0);
    tcp_expect_closed(proxy);
    close(proxy);
    assert_int_equal(bad_headers(bed), 4);
    assert_int_equal(net_fixture_totals(&bed->net).queries, 0);
}

static void a_header_that_is_not_whole_in_time_closes(void **state)
{
    const struct bed *bed = *state;
    uint8_t header[HEADER_BYTES];
    header_put(header, "192.0.2.7");
    int silent = connect_from(bed, PROXY, SOCK_STREAM);
    int dripping = connect_from(bed, PROXY, SOCK_STREAM);
    struct pollfd closed = {.fd = dripping, .events = POLLIN};
    size_t next = 0;
    while (poll(&closed, 1, MESSAGE_MS / 10) == 0 && next < HEADER_BYTES)
        (void)send(dripping, header + next++, 1, MSG_NOSIGNAL);
    assert_true(next < HEADER_BYTES);
    tcp_expect_closed(silent);
    tcp_expect_closed(dripping);
    close(silent);
    close(dripping);
    assert_int_equal(bad_headers(bed), 2);
    assert_int_equal(net_fixture_totals(&bed->net).tcp_too_slow, 2);
}

static void draining_does_not_wait_for_a_header(void **state)
{
    const struct bed *bed = *state;
    int silent = connect_from(bed, PROXY, SOCK_STREAM);
    net_drain(bed->net.net);
    tcp_expect_closed(silent);
    close(silent);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_datagram_comes_from_whom_its_proxy_says),
        TEST(a_datagram_of_a_proxy_without_a_header_is_dropped),
        TEST(a_header_of_a_stranger_is_no_header),
        TEST(a_stream_comes_from_whom_its_proxy_says),
        TEST(a_header_may_come_byte_by_byte_or_with_queries_behind_it),
        TEST(a_proxy_that_speaks_for_itself_has_no_limit),
        TEST(networks_are_those_of_the_clients),
        TEST(a_stream_without_a_good_header_is_closed),
        TEST(a_header_that_is_not_whole_in_time_closes),
        TEST(draining_does_not_wait_for_a_header),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
