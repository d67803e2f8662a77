/* zone.h - one zone as an immutable name tree, and looking a name up in it.
 *
 * Who: zone_load() builds it at start and reload from a master file (RFC 1035 section 5); the
 * answer code reads it, on any thread, while the snapshot is pinned. Everything lives in the
 * snapshot's arena.
 *
 *     apex example.com.  SOA NS A
 *      |- www            A            a node: one owner name with its RRsets
 *      |- a (empty)                   an empty non-terminal: no RRsets (RFC 4592 section 2.2.2)
 *      |   `- b.a        TXT
 *      |- *              TXT          wildcard: node->wildcard of its parent points at it
 *      `- sub            NS DS        a cut: nothing below it is authoritative
 *          `- ns.sub     A            glue
 *
 * A hash table maps (lower name) -> node, so an exact match costs one probe; a miss walks up
 * label by label to the closest encloser. Each node knows its parent and the highest cut or
 * DNAME above it.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "rhumb/arena.h"
#include "rhumb/diag.h"
#include "rhumb/dns_name.h"
#include "rhumb/dns_type.h"
#include "rhumb/err.h"

/* One RRset. rdata is a run of { uint16_t length in host order, unaligned; bytes }, count
 * times. Names inside rdata are uncompressed and keep the case of the file. */
struct rrset {
    uint16_t type;
    uint16_t count;
    uint32_t ttl_s; /* one for all (RFC 2181 section 5.2): the lowest, with a warning */
    uint32_t rdata_bytes;
    const uint8_t *rdata;
};

/* rrset_next - step through the records: *cursor starts at NULL; returns the rdata and its
 * length, or NULL behind the last one. */
const uint8_t *rrset_next(const struct rrset *set, const uint8_t **cursor, uint16_t *out_len);

enum zone_node_flags {
    ZONE_NODE_CUT = 1 << 0,       /* NS here, and this is not the apex */
    ZONE_NODE_DNAME = 1 << 1,     /* DNAME here */
    ZONE_NODE_CNAME = 1 << 2,     /* CNAME here */
    ZONE_NODE_BELOW_CUT = 1 << 3, /* glue or occluded: a cut stands above */
};

enum { ZONE_NOT_STEERED = 0xffffffff };

struct zone_node {
    const uint8_t *name; /* lower, wire form, borrowed from the snapshot */
    uint64_t hash;
    const struct zone_node *parent; /* NULL at the apex */
    const struct zone_node *cut;    /* the highest cut or DNAME *above* this node; NULL: none */
    const struct zone_node *wildcard; /* the child "*"; NULL: none */
    const struct rrset *rrsets;       /* by ascending type */
    uint16_t rrset_count;
    uint8_t flags;    /* enum zone_node_flags */
    uint8_t labels;   /* of name, without the root */
    uint32_t binding; /* steered: index into the snapshot's bindings; else ZONE_NOT_STEERED */
};

struct zone {
    const uint8_t *origin; /* lower, wire form */
    unsigned origin_labels;
    uint64_t origin_hash;
    struct zone_node *apex;
    const struct rrset *soa, *ns; /* of the apex; never NULL after zone_load() */
    uint32_t serial;
    uint32_t negative_ttl_s;  /* min(SOA TTL, MINIMUM), RFC 2308 section 5 */
    struct zone_node **nodes; /* all of them, in canonical order */
    size_t node_count;
    size_t record_count;
    struct zone_node **slots; /* open addressing, power of two, by hash */
    size_t slot_mask;
    const char **files; /* the master file and what it includes: watched for changes */
    size_t file_count;
};

/* A steered owner that must exist in the tree although the master file need not mention it. */
struct zone_steered {
    const uint8_t *name; /* lower, absolute, at or below the origin */
    uint32_t binding;    /* stored in the node */
    bool is_alias; /* its endpoints are names: answered by CNAME, so no other data may stand
                      there, and not at an apex */
    struct diag_place place; /* in rhumb.yaml: "steered here, and A in the zone file there" */
};

/* Limits of one zone; 0 = the default in brackets; more than the maximum is the maximum.
 * Whoever meets one is told the key to raise, as rhumb.yaml calls it (struct config_limits). */
struct zone_limits {
    size_t max_records;          /* [10,000,000], 1..1,000,000,000 */
    size_t max_rrset_records;    /* [1,000], 1..65,535 */
    size_t max_types;            /* of one name [100], 1..65,535 */
    size_t max_bytes;            /* of all its files, and of what $GENERATE writes [1 GiB] */
    size_t max_includes;         /* $INCLUDE lines [10,000] */
    size_t max_include_depth;    /* [10], 1..100 */
    size_t max_generate_records; /* of one $GENERATE [65,536] */
};

