/* Whatever comes in, what goes out is sound. Two million mutated and random packets, and every
 * type with the classes and opcodes there are, go through answer_query(); each reply is read by
 * the independent parser of tests/support and held against the list in check_reply(). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "../../support/answer_corpus.h"
#include "../../support/message.h"

#ifndef __has_feature
#define __has_feature(x) 0
#endif

#if defined(__SANITIZE_ADDRESS__) || __has_feature(address_sanitizer) ||                       \
    __has_feature(memory_sanitizer)
enum { PACKETS = 500000, TYPE_STEP = 61 };
#else
enum { PACKETS = 5000000, TYPE_STEP = 1 };
#endif

enum { SERVER_UDP_BYTES = 1232, RATIO_MAX = 4, UNTOUCHED = 0xa5 };

struct exchange {
    const struct corpus_query *query;
    const uint8_t *reply;
    size_t reply_bytes, capacity;
};

static struct snapshot *snapshot;

static int compile(void **state)
{
    (void)state;
    snapshot = answer_fixture_new();
    return snapshot ? 0 : -1;
}

static int release(void **state)
{
    (void)state;
    snapshot_free(snapshot);
    return 0;
}

static void print_bytes(const char *what, const uint8_t *bytes, size_t len)
{
    fprintf(stderr, "%s (%zu bytes): ", what, len);
    for (size_t i = 0; i < len; i++)
        fprintf(stderr, "%02x", bytes[i]);
    fprintf(stderr, "\n");
}

/* limit_of - the most that the reply may have, from what the parser of the tests makes of the
 * query; one it cannot read gets what a reply with or without OPT may have at most. */
static size_t limit_of(const struct exchange *e, const struct message *reply)
{
    static struct message query;
    if (e->query->transport == ANSWER_TCP)
        return DNS_MESSAGE_MAX;
    size_t limit = reply->opt ? SERVER_UDP_BYTES : DNS_UDP_PLAIN_BYTES;
    if (!message_parse(e->query->packet.bytes, e->query->packet.len, &query) && query.opt &&
        query.opt->class < limit)
        limit = query.opt->class;
    if (limit < DNS_UDP_PLAIN_BYTES)
        limit = DNS_UDP_PLAIN_BYTES;
    return limit < e->capacity ? limit : e->capacity;
}

static const char *check_header(const struct exchange *e, const struct message *m)
{
    const uint8_t *query = e->query->packet.bytes;
    unsigned sent = (unsigned)query[2] << 8 | query[3];
    if (m->id != ((unsigned)query[0] << 8 | query[1]))
        return "another id";
    if ((m->flags & DNS_FLAG_QR) == 0)
        return "QR is not set";
    if (((m->flags ^ sent) & 0x7900) != 0)
        return "another opcode or RD";
    if ((m->flags & 0x00f0) != 0)
        return "RA, Z, AD or CD is set";
    return NULL;
}

/* check_reply - NULL, or which of the promises is broken. */
static const char *check_reply(const struct exchange *e)
{
    static struct message m;
    const struct packet *query = &e->query->packet;
    bool is_query = query->len >= DNS_HEADER_BYTES && (query->bytes[2] & 0x80) == 0;
    if (e->reply_bytes == 0)
        return is_query ? "no reply" : NULL;
    if (!is_query)
        return "a reply to what is no query";
    const char *fault = message_parse(e->reply, e->reply_bytes, &m);
    if (!fault)
        fault = check_header(e, &m);
    if (fault)
        return fault;
    if (e->reply_bytes > limit_of(e, &m))
        return "too long";
    unsigned rcode = message_rcode(&m);
    bool is_refusal = rcode == DNS_RCODE_FORMERR || rcode == DNS_RCODE_NOTIMP;
    if (m.question_bytes == 0 && !is_refusal)
        return "the question is missing";
    if (m.question_bytes + DNS_HEADER_BYTES > query->len ||
        memcmp(e->reply + DNS_HEADER_BYTES, query->bytes + DNS_HEADER_BYTES,
               m.question_bytes) != 0)
        return "another question";
    if ((is_refusal || rcode == DNS_RCODE_BADVERS) &&
        (e->reply_bytes > RATIO_MAX * query->len || m.counts[1] + m.counts[2] > 0))
        return "too much for a malformed packet";
    if ((m.flags & DNS_FLAG_TC) != 0 && m.counts[1] + m.counts[2] > 0)
        return "truncated, but not empty";
    if (rcode == DNS_RCODE_SERVFAIL)
        return "SERVFAIL";
    return NULL;
}

