#include "override_view.h"

#include <stdlib.h>
#include <string.h>

#include "rhumb/hash.h"
#include "rhumb/log.h"

enum { ENDED_LOGGED_MAX = 10 };

static uint64_t mark_of(const struct override_list *list, uint64_t now_ms)
{
    uint64_t mark = HASH_SEED;
    for (size_t i = 0; i < list->count; i++)
        if (!override_is_void(&list->items[i], now_ms))
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
        if (!override_is_void(&list->items[i], now_ms))
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

uint64_t override_view_next_end_ms(const struct override_view *view, uint64_t now_ms,
                                   uint64_t max_ms)
{
    uint64_t wait_ms = max_ms;
    for (size_t i = 0; i < view->count; i++) {
        uint64_t until_ms = view->items[i].until_ms;
        if (until_ms > now_ms && until_ms - now_ms < wait_ms)
            wait_ms = until_ms - now_ms;
    }
    return wait_ms;
}

void override_view_log_ended(const struct override_view *view, uint64_t now_ms)
{
    size_t logged = 0;
    for (size_t i = 0; i < view->count && logged < ENDED_LOGGED_MAX; i++) {
        const struct override *entry = &view->items[i];
        char service[LOG_QUOTE_MAX], region[LOG_QUOTE_MAX], by[LOG_QUOTE_MAX];
        char address[IP_TEXT_MAX];
        if (!override_is_void(entry, now_ms))
            continue;
        log_event(
            LOG_LEVEL_INFO, "override_ended", "service=%s region=%s address=%s state=%s by=%s",
            log_quote(entry->service ? entry->service : "any", service),
            log_quote(entry->region ? entry->region : "any", region),
            entry->address.family == IP_NONE ? "any" : ip_format(&entry->address, address),
            override_state_name(entry->state), log_quote(entry->by, by));
        logged++;
    }
}
