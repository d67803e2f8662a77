/* health_self.h - is it them, or is it us? A region that dies takes all its targets with it, and
 * that is what failover is for. But when most *regions* begin to fail within half a minute, the
 * likeliest cause is what they have in common: this machine and its network. Then nobody is taken
 * out of the answers until enough of them work again.
 *
 * A region fails when at least half of its targets do, over all services. Those that failed
 * before count neither for nor against. Pure: time is an argument, as in health_fsm.h.
 *
 * The suspicion ends by itself after HEALTH_SELF_LONGEST_MS: what fails for longer than that is
 * believed, and the rules of each service (health_guard.h) go on from there.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    HEALTH_SELF_WINDOW_MS = 30 * 1000,
    HEALTH_SELF_REGIONS_MIN = 2, /* one alone proves nothing */
    HEALTH_SELF_LONGEST_MS = 10 * 60 * 1000,
};

struct health_self_region {
    uint32_t targets;  /* that are probed */
    uint32_t failing;  /* of them */
    uint64_t began_ms; /* when half of them failed; 0: they do not */
};

struct health_self {
    struct health_self_region *regions; /* borrowed */
    size_t region_count;
    bool suspicious;
    uint64_t since_ms; /* when that changed */
};

/* health_self_count - one target more in the region, failing since began_ms (0: it works). */
void health_self_count(struct health_self *self, size_t region, uint64_t began_ms);

/* health_self_began, health_self_ended - a target of the region begins to fail, works again. */
void health_self_began(struct health_self *self, size_t region, uint64_t now_ms);
void health_self_ended(struct health_self *self, size_t region);

/* health_self_failing - how many regions fail; *out_of: of how many that have targets. */
size_t health_self_failing(const struct health_self *self, size_t *out_of);

/* health_self_review - permille: the share of the regions that worked and must fail together to
 * make us suspicious; 0: never. Returns whether we are. */
bool health_self_review(struct health_self *self, uint32_t permille, uint64_t now_ms);
