/* outcome.h - which regions the clients of one service get, and in which shares. Private to
 * analysis/.
 *
 * Regions have *labels*, so that two snapshots can be compared by name: "eu-west", and
 * "inner/eu-west" where a service inside the one asked for decided. "(none)" is an empty answer.
 * The answers themselves are policy_distribution(): nothing is decided here.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "rhumb/arena.h"
#include "rhumb/err.h"
#include "rhumb/snapshot.h"

/* 16 bits name a label; 0 is "(none)". */
enum { LABELS_MAX = 1 << 16, LABEL_NONE = 0 };

struct label_set {
    struct arena *arena; /* borrowed */
    const char **names;
    size_t count, capacity;
};

WARN_UNUSED enum err label_set_init(struct label_set *labels, struct arena *arena);

/* One service of one snapshot, in one state of health. */
struct outcome_view {
    const struct snapshot *snapshot;
    const struct health_table *health;
    uint16_t service;
    bool v4, v6;        /* it has endpoints of the family */
    uint16_t *label_of; /* first_of[service] + region, of all services inside; 0: not inside */
    uint32_t *first_of; /* by service */
};

/* outcome_view_init - labels may be shared by views; everything lives in its arena. ERR_OK,
 * ERR_NO_MEMORY, ERR_LIMIT. */
WARN_UNUSED enum err outcome_view_init(struct outcome_view *view,
                                       const struct snapshot *snapshot,
                                       const struct health_table *health, uint16_t service,
                                       struct label_set *labels);

struct outcome_part {
    uint16_t label, service;
    uint8_t region; /* POLICY_NO_REGION: an empty answer */
    double share;
};

enum { OUTCOME_PARTS_MAX = 2 * POLICY_SHARES_MAX };

struct outcome {
    size_t count;
    struct outcome_part parts[OUTCOME_PARTS_MAX]; /* each label once */
    double all_down;                              /* the share that `when_all_down` decided */
};

/* What is asked, beside the service. */
struct outcome_question {
    struct policy_client client;
    enum ip_family family; /* IP_NONE: what the service has: of A and AAAA each the half */
    uint8_t pinned;        /* POLICY_NO_REGION: none */
    bool sticky;           /* exactly this client; else any client of its network */
};

void outcome_of(const struct outcome_view *view, const struct outcome_question *question,
                struct outcome *out);
