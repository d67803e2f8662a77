#include "override_list.h"

#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "rhumb/arena.h"
#include "rhumb/clock.h"

enum { ARENA_BYTES_MAX = 64 * 1024 * 1024 };

bool override_is_void(const struct override *entry, uint64_t now_ms)
{
    return entry->until_ms != 0 && entry->until_ms <= now_ms;
}

bool override_is_in_force(const struct override *entry, uint64_t now_ms)
{
    return !override_is_void(entry, now_ms) &&
           (entry->state != OVERRIDE_RESUME || entry->since_ms <= now_ms);
}

const char *override_state_name(enum override_state state)
{
    static const char *const NAMES[] = {"up", "down", "drain", "resume", "active"};
    return NAMES[state];
}

struct override_list *override_list_new(void)
{
    struct arena *arena = arena_new(ARENA_BYTES_MAX);
    struct override_list *list = arena ? arena_alloc(arena, sizeof(*list)) : NULL;
    if (!list) {
        arena_free(arena);
        return NULL;
    }
    list->arena = arena;
    return list;
}

void override_list_free(struct override_list *list)
{
    if (list)
        arena_free(list->arena);
}

/* ---- as text ---- */

static bool set(json_t *object, const char *key, const char *value)
{
    return json_object_set_new(object, key, json_string(value)) == 0;
}

/* make_object - in the order in which people read it; NULL when out of memory. */
static json_t *make_object(const struct override *entry)
{
    char address[IP_TEXT_MAX], since[CLOCK_TEXT_MAX], until[CLOCK_TEXT_MAX];
    json_t *object = json_object();
    bool ok =
        object && (!entry->service || set(object, "service", entry->service)) &&
        (!entry->region || set(object, "region", entry->region)) &&
        (entry->address.family == IP_NONE ||
         set(object, "address", ip_format(&entry->address, address))) &&
        set(object, "state", override_state_name(entry->state)) &&
        set(object, "by", entry->by) && set(object, "reason", entry->reason) &&
        set(object, "since", clock_format(entry->since_ms, since)) &&
        (entry->until_ms == 0 || set(object, "until", clock_format(entry->until_ms, until)));
    if (ok)
        return object;
    json_decref(object);
    return NULL;
}

void override_list_put(const struct override_list *list, struct text *out)
{
    text_printf(out, "{ \"overrides\": [");
    for (size_t i = 0; i < list->count; i++) {
        json_t *object = make_object(&list->items[i]);
        char *line = object ? json_dumps(object, 0) : NULL;
        text_printf(out, "%s\n  %s", i > 0 ? "," : "", line ? line : "");
        if (!line)
            out->failed = out->no_memory = true;
        free(line);
        json_decref(object);
    }
    text_printf(out, "\n] }\n");
}

/* ---- changed copies ---- */

static bool is_same_text(const char *a, const char *b)
{
    return a == b || (a && b && strcmp(a, b) == 0);
}

static bool is_same_target(const struct override *a, const struct override *b)
{
    return is_same_text(a->service, b->service) && is_same_text(a->region, b->region) &&
           ip_equal(&a->address, &b->address);
}

/* copy_entry - false when out of memory. */
static bool copy_entry(struct arena *arena, const struct override *from, struct override *to)
{
    *to = *from;
    to->by = arena_strdup(arena, from->by);
    to->reason = arena_strdup(arena, from->reason);
    if (from->service)
        to->service = arena_strdup(arena, from->service);
    if (from->region)
        to->region = arena_strdup(arena, from->region);
    return to->by && to->reason && (!from->service || to->service) &&
           (!from->region || to->region);
}

static bool is_same_kind(const struct override *a, const struct override *b)
{
    return a->state == b->state || (override_is_force(a) && override_is_force(b));
}

/* is_replaced - one region of a service is active, so that of another gives way. */
static bool is_replaced(const struct override *old, const struct override *entry)
{
    if (!is_same_kind(old, entry))
        return false;
    return is_same_target(old, entry) ||
           (entry->state == OVERRIDE_ACTIVE && strcmp(old->service, entry->service) == 0);
}

static bool is_removed(const struct override *old, const struct override *entry)
{
    return is_same_kind(old, entry) && is_same_target(old, entry);
}

/* copy_but - all that are in force and that gone() does not name, then last (NULL: nothing). */
static enum err copy_but(const struct override_list *list,
                         bool (*gone)(const struct override *old, const struct override *entry),
                         const struct override *entry, const struct override *last,
                         uint64_t now_ms, struct override_list **out_list)
{
    struct override_list *fresh = override_list_new();
    bool ok = fresh != NULL;
    if (ok)
        fresh->items = arena_alloc_array(fresh->arena, list->count + 1, sizeof(*fresh->items));
    ok = ok && fresh->items;
    for (size_t i = 0; ok && i < list->count; i++)
        if (!override_is_void(&list->items[i], now_ms) && !gone(&list->items[i], entry))
            ok = copy_entry(fresh->arena, &list->items[i], &fresh->items[fresh->count++]);
    if (ok && last)
        ok = copy_entry(fresh->arena, last, &fresh->items[fresh->count++]);
    if (ok && fresh->count <= OVERRIDES_MAX) {
        *out_list = fresh;
        return ERR_OK;
    }
    override_list_free(fresh);
    return ok ? ERR_LIMIT : ERR_NO_MEMORY;
}

enum err override_list_with(const struct override_list *list, const struct override *entry,
                            uint64_t now_ms, struct override_list **out_list)
{
    return copy_but(list, is_replaced, entry, entry, now_ms, out_list);
}

enum err override_list_without(const struct override_list *list, const struct override *entry,
                               uint64_t now_ms, struct override_list **out_list)
{
    return copy_but(list, is_removed, entry, NULL, now_ms, out_list);
}
