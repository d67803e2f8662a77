/* monitor_machines.h - one state machine per target, found again after a reload or a restart.
 *
 * A machine belongs to what is asked of whom, not to a snapshot: machines whose key is unchanged
 * stay as they are, probe and all; one whose pace alone was edited is new, but starts from what
 * the old one knew. Control thread only.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "rhumb/err.h"
#include "rhumb/health_fsm.h"
#include "rhumb/probe.h"
#include "rhumb/snapshot.h"

struct monitor_host;
struct monitor_host_means;

/* How many of a kind of news were told in this minute. */
struct news_limit {
    uint64_t minute_ms; /* when it began */
    uint32_t count;
};

struct machine {
    uint64_t question, key; /* as in struct snapshot_target */
    uint32_t target;        /* index into snapshot->targets */
    struct health_machine fsm;
    struct health_thresholds thresholds;
    uint64_t chance;           /* a sequence of its own, from the key */
    void *owner;               /* who gets its results */
    uint16_t region;           /* of the configuration, for health_self; CONFIG_NONE: none */
    struct probe *probe;       /* NULL: made of others, or a host */
    struct monitor_host *host; /* owned; an endpoint that is a name; NULL: an address */
    uint8_t scale;             /* percent, of its latest success */
    bool leans;          /* made of others, and up only as long as a suspect one of them is */
    uint32_t proof_ms;   /* its latest success, as the health table wants it */
    uint64_t heard_ms;   /* its latest result that was no fault of ours; or its start */
    uint64_t failing_ms; /* since when it fails, as health_self counts; 0: it does not */
    struct news_limit blips; /* failures that came to nothing */
    bool own_fault;          /* its latest result was a fault of ours */
    char reason[PROBE_REASON_MAX];
};

/* What is known of a target: of a question that is asked at some pace. */
struct machine_memory {
    uint64_t question, key; /* as in struct machine */
    struct health_machine fsm;
    uint8_t scale;
    char reason[PROBE_REASON_MAX];
};

struct machine_set {
    struct machine **list; /* owned; by ascending key, like snapshot->targets */
    size_t count;
    uint32_t
        *whole_starts; /* owned; target t is part of wholes[starts[t]] to [starts[t + 1]-1] */
    uint32_t *wholes;  /* owned; indexes into list */
};

/* What machine_set_build() starts from. */
struct machine_plan {
    struct prober *prober;
    const struct monitor_host_means *host_means;
    probe_on_result on_result; /* ctx: the machine */
    void *owner;
    const struct machine_set *old;
    const struct machine_memory *memories; /* as machine_memory_compare() sorts them */
    size_t memory_count;
    uint64_t now_ms;
};

/* machine_set_build - a machine for each target of fresh: one of plan->old where the key is the
 * same, else a new one. old is untouched; after a success machine_set_leave() it.
 * returns  ERR_OK; ERR_NO_MEMORY, ERR_LIMIT (more than the prober takes): no new one is left */
WARN_UNUSED enum err machine_set_build(const struct machine_plan *plan,
                                       const struct snapshot *fresh,
                                       struct machine_set *out_set);

/* machine_set_leave - free old, and those of its machines that fresh has not taken over. */
void machine_set_leave(struct machine_set *old, const struct machine_set *fresh);

/* machine_set_remember - what the machines know, sorted. NULL: out of memory, or none. The caller
 * frees it. */
struct machine_memory *machine_set_remember(const struct machine_set *set);

/* machine_memory_compare - for qsort(): by question, and by key where several paces ask it. */
int machine_memory_compare(const void *left, const void *right);

/* machine_set_forget_probes - the prober is about to be closed, and ends them itself. */
void machine_set_forget_probes(struct machine_set *set);

/* ---- one machine ---- */

/* machine_thresholds - what a check says of them. */
struct health_thresholds machine_thresholds(const struct config_check *check);

static inline bool machine_is_decided(const struct machine *machine)
{
    return machine->fsm.state != HEALTH_UNKNOWN;
}

static inline bool machine_is_usable(const struct machine *machine)
{
    return health_fsm_is_usable(&machine->fsm, &machine->thresholds);
}

/* machine_is_suspect - usable, but its latest result was a failure; the TTL is short then. */
static inline bool machine_is_suspect(const struct machine *machine)
{
    return machine_is_usable(machine) && (machine->fsm.failures > 0 || machine->leans);
}

/* machine_next_probe_ms - health_fsm_next_probe_ms(), by its own chance. */
uint32_t machine_next_probe_ms(struct machine *machine, uint64_t now_ms);

/* machine_scale - percent of its weight, 1..100: what its ramp and its metric leave. */
uint8_t machine_scale(const struct machine *machine, uint64_t now_ms);
