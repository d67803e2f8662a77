/* override_parse.c - the text of overrides, judged. */
#include <string.h>

#include <jansson.h>

#include "rhumb/arena.h"
#include "rhumb/clock.h"

#include "override_list.h"
#include "override_place.h"

static const char *const keys[] = {"service", "region", "address", "state",
                                   "by",      "reason", "since",   "until"};
static const char *const states[] = {"up", "down", "drain", "resume", "active"};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define TIME_REMEDY  "write it in UTC: 2026-08-01T12:00:00Z"

enum { ERRORS_MAX = 100 }; /* each costs a search for its place */

struct parser {
    const char *bytes; /* a zero byte stands behind them */
    size_t len;
    const char *path;
    uint64_t now_ms;
    struct diag_list *diags;
    struct override_list *list;
    size_t idx; /* of the entry that is being read; SIZE_MAX: none */
    bool no_memory;
};

static void complain(struct parser *parser, const char *key, const char *format,
                     const char *detail)
{
    char excerpt[OVERRIDE_EXCERPT_MAX];
    size_t offset = override_place_find(parser->bytes, parser->len, parser->idx, key);
    struct diag_place place =
        override_place_at(parser->bytes, parser->len, offset, parser->path, excerpt);
    diag_error(parser->diags, &place, "%s '%.80s'", format, detail);
}

/* find_text - a member that must be text of 1 to max bytes; NULL when it is not there, or not
 * that (which is told). */
static const char *find_text(struct parser *parser, const json_t *object, const char *key,
                             size_t max)
{
    const json_t *member = json_object_get(object, key);
    if (!member)
        return NULL;
    size_t len = json_string_length(member);
    if (json_is_string(member) && len > 0 && len <= max)
        return json_string_value(member);
    complain(parser, key, "no text, empty or too long:", key);
    diag_remedy(parser->diags, "write 1 to %zu bytes in quotes", max);
    return NULL;
}

static const char *keep(struct parser *parser, const char *text)
{
    const char *copy = text ? arena_strdup(parser->list->arena, text) : NULL;
    parser->no_memory |= text && !copy;
    return copy;
}

static const char *read_name(struct parser *parser, const json_t *object, const char *key)
{
    return keep(parser, find_text(parser, object, key, OVERRIDE_NAME_BYTES));
}

static const char *read_needed(struct parser *parser, const json_t *object, const char *key,
                               size_t max)
{
    if (!json_object_get(object, key)) {
        complain(parser, NULL, "missing key", key);
        diag_remedy(parser->diags, "say who ('by') and why ('reason')");
    }
    return keep(parser, find_text(parser, object, key, max));
}

static void read_address(struct parser *parser, const json_t *object, struct ip_addr *out_addr)
{
    const char *text = find_text(parser, object, "address", IP_TEXT_MAX);
    if (!text || ip_parse(text, out_addr))
        return;
    complain(parser, "address", "not an address:", text);
    diag_remedy(parser->diags, "write an IPv4 or IPv6 address without a port");
}

static void read_state(struct parser *parser, const json_t *object,
                       enum override_state *out_state)
{
    const char *text = find_text(parser, object, "state", OVERRIDE_NAME_BYTES);
    for (size_t i = 0; text && i < COUNT(states); i++)
        if (strcmp(text, states[i]) == 0) {
            *out_state = (enum override_state)i;
            return;
        }
    if (text)
        complain(parser, "state", "unknown state", text);
    else if (!json_object_get(object, "state"))
        complain(parser, NULL, "missing key", "state");
    else
        return;
    diag_remedy_nearest(parser->diags, text ? text : "", states, COUNT(states));
}

static uint64_t read_time(struct parser *parser, const json_t *object, const char *key,
                          uint64_t missing)
{
    uint64_t time_ms = missing;
    const char *text = find_text(parser, object, key, CLOCK_TEXT_MAX);
    if (text && !clock_parse(text, &time_ms)) {
        complain(parser, key, "not a time:", text);
        diag_remedy(parser->diags, TIME_REMEDY);
    }
    return time_ms;
}

static void refuse_unknown_keys(struct parser *parser, json_t *object, const char *const *known,
                                size_t known_count)
{
    const char *key;
    json_t *value;
    json_object_foreach(object, key, value)
    {
        size_t i = 0;
        while (i < known_count && strcmp(known[i], key) != 0)
            i++;
        if (i < known_count)
            continue;
        complain(parser, key, "unknown key", key);
        diag_remedy_nearest(parser->diags, key, known, known_count);
    }
}

