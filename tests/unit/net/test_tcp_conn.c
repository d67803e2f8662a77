#include <errno.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdlib.h>
#include <unistd.h>

#include "net_fixture.h"

static int set_up(void **state)
{
    struct net_fixture *fixture = malloc(sizeof(*fixture));
    assert_non_null(fixture);
    net_fixture_init(fixture, "127.0.0.1");
    net_fixture_start(fixture);
    *state = fixture;
    return 0;
}

static int tear_down(void **state)
{
    net_fixture_stop(*state);
    free(*state);
    return 0;
}

static int connect_to(void **state)
{
    int fd = client_new(*state, "127.0.0.1", SOCK_STREAM);
    const int on = 1;
    assert_int_equal(setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on)), 0);
    return fd;
}

static void a_connection_answers_one_query_after_another(void **state)
{
    int client = connect_to(state);
    for (uint16_t id = 1; id <= 20; id++)
        tcp_ask(client, id);
    close(client);
}

static void pipelined_queries_are_answered_in_order(void **state)
{
    enum { QUERIES = 2000 };

    static uint8_t stream[QUERIES * 64];

    int client = connect_to(state);
    size_t used = 0;
    for (uint16_t id = 0; id < QUERIES; id++)
        used += frame_put(stream + used, id, 12 + id % 40U);
    tcp_send_all(client, stream, used);
    for (uint16_t id = 0; id < QUERIES; id++)
        tcp_expect_answer(client, id, 12 + id % 40U);
    assert_int_equal(net_fixture_totals(*state).tcp_queries, QUERIES);
    close(client);
}

static void a_query_may_come_byte_by_byte(void **state)
{
    int client = connect_to(state);
    uint8_t frame[64];
    for (uint16_t id = 1; id <= 2; id++) {
        size_t bytes = frame_put(frame, id, 30);
        for (size_t i = 0; i < bytes; i++)
            tcp_send_all(client, frame + i, 1);
        tcp_expect_answer(client, id, 30);
    }
    close(client);
}

static void queries_up_to_65535_bytes_are_answered(void **state)
{
    static const size_t sizes[] = {2046, 2047, 2048, 4096, 65534, 65535};
    static uint8_t frame[65537 + 64];

    int client = connect_to(state);
    for (uint16_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        size_t bytes = frame_put(frame, i, sizes[i]);
        bytes += frame_put(frame + bytes, 99, 12); /* and the one behind it */
        tcp_send_all(client, frame, bytes);
        tcp_expect_answer(client, i, sizes[i]);
        tcp_expect_answer(client, 99, 12);
    }
    close(client);
}

static void of_too_many_large_queries_the_most_quiet_give_way(void **state)
{
    enum { BLOCKS = 64, LATE = 6, CLIENTS = BLOCKS + LATE };

    static uint8_t frame[65537];

    (void)state;
    struct net_fixture fixture;
    net_fixture_init(&fixture, "127.0.0.1");
    fixture.server.tcp_connections = 2 * CLIENTS;
    net_fixture_start(&fixture);
    int clients[CLIENTS];
    size_t bytes = frame_put(frame, 5, 65535);
    for (int i = 0; i < CLIENTS; i++) {
        clients[i] = client_new(&fixture, "127.0.0.1", SOCK_STREAM);
        tcp_ask(clients[i], 1);
        tcp_send_all(clients[i], frame, 5000); /* taken before the next is answered */
    }
    for (int i = 0; i < LATE; i++)
        tcp_expect_closed(clients[i]);
    for (int i = 0; i < CLIENTS; i++) {
        if (i >= LATE) {
            tcp_send_all(clients[i], frame + 5000, bytes - 5000);
            tcp_expect_answer(clients[i], 5, 65535);
        }
        close(clients[i]);
    }
    assert_int_equal(net_fixture_totals(&fixture).tcp_evicted, LATE);
    net_fixture_stop(&fixture);
}

static void answers_reach_a_client_that_has_closed_its_side(void **state)
{
    int client = connect_to(state);
    uint8_t stream[200];
    size_t used = frame_put(stream, 1, 40);
    used += frame_put(stream + used, 2, 50);
    tcp_send_all(client, stream, used);
    assert_int_equal(shutdown(client, SHUT_WR), 0);
    tcp_expect_answer(client, 1, 40);
    tcp_expect_answer(client, 2, 50);
    tcp_expect_closed(client);
    close(client);
}

