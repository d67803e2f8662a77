/* audit_census.h - how many clients of each country may be sent to which regions.
 *
 * Counted from the merged geography, network by network, with the rules of the configuration and
 * the first choices of the compiled table. A network is a prefix of the merged map; an address
 * counts once, in IPv4 as such and in IPv6 by its /48. IPv6 addresses that hold an IPv4 one do not
 * count: their clients are looked up by that.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "rhumb/err.h"
#include "rhumb/policy_audit.h"
#include "rhumb/snapshot.h"

struct audit_count {
    uint64_t networks;
    uint64_t v4; /* addresses */
    unsigned __int128 v6;
};

/* audit_48s - IPv6 addresses by their /48 networks, parts of them as parts. */
static inline double audit_48s(const struct audit_count *count)
{
    const double addresses_of_48 = 1208925819614629174706176.0; /* 2^80 */
    return (double)count->v6 / addresses_of_48;
}

/* A region at the end of all nesting. */
struct audit_end {
    struct policy_reach reach;
    struct audit_count may;   /* clients that may be sent there, in some state of health */
    struct audit_count first; /* of these, whose first choice it is, alone or in a group; of a
                                 nested service: never counted, its service has one of its own */
};

/* Clients of one country who may be sent to the same regions. */
struct audit_row {
    char country[3];      /* "--": unknown */
    bool assumed;         /* by `geo.default`: no source knows these clients */
    const uint64_t *ends; /* one bit each, of audit_service.ends */
    struct audit_count count;
};

struct audit_service {
    struct audit_end *ends; /* all that any client may be sent to, in the order of the file */
    size_t end_count;
    struct audit_row *rows; /* by country */
    size_t row_count;
};

struct audit_census {
    struct audit_service *services; /* as many as the configuration has */
    size_t service_count;
    struct audit_count all; /* both families whole */
    struct arena *arena;    /* everything lies in it */
};

/* audit_census_take - the snapshot has kept its map. ERR_OK, ERR_NO_MEMORY;
 * audit_census_free() in any case. */
WARN_UNUSED enum err audit_census_take(const struct snapshot *snapshot,
                                       struct audit_census *out_census);
void audit_census_free(struct audit_census *census);

/* audit_row_has - may the clients of a row be sent to that end? */
static inline bool audit_row_has(const struct audit_row *row, size_t end)
{
    return (row->ends[end / 64] >> end % 64 & 1) != 0;
}

/* audit_row_is_free - to all of them? */
bool audit_row_is_free(const struct audit_service *service, const struct audit_row *row);
