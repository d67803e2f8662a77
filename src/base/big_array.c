#include "rhumb/big_array.h"

#include <stdint.h>
#include <string.h>
#include <sys/mman.h>

enum {
    FIRST_BYTES = 64 * 1024,
    HUGE_FROM_BYTES = 4 * 1024 * 1024, /* one fault for 2 MB instead of 512 */
};

void big_array_init(struct big_array *array, size_t item_bytes, size_t max_count)
{
    *array = (struct big_array){.item_bytes = item_bytes, .max_count = max_count};
}

void big_array_deinit(struct big_array *array)
{
    if (array->items)
        munmap(array->items, array->capacity * array->item_bytes);
    big_array_init(array, array->item_bytes, array->max_count);
}

/* remap - change the size of the mapping; fresh pages are zero. NULL when out of memory. */
static void *remap(void *old, size_t old_bytes, size_t new_bytes)
{
    void *fresh =
        old ? mremap(old, old_bytes, new_bytes, MREMAP_MAYMOVE)
            : mmap(NULL, new_bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (fresh == MAP_FAILED)
        return NULL;
    if (new_bytes >= HUGE_FROM_BYTES)
        (void)madvise(fresh, new_bytes, MADV_HUGEPAGE);
    return fresh;
}

enum err big_array_reserve(struct big_array *array, size_t count)
{
    if (count > array->max_count)
        return ERR_LIMIT;
    if (count <= array->capacity)
        return ERR_OK;
    size_t capacity = array->capacity > 0 ? array->capacity : FIRST_BYTES / array->item_bytes;
    while (capacity < count)
        capacity *= 2;
    size_t bytes;
    if (__builtin_mul_overflow(capacity, array->item_bytes, &bytes))
        return ERR_NO_MEMORY;
    void *items = remap(array->items, array->capacity * array->item_bytes, bytes);
    if (!items)
        return ERR_NO_MEMORY;
    array->items = items;
    array->capacity = capacity;
    return ERR_OK;
}

enum err big_array_extend(struct big_array *array, size_t count, size_t *out_first)
{
    size_t after;
    if (__builtin_add_overflow(array->count, count, &after))
        return ERR_LIMIT;
    enum err err = big_array_reserve(array, after);
    if (err != ERR_OK)
        return err;
    *out_first = array->count;
    array->count = after;
    return ERR_OK;
}

enum err big_array_add(struct big_array *array, const void *item)
{
    size_t idx;
    enum err err = big_array_extend(array, 1, &idx);
    if (err == ERR_OK)
        memcpy((uint8_t *)array->items + idx * array->item_bytes, item, array->item_bytes);
    return err;
}
