/* analysis_diff.h - what would change if one compiled configuration replaced another.
 *
 *     before, after (snapshots), traffic -> analysis_diff() -> struct diff
 *                                     -> diff_put_text(), diff_put_json()
 *
 * *Moves* say which clients would get another region: for each service that both have, by
 * country, region before and region after. Asked is the policy itself, with every endpoint up,
 * whatever the health of a snapshot that is served.
 * Where a region is picked by chance or by hash, the share of it counts: from 70/30 to 60/40 a
 * tenth moves. A and AAAA count half each where a service has both.
 *
 * Shares are of the *client space*: all addresses whose country the new configuration's sources know;
 * all addresses, where it knows none. IPv4 and IPv6 are counted apart.
 *
 * *Items* say which names, records, services, checks ... were added, changed or removed.
 *
 * Pure; any thread that may read both snapshots.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "rhumb/analysis_shrink.h"
#include "rhumb/analysis_traffic.h"
#include "rhumb/arena.h"
#include "rhumb/err.h"
#include "rhumb/snapshot.h"
#include "rhumb/text.h"

/* Shares, 0..1. */
struct diff_weight {
    uint64_t networks; /* with one country and one order of regions each, as wide as can be */
    double v4, v6;     /* of the client space of the family */
    double traffic;    /* of what the service is asked; 0 without traffic */
};

/* One row: clients of one country that go from one region to another. Labels: "eu-west";
 * "inner/eu-west" when a service inside decides; "(none)" for an empty answer. */
struct diff_move {
    char country[8]; /* "DE"; "unknown": no source knows it, whatever geo.default says */
    const char *from, *to;
    struct diff_weight weight;
};

/* A service that both configurations have. Those that only stand inside others show there. */
struct diff_service {
    const char *name;
    struct diff_weight moved;
    struct diff_weight reordered; /* the same region, others behind it, or other residency */
    uint64_t queries;             /* of the traffic, that ask for it; 0 by countries */
    struct diff_move *moves;      /* the largest first */
    size_t move_count;
};

enum diff_change { DIFF_ADDED, DIFF_CHANGED, DIFF_REMOVED, DIFF_CHANGE_COUNT };

enum diff_kind {
    DIFF_ZONE,
    DIFF_NAME,   /* a steered name */
    DIFF_RECORD, /* an RRset */
    DIFF_SERVICE,
    DIFF_REGION,
    DIFF_CHECK,
    DIFF_GEO,    /* databases, networks */
    DIFF_SERVER, /* everything else; says what needs a restart */
    DIFF_KIND_COUNT,
};

struct diff_item {
    enum diff_change change;
    enum diff_kind kind;
    const char *name;
    const char *detail; /* "weight 1 -> 3"; NULL: none */
};

enum { DIFF_ITEMS_MAX = 100000 };

struct diff {
    struct arena *arena;
    bool has_space;   /* the sources know countries: shares are of those addresses */
    bool has_traffic; /* by countries or queries */
    enum traffic_kind traffic_kind;
    double unplaced; /* share of the weights of countries that no network belongs to */
    struct diff_service *services;
    size_t service_count;
    struct diff_item *items; /* by kind; in each kind as the configuration goes */
    size_t item_count;       /* kept, at most DIFF_ITEMS_MAX */
    size_t counts[DIFF_KIND_COUNT][DIFF_CHANGE_COUNT]; /* all, kept or not */
    struct shrink_list shrink;
    bool refused; /* a reload would refuse it */
};

/* analysis_diff - traffic: read with `after`; NULL: none.
 * returns  ERR_OK (*out_diff is the caller's); ERR_NO_MEMORY; ERR_LIMIT (65,536 regions) */
WARN_UNUSED enum err analysis_diff(const struct snapshot *before, const struct snapshot *after,
                                   const struct traffic *traffic, struct diff **out_diff);
void diff_free(struct diff *diff);

/* diff_is_empty - would a reload change nothing that is told here? */
bool diff_is_empty(const struct diff *diff);

/* diff_put_text - for people: the largest first, at most DIFF_ROWS rows of each table unless all. */
enum { DIFF_ROWS = 20 };

void diff_put_text(const struct diff *diff, bool all, struct text *out);

/* diff_put_json - everything, in one line; the document is described in docs/diff.md. */
void diff_put_json(const struct diff *diff, struct text *out);

const char *diff_change_name(enum diff_change change); /* "added", "changed", "removed" */
const char *diff_kind_name(enum diff_kind kind);       /* "zone", "name", "record" ... */
