/* garbage - a load of malformed packets over UDP, which counts its replies and judges none.
 *
 *   garbage --port N [--server ADDR] [--seed N] [--seconds S] [--rate N]
 *
 * With --rate it sends so many packets a second by the clock, whatever comes back; without, as many
 * as are answered: that is the capacity. 95 of 100 packets are no query that anybody should
 * answer with data; the others are good.
 */
#include <arpa/inet.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#include "../support/message.h"
#include "packet_maker.h"

enum {
    POOL_PACKETS = 8192, /* made before, so that making them costs nothing */
    GOOD_ONE_IN = 20,
    NO_QUERY = 0xf8, /* QR and opcode */
    SOCKETS = 16,    /* source ports: every worker gets some */
    BURST = 64,
    TICK_NS = 1000000,
    BUFFER_BYTES = 4 << 20,
    WAIT_NS = 100000000, /* until what is not answered is given up */
};

struct pool_packet {
    uint8_t *bytes;
    size_t len;
};

struct load {
    struct sockaddr_in server;
    uint64_t seed, run_ns, rate, sent, expected, replies;
    int sockets[SOCKETS];
    size_t next_packet, next_socket;
    struct pool_packet pool[POOL_PACKETS];
};

static uint64_t now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

/* is_garbage - malformed, or well-formed and no query. */
static bool is_garbage(const uint8_t *bytes, size_t len)
{
    static struct message message;
    return message_parse(bytes, len, &message) != NULL || (bytes[2] & NO_QUERY) != 0;
}

static bool fill_pool(struct load *load)
{
    static struct packet_maker maker;
    static uint8_t bytes[MAKER_PACKET_MAX];
    packet_maker_init(&maker, load->seed);
    for (size_t i = 0; i < POOL_PACKETS; i++) {
        struct pool_packet *packet = &load->pool[i];
        bool wants_garbage = i % GOOD_ONE_IN != 0;
        do {
            packet->len = packet_maker_next(&maker, bytes);
        } while (is_garbage(bytes, packet->len) != wants_garbage);
        packet->bytes = malloc(packet->len + 1);
        if (!packet->bytes)
            return false;
        memcpy(packet->bytes, bytes, packet->len);
    }
    return true;
}

static bool open_sockets(struct load *load)
{
    const int bytes = BUFFER_BYTES;
    for (size_t i = 0; i < SOCKETS; i++) {
        int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
        load->sockets[i] = fd;
        if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &bytes, sizeof(bytes)) != 0)
            setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &bytes, sizeof(bytes)); /* without root */
        if (fd < 0 || connect(fd, (struct sockaddr *)&load->server, sizeof(load->server)) != 0)
            return false;
    }
    return true;
}

static bool expects_reply(const struct pool_packet *packet)
{
    return packet->len >= DNS_HEADER_BYTES && (packet->bytes[2] & 0x80) == 0;
}

/* send_burst - the next of the pool, from the next socket. */
static void send_burst(struct load *load)
{
    struct mmsghdr messages[BURST];
    struct iovec vectors[BURST];
    memset(messages, 0, sizeof(messages));
    for (size_t i = 0; i < BURST; i++) {
        struct pool_packet *packet = &load->pool[load->next_packet++ % POOL_PACKETS];
        vectors[i] = (struct iovec){packet->bytes, packet->len};
        messages[i].msg_hdr.msg_iov = &vectors[i];
        messages[i].msg_hdr.msg_iovlen = 1;
        load->expected += expects_reply(packet);
    }
    int fd = load->sockets[load->next_socket++ % SOCKETS];
    int sent = sendmmsg(fd, messages, BURST, 0);
    load->sent += sent > 0 ? (uint64_t)sent : 0;
}

