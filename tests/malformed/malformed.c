/* malformed - sends malformed packets to a running server, and judges every reply.
 *
 *   malformed --port N [--server ADDR] [--seed N] [--count N]
 *
 * Half of the packets go over UDP, half over TCP. The server serves tests/data/wire. Exit status:
 * 0 all replies are right; 1 one is not: it is printed with its packet, and the same seed finds
 * it again; 2 usage. What came back is counted on standard output.
 */
#include <arpa/inet.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "rhumb/dns_type.h"

#include "tcp_sender.h"
#include "udp_sender.h"

enum { HEX_MAX = 1200 }; /* bytes of a packet that are printed */

struct run {
    struct sockaddr_in server;
    uint64_t seed, count;
    struct packet_maker maker;
    struct udp_sender udp;
    struct tcp_sender tcp;
};

static struct batch udp_batch = {.transport = ANSWER_UDP};
static struct batch tcp_batch = {.transport = ANSWER_TCP};

static void print_bytes(const char *what, const uint8_t *bytes, size_t len)
{
    printf("#   %s of %zu bytes: ", what, len);
    for (size_t i = 0; i < len && i < HEX_MAX; i++)
        printf("%02x", bytes[i]);
    printf("\n");
}

static void print_fault(const struct run *run, const struct batch *batch,
                        const struct batch_fault *fault)
{
    printf("# %s over %s, seed %ju, after %ju packets\n", fault->text,
           batch->transport == ANSWER_UDP ? "UDP" : "TCP", (uintmax_t)run->seed,
           (uintmax_t)(udp_batch.totals.packets + tcp_batch.totals.packets));
    if (fault->packet)
        print_bytes("packet", fault->packet->bytes, fault->packet->len);
    if (fault->reply)
        print_bytes("reply", fault->reply, fault->reply_bytes);
}

static void print_totals(const char *transport, const struct batch_totals *totals)
{
    printf("# %s: %ju packets, %ju replies:", transport, (uintmax_t)totals->packets,
           (uintmax_t)totals->replies);
    for (unsigned i = 0; i < BATCH_RCODES; i++)
        if (totals->rcodes[i] > 0)
            printf(" rcode%u=%ju", i, (uintmax_t)totals->rcodes[i]);
    printf("\n");
}

/* send_all - the transport that is behind goes next. */
static bool send_all(struct run *run)
{
    struct batch_fault fault;
    uint64_t *udp = &udp_batch.totals.packets, *tcp = &tcp_batch.totals.packets;
    while (*udp + *tcp < run->count) {
        struct batch *batch = *udp <= *tcp ? &udp_batch : &tcp_batch;
        batch_fill(batch, &run->maker, run->count - *udp - *tcp);
        bool is_good = batch == &udp_batch ? udp_sender_run(&run->udp, batch, &fault)
                                           : tcp_sender_run(&run->tcp, batch, &fault);
        if (!is_good) {
            print_fault(run, batch, &fault);
            return false;
        }
    }
    return true;
}

static double now_s(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static bool read_options(int argc, char **argv, struct run *run)
{
    static const struct option options[] = {{"server", required_argument, NULL, 'a'},
                                            {"port", required_argument, NULL, 'p'},
                                            {"seed", required_argument, NULL, 's'},
                                            {"count", required_argument, NULL, 'c'},
                                            {0}};
    const char *address = "127.0.0.1";
    for (int option; (option = getopt_long(argc, argv, "", options, NULL)) != -1;) {
        switch (option) {
        case 'a': address = optarg; break;
        case 'p': run->server.sin_port = htons((uint16_t)strtoul(optarg, NULL, 10)); break;
        case 's': run->seed = strtoull(optarg, NULL, 10); break;
        case 'c': run->count = strtoull(optarg, NULL, 10); break;
        default: return false;
        }
    }
    return run->server.sin_port != 0 && inet_pton(AF_INET, address, &run->server.sin_addr) == 1;
}

int main(int argc, char **argv)
{
    static struct run run = {.server.sin_family = AF_INET, .seed = 1, .count = 200000};
    if (!read_options(argc, argv, &run)) {
        fprintf(stderr, "usage: malformed --port N [--server ADDR] [--seed N] [--count N]\n");
        return 2;
    }
    packet_maker_init(&run.maker, run.seed);
    tcp_sender_init(&run.tcp, &run.server, run.seed);
    if (!udp_sender_open(&run.udp, &run.server)) {
        perror("malformed: UDP");
        return 1;
    }
    double start = now_s();
    bool is_good = send_all(&run);
    print_totals("UDP", &udp_batch.totals);
    print_totals("TCP", &tcp_batch.totals);
    printf("# TCP: %ju connections; closed on by a short packet %ju, torn %ju, reset %ju\n",
           (uintmax_t)run.tcp.connections, (uintmax_t)run.tcp.closed_short,
           (uintmax_t)run.tcp.torn, (uintmax_t)run.tcp.reset);
    printf("# %.1f s\n", now_s() - start);
    tcp_sender_close(&run.tcp);
    udp_sender_close(&run.udp);
    return is_good ? 0 : 1;
}
