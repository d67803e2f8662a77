/* Whatever comes in, what goes out is sound. Two million mutated and random packets, and every
 * type with the classes and opcodes there are, go through answer_query(); each reply is read by
 * the independent parser of tests/support and held against the list in answer_promise_broken(). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "../../support/answer_corpus.h"
#include "../../support/answer_promise.h"

#ifndef __has_feature
#define __has_feature(x) 0
#endif

#if defined(__SANITIZE_ADDRESS__) || __has_feature(address_sanitizer) ||                       \
    __has_feature(memory_sanitizer)
enum { PACKETS = 500000, TYPE_STEP = 61 };
#else
enum { PACKETS = 5000000, TYPE_STEP = 1 };
#endif

enum { UNTOUCHED = 0xa5 };

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

/* ask - one packet, from a block of exactly its size, into one of exactly the capacity. */
static void ask(struct answer_worker *worker, const struct corpus_query *query, size_t capacity,
                uint8_t *buffer)
{
    uint8_t *packet = malloc(query->packet.len > 0 ? query->packet.len : 1);
    assert_non_null(packet);
    memcpy(packet, query->packet.bytes, query->packet.len);
    buffer[capacity] = UNTOUCHED;
    struct answer_exchange e = {
        .request = {.packet = packet,
                    .packet_bytes = query->packet.len,
                    .client = query->client,
                    .transport = query->transport},
        .reply = buffer,
        .capacity = capacity,
    };
    e.reply_bytes = answer_query(snapshot, worker, &e.request, buffer, capacity);
    const char *fault = answer_promise_broken(&e);
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
    answer_worker_init(&worker, &(struct answer_worker_options){.seed = 2});
    for (unsigned i = 0; i < PACKETS; i++) {
        struct corpus_query query;
        corpus_query_make(&rng, (enum corpus_kind)rng_below(&rng, CORPUS_KINDS), &query);
        if (i % 8 == 0)
            corpus_packet_garbage(&rng, &query.packet);
        else if (i % 8 > 1)
            corpus_packet_mutate(&rng, &query.packet);
        size_t capacity =
            query.transport == ANSWER_TCP ? DNS_MESSAGE_MAX : ANSWER_FIXTURE_UDP_BYTES;
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
    answer_worker_init(&worker, &(struct answer_worker_options){.seed = 3});
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
    answer_worker_init(&worker, &(struct answer_worker_options){.seed = 4});
    for (unsigned type = 0; type <= UINT16_MAX; type += TYPE_STEP) {
        for (unsigned i = 0; i < 6 * 16; i++) {
            uint16_t flags = (uint16_t)(i / 6 << 11);
            packet_init(&query.packet, flags, names[type / TYPE_STEP % 4], (uint16_t)type,
                        classes[i % 6]);
            if (type % 2 == 0)
                packet_put_opt(&query.packet, ANSWER_FIXTURE_UDP_BYTES, 0, true);
            ask(&worker, &query, ANSWER_FIXTURE_UDP_BYTES, buffer);
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
