#include "monitor_host.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rhumb/clock.h"
#include "rhumb/hash.h"

struct leaf {
    struct monitor_host *host;
    struct ip_addr addr;
    struct health_machine fsm;
    struct probe *probe;
    uint8_t scale;  /* of its latest success */
    bool own_fault; /* its latest result was a fault of ours */
    char reason[PROBE_REASON_MAX];
};

struct monitor_host {
    const struct monitor_host_means *means;
    struct machine *whole;
    struct resolver_entry *entry;
    struct leaf *leaves[RESOLVER_ADDRESSES_MAX];
    size_t count;
};

/* leaf_thresholds - those of the check; returns are damped and ramped once, for the whole. */
static struct health_thresholds leaf_thresholds(const struct monitor_host *host)
{
    struct health_thresholds thresholds =
        machine_thresholds(host->means->check_of(host->means->ctx, host->whole));
    thresholds.ramp_ms = 0;
    thresholds.damped = false;
    return thresholds;
}

/* judge - one address that is up will do, and the best of them gives the weight; while none is,
 * all must have been heard. When every probe fails by our own fault, nothing can be said. */
static void judge(const struct monitor_host *host, const struct health_thresholds *thresholds,
                  struct probe_result *result)
{
    size_t up = 0, suspect = 0, undecided = 0, own_faults = 0;
    const struct leaf *worst = NULL;
    char address[IP_TEXT_MAX];
    *result = (struct probe_result){.outcome = HEALTH_OWN_FAULT};
    for (size_t i = 0; i < host->count; i++) {
        const struct leaf *leaf = host->leaves[i];
        own_faults += leaf->own_fault;
        if (leaf->own_fault)
            memcpy(result->reason, leaf->reason, sizeof(result->reason));
        if (leaf->fsm.state == HEALTH_UNKNOWN) {
            undecided++;
        } else if (health_fsm_is_usable(&leaf->fsm, thresholds)) {
            up++;
            suspect += leaf->fsm.failures > 0;
            result->rtt_us = leaf->fsm.rtt_us;
            result->scale = leaf->scale > result->scale ? leaf->scale : result->scale;
        } else {
            worst = leaf;
        }
    }
    host->whole->leans = up > 0 && up == suspect;
    if (own_faults == host->count)
        return;
    if (up > 0) {
        result->outcome = HEALTH_SUCCESS;
        (void)snprintf(result->reason, sizeof(result->reason), "%zu of %zu addresses up", up,
                       host->count);
    } else if (undecided == 0 && worst) {
        result->outcome = HEALTH_FAILURE;
        (void)snprintf(result->reason, sizeof(result->reason), "%s: %.80s",
                       ip_format(&worst->addr, address), worst->reason);
    }
}

/* next_probe_ms - a name that is held proves itself by its addresses. */
static uint32_t next_probe_ms(struct leaf *leaf, const struct health_thresholds *thresholds,
                              uint64_t now_ms)
{
    struct machine *whole = leaf->host->whole;
    uint32_t whole_ms = machine_next_probe_ms(whole, now_ms);
    uint32_t own_ms =
        health_fsm_next_probe_ms(&leaf->fsm, thresholds, now_ms, (uint32_t)whole->chance);
    return whole->fsm.state == HEALTH_HELD && whole_ms < own_ms ? whole_ms : own_ms;
}

static uint32_t on_leaf_result(void *ctx, const struct probe_result *result)
{
    struct leaf *leaf = ctx;
    struct monitor_host *host = leaf->host;
    const struct health_thresholds thresholds = leaf_thresholds(host);
    struct health_event event;
    struct probe_result verdict;
    host->means->on_probe(host->means->ctx, host->whole, result);
    memcpy(leaf->reason, result->reason, sizeof(leaf->reason));
    leaf->own_fault = result->outcome == HEALTH_OWN_FAULT;
    if (result->outcome == HEALTH_SUCCESS)
        leaf->scale = result->scale;
    uint64_t now_ms = clock_monotonic_ms();
    (void)health_fsm_step(&leaf->fsm, result->outcome, result->rtt_us, &thresholds, now_ms,
                          &event);
    uint32_t next_ms = next_probe_ms(leaf, &thresholds, now_ms);
    judge(host, &thresholds, &verdict);
    host->means->on_verdict(host->means->ctx, host->whole, &verdict); /* may free the leaf */
    return next_ms;
}

static void leaf_free(struct leaf *leaf)
{
    if (leaf->probe)
        probe_remove(leaf->probe);
    free(leaf);
}

/* leaf_new - NULL when out of memory, or when there are too many probes: then the address is not
 * probed until it is told again. */
static struct leaf *leaf_new(struct monitor_host *host, const struct ip_addr *addr)
{
    struct leaf *leaf = calloc(1, sizeof(*leaf));
    if (!leaf)
        return NULL;
    leaf->host = host;
    leaf->addr = *addr;
    leaf->scale = HEALTH_SCALE_FULL;
    health_fsm_init(&leaf->fsm, clock_monotonic_ms());
    const struct config_check *check = host->means->check_of(host->means->ctx, host->whole);
    uint64_t spread = hash_bytes(host->whole->key, addr, sizeof(*addr));
    if (probe_add(host->means->prober, check, addr, spread, 0, on_leaf_result, leaf,
                  &leaf->probe) == ERR_OK)
        return leaf;
    free(leaf);
    return NULL;
}

/* take_leaf - the leaf of an address, taken out of the list; NULL: none. */
static struct leaf *take_leaf(struct monitor_host *host, const struct ip_addr *addr)
{
    for (size_t i = 0; i < host->count; i++) {
        struct leaf *leaf = host->leaves[i];
        if (!ip_equal(&leaf->addr, addr))
            continue;
        host->leaves[i] = host->leaves[--host->count];
        return leaf;
    }
    return NULL;
}

static void on_addresses(void *ctx, const struct ip_addr *addrs, size_t count)
{
    struct monitor_host *host = ctx;
    struct leaf *leaves[RESOLVER_ADDRESSES_MAX];
    size_t kept = 0;
    for (size_t i = 0; i < count; i++) {
        struct leaf *leaf = take_leaf(host, &addrs[i]);
        if (!leaf)
            leaf = leaf_new(host, &addrs[i]);
        if (leaf)
            leaves[kept++] = leaf;
    }
    for (size_t i = 0; i < host->count; i++)
        leaf_free(host->leaves[i]);
    memcpy(host->leaves, leaves, kept * sizeof(leaves[0]));
    host->count = kept;
}

enum err monitor_host_new(const struct monitor_host_means *means, struct machine *whole,
                          const char *name, struct monitor_host **out_host)
{
    struct monitor_host *host = calloc(1, sizeof(*host));
    if (!host)
        return ERR_NO_MEMORY;
    host->means = means;
    host->whole = whole;
    enum err err = resolver_add(means->resolver, name, on_addresses, host, &host->entry);
    if (err == ERR_OK)
        *out_host = host;
    else
        free(host);
    return err;
}

void monitor_host_free(struct monitor_host *host)
{
    if (!host)
        return;
    if (host->entry)
        resolver_remove(host->entry);
    for (size_t i = 0; i < host->count; i++)
        leaf_free(host->leaves[i]);
    free(host);
}

void monitor_host_forget_probes(struct monitor_host *host)
{
    for (size_t i = 0; i < host->count; i++)
        host->leaves[i]->probe = NULL;
    host->entry = NULL;
}
