#include "override_changes.h"

#include <stdlib.h>

struct override_change {
    struct override_change *next;
    struct override_list *entry; /* owned; one */
    bool removes;
    bool is_taken; /* a write that holds it is under way */
    overrides_on_durable on_durable;
    void *ctx;
};

static void free_change(struct override_change *change)
{
    override_list_free(change->entry);
    free(change);
}

/* tell - once. */
static void tell(struct override_change *change, enum err err)
{
    overrides_on_durable on_durable = change->on_durable;
    change->on_durable = NULL;
    if (on_durable)
        on_durable(change->ctx, err);
}

struct override_change *override_changes_new(struct override_changes *changes,
                                             struct override_list *entry, bool removes,
                                             overrides_on_durable on_durable, void *ctx)
{
    struct override_change **end = &changes->first, *change = NULL;
    size_t count = 0;
    for (; *end; end = &(*end)->next)
        count++;
    if (count < OVERRIDES_MAX)
        change = calloc(1, sizeof(*change));
    if (!change) {
        override_list_free(entry);
        return NULL;
    }
    *change = (struct override_change){
        .entry = entry, .removes = removes, .on_durable = on_durable, .ctx = ctx};
    *end = change;
    return change;
}

void override_changes_drop_last(struct override_changes *changes)
{
    struct override_change **last = &changes->first;
    while ((*last)->next)
        last = &(*last)->next;
    free_change(*last);
    *last = NULL;
}

enum err override_change_make(const struct override_change *change,
                              const struct override_list *list, uint64_t now_ms,
                              struct override_list **out_list)
{
    const struct override *entry = &change->entry->items[0];
    return change->removes ? override_list_without(list, entry, now_ms, out_list)
                           : override_list_with(list, entry, now_ms, out_list);
}

struct override_list *override_changes_apply(const struct override_changes *changes,
                                             struct override_list *list, uint64_t now_ms)
{
    for (const struct override_change *change = changes->first; change; change = change->next) {
        struct override_list *fresh;
        if (override_change_make(change, list, now_ms, &fresh) != ERR_OK)
            continue;
        override_list_free(list);
        list = fresh;
    }
    return list;
}

bool override_changes_wait(const struct override_changes *changes)
{
    const struct override_change *change = changes->first;
    while (change && change->is_taken)
        change = change->next;
    return change != NULL;
}

void override_changes_take(struct override_changes *changes)
{
    for (struct override_change *change = changes->first; change; change = change->next)
        change->is_taken = true;
}

void override_changes_put_back(struct override_changes *changes, bool failed)
{
    for (struct override_change *change = changes->first; change; change = change->next) {
        if (change->is_taken && failed)
            tell(change, ERR_IO);
        change->is_taken = false;
    }
}

/* The list is whole before anybody is told: who is told may make another change. */
void override_changes_finish(struct override_changes *changes)
{
    struct override_change *done = changes->first, **end = &changes->first;
    if (!done || !done->is_taken)
        return;
    while (*end && (*end)->is_taken)
        end = &(*end)->next;
    changes->first = *end;
    *end = NULL;
    while (done) {
        struct override_change *next = done->next;
        tell(done, ERR_OK);
        free_change(done);
        done = next;
    }
}

void override_changes_deinit(struct override_changes *changes)
{
    while (changes->first) {
        struct override_change *change = changes->first;
        changes->first = change->next;
        tell(change, ERR_IO);
        free_change(change);
    }
}
