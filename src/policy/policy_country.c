#include "policy_country.h"

#include <stdlib.h>

#include "policy_locate.h"

enum { LETTERS = 26, ECS_V4_MAX = 24 };

static bool is_letter(char c)
{
    return c >= 'A' && c <= 'Z';
}

uint16_t policy_country_number(const char code[2])
{
    if (!is_letter(code[0]) || !is_letter(code[1]))
        return POLICY_COUNTRY_UNKNOWN;
    return (uint16_t)((code[0] - 'A') * LETTERS + code[1] - 'A' + 1);
}

static uint32_t number_of(const struct geo_location *location)
{
    if (location->place_source == GEO_SOURCE_DEFAULT)
        return POLICY_COUNTRY_UNKNOWN;
    return policy_country_number(location->place.country);
}

enum err policy_countries_compile(const struct geo_map *map, struct arena *arena,
                                  struct policy_set *set)
{
    size_t count = geo_map_location_count(map);
    uint32_t *numbers = calloc(count + 1, sizeof(*numbers));
    bool any = false;
    if (!numbers)
        return ERR_NO_MEMORY;
    for (size_t i = 0; i < count; i++) {
        numbers[i] = number_of(geo_map_location(map, i));
        any |= numbers[i] != POLICY_COUNTRY_UNKNOWN;
    }
    enum err err = any ? geo_trie_build(map, numbers, arena, &set->countries) : ERR_OK;
    free(numbers);
    return err;
}

uint16_t policy_country(const struct policy_set *set, const struct policy_client *client)
{
    const struct ip_prefix *network = &client->network;
    uint8_t len;
    if (!set->countries || network->len == 0)
        return POLICY_COUNTRY_UNKNOWN;
    if (network->addr.family == IP_V4 && (!client->is_ecs || network->len <= ECS_V4_MAX))
        return (uint16_t)geo_trie_find(set->countries, &network->addr, &len); /* as it is */
    struct ip_addr addr = policy_origin_of(client).addr;
    if (client->is_ecs)
        addr = policy_ecs_addr(&addr);
    return (uint16_t)geo_trie_find(set->countries, &addr, &len);
}

const char *policy_country_name(uint16_t country, char buffer[POLICY_COUNTRY_TEXT_MAX])
{
    if (country == POLICY_COUNTRY_UNKNOWN)
        return "unknown";
    buffer[0] = (char)('A' + (country - 1) / LETTERS);
    buffer[1] = (char)('A' + (country - 1) % LETTERS);
    buffer[2] = '\0';
    return buffer;
}