static void half_a_message_and_then_the_end_closes(void **state)
{
    int client = connect_to(state);
    uint8_t frame[64];
    frame_put(frame, 1, 40);
    tcp_send_all(client, frame, 20);
    assert_int_equal(shutdown(client, SHUT_WR), 0);
    tcp_expect_closed(client);
    close(client);
}

static void a_length_below_a_header_closes_after_the_answers_before_it(void **state)
{
    for (uint8_t length = 0; length < 12; length++) {
        int client = connect_to(state);
        uint8_t stream[64];
        size_t used = frame_put(stream, 7, 40);
        stream[used++] = 0;
        stream[used++] = length;
        tcp_send_all(client, stream, used);
        tcp_expect_answer(client, 7, 40);
        tcp_expect_closed(client);
        close(client);
    }
    assert_int_equal(net_fixture_totals(*state).tcp_closed_bad, 12);
}

static void a_message_without_an_answer_keeps_the_connection(void **state)
{
    int client = connect_to(state);
    uint8_t frame[64];
    size_t bytes = frame_put(frame, 1, 40);
    frame[4] = 0x80; /* a response */
    tcp_send_all(client, frame, bytes);
    tcp_ask(client, 2);
    close(client);
}

enum { LONG_QUERY = 40000, LONG_FRAME = LONG_QUERY + 2 };

/* fill - ask for large answers without reading any, until the server stops reading too; returns
 * how many bytes went out. */
static size_t fill(int client, const uint8_t *frame)
{
    size_t total = 0;
    struct pollfd pollfd = {.fd = client, .events = POLLOUT};
    while (poll(&pollfd, 1, 100) == 1) {
        size_t part = total % LONG_FRAME;
        ssize_t sent = send(client, frame + part, LONG_FRAME - part, MSG_DONTWAIT);
        assert_true(sent > 0 || errno == EAGAIN);
        total += sent > 0 ? (size_t)sent : 0;
    }
    return total;
}

static void a_client_that_does_not_read_is_not_read_from(void **state)
{
    static uint8_t frame[LONG_FRAME];

    frame_put(frame, ID_OF_LARGE, LONG_QUERY);
    int silent = connect_to(state);
    size_t sent = fill(silent, frame);
    assert_true(net_fixture_totals(*state).tcp_queries <
                sent / LONG_FRAME); /* it has stopped */
    int other = connect_to(state);
    tcp_ask(other, 9); /* and goes on for the others */
    close(other);
    for (size_t i = 0; i < sent / LONG_FRAME; i++) /* when the client reads, all answers come */
        tcp_expect_answer(silent, ID_OF_LARGE, LARGE_BYTES);
    size_t part = sent % LONG_FRAME;
    tcp_send_all(silent, frame + part, LONG_FRAME - part);
    tcp_expect_answer(silent, ID_OF_LARGE, LARGE_BYTES);
    tcp_ask(silent, 10);
    close(silent);
}

static void a_client_that_goes_without_reading_is_forgotten(void **state)
{
    struct net_fixture *fixture = *state;
    for (int i = 0; i < 5; i++) {
        int client = connect_to(state);
        uint8_t frame[14];
        for (int q = 0; q < 100; q++)
            tcp_send_all(client, frame, frame_put(frame, ID_OF_LARGE, 12));
        const struct linger reset = {.l_onoff = 1};
        assert_int_equal(setsockopt(client, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset)), 0);
        close(client);
    }
    int client = connect_to(state);
    for (uint16_t id = 0; net_connections(fixture->net) > 1; id++)
        tcp_ask(client, id);
    close(client);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_connection_answers_one_query_after_another),
        TEST(pipelined_queries_are_answered_in_order),
        TEST(a_query_may_come_byte_by_byte),
        TEST(queries_up_to_65535_bytes_are_answered),
        cmocka_unit_test(of_too_many_large_queries_the_most_quiet_give_way),
        TEST(answers_reach_a_client_that_has_closed_its_side),
        TEST(half_a_message_and_then_the_end_closes),
        TEST(a_length_below_a_header_closes_after_the_answers_before_it),
        TEST(a_message_without_an_answer_keeps_the_connection),
        TEST(a_client_that_does_not_read_is_not_read_from),
        TEST(a_client_that_goes_without_reading_is_forgotten),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
