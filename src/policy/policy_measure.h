/* policy_measure.h - orders by this server's own probes (`latency: {source: pop}`): they change
 * all the time, so they are made for each query instead of compiled. Private to policy/.
 */
#pragma once

#include <stdint.h>

#include "rhumb/policy.h"

/* policy_endpoints_of - the addresses of one family. */
static inline const struct policy_endpoint *
policy_endpoints_of(const struct policy_region *region, enum ip_family family,
                    unsigned *out_count)
{
    *out_count = family == IP_V4 ? region->v4_count : region->v6_count;
    return family == IP_V4 ? region->v4 : region->v6;
}

/* Room for an order that is not compiled, on the caller's stack. */
struct policy_order_storage {
    uint8_t regions[CONFIG_REGIONS_MAX], group_end[CONFIG_REGIONS_MAX];
};

/* policy_region_rtt_us - the mean of its endpoints' smoothed round trips; UINT32_MAX: not
 * measured. */
uint32_t policy_region_rtt_us(const struct policy_request *request,
                              const struct policy_region *region);

/* policy_order_by_rtt - each compiled group sorted and split: those within max(5 ms, 10 %) of
 * the best are one group, the unmeasured the last. (Regions of weight 0 are a compiled group of
 * their own, behind all others, and stay there.) */
struct policy_order policy_order_by_rtt(const struct policy_request *request,
                                        const struct policy_service *service,
                                        struct policy_order order,
                                        struct policy_order_storage *storage);
