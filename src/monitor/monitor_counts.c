#include "rhumb/monitor_counts.h"

#include <stdlib.h>
#include <string.h>

#include "rhumb/hash.h"
#include "rhumb/tally.h"

enum {
    STATE_BITS = 3,
    MOVES_BITS = 17 /* 98,304 pairs of endpoint and state; touched as used */
};

_Static_assert(HEALTH_STATE_COUNT <= 1 << STATE_BITS, "a state has its bits");

const uint32_t MONITOR_BUCKET_US[MONITOR_BUCKETS] = {
    500,    1000,   2500,   5000,    10000,   25000,   50000,
    100000, 250000, 500000, 1000000, 2500000, 5000000, 10000000,
};

struct check {
    char *name; /* owned */
    struct monitor_check_counts counts;
};

struct monitor_counts {
    struct check **checks; /* owned; as the configuration numbers them */
    size_t check_count;
    struct tally moves; /* by service, region and endpoint, and the state moved to */
};

struct monitor_counts *monitor_counts_new(void)
{
    struct monitor_counts *counts = calloc(1, sizeof(*counts));
    if (counts && tally_init(&counts->moves, MOVES_BITS) == ERR_OK)
        return counts;
    free(counts);
    return NULL;
}

static void free_check(struct check *check)
{
    if (!check)
        return;
    free(check->name);
    free(check);
}

static void free_checks(struct check **checks, size_t count)
{
    for (size_t i = 0; checks && i < count; i++)
        free_check(checks[i]);
    free(checks);
}

void monitor_counts_free(struct monitor_counts *counts)
{
    if (!counts)
        return;
    free_checks(counts->checks, counts->check_count);
    tally_deinit(&counts->moves);
    free(counts);
}

/* ---- checks ---- */

static struct check *new_check(const char *name)
{
    struct check *check = calloc(1, sizeof(*check));
    if (check)
        check->name = strdup(name);
    if (check && check->name)
        return check;
    free(check);
    return NULL;
}

static int compare_names(const void *a, const void *b)
{
    const struct check *const *left = a, *const *right = b;
    return strcmp((*left)->name, (*right)->name);
}

/* keep - what was counted of the checks that are still there. old is sorted on the way. */
static void keep(struct check **fresh, size_t count, struct check **old, size_t old_count)
{
    if (old_count == 0)
        return;
    qsort(old, old_count, sizeof(struct check *), compare_names);
    for (size_t i = 0; i < count; i++) {
        struct check *const *found =
            bsearch(&fresh[i], old, old_count, sizeof(struct check *), compare_names);
        if (found)
            fresh[i]->counts = (*found)->counts;
    }
}

enum err monitor_counts_set(struct monitor_counts *counts, const struct config *config)
{
    struct check **fresh = calloc(config->check_count + 1, sizeof(struct check *));
    for (size_t i = 0; fresh && i < config->check_count; i++) {
        fresh[i] = new_check(config->checks[i].name);
        if (fresh[i])
            continue;
        free_checks(fresh, i);
        fresh = NULL;
    }
    if (!fresh)
        return ERR_NO_MEMORY;
    keep(fresh, config->check_count, counts->checks, counts->check_count);
    free_checks(counts->checks, counts->check_count);
    counts->checks = fresh;
    counts->check_count = config->check_count;
    return ERR_OK;
}

static void add(struct monitor_histogram *histogram, uint32_t us)
{
    size_t bucket = 0;
    if (us == 0) /* there was no such part */
        return;
    while (bucket < MONITOR_BUCKETS && us > MONITOR_BUCKET_US[bucket])
        bucket++;
    histogram->counts[bucket]++;
    histogram->count++;
    histogram->sum_us += us;
}

void monitor_counts_probe(struct monitor_counts *counts, size_t check,
                          const struct probe_result *result)
{
    struct monitor_check_counts *c = &counts->checks[check]->counts;
    c->results[result->outcome]++;
    add(&c->took[MONITOR_CONNECT], result->took.connect_us);
    add(&c->took[MONITOR_TLS], result->took.tls_us);
    add(&c->took[MONITOR_ANSWER], result->took.answer_us);
    add(&c->took[MONITOR_TOTAL], result->took.total_us);
}

const struct monitor_check_counts *monitor_counts_check(const struct monitor_counts *counts,
                                                        size_t check)
{
    return &counts->checks[check]->counts;
}

/* ---- changes of state ---- */

static uint64_t hash_text(uint64_t seed, const char *text)
{
    return hash_bytes(seed, text, strlen(text) + 1);
}

/* key_of - of a seat, by the names of what it is. */
static uint64_t key_of(const struct snapshot *snapshot, size_t index, enum health_state to)
{
    const struct snapshot_seat *seat = &snapshot->seats[index];
    const struct config_service *service = &snapshot->config->services[seat->service];
    uint64_t hash = hash_text(HASH_SEED, service->name);
    hash = hash_text(hash, service->regions[seat->region].name);
    if (seat->addr)
        hash = hash_bytes(hash, seat->addr, sizeof(*seat->addr));
    else if (seat->host)
        hash = hash_text(hash, seat->host);
    return (hash >> STATE_BITS | 1) << STATE_BITS | (uint64_t)to;
}

void monitor_counts_move(struct monitor_counts *counts, const struct snapshot *snapshot,
                         const struct snapshot_target *target, enum health_state to)
{
    for (size_t i = 0; i < target->seat_count; i++)
        tally_add(&counts->moves, key_of(snapshot, target->seats[i], to));
}

uint64_t monitor_counts_moves(const struct monitor_counts *counts,
                              const struct snapshot *snapshot, size_t seat,
                              enum health_state to)
{
    return tally_get(&counts->moves, key_of(snapshot, seat, to));
}
