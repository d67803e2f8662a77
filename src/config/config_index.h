/* config_index.h - which number belongs to a name: a hash table in an arena.
 *
 * Filled once, from the operator's own file (hence no keyed hash); keys are borrowed and
 * compared byte by byte.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "rhumb/arena.h"

struct config_index_slot;

struct config_index {
    struct arena *arena;
    struct config_index_slot *slots;
    size_t capacity, count; /* capacity: 0 or a power of two */
};

#define CONFIG_INDEX_NONE UINT32_MAX

void config_index_init(struct config_index *index, struct arena *arena);

/* config_index_put - add key, or give it a new value. False when out of memory. */
WARN_UNUSED bool config_index_put(struct config_index *index, const char *key, uint32_t value);

/* config_index_find - the value of key, or CONFIG_INDEX_NONE. */
uint32_t config_index_find(const struct config_index *index, const char *key);
