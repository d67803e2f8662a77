/* batch.h - packets that are under way together, and what their replies must be.
 *
 * The id of a packet tells its place in the batch, so each reply is judged beside its own packet:
 * by answer_promise.h, and here for what can be seen from outside only: no reply missing, none
 * twice, none to what is no query. The last packet is a marker, a good query with a known answer:
 * one socket's packets are answered in order, so behind its reply nothing is outstanding.
 */
#pragma once

#include <stdbool.h>

#include "packet_maker.h"

enum { BATCH_PACKETS = 64, BATCH_RCODES = 24 };

struct batch_packet {
    size_t len;
    bool expects_reply, has_reply;
    uint8_t bytes[MAKER_PACKET_MAX];
};

struct batch_totals {
    uint64_t packets, replies, rcodes[BATCH_RCODES];
};

struct batch {
    enum answer_transport transport;
    uint16_t first_id;
    size_t count, expected;            /* packets, and replies still to come */
    const struct batch_packet *marker; /* NULL: none */
    struct batch_totals totals;
    struct batch_packet packets[BATCH_PACKETS];
};

/* What is wrong: which packet, and the reply if there is one (borrowed until the next batch). */
struct batch_fault {
    const char *text;
    const struct batch_packet *packet;
    const uint8_t *reply;
    size_t reply_bytes;
};

/* batch_fill - new packets, at most `limit`, and the marker. Over TCP a packet shorter than a
 * header makes the server close the connection: it is the last then, without a marker. */
void batch_fill(struct batch *batch, struct packet_maker *maker, size_t limit);

/* batch_take_reply - false, and what is wrong with it. */
bool batch_take_reply(struct batch *batch, const uint8_t *reply, size_t len,
                      struct batch_fault *out_fault);

/* batch_is_missing - for the return of a sender that waits in vain: always false. */
bool batch_is_missing(const struct batch *batch, const char *text,
                      struct batch_fault *out_fault);
