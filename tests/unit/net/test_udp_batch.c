#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "../../../src/net/net_socket.h"
#include "../../../src/net/udp_batch.h"
#include "net_fixture.h"

struct pair {
    int server, client;
    struct sockaddr_in server_addr, client_addr;
    struct udp_batch *batch;
};

static int set_up(void **state)
{
    struct pair *pair = calloc(1, sizeof(*pair));
    struct ip_addr any = {.family = IP_V4};
    pair->batch = calloc(1, sizeof(*pair->batch));
    assert_int_equal(net_socket_open(&any, 0, NET_UDP, &pair->server), 0);
    socklen_t len = sizeof(pair->server_addr);
    assert_int_equal(getsockname(pair->server, (struct sockaddr *)&pair->server_addr, &len), 0);
    pair->server_addr.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    pair->client = socket(AF_INET, SOCK_DGRAM, 0);
    pair->client_addr =
        (struct sockaddr_in){.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    len = sizeof(pair->client_addr);
    assert_int_equal(bind(pair->client, (struct sockaddr *)&pair->client_addr, len), 0);
    assert_int_equal(getsockname(pair->client, (struct sockaddr *)&pair->client_addr, &len), 0);
    *state = pair;
    return 0;
}

static int tear_down(void **state)
{
    struct pair *pair = *state;
    close(pair->server);
    close(pair->client);
    free(pair->batch);
    free(pair);
    return 0;
}

static void ask(const struct pair *pair, uint32_t server_address, const void *bytes,
                size_t count)
{
    struct sockaddr_in to = pair->server_addr;
    to.sin_addr.s_addr = htonl(server_address);
    assert_int_equal(
        sendto(pair->client, bytes, count, 0, (const struct sockaddr *)&to, sizeof(to)), count);
}

static void put_text(struct udp_batch *batch, unsigned idx, const char *text)
{
    memcpy(batch->slots[idx].answer, text, strlen(text));
    udp_batch_put_answer(batch, idx, strlen(text));
}

static uint32_t expect(const struct pair *pair, const char *text)
{
    char answer[64] = "";
    struct sockaddr_in from;
    socklen_t len = sizeof(from);
    ssize_t bytes = recvfrom(pair->client, answer, sizeof(answer) - 1, MSG_DONTWAIT,
                             (struct sockaddr *)&from, &len);
    assert_true(bytes >= 0);
    assert_string_equal(answer, text);
    return ntohl(from.sin_addr.s_addr);
}

static void answers_leave_from_the_address_asked(void **state)
{
    struct pair *pair = *state;
    for (uint32_t i = 0; i < 3; i++)
        ask(pair, INADDR_LOOPBACK + i, "q", 1);
    assert_int_equal(udp_batch_receive(pair->batch, pair->server), 3);
    put_text(pair->batch, 0, "zero");
    put_text(pair->batch, 2, "two"); /* 1 gets none */
    assert_int_equal(udp_batch_send(pair->batch, pair->server), 2);
    assert_int_equal(expect(pair, "zero"), INADDR_LOOPBACK);
    assert_int_equal(expect(pair, "two"), INADDR_LOOPBACK + 2);
}

static void a_full_batch_leaves_the_rest_for_the_next(void **state)
{
    struct pair *pair = *state;
    for (int i = 0; i < UDP_BATCH + 3; i++)
        ask(pair, INADDR_LOOPBACK, "q", 1);
    assert_int_equal(udp_batch_receive(pair->batch, pair->server), UDP_BATCH);
    assert_int_equal(udp_batch_receive(pair->batch, pair->server), 3);
    assert_int_equal(udp_batch_receive(pair->batch, pair->server), 0);
    assert_int_equal(udp_batch_send(pair->batch, pair->server), 0);
}

static void one_that_cannot_be_sent_costs_only_itself(void **state)
{
    struct pair *pair = *state;
    for (int i = 0; i < 4; i++)
        ask(pair, INADDR_LOOPBACK, "q", 1);
    assert_int_equal(udp_batch_receive(pair->batch, pair->server), 4);
    pair->batch->slots[0].peer.v4.sin_port = 0;
    pair->batch->slots[2].peer.v4.sin_port = 0;
    put_text(pair->batch, 0, "zero");
    put_text(pair->batch, 1, "one");
    put_text(pair->batch, 2, "two");
    put_text(pair->batch, 3, "three");
    assert_int_equal(pair->batch->out_count, 4);
    assert_int_equal(udp_batch_send(pair->batch, pair->server), 2);
    expect(pair, "one");
    expect(pair, "three");
}

static void packets_of_any_size_come_in_whole_or_cut(void **state)
{
    static const struct {
        size_t sent, received;
    } cases[] = {
        {0, 0},
        {1, 1},
        {512, 512},
        {UDP_PACKET_BYTES, UDP_PACKET_BYTES},
        {UDP_PACKET_BYTES + 1, UDP_PACKET_BYTES},
        {65507, UDP_PACKET_BYTES},
    };

    static uint8_t bytes[65507];

    struct pair *pair = *state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        ask(pair, INADDR_LOOPBACK, bytes, cases[i].sent);
    size_t count = sizeof(cases) / sizeof(cases[0]);
    assert_int_equal(udp_batch_receive(pair->batch, pair->server), count);
    for (unsigned i = 0; i < count; i++)
        assert_int_equal(udp_batch_packet_bytes(pair->batch, i), cases[i].received);
}

static void nobody_answers_ports_that_answer_back(void **state)
{
    static const struct {
        uint16_t port;
        bool may_be_answered;
    } cases[] = {{0, false}, {7, false}, {19, false}, {1, true}, {53, true}, {65535, true}};

    struct pair *pair = *state;
    struct ip_addr sender;
    uint16_t port;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        pair->batch->slots[0].peer.v4 = (struct sockaddr_in){
            .sin_family = AF_INET, .sin_port = htons(cases[i].port), .sin_addr.s_addr = 1};
        assert_int_equal(udp_batch_get_sender(pair->batch, 0, &sender, &port),
                         cases[i].may_be_answered);
        assert_int_equal(port, cases[i].port);
    }
    pair->batch->slots[0].peer.any.sa_family = AF_UNIX;
    assert_false(udp_batch_get_sender(pair->batch, 0, &sender, &port));
}

