#include <arpa/inet.h>
#include <netinet/ip.h>
#include <netinet/udp.h>
#include <poll.h>
#include <unistd.h>

#include "net_fixture.h"

static void ask_from_one_to(const struct net_fixture *fixture, const char *address)
{
    /* Connected, so that only answers from the address asked come in. */
    int client = client_new(fixture, address, SOCK_DGRAM);
    uint8_t query[100];
    assert_int_equal(send(client, query, query_put(query, 0x1234, 30), 0), 30);
    udp_expect_answer(client, 0x1234, 30);
    close(client);
}

static void a_wildcard_socket_answers_from_the_address_asked(void **state)
{
    (void)state;
    struct net_fixture fixture;
    net_fixture_init(&fixture, "0.0.0.0");
    net_fixture_start(&fixture);
    ask_from_one_to(&fixture, "127.0.0.1");
    ask_from_one_to(&fixture, "127.0.0.2");
    ask_from_one_to(&fixture, "127.1.2.3");
    net_fixture_stop(&fixture);
}

static void both_families_live_on_one_port(void **state)
{
    (void)state;
    struct net_fixture fixture;
    net_fixture_init(&fixture, "0.0.0.0");
    fixture.listeners[1].port = fixture.port;
    assert_true(ip_parse("::", &fixture.listeners[1].addr));
    fixture.server.listener_count = 2;
    net_fixture_start(&fixture);
    ask_from_one_to(&fixture, "127.0.0.1");
    ask_from_one_to(&fixture, "::1");
    net_fixture_stop(&fixture);
}

static void every_query_of_a_burst_is_answered(void **state)
{
    enum { BURST = 500 };

    (void)state;
    struct net_fixture fixture;
    net_fixture_init(&fixture, "127.0.0.1");
    net_fixture_start(&fixture);
    int client = client_new(&fixture, "127.0.0.1", SOCK_DGRAM);
    for (int wave = 0; wave < 10; wave++) {
        uint8_t query[100];
        for (int i = 0; i < BURST / 10; i++)
            assert_true(send(client, query, query_put(query, (uint16_t)i, 40), 0) == 40);
        for (int i = 0; i < BURST / 10; i++)
            udp_expect_answer(client, (uint16_t)i, 40);
    }
    close(client);
    struct net_totals totals = net_fixture_totals(&fixture);
    assert_int_equal(totals.queries, BURST);
    net_fixture_stop(&fixture);
}

static void garbage_of_any_size_does_no_harm(void **state)
{
    static const size_t sizes[] = {0, 1, 11, 12, 512, 1500, 4095, 4096, 4097, 65507};
    static uint8_t garbage[65507];

    (void)state;
    struct net_fixture fixture;
    net_fixture_init(&fixture, "127.0.0.1");
    net_fixture_start(&fixture);
    int client = client_new(&fixture, "127.0.0.1", SOCK_DGRAM);
    memset(garbage, 0xff, sizeof(garbage)); /* with QR set: nobody answers */
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++)
        assert_int_equal(send(client, garbage, sizes[i], 0), sizes[i]);
    uint8_t query[100];
    assert_int_equal(send(client, query, query_put(query, 7, 40), 0), 40);
    udp_expect_answer(client, 7, 40);
    close(client);
    net_fixture_stop(&fixture);
}

/* send_raw - one UDP packet from 127.0.0.1 and a source port no socket can have. */
static void send_raw(int raw, uint16_t source_port, uint16_t port)
{
    struct {
        struct udphdr udp;
        uint8_t query[QUERY_MIN];
    } packet = {.udp = {.uh_sport = htons(source_port),
                        .uh_dport = htons(port),
                        .uh_ulen = htons(sizeof(packet))}};
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    assert_int_equal(
        sendto(raw, &packet, sizeof(packet), 0, (const struct sockaddr *)&to, sizeof(to)),
        sizeof(packet));
}

static void a_query_from_port_0_costs_nobody_an_answer(void **state)
{
    (void)state;
    struct net_fixture fixture;
    net_fixture_init(&fixture, "127.0.0.1");
    net_fixture_start(&fixture);
    int raw = socket(AF_INET, SOCK_RAW, IPPROTO_UDP);
    int client = client_new(&fixture, "127.0.0.1", SOCK_DGRAM);
    for (uint16_t i = 0; i < 20; i++) {
        uint8_t query[100];
        send_raw(raw, 0, fixture.port);
        assert_int_equal(send(client, query, query_put(query, i, 40), 0), 40);
        udp_expect_answer(client, i, 40);
    }
    close(raw);
    close(client);
    assert_int_equal(net_fixture_totals(&fixture).queries, 20);
    net_fixture_stop(&fixture);
}

int main(void)
{
    struct CMUnitTest tests[8] = {
        cmocka_unit_test(a_wildcard_socket_answers_from_the_address_asked),
        cmocka_unit_test(every_query_of_a_burst_is_answered),
        cmocka_unit_test(garbage_of_any_size_does_no_harm),
    };
    size_t count = 3;
    /* What this machine does not permit is not registered. */
    if (net_fixture_has_ipv6())
        tests[count++] = (struct CMUnitTest)cmocka_unit_test(both_families_live_on_one_port);
    int raw = socket(AF_INET, SOCK_RAW, IPPROTO_UDP);
    if (raw >= 0) {
        close(raw);
        tests[count++] =
            (struct CMUnitTest)cmocka_unit_test(a_query_from_port_0_costs_nobody_an_answer);
    }
    return _cmocka_run_group_tests("udp_server", tests, count, NULL, NULL);
}
