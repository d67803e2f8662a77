/* config_build_geo.c - the sections `geo:` and `regions:`: where clients and regions are. */
#include "config_build.h"
#include "config_location.h"

enum { REGION_NAMES_MAX = 4096, AGE_DAYS_DEFAULT = 60, AGE_DAYS_MAX = 36500 };

static void read_databases(struct config_reader *reader, const struct config_node_entry *entry,
                           void *object)
{
    struct config_geo *geo = object;
    const struct config_node_entry *items;
    size_t count;
    if (!config_read_list(reader, entry, 0, CONFIG_DATABASES_MAX, &items, &count))
        return;
    geo->databases = config_alloc(reader, count, sizeof(*geo->databases));
    for (size_t i = 0; i < count && geo->databases; i++) {
        const char *text;
        if (!config_expect_text(reader, &items[i], &text))
            continue;
        geo->databases[geo->database_count++] = (struct config_database){
            .path = config_join_path(reader, text), .place = items[i].value->place};
    }
}

static void refuse_empty(struct config_reader *reader, const struct config_node_entry *entry)
{
    config_error(reader, &entry->value->place, "nothing is said about '%.80s'", entry->key);
    config_remedy(reader, "give country, continent, subdivision, asn or location");
}

/* read_network - one entry of `networks:`; seen finds the same network in other words
 * (2001:DB8::/32 and 2001:db8::/32). */
static void read_network(struct config_reader *reader, const struct config_node_entry *entry,
                         struct config_index *seen, struct config_geo *geo)
{
    struct config_network network = {.place = entry->key_place};
    bool good = config_parse_network(reader, entry->key, &entry->key_place, &network.prefix);
    if (!config_read_location(reader, entry, &network.location) || !good)
        return;
    if (config_location_is_empty(&network.location))
        refuse_empty(reader, entry);
    char buffer[IP_TEXT_MAX];
    const char *text = arena_strdup(reader->arena, ip_prefix_format(&network.prefix, buffer));
    uint32_t earlier = text ? config_index_find(seen, text) : CONFIG_INDEX_NONE;
    if (earlier != CONFIG_INDEX_NONE) {
        config_error(reader, &network.place, "the network %s stands here twice", text);
        config_remedy(reader, "the first one is in line %u", geo->networks[earlier].place.line);
    }
    if (!text || !config_index_put(seen, text, (uint32_t)geo->network_count))
        reader->no_memory = true;
    geo->networks[geo->network_count++] = network;
}

static void read_networks(struct config_reader *reader, const struct config_node_entry *entry,
                          void *object)
{
    struct config_geo *geo = object;
    if (!config_has_content(entry) || !config_expect_map(reader, entry))
        return;
    struct config_index seen;
    config_index_init(&seen, reader->arena);
    geo->networks = config_alloc(reader, entry->value->count, sizeof(*geo->networks));
    for (uint32_t i = 0; i < entry->value->count && geo->networks; i++)
        read_network(reader, &entry->value->entries[i], &seen, geo);
}

static void read_default(struct config_reader *reader, const struct config_node_entry *entry,
                         void *object)
{
    struct config_geo *geo = object;
    if (config_read_location(reader, entry, &geo->fallback) &&
        config_location_is_empty(&geo->fallback))
        refuse_empty(reader, entry);
}

void config_build_geo(struct config_builder *builder, const struct config_node_entry *entry)
{
    static const struct config_field fields[] = {
        {.key = "databases", .kind = CONFIG_FIELD_OTHER, .read = read_databases},
        {.key = "networks", .kind = CONFIG_FIELD_OTHER, .read = read_networks},
        {.key = "default", .kind = CONFIG_FIELD_OTHER, .read = read_default},
        {.key = "max_age_days",
         .kind = CONFIG_FIELD_UINT32,
         .offset = offsetof(struct config_geo, max_age_days),
         .min = 0,
         .max = AGE_DAYS_MAX},
    };

    builder->config->geo.max_age_days = AGE_DAYS_DEFAULT;
    if (config_has_content(entry))
        config_read_fields(&builder->reader, entry, fields, sizeof(fields) / sizeof(fields[0]),
                           &builder->config->geo);
}

void config_build_regions(struct config_builder *builder, const struct config_node_entry *entry)
{
    struct config_reader *reader = &builder->reader;
    struct config *config = builder->config;
    bool given = config_has_content(entry) && config_expect_map(reader, entry);
    uint32_t count = given ? entry->value->count : 0;
    if (count > REGION_NAMES_MAX) {
        config_error(reader, &entry->key_place, "more than %d regions", REGION_NAMES_MAX);
        count = REGION_NAMES_MAX;
    }
    config->regions = config_alloc(reader, count, sizeof(*config->regions));
    if (!config_names_init(reader, &builder->regions, count) || !config->regions)
        return;
    for (uint32_t i = 0; i < count; i++) {
        const struct config_node_entry *one = &entry->value->entries[i];
        struct config_region *region = &config->regions[config->region_count++];
        *region = (struct config_region){.name = one->key, .place = one->key_place};
        config_names_add(reader, &builder->regions, one, "region");
        if (config_has_content(one)) /* a region may be a mere name */
            config_read_region(reader, one, region);
    }
}