/* interface_after - what is left of interface 5 in an answer from address. */
static unsigned interface_after(struct udp_batch *batch, const char *address)
{
    struct ip_addr addr;
    assert_true(ip_parse(address, &addr));
    bool v6 = addr.family == IP_V6;
    struct udp_slot *slot = &batch->slots[0];
    struct in_pktinfo info = {.ipi_ifindex = 5};
    struct in6_pktinfo info6 = {.ipi6_ifindex = 5};
    memcpy(&info.ipi_spec_dst, addr.bytes, 4);
    memcpy(&info6.ipi6_addr, addr.bytes, 16);
    struct msghdr *header = &batch->in[0].msg_hdr;
    *header = (struct msghdr){.msg_control = &slot->control,
                              .msg_controllen =
                                  v6 ? CMSG_SPACE(sizeof(info6)) : CMSG_SPACE(sizeof(info))};
    struct cmsghdr *c = CMSG_FIRSTHDR(header);
    c->cmsg_level = v6 ? IPPROTO_IPV6 : IPPROTO_IP;
    c->cmsg_type = v6 ? IPV6_PKTINFO : IP_PKTINFO;
    c->cmsg_len = v6 ? CMSG_LEN(sizeof(info6)) : CMSG_LEN(sizeof(info));
    memcpy(CMSG_DATA(c), v6 ? (const void *)&info6 : (const void *)&info,
           v6 ? sizeof(info6) : sizeof(info));
    batch->out_count = 0;
    udp_batch_put_answer(batch, 0, 1);
    memcpy(&info, CMSG_DATA(c), sizeof(info));
    memcpy(&info6, CMSG_DATA(c), v6 ? sizeof(info6) : sizeof(info));
    return v6 ? info6.ipi6_ifindex : (unsigned)info.ipi_ifindex;
}

static void only_link_local_answers_keep_their_interface(void **state)
{
    struct pair *pair = *state;
    assert_int_equal(interface_after(pair->batch, "192.0.2.1"), 0);
    assert_int_equal(interface_after(pair->batch, "2001:db8::1"), 0);
    assert_int_equal(interface_after(pair->batch, "fe80::1"), 5);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(answers_leave_from_the_address_asked, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_full_batch_leaves_the_rest_for_the_next, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(one_that_cannot_be_sent_costs_only_itself, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(packets_of_any_size_come_in_whole_or_cut, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(nobody_answers_ports_that_answer_back, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(only_link_local_answers_keep_their_interface, set_up,
                                        tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
