/* answer_corpus.h - random packets for the snapshot of tests/data/wire: what resolvers send, and
 * what they do not. The same seed gives the same packets.
 */
#pragma once

#include "rhumb/rng.h"

#include "answer_fixture.h"

enum corpus_kind {
    CORPUS_STATIC,
    CORPUS_STEERED, /* most with a client subnet */
    CORPUS_NEGATIVE,
    CORPUS_REFERRAL,
    CORPUS_CHAIN, /* CNAME and DNAME */
    CORPUS_ODD,   /* refused, CHAOS, ANY, transfers, other opcodes, other EDNS versions */
    CORPUS_KINDS,
};

struct corpus_query {
    struct packet packet;
    struct ip_addr client;
    enum answer_transport transport;
};

/* corpus_query_make - a query that a careful client could send. */
void corpus_query_make(struct rng *rng, enum corpus_kind kind, struct corpus_query *out);

/* corpus_packet_mutate - cut, bits flipped, bytes overwritten with ones that mean something,
 * counts falsified, pieces doubled or taken out: one or two of these. */
void corpus_packet_mutate(struct rng *rng, struct packet *packet);

/* corpus_packet_garbage - random bytes behind a header that is believable half of the time. */
void corpus_packet_garbage(struct rng *rng, struct packet *packet);
