/* diff_parts.h - the parts of a diff while it is made. Private to analysis/. */
#pragma once

#include "rhumb/analysis_diff.h"

struct differ {
    const struct snapshot *before, *after;
    struct health_table was_up, is_up; /* everything is: what is served may be in any health */
    const struct traffic *traffic;     /* NULL: none */
    struct diff *diff;
    size_t capacity; /* of diff->items */
    enum err err;    /* sticks */
};

/* differ_add - one item, its detail formatted; NULL: none. Beyond DIFF_ITEMS_MAX it only counts. */
void differ_add(struct differ *differ, enum diff_change change, enum diff_kind kind,
                const char *name, const char *detail, ...)
    __attribute__((format(printf, 5, 6)));

/* Each adds its items, or sets differ->err. */
void diff_zones(struct differ *differ);
void diff_services(struct differ *differ);
void diff_regions(struct differ *differ);
void diff_checks(struct differ *differ);
void diff_geo(struct differ *differ);
void diff_server(struct differ *differ);

/* diff_moves - fills diff->services. */
void diff_moves(struct differ *differ);