/* zone_load - read a master file, check it, build the tree.
 *
 * shape    origin_text: "example.com."; path: the master file; steered: sorted in no way
 * errors   no or two SOA; no NS at the apex; CNAME with other data; two CNAME or DNAME; data
 *          below a DNAME or out of the zone; steered name with A, AAAA or CNAME (both places),
 *          below a cut, or twice; a limit exceeded
 * warns    missing glue; hidden data below a cut; TTLs of one RRset that differ; an RRset too
 *          large for a message. Records that stand twice count once, silently.
 * owns     everything lives in arena
 * returns  ERR_OK, ERR_INVALID (diags), ERR_NO_MEMORY
 * threads  any; reads files
 * source   RFC 1035 section 5; RFC 2181 sections 5.2, 6.1, 10.1; RFC 2308 section 4 ($TTL);
 *          RFC 3597 section 5; RFC 6672 section 2.4
 */
WARN_UNUSED enum err zone_load(const char *origin_text, const char *path,
                               const struct zone_steered *steered, size_t steered_count,
                               const struct zone_limits *limits, struct arena *arena,
                               struct diag_list *diags, struct zone **out_zone);

/* zone_load_text - the same from memory (tests, fuzzing). $INCLUDE is relative to path's
 * folder. */
WARN_UNUSED enum err zone_load_text(const char *origin_text, const char *text, size_t len,
                                    const char *path, const struct zone_steered *steered,
                                    size_t steered_count, const struct zone_limits *limits,
                                    struct arena *arena, struct diag_list *diags,
                                    struct zone **out_zone);

/* ---- looking up ---- */

/* A lower name with the hash of each of its suffixes, made once a name. */
struct name_key {
    const uint8_t *name;
    unsigned labels;
    uint8_t suffix[DNS_LABELS_MAX + 1]; /* offset of the suffix with so many labels; 0: root */
    uint64_t hash[DNS_LABELS_MAX + 1];  /* its hash */
};

void name_key_init(struct name_key *key, const uint8_t *lower_name);

/* All zones of a snapshot, by origin. */
struct zone_set {
    struct zone **zones;
    size_t zone_count;
    const struct zone **slots; /* open addressing by origin_hash */
    size_t slot_mask;
    unsigned max_origin_labels;
};

/* zone_set_build - two zones with one origin are an ERR_INVALID of the caller's making. */
WARN_UNUSED enum err zone_set_build(struct zone **zones, size_t zone_count, struct arena *arena,
                                    struct zone_set *out_set);

/* zone_set_find - the zone with the longest origin at or above the name; NULL: none (REFUSED).
 * at_parent: skip a zone whose origin is the name itself when one above it is served too (a DS
 * query belongs to the parent, RFC 4035 section 3.1.4.1). */
const struct zone *zone_set_find(const struct zone_set *set, const struct name_key *key,
                                 bool at_parent);

enum zone_match {
    ZONE_FOUND,      /* the name exists (maybe empty, maybe steered); node is it */
    ZONE_WILDCARD,   /* it does not; node is the wildcard that stands for it */
    ZONE_DELEGATION, /* at or below a cut; node is the cut */
    ZONE_DNAME,      /* below a DNAME; node is its owner */
    ZONE_NXDOMAIN,   /* neither; node is the closest encloser */
};

/* zone_lookup - find the data that answers one name.
 *
 * shape    key: at or below zone's origin; qtype matters at a cut only (DS is answered above)
 * owns     nothing; *out_node borrows from the snapshot
 * returns  one enum zone_match; cannot fail, does not allocate
 * threads  any, while the snapshot is pinned
 * source   RFC 1034 section 4.3.2 steps 3a-3c; RFC 4592 section 3.3.1; RFC 6672 section 3.2
 */
enum zone_match zone_lookup(const struct zone *zone, const struct name_key *key, uint16_t qtype,
                            const struct zone_node **out_node);

/* zone_find_node - the node of exactly this name, also below a cut (glue); NULL when none. */
const struct zone_node *zone_find_node(const struct zone *zone, const uint8_t *lower_name,
                                       uint64_t hash);

/* zone_node_rrset - the RRset of one type; NULL when none. */
const struct rrset *zone_node_rrset(const struct zone_node *node, uint16_t type);
