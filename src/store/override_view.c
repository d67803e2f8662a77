#include "override_view.h"

#include <stdlib.h>
#include <string.h>

#include "rhumb/hash.h"

static uint64_t mark_of(const struct override_list *list, uint64_t now_ms)
{
    uint64_t mark = HASH_SEED;
    for (size_t i = 0; i < list->count; i++)
        if (override_is_in_force(&list->items[i], now_ms))
            mark = hash_mix(mark ^ (i + 1));
    return mark;
}

void override_view_deinit(struct override_view *view)
{
    override_index_deinit(&view->forced);
    override_index_deinit(&view->resumes);
    free(view->actives);
    free(view->items);
    *view = (struct override_view){0};
}

/* by_service - of one service the last entry comes first. */
static int by_service(const void *left, const void *right)
{
    const struct override *a = *(const struct override *const *)left;
    const struct override *b = *(const struct override *const *)right;
    int order = strcmp(a->service, b->service);
    return order != 0 ? order : (a < b) - (a > b);
}

static enum err find_actives(struct override_view *view)
{
    view->actives = calloc(view->count + 1, sizeof(struct override *));
    if (!view->actives)
        return ERR_NO_MEMORY;
    for (size_t i = 0; i < view->count; i++)
        if (view->items[i].state == OVERRIDE_ACTIVE)
            view->actives[view->active_count++] = &view->items[i];
    qsort(view->actives, view->active_count, sizeof(view->actives[0]), by_service);
    return ERR_OK;
}

const struct override *override_view_active(const struct override_view *view,
                                            const char *service)
{
    size_t low = 0, high = view->active_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (strcmp(view->actives[middle]->service, service) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    bool found = low < view->active_count && strcmp(view->actives[low]->service, service) == 0;
    return found ? view->actives[low] : NULL;
}

enum err override_view_init(struct override_view *view, const struct override_list *list,
                            uint64_t now_ms)
{
    *view = (struct override_view){.mark = mark_of(list, now_ms)};
    view->items = calloc(list->count + 1, sizeof(*view->items));
    if (!view->items)
        return ERR_NO_MEMORY;
    for (size_t i = 0; i < list->count; i++)
        if (override_is_in_force(&list->items[i], now_ms))
            view->items[view->count++] = list->items[i];
    enum err err = override_index_init(&view->forced, view->items, view->count, false);
    if (err == ERR_OK)
        err = override_index_init(&view->resumes, view->items, view->count, true);
    if (err == ERR_OK)
        err = find_actives(view);
    if (err != ERR_OK)
        override_view_deinit(view);
    return err;
}

bool override_view_is_stale(const struct override_view *view, const struct override_list *list,
                            uint64_t now_ms)
{
    return view->mark != mark_of(list, now_ms);
}

/* sooner - until at_ms, if that is ahead and before wait_ms is over. */
static uint64_t sooner(uint64_t wait_ms, uint64_t at_ms, uint64_t now_ms)
{
    return at_ms > now_ms && at_ms - now_ms < wait_ms ? at_ms - now_ms : wait_ms;
}

uint64_t override_list_next_change_ms(const struct override_list *list, uint64_t now_ms,
                                      uint64_t max_ms)
{
    uint64_t wait_ms = max_ms;
    for (size_t i = 0; i < list->count; i++) {
        const struct override *entry = &list->items[i];
        wait_ms = sooner(wait_ms, entry->until_ms, now_ms);
        if (entry->state == OVERRIDE_RESUME)
            wait_ms = sooner(wait_ms, entry->since_ms, now_ms);
    }
    return wait_ms;
}
