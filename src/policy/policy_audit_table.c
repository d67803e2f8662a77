#include "policy_audit_table.h"

#include <string.h>

#include "rhumb/dns_name.h"

/* has_addresses - list holds the addresses of one family, in the order of the configuration. */
static bool has_addresses(const struct config_service_region *in, enum ip_family family,
                          const struct policy_endpoint *list, size_t count)
{
    size_t found = 0;
    for (size_t i = 0; i < in->address_count; i++) {
        if (in->addresses[i].family != family)
            continue;
        if (found == count || !ip_equal(&list[found].addr, &in->addresses[i]))
            return false;
        found++;
    }
    return found == count;
}

static bool has_names(const struct config_service_region *in,
                      const struct policy_region *region)
{
    if (region->name_count != in->name_count)
        return false;
    for (size_t i = 0; i < in->name_count; i++) {
        uint8_t wire[DNS_NAME_MAX];
        const char *reason;
        size_t len =
            dns_name_from_text(in->names[i], strlen(in->names[i]), NULL, wire, &reason);
        dns_name_lower(wire, len);
        if (len == 0 || memcmp(wire, region->names[i], len) != 0)
            return false;
    }
    return true;
}

static const char *judge_region(const struct config_service_region *in,
                                const struct policy_region *region, size_t service_count)
{
    if (strcmp(region->name, in->name) != 0 || region->nested != in->service)
        return "a region stands for another one";
    if (region->nested != CONFIG_NONE && region->nested >= service_count)
        return "a region stands for a service that there is not";
    if (!has_addresses(in, IP_V4, region->v4, region->v4_count) ||
        !has_addresses(in, IP_V6, region->v6, region->v6_count) || !has_names(in, region))
        return "a region has other endpoints than the configuration gives it";
    return NULL;
}

/* judge_order - every region of it is one of the service and stands in it once, those allowed and
 * no fewer; each member of a group knows its end. */
static const char *judge_order(const struct policy_service *service,
                               const struct policy_order *order, uint8_t *out_region)
{
    uint64_t seen = 0;
    uint8_t end = 0;
    if (order->region_count == 0 || order->region_count > service->region_count)
        return "an order has a wrong number of regions";
    for (uint8_t i = 0; i < order->region_count; i++) {
        uint8_t region = order->regions[i];
        if (i == end)
            end = order->group_end[i];
        if (end <= i || end > order->region_count || order->group_end[i] != end)
            return "a group of an order has no end";
        if (region >= service->region_count)
            return "an order has a region that there is not";
        *out_region = region;
        if ((seen >> region & 1) != 0)
            return "an order has a region twice";
        seen |= UINT64_C(1) << region;
    }
    uint64_t differing = seen ^ order->allowed;
    if (differing == 0)
        return NULL;
    *out_region = (uint8_t)__builtin_ctzll(differing);
    return (seen >> *out_region & 1) != 0
               ? "an order has a region that its class does not allow"
               : "an order lacks a region that its class allows";
}

const char *policy_audit_table(const struct policy_service *service, size_t service_count,
                               uint8_t *out_region)
{
    const struct config_service *in = service->config;
    const char *fault = NULL;
    *out_region = POLICY_NO_REGION;
    if (service->region_count != in->region_count || service->class_count == 0)
        return "it has other regions than the configuration gives it";
    if (service->all_down != in->all_down || service->all_down_region != in->all_down_region ||
        service->all_down_region >= service->region_count)
        return "it has another last resort than the configuration gives it";
    for (uint8_t r = 0; r < service->region_count && !fault; r++) {
        fault = judge_region(&in->regions[r], &service->regions[r], service_count);
        *out_region = fault ? r : POLICY_NO_REGION;
    }
    for (uint32_t class = 0; class < service->class_count && !fault; class ++) {
        struct policy_order order = policy_class_get(service, class);
        fault = judge_order(service, &order, out_region);
    }
    return fault;
}
