#include "rhumb/policy_dump.h"

#include <string.h>

#include "rhumb/dns_name.h"

enum { BUFFER_BYTES = 16 * 1024, NUMBER_BYTES = 8 };

struct dump {
    policy_on_bytes on_bytes;
    void *ctx;
    size_t used;
    uint8_t buffer[BUFFER_BYTES];
};

static void flush(struct dump *dump)
{
    if (dump->used > 0)
        dump->on_bytes(dump->ctx, dump->buffer, dump->used);
    dump->used = 0;
}

/* put_number - bytes of it, the lowest first. */
static void put_number(struct dump *dump, uint64_t value, unsigned bytes)
{
    if (dump->used + NUMBER_BYTES > BUFFER_BYTES)
        flush(dump);
    for (; bytes > 0; bytes--, value >>= 8)
        dump->buffer[dump->used++] = (uint8_t)value;
}

static void put_bytes(struct dump *dump, const void *bytes, size_t len)
{
    const uint8_t *at = bytes;
    put_number(dump, len, 4);
    for (; len > 0; len--)
        put_number(dump, *at++, 1);
}

static void put_endpoints(struct dump *dump, const struct policy_endpoint *list, size_t count)
{
    put_number(dump, count, 4);
    for (size_t i = 0; i < count; i++)
        put_bytes(dump, list[i].addr.bytes, ip_bits((enum ip_family)list[i].addr.family) / 8);
}

static void put_region(struct dump *dump, const struct policy_region *region)
{
    put_bytes(dump, region->name, strlen(region->name));
    put_number(dump, region->weight, 4);
    put_number(dump, region->nested, 2);
    put_endpoints(dump, region->v4, region->v4_count);
    put_endpoints(dump, region->v6, region->v6_count);
    put_number(dump, region->name_count, 4);
    for (uint16_t i = 0; i < region->name_count; i++)
        put_bytes(dump, region->names[i], dns_name_len(region->names[i]));
}

static void put_order(struct dump *dump, const struct policy_order *order)
{
    put_number(dump, order->allowed, 8);
    put_number(dump, order->residency, 2);
    put_bytes(dump, order->regions, order->region_count);
    put_bytes(dump, order->group_end, order->region_count);
}

static void put_leaf(void *ctx, const struct ip_prefix *prefix, uint32_t class)
{
    put_number(ctx, prefix->len, 1);
    put_number(ctx, class, 4);
}

static void put_service(struct dump *dump, const struct policy_service *service)
{
    put_bytes(dump, service->name, strlen(service->name));
    put_number(dump, service->max_answers, 1);
    put_number(dump, service->answers, 1);
    put_number(dump, service->by_pop_latency, 1);
    put_number(dump, service->min_up_permille, 2);
    put_number(dump, service->all_down, 1);
    put_number(dump, service->all_down_region, 1);
    put_number(dump, service->ttl_stable_s, 4);
    put_number(dump, service->ttl_unsettled_s, 4);
    put_number(dump, service->ttl_suspect_s, 4);
    put_number(dump, service->ttl_from_proof, 1);
    put_number(dump, service->region_count, 1);
    for (uint8_t r = 0; r < service->region_count; r++)
        put_region(dump, &service->regions[r]);
    put_number(dump, service->class_count, 4);
    for (uint32_t class = 0; class < service->class_count; class ++) {
        struct policy_order order = policy_class_get(service, class);
        put_order(dump, &order);
    }
    put_number(dump, service->trie ? geo_trie_leaf_count(service->trie) : 0, 4);
    if (service->trie)
        geo_trie_walk(service->trie, put_leaf, dump);
}

void policy_dump(const struct policy_set *set, policy_on_bytes on_bytes, void *ctx)
{
    struct dump dump = {.on_bytes = on_bytes, .ctx = ctx};
    put_number(&dump, set->service_count, 4);
    for (size_t s = 0; s < set->service_count; s++)
        put_service(&dump, &set->services[s]);
    flush(&dump);
}
