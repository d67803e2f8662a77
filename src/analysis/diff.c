#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "rhumb/analysis_diff.h"

#include "diff_parts.h"

enum { ARENA_SHIFT = 32, DETAIL_MAX = 4096, ITEMS_FIRST = 64 };

/* ---- items ---- */

static bool has_room(struct differ *differ)
{
    struct diff *diff = differ->diff;
    if (diff->item_count < differ->capacity)
        return true;
    if (diff->item_count == DIFF_ITEMS_MAX)
        return false;
    size_t capacity = differ->capacity > 0 ? 2 * differ->capacity : ITEMS_FIRST;
    struct diff_item *items = arena_alloc_array(diff->arena, capacity, sizeof(*items));
    if (!items) {
        differ->err = ERR_NO_MEMORY;
        return false;
    }
    if (diff->item_count > 0)
        memcpy(items, diff->items, diff->item_count * sizeof(*items));
    diff->items = items;
    differ->capacity = capacity;
    return true;
}

void differ_add(struct differ *differ, enum diff_change change, enum diff_kind kind,
                const char *name, const char *detail, ...)
{
    char text[DETAIL_MAX];
    struct diff *diff = differ->diff;
    diff->counts[kind][change]++;
    if (!has_room(differ))
        return;
    struct diff_item item = {
        .change = change, .kind = kind, .name = arena_strdup(diff->arena, name)};
    if (detail) {
        va_list args;
        va_start(args, detail);
        (void)vsnprintf(text, sizeof(text), detail, args);
        va_end(args);
        item.detail = arena_strdup(diff->arena, text);
    }
    if (!item.name || (detail && !item.detail))
        differ->err = ERR_NO_MEMORY;
    else
        diff->items[diff->item_count++] = item;
}

/* ---- the door ---- */

enum err analysis_diff(const struct snapshot *before, const struct snapshot *after,
                       const struct traffic *traffic, struct diff **out_diff)
{
    static void (*const parts[])(struct differ *) = {
        diff_zones, diff_services, diff_regions, diff_checks, diff_geo, diff_server, diff_moves,
    };

    struct arena *arena = arena_new((size_t)1 << ARENA_SHIFT);
    struct diff *diff = arena ? arena_alloc(arena, sizeof(*diff)) : NULL;
    if (!diff) {
        arena_free(arena);
        return ERR_NO_MEMORY;
    }
    diff->arena = arena;
    diff->traffic_kind = traffic ? traffic->kind : TRAFFIC_NONE;
    diff->has_traffic = diff->traffic_kind != TRAFFIC_NONE;
    struct differ differ = {.before = before, .after = after, .traffic = traffic, .diff = diff};
    differ.err = health_table_init(&differ.was_up, before->seat_count,
                                   before->policies.service_count, arena);
    if (differ.err == ERR_OK)
        differ.err = health_table_init(&differ.is_up, after->seat_count,
                                       after->policies.service_count, arena);
    for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]) && differ.err == ERR_OK; i++)
        parts[i](&differ);
    if (differ.err != ERR_OK) {
        arena_free(arena);
        return differ.err;
    }
    analysis_shrink(before, after, &diff->shrink);
    diff->refused = analysis_shrink_is_refused(&diff->shrink, after);
    *out_diff = diff;
    return ERR_OK;
}

void diff_free(struct diff *diff)
{
    if (diff)
        arena_free(diff->arena); /* it lies in it */
}

bool diff_is_empty(const struct diff *diff)
{
    for (size_t k = 0; k < DIFF_KIND_COUNT; k++)
        for (size_t c = 0; c < DIFF_CHANGE_COUNT; c++)
            if (diff->counts[k][c] > 0)
                return false;
    for (size_t s = 0; s < diff->service_count; s++)
        if (diff->services[s].move_count > 0 || diff->services[s].reordered.networks > 0)
            return false;
    return true;
}

const char *diff_change_name(enum diff_change change)
{
    static const char *const names[] = {
        [DIFF_ADDED] = "added", [DIFF_CHANGED] = "changed", [DIFF_REMOVED] = "removed"};
    return names[change];
}

const char *diff_kind_name(enum diff_kind kind)
{
    static const char *const names[] = {
        [DIFF_ZONE] = "zone",       [DIFF_NAME] = "name",     [DIFF_RECORD] = "record",
        [DIFF_SERVICE] = "service", [DIFF_REGION] = "region", [DIFF_CHECK] = "check",
        [DIFF_GEO] = "geo",         [DIFF_SERVER] = "server",
    };
    return names[kind];
}
