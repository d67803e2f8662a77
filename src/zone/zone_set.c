/* All zones of a snapshot, by origin: a hash table probed from the longest origin down. */
#include <string.h>

#include "rhumb/zone.h"

enum err zone_set_build(struct zone **zones, size_t zone_count, struct arena *arena,
                        struct zone_set *out_set)
{
    size_t slot_count = 4;
    while (slot_count < zone_count * 2)
        slot_count *= 2;
    struct zone_set set = {.zone_count = zone_count, .slot_mask = slot_count - 1};
    set.slots = arena_alloc_array(arena, slot_count, sizeof(struct zone *));
    set.zones = arena_alloc_array(arena, zone_count + 1, sizeof(struct zone *));
    if (!set.slots || !set.zones)
        return ERR_NO_MEMORY;
    for (size_t i = 0; i < zone_count; i++) {
        const struct zone *zone = zones[i];
        size_t slot = zone->origin_hash & set.slot_mask;
        for (; set.slots[slot]; slot = (slot + 1) & set.slot_mask)
            if (dns_name_equal(set.slots[slot]->origin, zone->origin))
                return ERR_INVALID;
        set.slots[slot] = zone;
        set.zones[i] = zones[i];
        if (zone->origin_labels > set.max_origin_labels)
            set.max_origin_labels = zone->origin_labels;
    }
    *out_set = set;
    return ERR_OK;
}

static const struct zone *find_origin(const struct zone_set *set, const uint8_t *name,
                                      uint64_t hash)
{
    for (size_t slot = hash & set->slot_mask;; slot = (slot + 1) & set->slot_mask) {
        const struct zone *zone = set->slots[slot];
        if (!zone || (zone->origin_hash == hash && dns_name_equal(zone->origin, name)))
            return zone;
    }
}

const struct zone *zone_set_find(const struct zone_set *set, const struct name_key *key,
                                 bool at_parent)
{
    const struct zone *child = NULL; /* passed over for its parent */
    unsigned labels =
        key->labels < set->max_origin_labels ? key->labels : set->max_origin_labels;
    for (unsigned n = labels + 1; n-- > 0;) {
        const struct zone *zone = find_origin(set, key->name + key->suffix[n], key->hash[n]);
        if (!zone)
            continue;
        if (!at_parent || n < key->labels)
            return zone;
        child = zone;
    }
    return child;
}