/* ask - one packet, from a block of exactly its size, into one of exactly the capacity. */
static void ask(struct answer_worker *worker, const struct corpus_query *query, size_t capacity,
                uint8_t *buffer)
{
    uint8_t *packet = malloc(query->packet.len > 0 ? query->packet.len : 1);
    assert_non_null(packet);
    memcpy(packet, query->packet.bytes, query->packet.len);
    buffer[capacity] = UNTOUCHED;
    struct exchange e = {.query = query, .reply = buffer, .capacity = capacity};
    e.reply_bytes = answer_query(snapshot, worker, &query->client, query->transport, packet,
                                 query->packet.len, buffer, capacity);
    const char *fault = check_reply(&e);
    if (!fault && buffer[capacity] != UNTOUCHED)
        fault = "written behind the buffer";
    if (!fault && memcmp(packet, query->packet.bytes, query->packet.len) != 0)
        fault = "the query was changed";
    free(packet);
    if (!fault)
        return;
    print_bytes("query", query->packet.bytes, query->packet.len);
    print_bytes("reply", buffer, e.reply_bytes);
    fail_msg("%s", fault);
}

static void every_reply_to_a_random_packet_keeps_the_promises(void **state)
{
    (void)state;
    static uint8_t buffer[DNS_MESSAGE_MAX + 1];
    static struct answer_worker worker;
    struct rng rng;
    rng_init(&rng, 2);
    answer_worker_init(&worker, 2);
    for (unsigned i = 0; i < PACKETS; i++) {
        struct corpus_query query;
        corpus_query_make(&rng, (enum corpus_kind)rng_below(&rng, CORPUS_KINDS), &query);
        if (i % 8 == 0)
            corpus_packet_garbage(&rng, &query.packet);
        else if (i % 8 > 1)
            corpus_packet_mutate(&rng, &query.packet);
        size_t capacity = query.transport == ANSWER_TCP ? DNS_MESSAGE_MAX : SERVER_UDP_BYTES;
        if (query.transport == ANSWER_UDP && i % 4 == 0)
            capacity = DNS_UDP_PLAIN_BYTES + rng_below(&rng, 100);
        ask(&worker, &query, capacity, buffer);
    }
    assert_int_equal(atomic_load(&worker.counters.queries), PACKETS);
    assert_true(atomic_load(&worker.counters.formerr) > PACKETS / 20);
    assert_true(atomic_load(&worker.counters.steered) > PACKETS / 50);
}

static void every_cut_of_every_kind_of_query_keeps_the_promises(void **state)
{
    (void)state;
    static uint8_t buffer[DNS_MESSAGE_MAX + 1];
    static struct answer_worker worker;
    struct rng rng;
    rng_init(&rng, 3);
    answer_worker_init(&worker, 3);
    for (unsigned i = 0; i < 20 * CORPUS_KINDS; i++) {
        struct corpus_query query;
        corpus_query_make(&rng, (enum corpus_kind)(i % CORPUS_KINDS), &query);
        for (size_t len = query.packet.len + 1; len-- > 0;) {
            query.packet.len = len;
            ask(&worker, &query, DNS_MESSAGE_MAX, buffer);
        }
    }
}

/* The six classes are IN, CH, HS, NONE, ANY and 0. */
static void every_type_class_and_opcode_is_answered(void **state)
{
    (void)state;
    static const uint16_t classes[] = {1, 3, 4, 254, 255, 0};
    static const char *const names[] = {"www.example.com", "www.steered.example.org",
                                        "any.wild.example.com", "a.dn.example.com"};
    static uint8_t buffer[DNS_MESSAGE_MAX + 1];
    static struct answer_worker worker;
    struct corpus_query query = {.client = {.family = IP_V4, .bytes = {192, 0, 2, 1}}};
    answer_worker_init(&worker, 4);
    for (unsigned type = 0; type <= UINT16_MAX; type += TYPE_STEP) {
        for (unsigned i = 0; i < 6 * 16; i++) {
            uint16_t flags = (uint16_t)(i / 6 << 11);
            packet_init(&query.packet, flags, names[type / TYPE_STEP % 4], (uint16_t)type,
                        classes[i % 6]);
            if (type % 2 == 0)
                packet_put_opt(&query.packet, SERVER_UDP_BYTES, 0, true);
            ask(&worker, &query, SERVER_UDP_BYTES, buffer);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_reply_to_a_random_packet_keeps_the_promises),
        cmocka_unit_test(every_cut_of_every_kind_of_query_keeps_the_promises),
        cmocka_unit_test(every_type_class_and_opcode_is_answered),
    };
    return cmocka_run_group_tests(tests, compile, release);
}
