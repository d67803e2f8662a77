/* memory_case.h - what the tests of monitor_memory.h share. */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "monitor_memory.h"

enum { MINUTE_MS = 60000, TEXT_MAX_BYTES = 64 << 20 };

/* The first process was there for an hour, the second one starts at 5 s of its own clock. */
static const struct monitor_moment THEN = {.wall_ms = 1785585600123, .steady_ms = 3600000};

static inline struct monitor_moment later(uint64_t ms)
{
    return (struct monitor_moment){.wall_ms = THEN.wall_ms + ms, .steady_ms = 5000000 + ms};
}

/* put - as text; to be freed. services NULL: none. */
static inline char *put(struct machine **list, size_t count,
                        const struct monitor_services *services,
                        const struct monitor_moment *now)
{
    const struct config no_config = {0};
    struct snapshot no_snapshot = {.config = &no_config};
    const struct monitor_services none = {.snapshot = &no_snapshot};
    struct text text;
    text_init(&text, TEXT_MAX_BYTES);
    static const struct health_self CALM;
    monitor_memory_put(&(struct machine_set){.list = list, .count = count},
                       services ? services : &none, &CALM, now, &text);
    assert_false(text.failed);
    char *copy = strdup(text_get(&text));
    assert_non_null(copy);
    text_deinit(&text);
    return copy;
}

static inline bool parse(const char *text, const struct monitor_moment *now,
                         struct monitor_memory *out)
{
    return monitor_memory_parse(text, strlen(text), now, out);
}
