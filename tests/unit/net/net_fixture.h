/* net_fixture.h - a running net whose answers are echoes, and clients for it.
 *
 * net_fixture.c also holds the doubles of what net calls: answer_query() echoes a query with QR
 * set (no answer to less than a header or to a response), snapshot_free() frees one block. A
 * query with the id ID_OF_LARGE gets LARGE_BYTES of answer over TCP; one with ID_OF_REQUEST gets
 * a struct request_seen in its bytes from SEEN_AT on.
 *
 * Nothing here sleeps: whoever waits, waits for a descriptor, until a deadline that only a
 * failing test reaches.
 */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>

#include <cmocka.h>

#include "rhumb/net.h"

enum {
    DEADLINE_MS = 10000,
    ID_OF_LARGE = 0xb166,
    ID_OF_REQUEST = 0x5ee2,
    LARGE_BYTES = 60000,
    QUERY_MIN = 12,
    SEEN_AT = QUERY_MIN,
};

/* What net said of a query beside its bytes. */
struct request_seen {
    struct ip_addr client;
    uint8_t transport;
    uint16_t idle_100ms;
};

/* What the wall clock of a test always says. */
enum { WALL_S = 1750000000 };

struct net_fixture {
    struct net *net;
    struct snapshot_slot *slot;
    struct config_listener listeners[2];
    struct config_server server;
    uint16_t port;
};

/* net_fixture_init - a configuration for one worker at address and a free port; change it, then
 * net_fixture_start(), or net_fixture_open() for the first half of that. */
void net_fixture_init(struct net_fixture *fixture, const char *address);
enum err net_fixture_open(struct net_fixture *fixture, struct diag_list *diags);
void net_fixture_start(struct net_fixture *fixture);
void net_fixture_stop(struct net_fixture *fixture);
struct net_totals net_fixture_totals(const struct net_fixture *fixture);

/* net_fixture_has_ipv6 - can ::1 be bound here? */
bool net_fixture_has_ipv6(void);

/* A new snapshot as the doubles understand it. */
struct snapshot *net_fixture_snapshot(void);

/* client_new - a socket of type connected to address and the fixture's port. */
int client_new(const struct net_fixture *fixture, const char *address, int type);

/* client_new_from - the same, with source as its own address and whatever port is free. */
int client_new_from(const struct net_fixture *fixture, const char *source, const char *address,
                    int type);

/* client_wait - until fd is readable (POLLIN) or writable (POLLOUT); fails at the deadline. */
void client_wait(int fd, short events);

/* query_put - a query of bytes bytes with that id; over TCP, frame_put() with its length before
 * it; both return how much was written. */
size_t query_put(uint8_t *out, uint16_t id, size_t bytes);
size_t frame_put(uint8_t *out, uint16_t id, size_t bytes);

/* tcp_send_all, tcp_expect_answer - the whole, and the next answer with its id and size. */
void tcp_send_all(int fd, const uint8_t *bytes, size_t count);
void tcp_expect_answer(int fd, uint16_t id, size_t bytes);

/* tcp_ask - one query, one answer. */
void tcp_ask(int fd, uint16_t id);

/* tcp_ask_seen - one query; what net said of it. */
struct request_seen tcp_ask_seen(int fd);

/* tcp_expect_closed - the server closes without another byte; a reset counts too. */
void tcp_expect_closed(int fd);

/* udp_ask_seen - one query behind so many bytes before it; what net said of it. */
struct request_seen udp_ask_seen(int fd, const uint8_t *before, size_t before_bytes);

/* udp_expect_answer - the next datagram is the echo of a query with that id. */
void udp_expect_answer(int fd, uint16_t id, size_t bytes);
