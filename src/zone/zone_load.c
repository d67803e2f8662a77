/* zone_load() - the stages from a file to a zone:
 *
 *     read -> parse -> bind the steered names -> sort -> link -> check -> build the tree
 *              draft --------------------------------------------------'
 *
 * Any error leaves the old zone of the caller as it is; nothing of the draft outlives the call.
 */
#include <stdlib.h>
#include <string.h>

#include "rhumb/zone.h"

#include "zone_check.h"
#include "zone_draft.h"
#include "zone_limits.h"
#include "zone_parse.h"
#include "zone_tree.h"

/* One call of zone_load(). */
struct loading {
    const uint8_t *origin;
    const char *path;
    const struct zone_steered *steered;
    size_t steered_count;
    struct zone_limits limits; /* none is 0 */
    struct arena *arena;
    struct diag_list *diags;
};

/* keep_files - the paths of all sources, each once, into the arena. */
static enum err keep_files(struct zone *zone, const struct zone_parser *parser,
                           struct arena *arena)
{
    zone->files = arena_alloc_array(arena, parser->source_count, sizeof(*zone->files));
    if (!zone->files)
        return ERR_NO_MEMORY;
    for (size_t i = 0; i < parser->source_count; i++) {
        bool known = false;
        for (size_t j = 0; j < zone->file_count && !known; j++)
            known = strcmp(zone->files[j], parser->sources[i]->path) == 0;
        if (known)
            continue;
        char *path = arena_strdup(arena, parser->sources[i]->path);
        if (!path)
            return ERR_NO_MEMORY;
        zone->files[zone->file_count++] = path;
    }
    return ERR_OK;
}

/* judge - everything that needs all records; ERR_INVALID when there is an error in diags,
 * whoever put it there since errors_before. */
static enum err judge(const struct loading *l, struct zone_draft *draft, size_t errors_before)
{
    struct zone_check check = {
        .draft = draft,
        .diags = l->diags,
        .path = l->path,
        .complete = diag_error_count(l->diags) == errors_before,
    };
    enum err err = zone_check_bind(draft, l->steered, l->steered_count, l->diags);
    if (err == ERR_OK)
        err = zone_draft_sort(draft);
    if (err != ERR_OK)
        return err;
    zone_draft_link(draft);
    zone_check(&check);
    return diag_error_count(l->diags) == errors_before ? ERR_OK : ERR_INVALID;
}

static enum err load_parsed(const struct loading *l, struct zone_draft *draft,
                            struct zone_parser *parser, struct zone_source *source,
                            struct zone **out_zone)
{
    struct zone *zone = NULL;
    size_t errors_before = diag_error_count(l->diags);
    enum err err = zone_parse(parser, source);
    if (err == ERR_LIMIT)
        return ERR_INVALID; /* the rest was not read: no judgement on the whole */
    if (err == ERR_OK)
        err = judge(l, draft, errors_before);
    if (err == ERR_OK)
        err = zone_tree_build(draft, l->arena, &zone);
    if (err == ERR_OK)
        err = keep_files(zone, parser, l->arena);
    if (err == ERR_OK)
        *out_zone = zone;
    return err;
}

/* load_source - takes the source over. */
static enum err load_source(const struct loading *l, struct zone_source *source,
                            struct zone **out_zone)
{
    struct zone_draft draft;
    struct zone_parser parser;
    enum err err = zone_draft_init(&draft, l->origin, &l->limits);
    if (err != ERR_OK) {
        zone_source_free(source);
        return err;
    }
    err = zone_parser_init(&parser, &draft, l->diags);
    if (err != ERR_OK) {
        zone_source_free(source);
        goto err_after_draft;
    }
    err = load_parsed(l, &draft, &parser, source, out_zone);
    zone_parser_deinit(&parser);
err_after_draft:
    zone_draft_deinit(&draft);
    return err;
}

/* parse_origin - the origin in lower wire form; false after a diagnostic. */
static bool parse_origin(const char *text, uint8_t origin[DNS_NAME_MAX], const char *path,
                         struct diag_list *diags)
{
    const char *reason;
    const struct diag_place place = {.file = path};
    size_t len = dns_name_from_text(text, strlen(text), NULL, origin, &reason);
    if (len == 0)
        diag_error(diags, &place, "'%.100s' is no name of a zone: %s", text, reason);
    else
        dns_name_lower(origin, len);
    return len > 0;
}

static enum err refuse_size(const struct loading *l)
{
    const struct diag_place place = {.file = l->path};
    diag_error(l->diags, &place, "the file has more than %zu bytes", l->limits.max_bytes);
    zone_limits_remedy(l->diags, "size");
    return ERR_INVALID;
}

enum err zone_load(const char *origin_text, const char *path,
                   const struct zone_steered *steered, size_t steered_count,
                   const struct zone_limits *limits, struct arena *arena,
                   struct diag_list *diags, struct zone **out_zone)
{
    uint8_t origin[DNS_NAME_MAX];
    char reason[ZONE_REASON_MAX];
    struct zone_source *source;
    const struct diag_place place = {.file = path};
    struct loading l = {origin, path, steered, steered_count, zone_limits_fill(limits),
                        arena,  diags};
    if (!parse_origin(origin_text, origin, path, diags))
        return ERR_INVALID;
    enum err err = zone_source_read(path, l.limits.max_bytes, &source, reason);
    if (err == ERR_INVALID)
        diag_error(diags, &place, "%s", reason);
    if (err == ERR_LIMIT)
        return refuse_size(&l);
    if (err != ERR_OK)
        return err;
    return load_source(&l, source, out_zone);
}

enum err zone_load_text(const char *origin_text, const char *text, size_t len, const char *path,
                        const struct zone_steered *steered, size_t steered_count,
                        const struct zone_limits *limits, struct arena *arena,
                        struct diag_list *diags, struct zone **out_zone)
{
    uint8_t origin[DNS_NAME_MAX];
    struct loading l = {origin, path, steered, steered_count, zone_limits_fill(limits),
                        arena,  diags};
    if (!parse_origin(origin_text, origin, path, diags))
        return ERR_INVALID;
    if (len > l.limits.max_bytes)
        return refuse_size(&l);
    struct zone_source *source = zone_source_borrow(path, text, len);
    if (!source)
        return ERR_NO_MEMORY;
    return load_source(&l, source, out_zone);
}