static void count_replies(struct load *load)
{
    static uint8_t byte; /* nobody reads them */
    struct mmsghdr messages[BURST];
    struct iovec vector = {&byte, sizeof(byte)};
    memset(messages, 0, sizeof(messages));
    for (size_t i = 0; i < BURST; i++) {
        messages[i].msg_hdr.msg_iov = &vector;
        messages[i].msg_hdr.msg_iovlen = 1;
    }
    for (size_t i = 0; i < SOCKETS; i++) {
        int count;
        while ((count = recvmmsg(load->sockets[i], messages, BURST, MSG_DONTWAIT, NULL)) > 0)
            load->replies += (unsigned)count;
    }
}

/* await_replies - until all but `left` are in, or nothing comes any more. */
static void await_replies(struct load *load, uint64_t left)
{
    const struct timespec pause = {.tv_nsec = TICK_NS / 20};
    uint64_t since = now_ns(), before = load->replies;
    count_replies(load);
    while (load->expected - load->replies > left && now_ns() - since < WAIT_NS) {
        nanosleep(&pause, NULL);
        count_replies(load);
        if (load->replies != before)
            since = now_ns();
        before = load->replies;
    }
}

static void run_as_answered(struct load *load, uint64_t end)
{
    while (now_ns() < end) {
        for (size_t i = 0; i < SOCKETS; i++)
            send_burst(load);
        await_replies(load, (uint64_t)SOCKETS * BURST / 2);
    }
}

static void run_by_clock(struct load *load, uint64_t start, uint64_t end)
{
    const struct timespec pause = {.tv_nsec = TICK_NS};
    uint64_t tried = 0;
    for (uint64_t now = start; now < end; now = now_ns()) {
        uint64_t due = (uint64_t)((double)load->rate * (double)(now - start) / 1e9);
        for (; tried < due; tried += BURST)
            send_burst(load);
        count_replies(load);
        nanosleep(&pause, NULL);
    }
}

static bool read_options(int argc, char **argv, struct load *load)
{
    static const struct option options[] = {
        {"server", required_argument, NULL, 'a'}, {"port", required_argument, NULL, 'p'},
        {"seed", required_argument, NULL, 's'},   {"seconds", required_argument, NULL, 't'},
        {"rate", required_argument, NULL, 'r'},   {0}};
    const char *address = "127.0.0.1";
    for (int option; (option = getopt_long(argc, argv, "", options, NULL)) != -1;) {
        switch (option) {
        case 'a': address = optarg; break;
        case 'p': load->server.sin_port = htons((uint16_t)strtoul(optarg, NULL, 10)); break;
        case 's': load->seed = strtoull(optarg, NULL, 10); break;
        case 't': load->run_ns = (uint64_t)(strtod(optarg, NULL) * 1e9); break;
        case 'r': load->rate = strtoull(optarg, NULL, 10); break;
        default: return false;
        }
    }
    return load->server.sin_port != 0 &&
           inet_pton(AF_INET, address, &load->server.sin_addr) == 1;
}

int main(int argc, char **argv)
{
    static struct load load = {
        .server.sin_family = AF_INET, .seed = 1, .run_ns = UINT64_C(1000000000)};
    if (!read_options(argc, argv, &load)) {
        fprintf(stderr, "usage: garbage --port N [--server ADDR] [--seed N] [--seconds S] "
                        "[--rate N]\n");
        return 2;
    }
    if (!fill_pool(&load) || !open_sockets(&load)) {
        perror("garbage");
        return 1;
    }
    uint64_t start = now_ns();
    if (load.rate > 0)
        run_by_clock(&load, start, start + load.run_ns);
    else
        run_as_answered(&load, start + load.run_ns);
    double seconds = (double)(now_ns() - start) / 1e9;
    await_replies(&load, 0);
    printf("# garbage: sent=%ju per_second=%.0f expected=%ju replies=%ju\n",
           (uintmax_t)load.sent, (double)load.sent / seconds, (uintmax_t)load.expected,
           (uintmax_t)load.replies);
    return 0; /* the system takes the sockets and the pool back */
}
