#include "load_stats.h"

#include <stdio.h>

/* Values below LOAD_STEPS have a bucket each; above, the top bit picks a group of LOAD_STEPS
 * buckets and the next 6 bits one of them. */
static uint32_t bucket_of(uint64_t ns)
{
    if (ns < LOAD_STEPS)
        return (uint32_t)ns;
    uint32_t top = 63 - (uint32_t)__builtin_clzll(ns); /* >= 6 */
    uint32_t bucket = (top - 5) * LOAD_STEPS + (uint32_t)(ns >> (top - 6) & (LOAD_STEPS - 1));
    return bucket < LOAD_BUCKETS ? bucket : LOAD_BUCKETS - 1;
}

/* The highest value of a bucket. */
static uint64_t bucket_end(uint32_t bucket)
{
    if (bucket < LOAD_STEPS)
        return bucket;
    uint32_t shift = bucket / LOAD_STEPS - 1;
    return ((uint64_t)(LOAD_STEPS + bucket % LOAD_STEPS) + 1) << shift;
}

void load_stats_add(struct load_stats *stats, uint64_t latency_ns, unsigned rcode,
                    bool has_no_answers)
{
    stats->answered++;
    stats->rcodes[rcode & 15]++;
    stats->empty += rcode == 0 && has_no_answers;
    stats->buckets[bucket_of(latency_ns)]++;
}

uint64_t load_stats_percentile(const struct load_stats *stats, double share)
{
    uint64_t rank = (uint64_t)(share * (double)stats->answered), seen = 0;
    for (uint32_t i = 0; i < LOAD_BUCKETS; i++) {
        seen += stats->buckets[i];
        if (seen > rank)
            return bucket_end(i);
    }
    return 0;
}

void load_stats_print(const struct load_stats *stats, uint64_t answered_in_time, double seconds)
{
    uint64_t other = stats->answered - stats->rcodes[0] - stats->rcodes[2] - stats->rcodes[3] -
                     stats->rcodes[5];
    printf("qps=%.0f sent=%llu answered=%llu lost=%llu late=%llu bad=%llu skipped=%llu ",
           (double)answered_in_time / seconds, (unsigned long long)stats->sent,
           (unsigned long long)stats->answered, (unsigned long long)stats->lost,
           (unsigned long long)stats->late, (unsigned long long)stats->bad,
           (unsigned long long)stats->skipped);
    printf("p50_us=%.1f p99_us=%.1f p999_us=%.1f ",
           (double)load_stats_percentile(stats, 0.5) / 1e3,
           (double)load_stats_percentile(stats, 0.99) / 1e3,
           (double)load_stats_percentile(stats, 0.999) / 1e3);
    printf("noerror=%llu empty=%llu servfail=%llu nxdomain=%llu refused=%llu other=%llu\n",
           (unsigned long long)stats->rcodes[0], (unsigned long long)stats->empty,
           (unsigned long long)stats->rcodes[2], (unsigned long long)stats->rcodes[3],
           (unsigned long long)stats->rcodes[5], (unsigned long long)other);
}
