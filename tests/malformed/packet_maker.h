/* packet_maker.h - an endless stream of packets that nobody should send, and a few that are fine.
 *
 * They start from the queries of tests/support/answer_corpus.h, so the server under test serves
 * tests/data/wire. Each such query is cut at every byte and has every bit flipped, one after the
 * other; between these come falsified counts and lengths, doubled options, names that are no
 * names, and noise. The same seed gives the same stream.
 */
#pragma once

#include "rhumb/rng.h"

#include "../support/answer_corpus.h"

enum { MAKER_PACKET_MAX = 65507 }; /* what one UDP datagram over IPv4 can hold */

struct packet_maker {
    struct rng rng;
    struct corpus_query subject; /* is cut and flipped */
    size_t next_cut, next_bit;
};

void packet_maker_init(struct packet_maker *maker, uint64_t seed);

/* packet_maker_next - the length; bytes has room for MAKER_PACKET_MAX. */
size_t packet_maker_next(struct packet_maker *maker, uint8_t *bytes);
