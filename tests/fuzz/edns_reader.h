/* edns_reader.h - a second reader of OPT, for the fuzzer: by the letter of the RFCs, sharing no
 * code with src/dns.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct edns_read {
    unsigned verdicts; /* one bit for each enum query_verdict that is right */
    bool is_certain;   /* no option whose malformation may be ignored as well as refused */
    uint16_t udp_size;
    bool dnssec_ok, wants_nsid;
    size_t nsid_bytes, ede_count;
    const uint8_t *ecs_any; /* data of the first ECS option; or NULL */
    const uint8_t *ecs;     /* the same, when it is sound for a query; or NULL */
    uint16_t ecs_bytes;
};

/* edns_read_query - the OPT record that ends a query, from its owner name on. */
void edns_read_query(const uint8_t *opt, size_t len, struct edns_read *out_read);

/* edns_read - the data of OPT. */
void edns_read(const uint8_t *options, size_t len, struct edns_read *out_read);
