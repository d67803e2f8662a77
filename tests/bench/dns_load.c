/* dns_load - sends prebuilt DNS queries over UDP and measures what comes back.
 *
 *   dns_load --server ADDR --port N --packets FILE --seconds S [--window W] [--rate QPS]
 *   dns_load --server ADDR --port N --packets FILE --wait S
 *
 * closed loop  (default) keeps W queries outstanding: the server's throughput
 * open loop    (--rate) sends on a clock: latency at a given load, counted from the moment a
 *              query was due, so a stall of the server is not hidden by a stall of ours
 * --wait       repeats one query each millisecond until any reply comes; prints how long
 *
 * One thread; pin it with taskset, on another core than the server's. Queries go out from
 * SOCKET_COUNT source ports. A query's id is its slot plus a generation, so a reply that comes
 * after we gave up is told from the answer to the slot's next query.
 */

#include <arpa/inet.h>
#include <errno.h>
#include <getopt.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "load_stats.h"
#include "packet_file.h"

#define SOCKET_COUNT 16u
#define SLOT_BITS    12u /* of an id; the other 4 are the generation */
#define SLOT_MAX     (1u << SLOT_BITS)
#define BATCH        32u
#define REPLY_MAX    4096u /* bytes; longer ones are cut, we read only the header */
#define LOST_NS      1000000000u
#define SWEEP_NS     50000000u
#define BUFFER_BYTES (4 << 20)

struct slot {
    uint64_t sent_ns; /* 0: free */
    uint16_t generation;
};

struct flow { /* one socket and the queries that wait on it */
    int fd;
    uint32_t slot_count, free_count;
    struct slot slots[SLOT_MAX];
    uint16_t free[SLOT_MAX]; /* stack of free slots */
};

struct load {
    struct sockaddr_storage server;
    socklen_t server_len;
    uint64_t run_ns;
    double rate; /* queries per second; 0: closed loop */
    uint32_t window;
    double wait_s;
    struct packet_file packets;
    uint32_t next_packet;
    uint64_t
        scheduled; /* open loop: queries whose time has come and that were sent or skipped */
    struct load_stats stats;
    struct flow *flows;
    uint8_t out[BATCH][PACKET_BYTES_MAX];
    uint8_t in[BATCH][REPLY_MAX];
};

static uint64_t now_ns(void)
{
    struct timespec ts;
    clock_gettime(CLOCK_MONOTONIC, &ts);
    return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}

static _Noreturn void die(const char *what)
{
    perror(what);
    exit(1);
}

static int flow_socket(const struct load *load)
{
    int bytes = BUFFER_BYTES;
    int fd = socket(load->server.ss_family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0)
        die("socket");
    /* FORCE needs privilege; without it the kernel caps the size, which is no error. */
    if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &bytes, sizeof bytes) != 0)
        setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &bytes, sizeof bytes);
    if (connect(fd, (const struct sockaddr *)&load->server, load->server_len) != 0)
        die("connect");
    return fd;
}

static void flows_open(struct load *load)
{
    load->flows = calloc(SOCKET_COUNT, sizeof *load->flows);
    if (load->flows == NULL)
        die("calloc");
    for (uint32_t i = 0; i < SOCKET_COUNT; i++) {
        struct flow *flow = &load->flows[i];
        flow->fd = flow_socket(load);
        flow->slot_count = load->window / SOCKET_COUNT + (i < load->window % SOCKET_COUNT);
        for (uint32_t s = 0; s < flow->slot_count; s++)
            flow->free[flow->free_count++] = (uint16_t)(flow->slot_count - 1 - s);
    }
}

static void slot_release(struct flow *flow, uint32_t slot_idx)
{
    flow->slots[slot_idx].sent_ns = 0;
    flow->slots[slot_idx].generation++;
    flow->free[flow->free_count++] = (uint16_t)slot_idx;
}

static uint16_t slot_id(const struct flow *flow, uint32_t slot_idx)
{
    return (uint16_t)((uint32_t)flow->slots[slot_idx].generation << SLOT_BITS | slot_idx);
}

/* flow_send - up to `want` queries in one sendmmsg; due_ns: when they should have gone out.
 * Returns how many the kernel took. */
