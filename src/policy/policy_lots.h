/* policy_lots.h - every way chance could go, one after the other. Private to policy/.
 *
 * Where a query asks its rng, a decision under lots takes one of the branches that are possible
 * there and remembers the others. The decision is run again until every branch was taken:
 *
 *     run 1   group of A and B: A                                    0.7
 *     run 2   group of A and B: B, a nested service, C or D: C       0.3 * 0.5
 *     run 3   group of A and B: B, a nested service, C or D: D       0.3 * 0.5
 *
 * So the shares are exact, and they come from the code that answers. Which address of a region
 * comes first is no branch: the region is the same.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "rhumb/policy.h"

/* Branches that follow each other in one decision; behind these the likeliest is taken. A query
 * passes few: one for each level of nesting, and those of groups that shed load. */
enum { POLICY_LOTS_MAX = 64 };

struct policy_lots {
    struct {
        uint8_t taken, count;
    } branches[POLICY_LOTS_MAX];

    uint8_t known; /* branches of the run before that are taken again */
    uint8_t at;    /* of this run */
    double share;  /* of this run */
};

/* policy_lots_draw - one of count branches, 1..64, by their weights, of which one is above 0. */
unsigned policy_lots_draw(struct policy_lots *lots, const uint32_t *weights, unsigned count);

/* policy_lots_next - prepare the next run; false: all were made. */
bool policy_lots_next(struct policy_lots *lots);

/* policy_select_by_lots - policy_select(), its chances by lots; without a runner-up's addresses. */
void policy_select_by_lots(const struct policy_request *request, struct policy_lots *lots,
                           struct policy_answer *out_answer);
