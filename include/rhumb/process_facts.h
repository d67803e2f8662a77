/* process_facts.h - what the kernel knows of this process: for metrics. Reads /proc; what cannot be
 * read stays 0.
 */
#pragma once

#include <stdint.h>

struct process_facts {
    double cpu_s; /* user and system, all threads */
    uint64_t resident_bytes, virtual_bytes;
    uint64_t open_fds, max_fds;
    uint64_t threads;
};

/* process_facts_read - some 100 us, and more with thousands of descriptors. Any thread. */
void process_facts_read(struct process_facts *out_facts);

/* process_facts_parse_stat - the fields of /proc/self/stat; pages and ticks as the system counts
 * them. Untouched when text is no such line. Pure. */
void process_facts_parse_stat(const char *text, long page_bytes, long ticks_per_s,
                              struct process_facts *facts);
