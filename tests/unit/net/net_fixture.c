#include "net_fixture.h"

#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/un.h>
#include <unistd.h>

/* ---- the doubles --------------------------------------------------------------------- */

void snapshot_free(struct snapshot *snapshot)
{
    free(snapshot);
}

void answer_worker_init(struct answer_worker *worker,
                        const struct answer_worker_options *options)
{
    memset(worker, 0, sizeof(*worker));
    worker->rng.state[0] = options->seed;
}

size_t answer_query(const struct snapshot *snapshot, struct answer_worker *worker,
                    const struct answer_request *request, uint8_t *buffer, size_t capacity)
{
    const uint8_t *packet = request->packet;
    size_t packet_bytes = request->packet_bytes;
    assert_true(snapshot->generation > 0);
    assert_true(request->client.family == IP_V4 || request->client.family == IP_V6);
    assert_int_equal(request->wall_s, WALL_S);
    uint64_t queries = atomic_load_explicit(&worker->counters.queries, memory_order_relaxed);
    atomic_store_explicit(&worker->counters.queries, queries + 1, memory_order_relaxed);
    if (packet_bytes < QUERY_MIN || packet[2] & 0x80)
        return 0;
    size_t bytes = packet_bytes;
    int id = packet[0] << 8 | packet[1];
    if (id == ID_OF_LARGE && request->transport != ANSWER_UDP)
        bytes = LARGE_BYTES;
    assert_true(bytes <= capacity);
    memset(buffer, 0, bytes);
    memcpy(buffer, packet, packet_bytes < bytes ? packet_bytes : bytes);
    buffer[2] |= 0x80;
    if (id == ID_OF_REQUEST && bytes >= SEEN_AT + sizeof(struct request_seen)) {
        struct request_seen seen = {0};
        seen.client = request->client;
        seen.transport = (uint8_t)request->transport;
        seen.idle_100ms = request->idle_100ms;
        memcpy(buffer + SEEN_AT, &seen, sizeof(seen));
    }
    return bytes;
}

/* ---- the server ---------------------------------------------------------------------- */

/* reserve - is the port ours among all test processes? Two that listen with SO_REUSEPORT would
 * share it in silence. An abstract Unix socket, which goes with the process, is the lock; the
 * same as in tests/e2e/harness.py. */
static bool reserve(uint16_t port)
{
    struct sockaddr_un name = {.sun_family = AF_UNIX};
    int len =
        snprintf(name.sun_path + 1, sizeof(name.sun_path) - 1, "rhumb-test-port-%u", port);
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    assert_true(fd >= 0);
    socklen_t bytes = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + (size_t)len);
    if (bind(fd, (const struct sockaddr *)&name, bytes) == 0)
        return true;
    close(fd);
    return false;
}

static uint16_t find_port(const struct ip_addr *addr)
{
    struct sockaddr_storage storage;
    socklen_t len = ip_to_sockaddr(addr, 0, &storage);
    int fd = socket(storage.ss_family, SOCK_STREAM, 0);
    assert_true(fd >= 0);
    assert_int_equal(bind(fd, (const struct sockaddr *)&storage, len), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&storage, &len), 0);
    close(fd);
    struct ip_addr bound;
    uint16_t port = 0;
    assert_true(ip_from_sockaddr((const struct sockaddr *)&storage, &bound, &port));
    return port;
}

static uint16_t free_port(const struct ip_addr *addr)
{
    uint16_t port;
    do
        port = find_port(addr);
    while (!reserve(port));
    return port;
}

void net_fixture_init(struct net_fixture *fixture, const char *address)
{
    *fixture = (struct net_fixture){.slot = snapshot_slot_new()};
    assert_non_null(fixture->slot);
    struct config_listener *listener = &fixture->listeners[0];
    assert_true(ip_parse(address, &listener->addr));
    listener->port = fixture->port = free_port(&listener->addr);
    fixture->server = (struct config_server){
        .listeners = fixture->listeners,
        .listener_count = 1,
        .workers = 1,
        .tcp_connections = 16,
        .tcp_per_prefix = 1000,
        .tcp_idle_ms = DEADLINE_MS,
        .tcp_message_ms = DEADLINE_MS,
    };
}

struct snapshot *net_fixture_snapshot(void)
{
    struct snapshot *snapshot = calloc(1, sizeof(*snapshot));
    assert_non_null(snapshot);
    return snapshot;
}

static uint32_t wall_s(void)
{
    return WALL_S;
}

enum err net_fixture_open(struct net_fixture *fixture, struct diag_list *diags)
{
    struct net_options options = {.slot = fixture->slot, .wall_s = wall_s, .seed = 1};
    return net_open(&fixture->server, &options, diags, &fixture->net);
}

void net_fixture_start(struct net_fixture *fixture)
{
    struct diag_list *diags = diag_list_new();
    assert_non_null(diags);
    enum err err = net_fixture_open(fixture, diags);
    diag_print_all(diags, stderr);
    diag_list_free(diags);
    assert_int_equal(err, ERR_OK);
    assert_null(snapshot_publish(fixture->slot, net_fixture_snapshot()));
    assert_int_equal(net_start(fixture->net), ERR_OK);
}

void net_fixture_stop(struct net_fixture *fixture)
{
    net_stop(fixture->net);
    snapshot_slot_free(fixture->slot);
}