/* check_sense - what only the whole entry shows. */
static void check_sense(struct parser *parser, const json_t *object,
                        const struct override *entry)
{
    if (!json_object_get(object, "service") && !json_object_get(object, "region") &&
        !json_object_get(object, "address")) {
        complain(parser, NULL,
                 "this would be the word for everything:", override_state_name(entry->state));
        diag_remedy(parser->diags, "name a service, a region or an address");
    }
    if (entry->state == OVERRIDE_RESUME && !json_object_get(object, "since")) {
        complain(parser, NULL, "missing key", "since");
        diag_remedy(parser->diags, "a resume counts for what was held before: " TIME_REMEDY);
    }
    if (entry->state == OVERRIDE_ACTIVE &&
        (!entry->service || !entry->region || entry->address.family != IP_NONE)) {
        complain(parser, "state", "only a region of a service can be", "active");
        diag_remedy(parser->diags, "name both, and no address");
    }
    if (entry->until_ms != 0 && json_object_get(object, "since") &&
        entry->until_ms <= entry->since_ms) {
        complain(parser, "until", "this ends before it begins:", "until");
        diag_remedy(parser->diags, "write a time after 'since'");
    }
}

static void read_entry(struct parser *parser, json_t *object, struct override *entry)
{
    if (!json_is_object(object)) {
        complain(parser, NULL, "an entry must be an object,", "{...}");
        diag_remedy(parser->diags, "write {\"service\": ..., \"state\": ...}");
        return;
    }
    refuse_unknown_keys(parser, object, keys, COUNT(keys));
    entry->service = read_name(parser, object, "service");
    entry->region = read_name(parser, object, "region");
    read_address(parser, object, &entry->address);
    read_state(parser, object, &entry->state);
    entry->by = read_needed(parser, object, "by", OVERRIDE_BY_BYTES);
    entry->reason = read_needed(parser, object, "reason", OVERRIDE_REASON_BYTES);
    entry->since_ms = read_time(parser, object, "since", parser->now_ms);
    entry->until_ms = read_time(parser, object, "until", 0);
    check_sense(parser, object, entry);
}

static void read_list(struct parser *parser, json_t *root)
{
    static const char *const known[] = {"overrides"};

    json_t *entries = json_object_get(root, "overrides");
    parser->idx = SIZE_MAX;
    refuse_unknown_keys(parser, root, known, COUNT(known));
    if (!json_is_array(entries)) {
        complain(parser, entries ? "overrides" : NULL, "there must be a list:", "overrides");
        diag_remedy(parser->diags, "write {\"overrides\": []}");
        return;
    }
    size_t count = json_array_size(entries);
    if (count > OVERRIDES_MAX) {
        complain(parser, "overrides", "too many entries in", "overrides");
        diag_remedy(parser->diags, "at most %d; one without an address stands for many",
                    OVERRIDES_MAX);
        return;
    }
    struct override *items = arena_alloc_array(parser->list->arena, count + 1, sizeof(*items));
    parser->no_memory |= !items;
    size_t enough = diag_error_count(parser->diags) + ERRORS_MAX;
    for (size_t i = 0; items && i < count && diag_error_count(parser->diags) < enough; i++) {
        parser->idx = i;
        read_entry(parser, json_array_get(entries, i), &items[i]);
    }
    parser->list->items = items;
    parser->list->count = items ? count : 0;
}

/* complain_syntax - jansson tells the byte behind which it could not go on. */
static void complain_syntax(const struct parser *parser, const json_error_t *error)
{
    char excerpt[OVERRIDE_EXCERPT_MAX];
    size_t offset = error->position > 0 ? (size_t)error->position - 1 : 0;
    struct diag_place place =
        override_place_at(parser->bytes, parser->len, offset, parser->path, excerpt);
    diag_error(parser->diags, &place, "not JSON: %.160s", error->text);
    diag_remedy(parser->diags, "compare with {\"overrides\": [{...}, {...}]}; each key once, "
                               "no comma behind the last");
}

enum err override_list_parse(const char *bytes, size_t len, const char *path, uint64_t now_ms,
                             struct diag_list *diags, struct override_list **out_list)
{
    struct parser parser = {.bytes = bytes,
                            .len = len,
                            .path = path,
                            .now_ms = now_ms,
                            .diags = diags,
                            .list = override_list_new()};
    json_error_t error;
    size_t errors_before = diag_error_count(diags);
    if (!parser.list)
        return ERR_NO_MEMORY;
    json_t *root = json_loadb(bytes, len, JSON_REJECT_DUPLICATES, &error);
    if (root)
        read_list(&parser, root);
    else
        complain_syntax(&parser, &error);
    json_decref(root);
    if (diag_error_count(diags) == errors_before && !parser.no_memory) {
        *out_list = parser.list;
        return ERR_OK;
    }
    override_list_free(parser.list);
    return parser.no_memory ? ERR_NO_MEMORY : ERR_INVALID;
}
