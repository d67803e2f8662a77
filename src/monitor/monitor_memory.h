/* monitor_memory.h - what health remembers from one process to the next, as one text.
 *
 *     {"written": 1785585600123,
 *      "up": ["00c0ffee00c0ffee/0123456789abcdef", ...],  targets that are well: question/key
 *      "targets": [{"target": ..., "state": "down", "since": ..., "penalty": ..., ...}, ...],
 *      "out": ["00c0ffee00c0ffee", ...],         endpoints that were not answered
 *      "suspicious": 1785585600000,              since when we suspected ourselves; 0: we did not
 *      "regions": [{"service": "app", "region": "us-east", "lost": ..., "well": ...}, ...]}
 *
 * Times are of the wall clock, in ms since 1970, because the other one starts anew. What is
 * older than MONITOR_MEMORY_AGE_MAX_MS says nothing about today. Pure; control thread.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "rhumb/health_self.h"
#include "rhumb/text.h"

#include "monitor_machines.h"
#include "monitor_service.h"

enum { MONITOR_MEMORY_AGE_MAX_MS = 60 * 60 * 1000 };

/* The same moment on both clocks. */
struct monitor_moment {
    uint64_t wall_ms, steady_ms;
};

struct monitor_memory_region {
    const char *service, *region;
    uint64_t lost_ms, well_ms; /* steady */
};

struct monitor_memory {
    struct machine_memory *machines; /* owned; as machine_memory_compare() sorts them */
    size_t machine_count;
    struct monitor_memory_region *regions; /* owned */
    size_t region_count;
    uint64_t *out; /* owned; hashes of seats, ascending */
    size_t out_count;
    uint64_t suspicious_ms; /* steady; 0: not */
    void *document;         /* owned: holds the texts */
    uint64_t age_ms;
};

/* monitor_memory_put - all that is worth knowing later; failure stays in *out. */
void monitor_memory_put(const struct machine_set *machines,
                        const struct monitor_services *services, const struct health_self *self,
                        const struct monitor_moment *now, struct text *out);

/* monitor_memory_parse - false: the text is not ours or too old (*out_age_ms says how old, 0:
 * not ours), or memory is short; then *out_memory is empty. What is odd in it is left out. */
bool monitor_memory_parse(const char *text, size_t len, const struct monitor_moment *now,
                          struct monitor_memory *out_memory);

void monitor_memory_deinit(struct monitor_memory *memory);

/* monitor_memory_apply - regions that were lost still are, and who was not answered is not: what
 * the last process kept in the answers or out of them by its rules does not start anew. */
void monitor_memory_apply(const struct monitor_memory *memory,
                          struct monitor_services *services, uint64_t now_ms);
