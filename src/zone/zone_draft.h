/* zone_draft.h - a zone while it is being read: every owner name and every record, each with
 * the spot where it stands in a file.
 *
 * Who: the parser adds, zone_check.c judges, zone_tree.c makes the immutable tree of it. One
 * thread; freed when the zone is loaded. Owners and records are known by their index:
 *
 *     owners   [0] example.com.  [1] www.example.com.  [2] b.example.com. (no records: an empty
 *              non-terminal)     [3] a.b.example.com. ...        a parent before its children
 *     records  in the order of the files; zone_draft_sort() makes order[], in which those of
 *              one owner are together, by ascending type, and owner->first, owner->count
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "rhumb/arena.h"
#include "rhumb/dns_name.h"
#include "rhumb/err.h"
#include "rhumb/zone.h"

#include "zone_source.h"

enum { ZONE_NO_OWNER = 0xffffffff };

struct zone_owner {
    const uint8_t *name; /* lower; in draft->texts */
    uint64_t hash;
    const struct zone_steered *steered; /* NULL: not steered */
    uint32_t parent;                    /* ZONE_NO_OWNER: the apex */
    uint32_t first, count;              /* records: order[first .. first + count - 1] */
    uint32_t cut; /* the highest owner above with NS (not the apex) or DNAME; ZONE_NO_OWNER */
    uint8_t labels;
    uint8_t flags; /* enum zone_node_flags */
};

struct zone_record {
    const uint8_t *rdata; /* in draft->texts */
    uint64_t hash;        /* of rdata, see zone_rdata_check() */
    struct zone_spot spot;
    uint32_t owner, ttl_s;
    uint16_t type, rdata_len;
    bool duplicate; /* not the first of its kind: left out */
};

struct zone_draft {
    const uint8_t *origin; /* lower */
    unsigned origin_labels;
    struct zone_limits limits; /* none is 0 */
    struct arena *texts;
    struct zone_owner *owners;
    size_t owner_count, owner_capacity;
    struct zone_record *records;
    size_t record_count, record_capacity;
    uint32_t *slots; /* owner index + 1, 0: free; open addressing */
    size_t slot_mask;
    uint32_t *order; /* record indices, after zone_draft_sort() */
};

/* zone_draft_init - with the apex as owner 0. */
WARN_UNUSED enum err zone_draft_init(struct zone_draft *draft, const uint8_t *origin,
                                     const struct zone_limits *limits);
void zone_draft_deinit(struct zone_draft *draft);

/* zone_draft_add_owner - the index of a lower name at or below the origin, made with all its
 * ancestors if needed.
 *
 * returns  ERR_OK; ERR_LIMIT: more names than twice the records allowed; ERR_NO_MEMORY
 */
WARN_UNUSED enum err zone_draft_add_owner(struct zone_draft *draft, const uint8_t *name,
                                          uint32_t *out_idx);

/* zone_draft_find - the owner of a lower name at or below the origin, or ZONE_NO_OWNER. If
 * out_encloser is given: the closest ancestor that exists, or the owner itself. */
uint32_t zone_draft_find(const struct zone_draft *draft, const uint8_t *name,
                         uint32_t *out_encloser);

/* zone_draft_add_record - copies the rdata.
 *
 * returns  ERR_OK; ERR_LIMIT: max_records reached; ERR_NO_MEMORY
 */
WARN_UNUSED enum err zone_draft_add_record(struct zone_draft *draft,
                                           const struct zone_record *record);

/* zone_draft_sort - fill order[] and mark duplicates; no more records after this. */
WARN_UNUSED enum err zone_draft_sort(struct zone_draft *draft);

/* zone_draft_record - the n-th record of an owner, after zone_draft_sort(). */
const struct zone_record *zone_draft_record(const struct zone_draft *draft,
                                            const struct zone_owner *owner, size_t n);

/* zone_draft_first - the first record of a type at an owner that is no duplicate; NULL. */
const struct zone_record *zone_draft_first(const struct zone_draft *draft,
                                           const struct zone_owner *owner, uint16_t type);

/* zone_draft_link - fill flags and cut of every owner, after zone_draft_sort(). */
void zone_draft_link(struct zone_draft *draft);
