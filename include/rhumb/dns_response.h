/* dns_response.h - writing one response, section by section, into the buffer it is sent from.
 *
 *   buffer   | header | question | answer ... | authority ... | additional ... | OPT |
 *                                                                     limit ---^
 *
 * response_init() sets room for the OPT record aside, so response_finish() always succeeds; TSIG
 * for a key that is not known goes behind it when there is room. An
 * RRset goes in whole or not at all. Owner names and the names inside RFC 1035 types are
 * compressed against everything written before (RFC 1035 section 4.1.4; only the types RFC 3597
 * section 4 permits).
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "rhumb/cursor.h"
#include "rhumb/dns_query.h"

enum response_section { RESPONSE_ANSWER, RESPONSE_AUTHORITY, RESPONSE_ADDITIONAL };

/* What goes into OPT. Set at any time before response_finish(). */
struct response_edns {
    uint16_t udp_size_bytes; /* ours */
    const char *nsid;        /* NULL: none */
    uint8_t ecs_scope;       /* with an ECS query */
    bool has_ede;
    uint16_t ede_code;
    const char *ede_text;        /* at most RESPONSE_EDE_TEXT_MAX bytes are sent; NULL: none */
    const uint8_t *cookie;       /* DNS_COOKIE_BYTES, sent when the query has one; NULL: none */
    const uint8_t *report_agent; /* name: RFC 9567; sent when there is room; NULL: none */
    bool has_zone;               /* ZONEVERSION, sent when the query asks: RFC 9660 */
    uint8_t zone_labels;
    uint32_t zone_serial;
    bool has_keepalive; /* RFC 7828, sent when the query asks */
    uint16_t keepalive_100ms;
    uint16_t padding_block_bytes; /* pad the message to a multiple: RFC 8467; 0: not at all */
};

enum { RESPONSE_NAMES_MAX = 48, RESPONSE_EDE_TEXT_MAX = 64, RESPONSE_NSID_MAX = 64 };

struct response {
    struct writer out; /* ends where the room that is reserved begins */
    size_t reserved;   /* for OPT; 0 without EDNS */
    const struct query *query;
    struct response_edns edns;
    uint16_t flags; /* QR, opcode, RD copied; AA and TC as set */
    unsigned rcode; /* 12 bits */
    uint16_t class; /* of the records; IN unless the caller says otherwise */
    uint16_t counts[3];
    bool knows_question; /* its names are among those below */
    unsigned name_count;
    uint16_t names[RESPONSE_NAMES_MAX];       /* offsets of names and suffixes written so far */
    uint64_t name_hashes[RESPONSE_NAMES_MAX]; /* of each as a lower name */
};

/* response_init - header and question in place. limit_bytes: what the client can take; at least four
 * times the query, or 512, holds what must be in every response. */
void response_init(struct response *response, const struct query *query, uint8_t *buffer,
                   size_t limit_bytes);

/* response_put - one record; owner in lower wire form. False: it does not fit, nothing was
 * written. */
bool response_put(struct response *response, enum response_section section,
                  const uint8_t *owner, uint16_t type, uint32_t ttl_s, const uint8_t *rdata,
                  uint16_t rdata_bytes);

/* response_put_run - count records of a run of { uint16_t length in host order, unaligned;
 * bytes }, all or none of them. */
bool response_put_run(struct response *response, enum response_section section,
                      const uint8_t *owner, uint16_t type, uint32_t ttl_s, const uint8_t *run,
                      unsigned count);

/* response_mark, response_revert - undo what was put since. */
struct response_mark {
    size_t len;
    uint16_t counts[3];
    unsigned name_count;
};
struct response_mark response_mark(const struct response *response);
void response_revert(struct response *response, struct response_mark mark);

/* response_cap_ttl - what was put since lives at most ttl_s. */
void response_cap_ttl(struct response *response, struct response_mark since, uint32_t ttl_s);

/* response_clear - back to header and question only (truncation, errors). */
void response_clear(struct response *response);

/* response_finish - OPT and header; returns the length. */
size_t response_finish(struct response *response);

/* response_header_only - a bare answer of 12 bytes (malformed packets, other opcodes);
 * returns 12. */
size_t response_header_only(const struct query *query, unsigned rcode, uint8_t *buffer);
