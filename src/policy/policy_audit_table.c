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
                                const struct policy_region *region)
{
    if (strcmp(region->name, in->name) != 0 || region->nested != in->service)
        return "a region stands for another one";
    if (!has_addresses(in, IP_V4, region->v4, region->v4_count) ||
        !has_addresses(in, IP_V6, region->v6, region->v6_count) || !has_names(in, region))
        return "a region has other endpoints than the configuration gives it";
    return NULL;
}

/* is_walkable - the regions of an order are some of the service, and each member of a group knows
 * its end. */
static bool is_walkable(const struct policy_service *service, const struct policy_order *order)
{
    uint8_t end = 0;
    if (order->region_count == 0 || order->region_count > service->region_count)
        return false;
    for (uint8_t i = 0; i < order->region_count; i++) {
        if (i == end)
            end = order->group_end[i];
        if (end <= i || end > order->region_count || order->group_end[i] != end ||
            order->regions[i] >= service->region_count)
            return false;
    }
    return true;
}

/* judge_order - it has each region that its class allows once, and no other. */
static struct policy_table_fault judge_order(const struct policy_service *service,
                                             const struct policy_order *order)
{
    uint64_t seen = 0;
    if (!is_walkable(service, order))
        return (struct policy_table_fault){"an order cannot be walked", POLICY_NO_REGION, true};
    for (uint8_t i = 0; i < order->region_count; i++) {
        uint8_t region = order->regions[i];
        if ((seen >> region & 1) != 0)
            return (struct policy_table_fault){"an order has a region twice", region, false};
        seen |= UINT64_C(1) << region;
    }
    uint64_t differing = seen ^ order->allowed;
    if (differing == 0)
        return (struct policy_table_fault){NULL, POLICY_NO_REGION, false};
    uint8_t region = (uint8_t)__builtin_ctzll(differing);
    return (struct policy_table_fault){
        (seen >> region & 1) != 0 ? "an order has a region that its class does not allow"
                                  : "an order lacks a region that its class allows",
        region, region >= service->region_count};
}

/* judge_shape - as many regions as the configuration gives it, and its last resort among them. */
static const char *judge_shape(const struct policy_service *service)
{
    const struct config_service *in = service->config;
    if (service->region_count != in->region_count || service->class_count == 0)
        return "it has other regions than the configuration gives it";
    if (service->all_down_region >= service->region_count)
        return "its last resort is no region";
    return NULL;
}

struct policy_table_fault policy_audit_table(const struct policy_service *service,
                                             size_t service_count)
{
    const struct config_service *in = service->config;
    struct policy_table_fault fault = {judge_shape(service), POLICY_NO_REGION, true};
    if (fault.what)
        return fault;
    fault.unreadable = false;
    if (service->all_down != in->all_down || service->all_down_region != in->all_down_region)
        fault.what = "it has another last resort than the configuration gives it";
    for (uint8_t r = 0; r < service->region_count && !fault.what; r++) {
        fault.what = judge_region(&in->regions[r], &service->regions[r]);
        fault.region = fault.what ? r : POLICY_NO_REGION;
        uint16_t nested = service->regions[r].nested;
        fault.unreadable = nested != CONFIG_NONE && nested >= service_count;
    }
    for (uint32_t class = 0; class < service->class_count && !fault.what; class ++) {
        struct policy_order order = policy_class_get(service, class);
        fault = judge_order(service, &order);
    }
    return fault;
}
