/* snapshot.h - everything a query needs, in one object; and how it is replaced.
 *
 * Compiled in a pool thread from the configuration and the files it names, closed, published by
 * one pointer exchange, read by the workers between snapshot_pin() and snapshot_unpin(), and
 * freed whole after a grace period. Nothing in it changes after publication but the words of
 * its health table (one writer: the control thread).
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "rhumb/arena.h"
#include "rhumb/config.h"
#include "rhumb/diag.h"
#include "rhumb/dns_cookie.h"
#include "rhumb/err.h"
#include "rhumb/geo_map.h"
#include "rhumb/health_table.h"
#include "rhumb/policy.h"
#include "rhumb/zone.h"

/* What a steered owner name leads to; zone_node.binding is an index of these. */
struct snapshot_binding {
    uint16_t service;
    uint8_t pinned; /* region of a `{region}` name; POLICY_NO_REGION: none */
    bool sticky;
    bool may_alias; /* its answer can be a CNAME: then it speaks for every type */
};

/* Half of what the prober takes (probe.h), so that a reload may swap all of them at once. */
enum { SNAPSHOT_TARGETS_MAX = 1 << 16 };

enum { SNAPSHOT_NO_TARGET = 0xffffffff };

/* One (check, endpoint) to probe, shared by services that check the same thing the same way. */
struct snapshot_target {
    uint64_t question; /* hash of what is asked of which endpoint, whatever the pace */
    uint64_t key;      /* of question and pace (interval, fall ...): the same after a reload */
    uint16_t check;
    struct ip_addr addr;   /* of family IP_NONE with a host */
    const char *host;      /* NULL: an address. Else a name, probed at what it resolves to */
    const uint32_t *seats; /* whose health it is, ascending; none: it is a part only */
    size_t seat_count;
    const uint32_t *parts; /* targets that it is made of (check of kind parts) */
    size_t part_count;
};

/* One endpoint's place in one service; its number is that of its word in the health table. */
struct snapshot_seat {
    uint32_t target; /* SNAPSHOT_NO_TARGET: nobody probes it */
    uint16_t service;
    uint8_t region;             /* index into the service's regions */
    const struct ip_addr *addr; /* one of these three: an address, */
    const char *host;           /* a name that is answered as an alias, */
    uint16_t nested;            /* a service; else CONFIG_NONE */
};

/* What is told of a geo database after it was compiled in. */
struct snapshot_database {
    const char *path;
    uint64_t built_s; /* seconds since 1970 */
};

struct snapshot {
    struct arena *arena;
    uint64_t generation; /* set at publication, from 1 */
    const struct config *config;
    struct zone_set zones;
    struct policy_set policies;
    char table_sha256[65]; /* of policies, for people; empty until somebody has made it */
    struct dns_cookie_secrets cookie_secrets; /* count 0: the process uses its own */
    const uint8_t *report_agent;              /* name, lower; NULL: none */
    struct snapshot_binding *bindings;
    size_t binding_count;
    struct snapshot_target *targets;
    size_t target_count;
    struct snapshot_seat *seats;
    size_t seat_count;
    uint32_t *service_seats; /* service s has the seats [s] to [s + 1] - 1 */
    struct health_table health;
    struct geo_map *map; /* kept only when asked for (explain); else NULL */
    const char **files;  /* all that went in: a change of one of them asks for a reload */
    size_t file_count;
    struct snapshot_database *databases;
    size_t database_count;
};

struct snapshot_options {
    bool keep_map; /* explain needs the merged geography; the server does not */
    bool
        audited_by_caller; /* no policy_audit(): for `rhumb audit`, which tells what it finds and
                               publishes nothing */
};

/* snapshot_compile - steps 1 to 6 of a reload: configuration, zones, databases, policies,
 * checks.
 *
 * owns     *out_snapshot: free it with snapshot_free(), or publish it
 * returns  ERR_OK; ERR_INVALID with every error of all files in diags; ERR_NO_MEMORY
 * threads  any; touches files, no live state
 */
WARN_UNUSED enum err snapshot_compile(const char *config_path,
                                      const struct snapshot_options *options,
                                      struct diag_list *diags, struct snapshot **out_snapshot);

/* snapshot_free - NULL is fine. No worker may still see it. */
void snapshot_free(struct snapshot *snapshot);

/* ---- publication (snapshot_publish.c, the only file that knows liburcu) ---- */

struct snapshot_slot; /* the one pointer */

struct snapshot_slot *snapshot_slot_new(void);

/* snapshot_slot_free - the slot and the snapshot in it; all readers have left. */
void snapshot_slot_free(struct snapshot_slot *slot);

/* Readers: a thread joins before its first pin and leaves before it ends. Between callbacks it
 * is offline and delays nobody. pin and unpin are not nested (that aborts). */
void snapshot_reader_join(void);
void snapshot_reader_leave(void);
const struct snapshot *snapshot_pin(struct snapshot_slot *slot);
void snapshot_unpin(void);

/* snapshot_publish - from now on readers see fresh; returns the one before (NULL at first),
 * which belongs to the caller: snapshot_retire() it. Control thread only; sets
 * fresh->generation. */
struct snapshot *snapshot_publish(struct snapshot_slot *slot, struct snapshot *fresh);

/* snapshot_current - what is published, for the control thread, which is the only publisher. */
struct snapshot *snapshot_current(struct snapshot_slot *slot);

/* snapshot_retire - wait until no reader can see it, then free it. Blocks: never on a loop
 * thread. */
void snapshot_retire(struct snapshot *old);
