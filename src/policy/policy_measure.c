#include "policy_measure.h"

#include <string.h>

#include "rhumb/health_table.h"

/* region_rtt_us - the mean of its endpoints' smoothed round trips; UINT32_MAX: not measured. */
static uint32_t region_rtt_us(const struct policy_request *request,
                              const struct policy_region *region)
{
    unsigned total, known = 0;
    uint64_t sum = 0;
    const struct policy_endpoint *list = policy_endpoints_of(region, request->family, &total);
    for (unsigned i = 0; i < total; i++) {
        if (list[i].target == POLICY_NO_TARGET)
            continue;
        uint32_t rtt_us = health_table_rtt_us(request->health, list[i].target);
        sum += rtt_us;
        known += rtt_us > 0;
    }
    return known > 0 ? (uint32_t)(sum / known) : UINT32_MAX;
}

/* order_by_rtt - nearest by measurement first; within max(5 ms, 10 %) of the best is one group.
 */
struct policy_order policy_order_by_rtt(const struct policy_request *request,
                                        const struct policy_service *service,
                                        struct policy_order order,
                                        struct policy_order_storage *storage)
{
    uint32_t rtts_us[CONFIG_REGIONS_MAX];
    for (uint8_t i = 0; i < order.region_count; i++) {
        uint8_t region = order.regions[i];
        uint32_t rtt_us = region_rtt_us(request, &service->regions[region]);
        uint8_t at = i;
        for (; at > 0 && rtts_us[at - 1] > rtt_us; at--) {
            rtts_us[at] = rtts_us[at - 1];
            storage->regions[at] = storage->regions[at - 1];
        }
        rtts_us[at] = rtt_us;
        storage->regions[at] = region;
    }
    for (uint8_t first = 0, end; first < order.region_count; first = end) {
        uint64_t slack_us = rtts_us[first] / 10 > 5000 ? rtts_us[first] / 10 : 5000;
        for (end = first;
             end < order.region_count && rtts_us[end] <= (uint64_t)rtts_us[first] + slack_us;
             end++)
            ;
        memset(storage->group_end + first, end, (size_t)end - first);
    }
    order.regions = storage->regions;
    order.group_end = storage->group_end;
    return order;
}
