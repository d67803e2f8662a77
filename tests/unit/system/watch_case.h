/* watch_case.h - a file watch and what it told.
 *
 * Where nothing must be told, a second watch tells when the first would have: both wait for
 * quiet after the same events. */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "rhumb/file_watch.h"

#include "../../support/temp_folder.h"
#include "../../support/test_loop.h"

enum { PATHS_MAX = 3 };

/* Times of files are those of the last tick of the kernel's clock: this is after all of them. */
static const uint64_t later_ms = UINT64_MAX;

struct seen {
    struct file_watch *watch;
    size_t count;
    char last[TEMP_PATH_MAX];
};

static inline void on_change(void *ctx, const char *path)
{
    struct seen *seen = ctx;
    seen->count++;
    snprintf(seen->last, sizeof(seen->last), "%s", path);
}

/* set - watch the named files of the folder. */
static inline void set(struct seen *seen, const struct temp_folder *folder,
                       const char *const *names, size_t count)
{
    char buffers[PATHS_MAX][TEMP_PATH_MAX];
    const char *paths[PATHS_MAX];
    assert_true(count <= PATHS_MAX);
    for (size_t i = 0; i < count; i++)
        paths[i] = temp_path(folder, names[i], buffers[i]);
    assert_int_equal(file_watch_set(seen->watch, paths, count), ERR_OK);
}

/* watch - a new watch; what the files are now was read. */
static inline void watch(struct seen *seen, struct test_loop *loop,
                         const struct temp_folder *folder, const char *const *names,
                         size_t count)
{
    *seen = (struct seen){.count = 0};
    assert_int_equal(file_watch_new(&loop->uv, later_ms, on_change, seen, &seen->watch),
                     ERR_OK);
    set(seen, folder, names, count);
}

static inline void assert_last(const struct seen *seen, const struct temp_folder *folder,
                               const char *name)
{
    char path[TEMP_PATH_MAX];
    assert_string_equal(seen->last, temp_path(folder, name, path));
}
