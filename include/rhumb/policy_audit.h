/* policy_audit.h - proof that compiled policies keep residency, whatever the health.
 *
 * policy_select() takes regions from the order of the client's class and from nowhere else: the
 * groups, the runner-up, `when_all_down`, a pin, a sticky or a weighted pick. So a region that is
 * in no order of a client's class cannot be answered, in any state. This reads all of it again,
 * after policy_compile() and independent of how that came to its result:
 *
 *   every service    its regions have the addresses, names and nested services of the
 *                    configuration; every order holds each allowed region once, in groups that
 *                    end where the order ends
 *   every trie       tiles the address space, as the map does (geo_audit.h)
 *   every network    the regions of its class are those that the residency rules of the
 *                    configuration allow its location, and so are the ones a nested service
 *                    would answer with
 *
 * Pure. The server publishes nothing that does not pass; `rhumb audit` prints what was found.
 */
#pragma once

#include <stddef.h>

#include "rhumb/diag.h"
#include "rhumb/err.h"
#include "rhumb/policy.h"

struct policy_audit {
    size_t tries;    /* different ones */
    size_t leaves;   /* of them */
    size_t networks; /* of the map, compared once a trie */
    size_t faults;   /* diags has the first few of each service */
    bool unreadable; /* some table cannot even be read: asking it for an answer is not safe */
};

/* policy_audit - map: the one the set was compiled from.
 *
 * returns  ERR_OK; ERR_INVALID (an error in diags for each service at fault, with network, region
 *          and the place of the rule); ERR_NO_MEMORY
 */
WARN_UNUSED enum err policy_audit(const struct config *config, const struct geo_map *map,
                                  const struct policy_set *set, struct diag_list *diags,
                                  struct policy_audit *out_audit);

/* policy_reach - a region that clients of one location may be answered with, at the end of all
 * nesting. */
struct policy_reach {
    uint16_t service; /* the innermost */
    uint8_t region;   /* of that service */
};

typedef void (*policy_on_reach)(void *ctx, struct policy_reach reach);

/* Scratch of policy_reach_walk(): one for many calls. */
struct policy_walker {
    const struct config *config;
    const struct policy_set *set;
    uint32_t *stamps; /* by service: of the walk that came to it last; owned */
    uint32_t stamp;
};

/* policy_walker_init - ERR_OK, ERR_NO_MEMORY. */
WARN_UNUSED enum err policy_walker_init(struct policy_walker *walker,
                                        const struct config *config,
                                        const struct policy_set *set);
void policy_walker_deinit(struct policy_walker *walker);

/* policy_reach_walk - every region that the rules of the configuration leave to clients of this
 * location: those of service, and in place of a nested one those of that service. Each once. */
void policy_reach_walk(struct policy_walker *walker, uint16_t service,
                       const struct geo_location *location, policy_on_reach on_reach,
                       void *ctx);
