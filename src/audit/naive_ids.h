/* naive_ids.h - equal keys once, each with a number from 0 on. Private to audit/. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "rhumb/err.h"

enum { NAIVE_NO_ID = 0xffffffff };

/* Keys of some 32-bit words each, one behind the other, and an open-addressing index. */
struct naive_ids {
    size_t words;   /* of a key */
    uint32_t *keys; /* owned */
    size_t count, capacity;
    uint32_t *slots; /* owned; id + 1; 0: free */
    size_t slot_mask;
};

void naive_ids_init(struct naive_ids *ids, size_t words);
void naive_ids_deinit(struct naive_ids *ids);

/* naive_ids_find - the number of a key; a new key gets the number that ids->count was before.
 * NAIVE_NO_ID: out of memory. */
uint32_t naive_ids_find(struct naive_ids *ids, const uint32_t *key);

static inline const uint32_t *naive_ids_key(const struct naive_ids *ids, uint32_t id)
{
    return ids->keys + id * ids->words;
}
