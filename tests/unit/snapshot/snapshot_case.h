/* snapshot_case.h - a configuration from text, and an empty snapshot to fill from it. */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "rhumb/snapshot.h"

struct snapshot_case {
    struct arena *arena;
    struct diag_list *diags;
    const struct config *config;
    struct snapshot snapshot;
};

static inline void case_open(struct snapshot_case *one)
{
    *one = (struct snapshot_case){.arena = arena_new(1 << 24), .diags = diag_list_new()};
    assert_non_null(one->arena);
    assert_non_null(one->diags);
}

/* case_load - the configuration must be good; its warnings are dropped. */
static inline void case_load(struct snapshot_case *one, const char *yaml)
{
    case_open(one);
    struct diag_list *diags = diag_list_new();
    assert_non_null(diags);
    enum err err = config_load_text(yaml, strlen(yaml), "/dir/rhumb.yaml", one->arena, diags,
                                    &one->config);
    if (err != ERR_OK)
        diag_print_all(diags, stderr);
    diag_list_free(diags);
    assert_int_equal(err, ERR_OK);
    one->snapshot.config = one->config;
}

static inline void case_close(struct snapshot_case *one)
{
    diag_list_free(one->diags);
    arena_free(one->arena);
}
