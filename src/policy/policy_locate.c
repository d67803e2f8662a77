#include "policy_locate.h"

enum { ECS_V4_MAX = 24, ECS_V6_MAX = 56, TEREDO = 3 };

struct ip_prefix policy_effective_network(const struct policy_client *client,
                                          unsigned *out_offset)
{
    struct ip_prefix network = client->network, inner;
    *out_offset = 0;
    if (ip_embedded(&network, &inner, out_offset))
        network = inner;
    unsigned most = network.addr.family == IP_V4 ? ECS_V4_MAX : ECS_V6_MAX;
    if (client->is_ecs && network.len > most) {
        network.len = (uint8_t)most;
        network.addr = ip_masked(&network.addr, most);
    }
    return network;
}

/* embedding_scope - the prefix lies in a transition range but is too short to hold the IPv4
 * address: the bits that would matter; 0: it does not lie in one. */
static unsigned embedding_scope(const struct ip_prefix *network)
{
    for (unsigned i = 0; i < IP_EMBEDDING_RANGE_COUNT; i++)
        if (ip_prefix_contains(&ip_embedding_ranges[i], &network->addr))
            return i == TEREDO ? 128 : ip_embedding_ranges[i].len + 32u;
    return 0;
}

uint32_t policy_locate(const struct geo_trie *trie, const struct policy_client *client,
                       uint8_t *out_scope)
{
    *out_scope = 0;
    if (!trie)
        return 0;
    unsigned offset;
    struct ip_prefix network = policy_effective_network(client, &offset);
    uint8_t len;
    uint32_t class = geo_trie_find(trie, &network.addr, &len);
    unsigned most = network.addr.family == IP_V4 ? ECS_V4_MAX : ECS_V6_MAX;
    unsigned scope = len < most ? len : most;
    if (network.addr.family == IP_V6 && embedding_scope(&network) > 0)
        scope = embedding_scope(&network);
    *out_scope = (uint8_t)(offset + scope);
    return class;
}
