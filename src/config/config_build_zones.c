/* config_build_zones.c - the section `zones:`. */
#include <string.h>

#include "config_build.h"
#include "config_domain.h"

static const char REGION_WORD[] = "{region}";

enum { REGION_WORD_LEN = sizeof(REGION_WORD) - 1 };

/* One zone while it is read. Names are compared absolute and in lower case; these forms live in
 * scratch only, since every {region} makes many of them. */
struct zone_draft {
    struct config_builder *builder;
    struct config_zone zone;
    bool origin_good; /* else no owner can be judged */
    struct arena *scratch;
    struct config_index owners; /* lower-case absolute owner -> index into zone.names */
};

struct name_draft {
    struct config_builder *builder;
    uint16_t service;
    bool sticky;
};

static void read_service(struct config_reader *reader, const struct config_node_entry *entry,
                         void *object)
{
    struct name_draft *draft = object;
    const char *text;
    if (config_expect_text(reader, entry, &text))
        draft->service = config_names_find(reader, &draft->builder->services, text,
                                           &entry->value->place, "service");
}

/* read_target - what an owner points at: a service's name, or {service, sticky}. False when
 * there is no such service. */
static bool read_target(struct config_reader *reader, struct config_builder *builder,
                        const struct config_node_entry *entry, struct config_name *name)
{
    static const struct config_field fields[] = {
        {.key = "service", .kind = CONFIG_FIELD_OTHER, .read = read_service},
        {.key = "sticky",
         .kind = CONFIG_FIELD_BOOL,
         .offset = offsetof(struct name_draft, sticky)},
    };

    struct name_draft draft = {.builder = builder, .service = CONFIG_NONE};
    if (entry->value->kind != CONFIG_NODE_MAP) {
        read_service(reader, entry, &draft);
    } else {
        config_read_fields(reader, entry, fields, sizeof(fields) / sizeof(fields[0]), &draft);
        if (!config_node_find(entry->value, "service")) {
            config_error(reader, &entry->key_place, "'%.80s' does not say which service",
                         entry->key);
            config_remedy(reader, "write {service: NAME, sticky: true}");
        }
        if (config_node_find(entry->value, "sticky"))
            name->sticky = draft.sticky;
    }
    name->service = draft.service;
    return draft.service != CONFIG_NONE;
}

/* owner_absolute - owner with {region} filled in, absolute, in scratch. */
static char *owner_absolute(struct zone_draft *draft, const char *owner, const char *region)
{
    if (strcmp(owner, "@") == 0)
        return arena_strdup(draft->scratch, draft->zone.origin);
    const char *origin = draft->zone.origin;
    const char *below = strcmp(origin, ".") == 0 ? "" : origin;
    size_t len = strlen(owner);
    bool absolute = len > 0 && owner[len - 1] == '.';
    const char *word = region ? strstr(owner, REGION_WORD) : NULL;
    if (!word)
        return absolute ? arena_strdup(draft->scratch, owner)
                        : arena_printf(draft->scratch, "%s.%s", owner, below);
    return arena_printf(draft->scratch, "%.*s%s%s%s%s", (int)(word - owner), owner, region,
                        word + REGION_WORD_LEN, absolute ? "" : ".", absolute ? "" : below);
}

static void lower(char *text)
{
    for (char *c = text; *c != '\0'; c++) {
        if (*c >= 'A' && *c <= 'Z')
            *c = (char)(*c + ('a' - 'A'));
    }
}

/* check_owner - one owner as it will be answered: well-formed, in the zone, and new. */
static bool check_owner(struct config_reader *reader, struct zone_draft *draft,
                        const struct config_name *name, const char *region)
{
    char *owner = owner_absolute(draft, name->owner, region);
    if (!owner) {
        reader->no_memory = true;
        return false;
    }
    if (!config_check_domain(reader, owner, &name->place))
        return false;
    if (!config_domain_is_within(owner, draft->zone.origin)) {
        config_error(reader, &name->place, "'%.80s' lies outside the zone %.80s", name->owner,
                     draft->zone.origin);
        config_remedy(reader, "a name without a final dot is below the zone");
        return false;
    }
    lower(owner);
    uint32_t earlier = config_index_find(&draft->owners, owner);
    if (earlier != CONFIG_INDEX_NONE) {
        const struct config_name *first = &draft->zone.names[earlier];
        config_error(reader, &name->place, "'%.80s' and '%.80s' are the same name: %.80s",
                     first->owner, name->owner, owner);
        config_remedy(reader, "the first one is in line %u", first->place.line);
        return false;
    }
    if (!config_index_put(&draft->owners, owner, (uint32_t)draft->zone.name_count))
        reader->no_memory = true;
    return true;
}

/* check_braces - {region} at most once, and no other braces. */
static bool check_braces(struct config_reader *reader, struct config_name *name)
{
    const char *word = strstr(name->owner, REGION_WORD);
    const char *rest = word ? word + REGION_WORD_LEN : name->owner;
    size_t before = word ? (size_t)(word - name->owner) : 0;
    name->has_region = word != NULL;
    if (strcspn(name->owner, "{}") >= before && !strpbrk(rest, "{}"))
        return true;
    config_error(reader, &name->place, "'%.80s' has braces that say nothing", name->owner);
    config_remedy(reader, "write {region}, once");
    return false;
}

