#include "tcp_prefix.h"

#include <stdlib.h>
#include <string.h>

#include "rhumb/hash.h"
#include "rhumb/require.h"

enum { PREFIX_V4 = 24, PREFIX_V6 = 56 };

enum err tcp_prefix_table_init(struct tcp_prefix_table *table, size_t conn_count, uint64_t seed)
{
    size_t chain_count = 16;
    while (chain_count < conn_count)
        chain_count *= 2;
    struct tcp_prefix *prefixes = calloc(conn_count, sizeof(*prefixes));
    struct tcp_prefix **chains = calloc(chain_count, sizeof(struct tcp_prefix *));
    if (!prefixes || !chains) {
        free(prefixes);
        free(chains);
        return ERR_NO_MEMORY;
    }
    *table = (struct tcp_prefix_table){
        .prefixes = prefixes, .chains = chains, .chain_mask = chain_count - 1};
    for (size_t i = conn_count; i > 0; i--) {
        prefixes[i - 1].next = table->free;
        table->free = &prefixes[i - 1];
    }
    uint64_t key[2] = {hash_mix(seed), hash_mix(seed + 1)};
    memcpy(table->key, key, sizeof(key));
    return ERR_OK;
}

void tcp_prefix_table_deinit(struct tcp_prefix_table *table)
{
    free(table->prefixes);
    free(table->chains);
    *table = (struct tcp_prefix_table){0};
}

static struct ip_addr network_of(const struct ip_addr *client)
{
    return ip_masked(client, client->family == IP_V4 ? PREFIX_V4 : PREFIX_V6);
}

static struct tcp_prefix **chain_of(const struct tcp_prefix_table *table,
                                    const struct ip_addr *network)
{
    uint64_t hash = siphash24(table->key, network, sizeof(*network));
    return &table->chains[hash & table->chain_mask];
}

static struct tcp_prefix *find_in(struct tcp_prefix *chain, const struct ip_addr *network)
{
    while (chain && !ip_equal(&chain->network, network))
        chain = chain->next;
    return chain;
}

struct tcp_prefix *tcp_prefix_find(const struct tcp_prefix_table *table,
                                   const struct ip_addr *client)
{
    struct ip_addr network = network_of(client);
    return find_in(*chain_of(table, &network), &network);
}

struct tcp_prefix *tcp_prefix_join(struct tcp_prefix_table *table, const struct ip_addr *client)
{
    struct ip_addr network = network_of(client);
    struct tcp_prefix **chain = chain_of(table, &network);
    struct tcp_prefix *prefix = find_in(*chain, &network);
    if (!prefix) {
        prefix = table->free;
        REQUIRE(prefix); /* as many as connections */
        table->free = prefix->next;
        *prefix = (struct tcp_prefix){.network = network, .next = *chain};
        *chain = prefix;
    }
    prefix->count++;
    return prefix;
}

void tcp_prefix_leave(struct tcp_prefix_table *table, struct tcp_prefix *prefix)
{
    if (--prefix->count > 0)
        return;
    struct tcp_prefix **at = chain_of(table, &prefix->network);
    while (*at != prefix)
        at = &(*at)->next;
    *at = prefix->next;
    prefix->next = table->free;
    table->free = prefix;
}