static uint32_t flow_send(struct load *load, struct flow *flow, uint32_t want, uint64_t due_ns)
{
    struct mmsghdr msgs[BATCH] = {0};
    struct iovec iov[BATCH];
    uint32_t count = want < BATCH ? want : BATCH;
    uint16_t slots[BATCH] = {0};

    if (count > flow->free_count)
        count = flow->free_count;
    for (uint32_t i = 0; i < count; i++) {
        const struct packet *packet = &load->packets.items[load->next_packet];
        load->next_packet = (load->next_packet + 1) % load->packets.count;
        slots[i] = flow->free[flow->free_count - 1 - i];
        memcpy(load->out[i], packet->bytes, packet->len);
        uint16_t id = htons(slot_id(flow, slots[i]));
        memcpy(load->out[i], &id, sizeof id);
        iov[i] = (struct iovec){load->out[i], packet->len};
        msgs[i].msg_hdr.msg_iov = &iov[i];
        msgs[i].msg_hdr.msg_iovlen = 1;
    }
    int sent = count == 0 ? 0 : sendmmsg(flow->fd, msgs, count, 0);
    if (sent <=
        0) /* full, or an ICMP error about an earlier query: the sweep counts that one */
        return 0;
    for (int i = 0; i < sent; i++)
        flow->slots[slots[i]].sent_ns = due_ns;
    flow->free_count -= (uint32_t)sent;
    load->stats.sent += (uint64_t)sent;
    return (uint32_t)sent;
}

static void on_reply(struct load *load, struct flow *flow, const uint8_t *reply, uint32_t len,
                     uint64_t at_ns)
{
    if (len < 12 || (reply[2] & 0x80) == 0) {
        load->stats.bad++;
        return;
    }
    uint16_t id = (uint16_t)(reply[0] << 8 | reply[1]);
    uint32_t slot_idx = id & (SLOT_MAX - 1);
    if (slot_idx >= flow->slot_count || flow->slots[slot_idx].sent_ns == 0 ||
        slot_id(flow, slot_idx) != id) {
        load->stats.late++;
        return;
    }
    uint64_t sent_ns = flow->slots[slot_idx].sent_ns;
    load_stats_add(&load->stats, at_ns > sent_ns ? at_ns - sent_ns : 0, reply[3] & 0x0f,
                   reply[6] == 0 && reply[7] == 0);
    slot_release(flow, slot_idx);
}

/* Returns the number of datagrams taken, at most one batch. */
static uint32_t flow_receive(struct load *load, struct flow *flow)
{
    struct mmsghdr msgs[BATCH] = {0};
    struct iovec iov[BATCH];

    if (flow->free_count == flow->slot_count)
        return 0;
    for (uint32_t i = 0; i < BATCH; i++) {
        iov[i] = (struct iovec){load->in[i], REPLY_MAX};
        msgs[i].msg_hdr.msg_iov = &iov[i];
        msgs[i].msg_hdr.msg_iovlen = 1;
    }
    int got = recvmmsg(flow->fd, msgs, BATCH, MSG_DONTWAIT, NULL);
    if (got <= 0)
        return 0;
    uint64_t at_ns = now_ns();
    for (int i = 0; i < got; i++)
        on_reply(load, flow, load->in[i], msgs[i].msg_len, at_ns);
    return (uint32_t)got;
}

static uint32_t sweep_lost(struct load *load, uint64_t at_ns)
{
    uint32_t waiting = 0;
    for (uint32_t f = 0; f < SOCKET_COUNT; f++) {
        struct flow *flow = &load->flows[f];
        for (uint32_t s = 0; s < flow->slot_count; s++) {
            if (flow->slots[s].sent_ns == 0)
                continue;
            if (at_ns > flow->slots[s].sent_ns + LOST_NS) {
                load->stats.lost++;
                slot_release(flow, s);
            } else {
                waiting++;
            }
        }
    }
    return waiting;
}

static void wait_readable(const struct load *load, int timeout_ms)
{
    struct pollfd fds[SOCKET_COUNT];
    for (uint32_t f = 0; f < SOCKET_COUNT; f++)
        fds[f] = (struct pollfd){load->flows[f].fd, POLLIN, 0};
    poll(fds, SOCKET_COUNT, timeout_ms);
}

/* Open loop: send what is due, round robin over the flows. What finds no free slot is skipped
 * and counted: the server (or we) cannot keep that rate. */
static void send_due(struct load *load, uint64_t start_ns, uint64_t at_ns)
{
    uint64_t due = (uint64_t)((double)(at_ns - start_ns) / 1e9 * load->rate);
    for (uint32_t tries = 0; load->scheduled < due && tries < SOCKET_COUNT; tries++) {
        struct flow *flow = &load->flows[load->stats.sent / 8 % SOCKET_COUNT];
        uint32_t want = due - load->scheduled < 8 ? (uint32_t)(due - load->scheduled) : 8;
        uint64_t due_ns = start_ns + (uint64_t)((double)load->scheduled / load->rate * 1e9);
        uint32_t sent = flow_send(load, flow, want, due_ns > 0 ? due_ns : 1);
        load->scheduled += sent;
        if (sent == 0 && flow->free_count == 0) {
            load->stats.skipped++;
            load->scheduled++;
        }
    }
}

static uint32_t turn(struct load *load, uint64_t start_ns, bool may_send)
{
    uint32_t moved = 0;
    for (uint32_t f = 0; f < SOCKET_COUNT; f++) {
        struct flow *flow = &load->flows[f];
        moved += flow_receive(load, flow);
        if (may_send && load->rate <= 0)
            moved += flow_send(load, flow, flow->free_count, now_ns());
    }
    if (may_send && load->rate > 0)
        send_due(load, start_ns, now_ns());
    return moved;
}