static void read_name(struct config_reader *reader, struct zone_draft *draft,
                      const struct config_node_entry *entry)
{
    struct config_zone *zone = &draft->zone;
    struct config_name name = {.owner = entry->key, .sticky = -1, .place = entry->key_place};
    bool known = read_target(reader, draft->builder, entry, &name);
    bool good = check_braces(reader, &name) && draft->origin_good;
    if (good && !name.has_region)
        good = check_owner(reader, draft, &name, NULL);
    if (good && name.has_region && known) {
        const struct config_service *service = &draft->builder->config->services[name.service];
        for (size_t i = 0; i < service->region_count && good; i++)
            good = check_owner(reader, draft, &name, service->regions[i].name);
    }
    zone->names[zone->name_count++] = name;
}

static void read_names(struct config_reader *reader, const struct config_node_entry *entry,
                       void *object)
{
    struct zone_draft *draft = object;
    if (!config_has_content(entry) || !config_expect_map(reader, entry))
        return;
    uint32_t count = entry->value->count;
    draft->zone.names = config_alloc(reader, count, sizeof(*draft->zone.names));
    for (uint32_t i = 0; i < count && draft->zone.names; i++)
        read_name(reader, draft, &entry->value->entries[i]);
}

static void read_limits(struct config_reader *reader, const struct config_node_entry *entry,
                        void *object)
{
    struct zone_draft *draft = object;
    config_read_limits(reader, entry, &draft->zone.limits);
}

static void build_zone(struct config_builder *builder, const struct config_node_entry *entry,
                       bool origin_good, struct arena *scratch, struct config_zone *out_zone)
{
    static const struct config_field fields[] = {
        {.key = "file",
         .kind = CONFIG_FIELD_PATH,
         .offset = offsetof(struct zone_draft, zone.file)},
        {.key = "names", .kind = CONFIG_FIELD_OTHER, .read = read_names},
        {.key = "limits", .kind = CONFIG_FIELD_OTHER, .read = read_limits},
    };

    struct config_reader *reader = &builder->reader;
    struct zone_draft draft = {.builder = builder,
                               .origin_good = origin_good,
                               .scratch = scratch,
                               .zone = {.origin = config_absolute(reader, entry->key),
                                        .limits = builder->config->limits,
                                        .place = entry->key_place}};
    config_index_init(&draft.owners, scratch);
    if (config_read_fields(reader, entry, fields, sizeof(fields) / sizeof(fields[0]), &draft)) {
        const struct config_node_entry *file = config_node_find(entry->value, "file");
        draft.zone.file_place = file ? file->value->place : entry->key_place;
        if (!file) {
            config_error(reader, &entry->key_place, "the zone '%.80s' has no file", entry->key);
            config_remedy(reader, "write file: %.80s.zone", entry->key);
        }
    }
    *out_zone = draft.zone;
}

/* check_origin - a domain name that no other zone has. */
static bool check_origin(struct config_reader *reader, struct config_index *origins,
                         const struct config_node_entry *entry, const struct config *config)
{
    if (!config_check_domain(reader, entry->key, &entry->key_place))
        return false;
    if (entry->key[0] == '*') {
        config_error(reader, &entry->key_place, "a zone cannot be a wildcard");
        config_remedy(reader, "wildcards go into names:");
        return false;
    }
    const char *origin = config_lower(reader, config_absolute(reader, entry->key));
    uint32_t earlier = config_index_find(origins, origin);
    if (earlier != CONFIG_INDEX_NONE) {
        config_error(reader, &entry->key_place, "the zone '%.80s' stands here twice",
                     entry->key);
        config_remedy(reader, "the first one is in line %u", config->zones[earlier].place.line);
    } else if (!config_index_put(origins, origin, (uint32_t)config->zone_count)) {
        reader->no_memory = true;
    }
    return true;
}

void config_build_zones(struct config_builder *builder, const struct config_node_entry *entry)
{
    enum { SCRATCH_BYTES_MAX = 64 * 1024 * 1024 };

    struct config_reader *reader = &builder->reader;
    struct config *config = builder->config;
    if (!config_has_content(entry) || !config_expect_map(reader, entry))
        return;
    uint32_t count = entry->value->count;
    config->zones = config_alloc(reader, count, sizeof(*config->zones));
    struct config_index origins;
    config_index_init(&origins, reader->arena);
    for (uint32_t i = 0; i < count && config->zones; i++) {
        const struct config_node_entry *one = &entry->value->entries[i];
        bool good = check_origin(reader, &origins, one, config);
        struct arena *scratch = arena_new(SCRATCH_BYTES_MAX);
        if (scratch)
            build_zone(builder, one, good, scratch, &config->zones[config->zone_count++]);
        else
            reader->no_memory = true;
        arena_free(scratch);
    }
}
