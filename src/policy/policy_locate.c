#include "policy_locate.h"

#include "rhumb/geo_trie.h"

enum { ECS_V4_MAX = 24, ECS_V6_MAX = 56 };

/* common_bits - how many leading bits are the same. */
static unsigned common_bits(const struct ip_addr *a, const struct ip_addr *b)
{
    unsigned byte = 0;
    while (byte < sizeof(a->bytes) && a->bytes[byte] == b->bytes[byte])
        byte++;
    if (byte == sizeof(a->bytes))
        return byte * 8;
    unsigned differing = (unsigned)(a->bytes[byte] ^ b->bytes[byte]);
    return byte * 8 + (unsigned)__builtin_clz(differing) - 24;
}

unsigned policy_bits_apart(const struct ip_addr *addr, unsigned least)
{
    if (addr->family == IP_V4)
        return least;
    for (unsigned i = 0; i < IP_EMBEDDING_RANGE_COUNT; i++) {
        unsigned common = common_bits(addr, &ip_embedding_ranges[i].addr);
        if (common >= least && common < ip_embedding_ranges[i].len)
            least = common + 1;
    }
    return least;
}

static unsigned ecs_max(const struct ip_addr *addr)
{
    return policy_bits_apart(addr, addr->family == IP_V4 ? ECS_V4_MAX : ECS_V6_MAX);
}

struct policy_origin policy_origin_of(const struct policy_client *client)
{
    const struct ip_prefix *network = &client->network;
    struct ip_prefix whole = {network->addr, (uint8_t)ip_bits(network->addr.family)}, inner;
    unsigned offset;
    if (!ip_embedded(&whole, &inner, &offset))
        return (struct policy_origin){.addr = network->addr, .len = network->len};
    unsigned told = network->len > offset ? network->len - offset : 0;
    return (struct policy_origin){
        .addr = inner.addr,
        .len = (uint8_t)(told < inner.len ? told : inner.len),
        .offset = (uint8_t)offset,
    };
}

struct ip_addr policy_ecs_addr(const struct ip_addr *addr)
{
    return ip_masked(addr, ecs_max(addr));
}

/* keeps_every_bit - the operator's networks and databases may draw a residency boundary
 * anywhere; the wrong side of one is worse than a scope that resolvers find long. */
static bool keeps_every_bit(const struct policy_service *service,
                            const struct policy_client *client)
{
    return !client->is_ecs || service->config->residency_count > 0;
}

struct ip_addr policy_lookup_addr(const struct policy_service *service,
                                  const struct policy_client *client,
                                  const struct policy_origin *origin)
{
    if (keeps_every_bit(service, client))
        return origin->addr;
    return policy_ecs_addr(&origin->addr);
}

uint32_t policy_locate(const struct policy_service *service, const struct policy_client *client,
                       uint8_t *out_scope)
{
    *out_scope = 0;
    if (!service->trie || client->network.len == 0)
        return 0;
    struct policy_origin origin = policy_origin_of(client);
    struct ip_addr addr = policy_lookup_addr(service, client, &origin);
    uint8_t len;
    uint32_t class = geo_trie_find(service->trie, &addr, &len);
    unsigned most = ecs_max(&addr);
    if (len > most && service->config->residency_count == 0)
        len = (uint8_t)most;
    *out_scope = (uint8_t)(origin.offset + len);
    return class;
}
