/* analysis_traffic.h - where queries come from, for whoever weighs what an answer decides.
 *
 * Two kinds. *Countries*: a weight for each, spread inside a country by address space; the
 * shipped ones are Internet users (zones/geo/traffic.csv). *Queries*: who really asked, from a
 * query log or a packet capture; equal questions are kept once, with their number.
 *
 *     file -> traffic_read() -> struct traffic -> analysis_diff(), analysis_simulate()
 *
 * Pure: bytes in, struct out. The kind of a file is told by its beginning, not its name.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "rhumb/big_array.h"
#include "rhumb/diag.h"
#include "rhumb/dns_name.h"
#include "rhumb/err.h"
#include "rhumb/intern.h"
#include "rhumb/policy.h"
#include "rhumb/snapshot.h"

enum { TRAFFIC_CLIENTS_MAX = 1 << 24 };

enum traffic_kind { TRAFFIC_NONE, TRAFFIC_COUNTRIES, TRAFFIC_QUERIES };

/* One question of one client. Words without padding: it is interned. */
struct traffic_client {
    struct ip_prefix network;
    uint8_t is_ecs;
    uint8_t family; /* enum ip_family asked for; IP_NONE: the log does not say */
    uint8_t pinned; /* of a `{region}` name; else POLICY_NO_REGION */
    uint8_t sticky;
    uint16_t service; /* of the snapshot; CONFIG_NONE: the log has no names: any service */
};

_Static_assert(sizeof(struct traffic_client) % 4 == 0, "interned by words");

struct traffic {
    enum traffic_kind kind;
    double weights[POLICY_COUNTRY_COUNT]; /* countries: by policy_country_number() */
    struct intern clients;                /* queries: struct traffic_client */
    struct big_array counts;              /* uint64_t, by client */
    uint64_t queries;                     /* read, of which */
    uint64_t steered;                     /* are counted above, */
    uint64_t elsewhere;  /* ask for other names or types: no policy decides them, */
    uint64_t unreadable; /* are no queries, or cut short: diags names the first of them */
};

/* traffic_init - of no kind, empty. */
void traffic_init(struct traffic *traffic);
void traffic_free(struct traffic *traffic);

/* traffic_ship - the weights of countries that the program carries. ERR_OK, ERR_NO_MEMORY. */
WARN_UNUSED enum err traffic_ship(struct traffic *traffic);

/* traffic_read - a whole file.
 *
 * shape    bytes: any; path names it in messages
 *          countries   text that begins with "country,", or with comment lines (#) before that
 *          capture     the classic pcap format, see analysis_pcap.h
 *          query log   everything else: a line for each query, of which
 *                          client=ADDRESS  ecs=NETWORK  name=NAME  type=TYPE
 *                      are read, or the JSON members of these names; client or ecs must be
 *                      there. Other fields, other text and lines of other events are skipped.
 * snapshot tells which names are steered, and by which service
 * returns  ERR_OK (warnings possible: lines that are no queries, the first 10 by their place);
 *          ERR_INVALID (diags: no query at all, a wrong country, ...); ERR_NO_MEMORY; ERR_LIMIT
 * threads  any; no state
 */
WARN_UNUSED enum err traffic_read(const uint8_t *bytes, size_t len, const char *path,
                                  const struct snapshot *snapshot, struct diag_list *diags,
                                  struct traffic *traffic);

/* A query as a file tells it. */
struct traffic_query {
    struct policy_client client;
    bool has_name;
    uint8_t name[DNS_NAME_MAX]; /* lower, wire form */
    uint16_t qtype;             /* 0: not said */
};

/* traffic_add - count one query. ERR_OK, ERR_NO_MEMORY, ERR_LIMIT. */
WARN_UNUSED enum err traffic_add(struct traffic *traffic, const struct snapshot *snapshot,
                                 const struct traffic_query *query);

/* traffic_log_line - one line, without its newline; the rules stand at traffic_read(). NULL: it
 * is a query. Else what is wrong; "" where it is simply no query. *out_column: where, from 1. */
const char *traffic_log_line(const char *line, size_t len, struct traffic_query *out_query,
                             uint32_t *out_column);