struct net_totals net_fixture_totals(const struct net_fixture *fixture)
{
    struct net_totals totals;
    net_totals(fixture->net, &totals);
    return totals;
}

bool net_fixture_has_ipv6(void)
{
    struct sockaddr_in6 loopback = {.sin6_family = AF_INET6, .sin6_addr = in6addr_loopback};
    int fd = socket(AF_INET6, SOCK_DGRAM, 0);
    if (fd < 0)
        return false;
    bool bound = bind(fd, (const struct sockaddr *)&loopback, sizeof(loopback)) == 0;
    close(fd);
    return bound;
}

/* ---- clients ------------------------------------------------------------------------- */

int client_new_from(const struct net_fixture *fixture, const char *source, const char *address,
                    int type)
{
    struct sockaddr_storage storage;
    struct ip_addr addr;
    assert_true(ip_parse(source, &addr));
    socklen_t len = ip_to_sockaddr(&addr, 0, &storage);
    int fd = socket(storage.ss_family, type, 0);
    assert_true(fd >= 0);
    assert_int_equal(bind(fd, (const struct sockaddr *)&storage, len), 0);
    assert_true(ip_parse(address, &addr));
    len = ip_to_sockaddr(&addr, fixture->port, &storage);
    assert_int_equal(connect(fd, (const struct sockaddr *)&storage, len), 0);
    return fd;
}

int client_new(const struct net_fixture *fixture, const char *address, int type)
{
    struct ip_addr addr;
    assert_true(ip_parse(address, &addr));
    struct sockaddr_storage storage;
    socklen_t len = ip_to_sockaddr(&addr, fixture->port, &storage);
    int fd = socket(storage.ss_family, type, 0);
    assert_true(fd >= 0);
    assert_int_equal(connect(fd, (const struct sockaddr *)&storage, len), 0);
    return fd;
}

void client_wait(int fd, short events)
{
    struct pollfd pollfd = {.fd = fd, .events = events};
    assert_int_equal(poll(&pollfd, 1, DEADLINE_MS), 1);
}

size_t query_put(uint8_t *out, uint16_t id, size_t bytes)
{
    memset(out, 'q', bytes);
    out[0] = (uint8_t)(id >> 8);
    out[1] = (uint8_t)id;
    out[2] = 0;
    return bytes;
}

size_t frame_put(uint8_t *out, uint16_t id, size_t bytes)
{
    out[0] = (uint8_t)(bytes >> 8);
    out[1] = (uint8_t)bytes;
    return 2 + query_put(out + 2, id, bytes);
}

void tcp_send_all(int fd, const uint8_t *bytes, size_t count)
{
    while (count > 0) {
        ssize_t sent = send(fd, bytes, count, MSG_NOSIGNAL);
        assert_true(sent > 0);
        bytes += sent;
        count -= (size_t)sent;
    }
}

static void receive_all(int fd, uint8_t *bytes, size_t count)
{
    while (count > 0) {
        client_wait(fd, POLLIN);
        ssize_t received = recv(fd, bytes, count, 0);
        assert_true(received > 0);
        bytes += received;
        count -= (size_t)received;
    }
}

static uint8_t message[65535]; /* the last answer */

void tcp_expect_answer(int fd, uint16_t id, size_t bytes)
{
    uint8_t length[2];
    receive_all(fd, length, sizeof(length));
    assert_int_equal(length[0] << 8 | length[1], bytes);
    receive_all(fd, message, bytes);
    assert_int_equal(message[0] << 8 | message[1], id);
    assert_int_equal(message[2], 0x80);
}

void tcp_ask(int fd, uint16_t id)
{
    uint8_t frame[64];
    tcp_send_all(fd, frame, frame_put(frame, id, 40));
    tcp_expect_answer(fd, id, 40);
}

struct request_seen tcp_ask_seen(int fd)
{
    uint8_t frame[128];
    tcp_send_all(fd, frame, frame_put(frame, ID_OF_REQUEST, 100));
    tcp_expect_answer(fd, ID_OF_REQUEST, 100);
    struct request_seen seen;
    memcpy(&seen, message + SEEN_AT, sizeof(seen));
    return seen;
}

void tcp_expect_closed(int fd)
{
    uint8_t byte;
    client_wait(fd, POLLIN);
    ssize_t received = recv(fd, &byte, 1, 0);
    assert_true(received == 0 || (received < 0 && errno == ECONNRESET));
}

struct request_seen udp_ask_seen(int fd, const uint8_t *before, size_t before_bytes)
{
    uint8_t packet[4096];
    memcpy(packet, before, before_bytes);
    size_t bytes = before_bytes + query_put(packet + before_bytes, ID_OF_REQUEST, 100);
    assert_int_equal(send(fd, packet, bytes, 0), bytes);
    client_wait(fd, POLLIN);
    assert_int_equal(recv(fd, packet, sizeof(packet), 0), 100);
    struct request_seen seen;
    memcpy(&seen, packet + SEEN_AT, sizeof(seen));
    return seen;
}

void udp_expect_answer(int fd, uint16_t id, size_t bytes)
{
    uint8_t answer[65535];
    client_wait(fd, POLLIN);
    assert_int_equal(recv(fd, answer, sizeof(answer), 0), bytes);
    assert_int_equal(answer[0] << 8 | answer[1], id);
    assert_int_equal(answer[2], 0x80);
}
