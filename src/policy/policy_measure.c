#include "policy_measure.h"

#include <string.h>

#include "rhumb/health_table.h"

enum { SLACK_US = 5000 }; /* at least; else 10 % of the best */

uint32_t policy_region_rtt_us(const struct policy_request *request,
                              const struct policy_region *region)
{
    unsigned total, known = 0;
    uint64_t sum = 0;
    const struct policy_endpoint *list = policy_endpoints_of(region, request->family, &total);
    for (unsigned i = 0; i < total; i++) {
        uint32_t rtt_us = health_table_rtt_us(request->health, list[i].seat);
        sum += rtt_us;
        known += rtt_us > 0;
    }
    return known > 0 ? (uint32_t)(sum / known) : UINT32_MAX;
}

/* sort_group - one compiled group, members first..end-1, into groups by round trip. */
static void sort_group(const struct policy_order *order, uint8_t first, uint8_t end,
                       const uint32_t *rtts_us, struct policy_order_storage *storage)
{
    for (uint8_t i = first; i < end; i++) { /* insertion: few, and equals stay in order */
        uint8_t region = order->regions[i], at = i;
        for (; at > first && rtts_us[storage->regions[at - 1]] > rtts_us[region]; at--)
            storage->regions[at] = storage->regions[at - 1];
        storage->regions[at] = region;
    }
    while (first < end) {
        uint64_t best_us = rtts_us[storage->regions[first]];
        uint64_t slack_us = best_us / 10 > SLACK_US ? best_us / 10 : SLACK_US;
        uint8_t next = first;
        while (next < end && rtts_us[storage->regions[next]] <= best_us + slack_us)
            next++;
        memset(storage->group_end + first, next, (size_t)next - first);
        first = next;
    }
}

struct policy_order policy_order_by_rtt(const struct policy_request *request,
                                        const struct policy_service *service,
                                        struct policy_order order,
                                        struct policy_order_storage *storage)
{
    uint32_t rtts_us[CONFIG_REGIONS_MAX]; /* by region */
    for (uint8_t i = 0; i < order.region_count; i++) {
        uint8_t region = order.regions[i];
        rtts_us[region] = policy_region_rtt_us(request, &service->regions[region]);
    }
    for (uint8_t first = 0; first < order.region_count; first = order.group_end[first])
        sort_group(&order, first, order.group_end[first], rtts_us, storage);
    order.regions = storage->regions;
    order.group_end = storage->group_end;
    return order;
}
