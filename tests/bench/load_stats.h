#pragma once
/* load_stats - what dns_load counts: replies by outcome, and a histogram of latencies.
 *
 * shape    the histogram is logarithmic with LOAD_STEPS linear steps per power of two, so a
 *          percentile is right to 1/LOAD_STEPS (1.6 %) from nanoseconds to minutes
 * threads  one
 */

#include <stdbool.h>
#include <stdint.h>

#define LOAD_STEPS   64u
#define LOAD_BUCKETS (40u * LOAD_STEPS)

struct load_stats {
    uint64_t sent, answered;
    uint64_t lost;    /* no reply within a second */
    uint64_t late;    /* a reply to a query that was given up or answered before */
    uint64_t bad;     /* no DNS response */
    uint64_t skipped; /* open loop: due, but every slot was taken */
    uint64_t empty;   /* NOERROR without an answer record */
    uint64_t rcodes[16];
    uint64_t buckets[LOAD_BUCKETS];
};

void load_stats_add(struct load_stats *stats, uint64_t latency_ns, unsigned rcode,
                    bool has_no_answers);

/* load_stats_percentile - the latency, in nanoseconds, that `share` (0..1) of the answers did
 * not exceed; 0 without answers. */
uint64_t load_stats_percentile(const struct load_stats *stats, double share);

/* load_stats_print - one line of key=value on standard output. The rate counts only what was
 * answered while queries were being sent. */
void load_stats_print(const struct load_stats *stats, uint64_t answered_in_time,
                      double seconds);
