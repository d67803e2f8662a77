/* answer_record.h - one query and what became of it, as a log wants it: made by the worker that has
 * answered it, put into a ring, and written by a thread of its own.
 *
 *   | struct answer_record | name | zone | service | region | message |
 *
 * A record borrows nothing: by the time it is written, the snapshot may be gone. Of the client it
 * holds no more than may be written, so what shall not be told does not leave the worker.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "rhumb/answer.h"
#include "rhumb/byte_ring.h"

struct answer_record {
    uint64_t wall_ns;        /* when it came, since 1970 */
    uint32_t took_ns;        /* to answer it; UINT32_MAX: that, or longer */
    uint32_t response_bytes; /* 0: nothing was sent */
    uint32_t message_bytes;  /* of the response, at the end of the record; 0: not kept */
    struct ip_prefix client; /* IP_NONE: not told */
    struct ip_prefix ecs;    /* IP_NONE: none was sent, or it is not told */
    uint16_t client_port;    /* 0: not known, or not told */
    uint16_t qtype;          /* with has_question */
    uint16_t rcode;          /* with response_bytes > 0 */
    uint16_t country;        /* policy_country() */
    uint8_t ecs_scope;       /* with has_ecs */
    uint8_t transport;       /* enum answer_transport */
    uint8_t fate;            /* enum answer_fate */
    uint8_t reason;          /* enum policy_reason; with is_steered */
    uint8_t family;          /* of the client: enum ip_family */
    bool has_question, has_ecs, is_steered;
    uint16_t name_bytes, zone_bytes;      /* wire form; zone 0: none of ours */
    uint16_t service_bytes, region_bytes; /* with is_steered; region 0: none */
};

/* What a worker knows when a query is answered. */
struct answer_record_source {
    const struct snapshot *snapshot; /* whose query_log says what may be told */
    const struct answer_worker *worker;
    const struct answer_request *request; /* it had wants_note */
    const uint8_t *response;
    size_t response_bytes;
    uint64_t wall_ns, took_ns;
};

/* answer_record_put - into the ring; what finds no room is dropped and counted there. Packets that
 * are no queries leave no record. Does not allocate. */
void answer_record_put(struct byte_ring *ring, const struct answer_record_source *source);

/* A record taken apart; borrows from its bytes. */
struct answer_record_view {
    struct answer_record head;
    const uint8_t *name, *zone;
    const char *service, *region; /* not zero-terminated */
    const uint8_t *message;
};

/* answer_record_read - bytes: aligned as for a uint64_t. */
void answer_record_read(const void *bytes, struct answer_record_view *out_view);
