/* arena.h - memory with one lifetime.
 *
 * An arena hands out memory that is freed all at once. A snapshot lives in one arena, which is
 * closed before publication: a later allocation is a bug in rhumb and aborts. Not thread-safe:
 * one thread fills an arena; after arena_close() any number may read what is in it.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "rhumb/err.h"

struct arena;

/* arena_new - an empty arena that will hold at most max_bytes; NULL when out of memory. */
struct arena *arena_new(size_t max_bytes);

/* arena_free - run the clean-ups in reverse order, then free everything. NULL is fine. */
void arena_free(struct arena *arena);

/* arena_alloc - zeroed memory, aligned for any type; NULL when out of memory or over the
 * maximum. */
void *arena_alloc(struct arena *arena, size_t bytes);

/* arena_alloc_array - as arena_alloc(), count * size with the overflow checked. */
void *arena_alloc_array(struct arena *arena, size_t count, size_t size);

/* arena_copy, arena_strdup, arena_strndup - copies; NULL when out of memory. */
void *arena_copy(struct arena *arena, const void *bytes, size_t len);
char *arena_strdup(struct arena *arena, const char *text);
char *arena_strndup(struct arena *arena, const char *text, size_t len);

/* arena_printf - formatted text in the arena; NULL when out of memory. */
char *arena_printf(struct arena *arena, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* arena_on_free - call cleanup(object) when the arena is freed. */
WARN_UNUSED enum err arena_on_free(struct arena *arena, void (*cleanup)(void *object),
                                   void *object);

/* arena_close - no allocation from here on. */
void arena_close(struct arena *arena);

/* arena_used_bytes - what has been handed out so far. */
size_t arena_used_bytes(const struct arena *arena);
