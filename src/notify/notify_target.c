#include "notify_target.h"

#include <string.h>

/* copy_text - false when out of memory; NULL stays NULL. */
static bool copy_text(struct arena *arena, const char **text)
{
    *text = *text ? arena_strdup(arena, *text) : NULL;
    return *text != NULL;
}

static bool copy_headers(struct arena *arena, struct config_receiver *copy)
{
    const struct config_header *from = copy->headers;
    copy->headers = arena_alloc_array(arena, copy->header_count + 1, sizeof(*from));
    for (size_t i = 0; copy->headers && i < copy->header_count; i++) {
        copy->headers[i] = from[i];
        if (!copy_text(arena, &copy->headers[i].name) ||
            !copy_text(arena, &copy->headers[i].value))
            return false;
    }
    return copy->headers != NULL;
}

static bool copy_arguments(struct arena *arena, struct config_receiver *copy)
{
    const char **from = copy->argv;
    copy->argv = arena_alloc_array(arena, copy->argument_count + 1, sizeof(*from));
    for (size_t i = 0; copy->argv && i < copy->argument_count; i++) {
        copy->argv[i] = from[i];
        if (!copy_text(arena, &copy->argv[i]))
            return false;
    }
    return copy->argv != NULL;
}

bool notify_target_copy(struct arena *arena, const struct config_receiver *receiver,
                        struct config_receiver *out_copy)
{
    struct config_receiver copy = *receiver;
    copy.place = (struct diag_place){0};
    bool ok = copy_text(arena, &copy.name) && (!copy.url || copy_text(arena, &copy.url)) &&
              (!copy.ca_file || copy_text(arena, &copy.ca_file)) &&
              copy_headers(arena, &copy) && copy_arguments(arena, &copy);
    if (ok)
        *out_copy = copy;
    return ok;
}

static bool is_same_text(const char *a, const char *b)
{
    return a == b || (a && b && strcmp(a, b) == 0);
}

bool notify_target_equal(const struct config_receiver *a, const struct config_receiver *b)
{
    bool same = a->kind == b->kind && a->severity == b->severity &&
                a->timeout_ms == b->timeout_ms && a->verify == b->verify &&
                a->header_count == b->header_count && a->argument_count == b->argument_count &&
                is_same_text(a->url, b->url) && is_same_text(a->ca_file, b->ca_file);
    for (size_t i = 0; same && i < a->header_count; i++)
        same = is_same_text(a->headers[i].name, b->headers[i].name) &&
               is_same_text(a->headers[i].value, b->headers[i].value);
    for (size_t i = 0; same && i < a->argument_count; i++)
        same = is_same_text(a->argv[i], b->argv[i]);
    return same;
}
