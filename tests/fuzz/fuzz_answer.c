/* The whole path of a query: parse, zones, steering, response.
 *
 *   input   | options (1) | room (1) | health (2) | time (4) | client (4 or 16) | packet ...
 *
 *   options  bits 0-1 UDP, TCP, TLS, UDP   bit 2 the client's address is IPv6
 *            bit 3 ask twice               bit 4 compare with TCP
 *            bit 5 all services unsettled  bit 6 ask until over the rate
 *   room     UDP: bytes above 512 that the buffer has, divided by 32; else how long idle
 *   health   two bits for each seat in turn: suspect, down
 *   time     seconds; milliseconds count from there
 *
 * No allocation and no memory to clear beside the worker: it does 100,000 inputs a second.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rhumb/cursor.h"

#include "../support/answer_fixture.h"
#include "../support/answer_promise.h"
#include "fuzz.h"

enum {
    INPUT_TRANSPORT = 3,
    INPUT_IPV6 = 1 << 2,
    INPUT_TWICE = 1 << 3,
    INPUT_COMPARE = 1 << 4,
    INPUT_UNSETTLED = 1 << 5,
    INPUT_LIMITED = 1 << 6,
    TARGET_SUSPECT = 1,
    TARGET_DOWN = 2,
    ROOMS = 32, /* sizes of UDP buffers */
    ROOM_STEP = 32,
    SEED = 1,
};

static struct snapshot *snapshot;
static struct answer_worker worker;
static struct answer_limiter *limiter;
static uint8_t *udp_buffers[ROOMS]; /* each of exactly its size, for the sanitizer */
static uint8_t *stream_buffer, *second_buffer;

static size_t udp_capacity(unsigned room)
{
    return DNS_UDP_PLAIN_BYTES + (size_t)room * ROOM_STEP;
}

static void set_up(void)
{
    snapshot = answer_fixture_new();
    bool good = snapshot != NULL;
    for (unsigned i = 0; i < ROOMS; i++) {
        udp_buffers[i] = malloc(udp_capacity(i));
        good = good && udp_buffers[i];
    }
    stream_buffer = malloc(DNS_MESSAGE_MAX);
    second_buffer = malloc(DNS_MESSAGE_MAX);
    limiter = answer_limiter_new((const uint8_t *)"a key of sixteen");
    if (!good || !stream_buffer || !second_buffer || !limiter)
        exit(1);
}

static void set_health(unsigned bits, bool unsettled)
{
    for (size_t t = 0; t < snapshot->seat_count; t++) {
        unsigned state = bits >> 2 * (t % 8) & 3u;
        health_word word = (state & TARGET_DOWN) != 0 ? 0 : HEALTH_WORD_ALWAYS_UP;
        if ((state & TARGET_SUSPECT) != 0)
            word |= HEALTH_WORD_SUSPECT;
        health_table_set(&snapshot->health, t, word);
    }
    for (size_t s = 0; s < snapshot->health.service_count; s++)
        health_table_set_service(&snapshot->health, s,
                                 unsettled ? HEALTH_SERVICE_UNSETTLED : 0);
}

/* ask - into e->reply. The worker is not made anew: what earlier queries left in it must not
 * show. */
static void ask(struct answer_exchange *e, uint8_t *buffer)
{
    rng_init(&worker.rng, SEED);
    memset(buffer, 0xc0, e->capacity);
    e->reply = buffer;
    e->reply_bytes = answer_query(snapshot, &worker, &e->request, buffer, e->capacity);
    const char *fault = answer_promise_broken(e);
    if (fault)
        fuzz_broken(fault);
}

/* compare_with_tcp - a reply that does not say "truncated" lacks nothing: RFC 2181 section 9.
 * Additional records may be left out. */
static void compare_with_tcp(const struct answer_exchange *udp)
{
    struct answer_exchange tcp = *udp;
    if (udp->reply_bytes == 0 || (udp->reply[2] & DNS_FLAG_TC >> 8) != 0)
        return;
    tcp.request.transport = ANSWER_TCP;
    tcp.capacity = DNS_MESSAGE_MAX;
    ask(&tcp, second_buffer);
    FUZZ_PROMISE(memcmp(udp->reply + 2, tcp.reply + 2, 8) == 0,
                 "flags and counts up to NSCOUNT are those of TCP");
}

/* ask_often - over the rate, which the configuration sets to RATE: then a client gets nothing, or
 * what is cut down. */
static void ask_often(struct answer_exchange *e, uint8_t *buffer)
{
    enum { RATE = 4, RATIO_MAX = 4 };

    const struct answer_counters *c = &worker.counters;
    worker.limiter = limiter;
    for (unsigned i = 0; i <= RATE; i++) {
        uint64_t dropped = c->rate_dropped, slipped = c->rate_slipped, asked = c->dropped;
        e->reply_bytes = answer_query(snapshot, &worker, &e->request, buffer, e->capacity);
        bool is_silent = c->rate_dropped > dropped || c->dropped > asked;
        FUZZ_PROMISE(is_silent == (e->reply_bytes == 0), "what is dropped is not sent");
        FUZZ_PROMISE(c->rate_slipped == slipped ||
                         e->reply_bytes <= RATIO_MAX * e->request.packet_bytes,
                     "what slips is short");
    }
    worker.limiter = NULL;
}

static void ask_again(const struct answer_exchange *first)
{
    struct answer_exchange again = *first;
    ask(&again, second_buffer);
    FUZZ_PROMISE(again.reply_bytes == first->reply_bytes &&
                     memcmp(again.reply, first->reply, first->reply_bytes) == 0,
                 "the same query, time and chance give the same reply");
}

static void run(const uint8_t *data, size_t size)
{
    static const enum answer_transport transports[] = {ANSWER_UDP, ANSWER_TCP, ANSWER_TLS,
                                                       ANSWER_UDP};
    struct reader in = reader_init(data, size);
    uint8_t options = reader_u8(&in), room = reader_u8(&in);
    uint16_t health = reader_u16(&in);
    uint32_t seconds = reader_u32(&in);
    struct ip_addr client = {.family = (options & INPUT_IPV6) != 0 ? IP_V6 : IP_V4};
    size_t client_bytes = ip_bits((enum ip_family)client.family) / 8;
    const uint8_t *address = reader_take(&in, client_bytes);
    if (!address || reader_left(&in) > DNS_MESSAGE_MAX)
        return;
    memcpy(client.bytes, address, client_bytes);
    struct answer_exchange e = {
        .request = {.packet = in.pos,
                    .packet_bytes = reader_left(&in),
                    .client = client,
                    .transport = transports[options & INPUT_TRANSPORT],
                    .wall_s = seconds,
                    .steady_ms = (uint64_t)seconds * 1000},
    };
    bool is_udp = e.request.transport == ANSWER_UDP;
    e.request.idle_100ms = is_udp ? 0 : room;
    e.capacity = is_udp ? udp_capacity(room % ROOMS) : (size_t)DNS_MESSAGE_MAX;
    set_health(health, (options & INPUT_UNSETTLED) != 0);
    ask(&e, is_udp ? udp_buffers[room % ROOMS] : stream_buffer);
    if ((options & INPUT_LIMITED) != 0)
        ask_often(&e, is_udp ? udp_buffers[room % ROOMS] : stream_buffer);
    else if ((options & INPUT_TWICE) != 0)
        ask_again(&e);
    if (is_udp && (options & INPUT_COMPARE) != 0)
        compare_with_tcp(&e);
}

/* The limit is for up to seven queries, each looked at by a second reader. */
const struct fuzz_harness fuzz_harness = {.limit_us = 24000, .set_up = set_up, .run = run};
