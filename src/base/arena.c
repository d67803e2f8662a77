#include "rhumb/arena.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rhumb/require.h"

enum { CHUNK_BYTES = 64 * 1024, ALIGNMENT = 16 };

/* No maximum lies above this, so that a size rounded up, with its chunk's head, cannot wrap. */
#define ARENA_BYTES_MAX (SIZE_MAX / 4)

/* An allocation larger than this gets a chunk of its own, so that it wastes no tail of a common
 * one. */
enum { OWN_CHUNK_BYTES = CHUNK_BYTES / 4 };

struct chunk {
    struct chunk *next;
    size_t used, capacity;
    _Alignas(ALIGNMENT) uint8_t bytes[];
};

struct cleanup {
    struct cleanup *next;
    void (*run)(void *object);
    void *object;
};

struct arena {
    struct chunk *current, *full; /* current: where small things go; full: all the others */
    struct cleanup *cleanups;     /* last added first */
    size_t used_bytes, max_bytes;
    bool closed;
};

struct arena *arena_new(size_t max_bytes)
{
    struct arena *arena = calloc(1, sizeof(*arena));
    if (arena)
        arena->max_bytes = max_bytes < ARENA_BYTES_MAX ? max_bytes : ARENA_BYTES_MAX;
    return arena;
}

static void free_chunks(struct chunk *chunk)
{
    while (chunk) {
        struct chunk *next = chunk->next;
        free(chunk);
        chunk = next;
    }
}

void arena_free(struct arena *arena)
{
    if (!arena)
        return;
    for (struct cleanup *c = arena->cleanups; c; c = c->next)
        c->run(c->object);
    free_chunks(arena->current);
    free_chunks(arena->full);
    free(arena);
}

static struct chunk *chunk_new(size_t capacity)
{
    struct chunk *chunk = malloc(sizeof(*chunk) + capacity);
    if (!chunk)
        return NULL;
    *chunk = (struct chunk){.capacity = capacity};
    return chunk;
}

/* chunk_with_room - the chunk that can take size bytes, made if needed; NULL when out of
 * memory. */
static struct chunk *chunk_with_room(struct arena *arena, size_t size)
{
    struct chunk *current = arena->current;
    if (current && current->capacity - current->used >= size)
        return current;
    bool own = size > OWN_CHUNK_BYTES;
    struct chunk *fresh = chunk_new(own ? size : CHUNK_BYTES);
    if (!fresh)
        return NULL;
    if (own) {
        fresh->next = arena->full;
        arena->full = fresh;
    } else {
        if (current) {
            current->next = arena->full;
            arena->full = current;
        }
        arena->current = fresh;
    }
    return fresh;
}

void *arena_alloc(struct arena *arena, size_t bytes)
{
    REQUIRE(!arena->closed);
    if (bytes > arena->max_bytes - arena->used_bytes)
        return NULL;
    size_t size = (bytes + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    struct chunk *chunk = chunk_with_room(arena, size);
    if (!chunk)
        return NULL;
    uint8_t *result = chunk->bytes + chunk->used;
    chunk->used += size;
    arena->used_bytes += bytes;
    memset(result, 0, bytes);
    return result;
}

void *arena_alloc_array(struct arena *arena, size_t count, size_t size)
{
    size_t bytes;
    if (__builtin_mul_overflow(count, size, &bytes))
        return NULL;
    return arena_alloc(arena, bytes);
}

void *arena_copy(struct arena *arena, const void *bytes, size_t len)
{
    void *copy = arena_alloc(arena, len);
    if (copy && len > 0)
        memcpy(copy, bytes, len);
    return copy;
}

char *arena_strndup(struct arena *arena, const char *text, size_t len)
{
    char *copy = arena_alloc(arena, len + 1);
    if (copy && len > 0)
        memcpy(copy, text, len);
    return copy;
}

char *arena_strdup(struct arena *arena, const char *text)
{
    return arena_strndup(arena, text, strlen(text));
}

char *arena_printf(struct arena *arena, const char *format, ...)
{
    va_list args, again;
    va_start(args, format);
    va_copy(again, args);
    int len = vsnprintf(NULL, 0, format, args);
    char *text = len < 0 ? NULL : arena_alloc(arena, (size_t)len + 1);
    if (text)
        vsnprintf(text, (size_t)len + 1, format, again);
    va_end(again);
    va_end(args);
    return text;
}

enum err arena_on_free(struct arena *arena, void (*cleanup)(void *object), void *object)
{
    struct cleanup *c = arena_alloc(arena, sizeof(*c));
    if (!c)
        return ERR_NO_MEMORY;
    *c = (struct cleanup){.next = arena->cleanups, .run = cleanup, .object = object};
    arena->cleanups = c;
    return ERR_OK;
}

void arena_close(struct arena *arena)
{
    arena->closed = true;
}

size_t arena_used_bytes(const struct arena *arena)
{
    return arena->used_bytes;
}