static void run(struct load *load)
{
    uint64_t start_ns = now_ns(), at_ns = start_ns, next_sweep_ns = start_ns + SWEEP_NS;

    while (at_ns < start_ns + load->run_ns) {
        if (turn(load, start_ns, true) == 0)
            wait_readable(load, load->rate > 0 ? 0 : 10);
        at_ns = now_ns();
        if (at_ns >= next_sweep_ns) {
            sweep_lost(load, at_ns);
            next_sweep_ns = at_ns + SWEEP_NS;
        }
    }
    uint64_t in_time = load->stats.answered;
    /* Late answers still count as answered, but not into the rate. */
    while (sweep_lost(load, now_ns()) > 0)
        if (turn(load, start_ns, false) == 0)
            wait_readable(load, 10);
    load_stats_print(&load->stats, in_time, (double)load->run_ns / 1e9);
}

static int wait_for_answer(struct load *load)
{
    const struct packet *packet = &load->packets.items[0];
    uint64_t start_ns = now_ns();
    double elapsed_s = 0;
    uint8_t reply[REPLY_MAX];

    while (elapsed_s < load->wait_s) {
        struct pollfd fds = {load->flows[0].fd, POLLIN, 0};
        ssize_t sent = send(fds.fd, packet->bytes, packet->len, 0);
        if (sent > 0 && poll(&fds, 1, 1) > 0 && recv(fds.fd, reply, sizeof reply, 0) >= 12) {
            printf("waited_ms=%.1f\n", (double)(now_ns() - start_ns) / 1e6);
            return 0;
        }
        usleep(500); /* before it listens, the kernel refuses at once */
        elapsed_s = (double)(now_ns() - start_ns) / 1e9;
    }
    fprintf(stderr, "dns_load: no answer in %.1f s\n", load->wait_s);
    return 1;
}

static bool parse_server(struct load *load, const char *address, const char *port)
{
    struct sockaddr_in6 v6 = {.sin6_family = AF_INET6};
    struct sockaddr_in v4 = {.sin_family = AF_INET};
    unsigned long number = strtoul(port, NULL, 10);

    if (number == 0 || number > 65535)
        return false;
    v4.sin_port = v6.sin6_port = htons((uint16_t)number);
    if (inet_pton(AF_INET, address, &v4.sin_addr) == 1) {
        memcpy(&load->server, &v4, sizeof v4);
        load->server_len = sizeof v4;
        return true;
    }
    memcpy(&load->server, &v6, sizeof v6);
    load->server_len = sizeof v6;
    return inet_pton(AF_INET6, address, &((struct sockaddr_in6 *)&load->server)->sin6_addr) ==
           1;
}

static bool parse_options(struct load *load, int argc, char **argv)
{
    static const struct option options[] = {
        {"server", required_argument, NULL, 's'},  {"port", required_argument, NULL, 'p'},
        {"packets", required_argument, NULL, 'f'}, {"seconds", required_argument, NULL, 't'},
        {"window", required_argument, NULL, 'w'},  {"rate", required_argument, NULL, 'r'},
        {"wait", required_argument, NULL, 'a'},    {NULL, 0, NULL, 0},
    };
    const char *server = "127.0.0.1", *port = "53", *packets = NULL;
    int option;

    while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
        switch (option) {
        case 's': server = optarg; break;
        case 'p': port = optarg; break;
        case 'f': packets = optarg; break;
        case 't': load->run_ns = (uint64_t)(strtod(optarg, NULL) * 1e9); break;
        case 'w': load->window = (uint32_t)strtoul(optarg, NULL, 10); break;
        case 'r': load->rate = strtod(optarg, NULL); break;
        case 'a': load->wait_s = strtod(optarg, NULL); break;
        default: return false;
        }
    }
    if (load->window == 0)
        load->window = load->rate > 0 ? SOCKET_COUNT * SLOT_MAX : 256;
    return packets != NULL && load->window <= SOCKET_COUNT * SLOT_MAX &&
           (load->run_ns > 0 || load->wait_s > 0) && parse_server(load, server, port) &&
           packet_file_load(&load->packets, packets);
}

int main(int argc, char **argv)
{
    static struct load load;
    int status = 0;

    if (!parse_options(&load, argc, argv)) {
        fprintf(stderr, "usage: dns_load --server ADDR --port N --packets FILE "
                        "{--seconds S [--window W] [--rate QPS] | --wait S}\n");
        return 2;
    }
    flows_open(&load);
    if (load.wait_s > 0)
        status = wait_for_answer(&load);
    else
        run(&load);
    for (uint32_t f = 0; f < SOCKET_COUNT; f++)
        close(load.flows[f].fd);
    free(load.flows);
    packet_file_deinit(&load.packets);
    return status;
}
