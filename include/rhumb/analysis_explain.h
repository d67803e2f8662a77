/* analysis_explain.h - the decision behind an answer, told step by step: zone, match, location,
 * policy, order, health, pick, TTL, scope, alias by alias. For people; not for the query path.
 *
 *     name       www.example.com. A
 *     zone       example.com. serial 2026080100
 *     ...
 * Ten columns of what a line is about (blank: the same as above), then what there is to say.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "rhumb/policy.h"
#include "rhumb/snapshot.h"
#include "rhumb/text.h"

struct analysis_explain_query {
    const char *name; /* as people write it; absolute without a final dot */
    uint16_t type;
    struct policy_client client;
    const char *why_not; /* a region; NULL: nobody asks */
};

/* analysis_explain - the snapshot has its map; its health words count as they are. False: the name
 * is none, and *out_reason says why. */
bool analysis_explain(const struct snapshot *snapshot,
                      const struct analysis_explain_query *query, struct text *out,
                      const char **out_reason);
