/* config_service_regions.c - `regions:` of one service: endpoints, clients, weights. */
#include <string.h>
#include <strings.h>

#include "config_domain.h"
#include "config_location.h"
#include "config_matcher.h"
#include "config_service.h"

enum { SERVES_MAX = 10000, WEIGHT_MAX = 10000, BIAS_MAX_KM = 20000 };

struct region_draft {
    struct config_service_region region;
    struct config_builder *builder;
};

static void read_serves(struct config_reader *reader, const struct config_node_entry *entry,
                        void *object)
{
    struct region_draft *draft = object;
    const struct config_node_entry *items;
    size_t count;
    if (!config_read_list(reader, entry, 0, SERVES_MAX, &items, &count))
        return;
    struct config_matcher *serves = config_alloc(reader, count, sizeof(*serves));
    if (!serves)
        return;
    size_t good = 0;
    for (size_t i = 0; i < count; i++) {
        const char *text;
        if (config_expect_text(reader, &items[i], &text) &&
            config_read_matcher(reader, text, &items[i].value->place, &serves[good]))
            good++;
    }
    draft->region.serves = serves;
    draft->region.serves_count = good;
}

/* is_endpoint - an address that a client can connect to. */
static bool is_endpoint(const struct ip_addr *addr)
{
    static const char *const never[] = {"0.0.0.0/8", "224.0.0.0/4", "255.255.255.255",
                                        "::",        "ff00::/8",    "::ffff:0.0.0.0/96"};

    for (size_t i = 0; i < sizeof(never) / sizeof(never[0]); i++) {
        struct ip_prefix prefix;
        if (ip_prefix_parse(never[i], &prefix) && ip_prefix_contains(&prefix, addr))
            return false;
    }
    return true;
}

static bool read_address(struct config_reader *reader, const struct config_node_entry *item,
                         struct ip_addr *out_addr)
{
    const char *text;
    if (!config_expect_text(reader, item, &text))
        return false;
    if (!ip_parse(text, out_addr)) {
        config_error(reader, &item->value->place, "'%.80s' is no address", text);
        config_remedy(reader, "write 192.0.2.1 or \"2001:db8::1\"; host names go into names:");
        return false;
    }
    if (!is_endpoint(out_addr)) {
        config_error(reader, &item->value->place, "no client can connect to %.80s", text);
        config_remedy(reader, "endpoints are unicast addresses");
        return false;
    }
    return true;
}

static void read_addresses(struct config_reader *reader, const struct config_node_entry *entry,
                           void *object)
{
    struct region_draft *draft = object;
    const struct config_node_entry *items;
    size_t count;
    if (!config_read_list(reader, entry, 1, CONFIG_ENDPOINTS_MAX, &items, &count))
        return;
    struct ip_addr *addresses = config_alloc(reader, count, sizeof(*addresses));
    if (!addresses)
        return;
    size_t good = 0;
    for (size_t i = 0; i < count; i++) {
        if (!read_address(reader, &items[i], &addresses[good]))
            continue;
        size_t same = 0;
        while (!ip_equal(&addresses[same], &addresses[good]))
            same++;
        if (same < good)
            config_error(reader, &items[i].value->place, "the address %.80s stands here twice",
                         items[i].value->text);
        good++;
    }
    draft->region.addresses = addresses;
    draft->region.address_count = good;
}

/* is_listed - whatever its case. */
static bool is_listed(const char *const *names, size_t count, const char *name)
{
    for (size_t i = 0; i < count; i++)
        if (strcasecmp(names[i], name) == 0)
            return true;
    return false;
}

static void read_names(struct config_reader *reader, const struct config_node_entry *entry,
                       void *object)
{
    struct region_draft *draft = object;
    const struct config_node_entry *items;
    size_t count;
    if (!config_read_list(reader, entry, 1, CONFIG_ENDPOINTS_MAX, &items, &count))
        return;
    const char **names = config_alloc(reader, count, sizeof(*names));
    if (!names)
        return;
    size_t good = 0;
    for (size_t i = 0; i < count; i++) {
        const char *text;
        struct ip_addr addr;
        const struct diag_place *place = &items[i].value->place;
        if (!config_expect_text(reader, &items[i], &text))
            continue;
        if (ip_parse(text, &addr)) {
            config_error(reader, place, "%.80s is an address, not a name", text);
            config_remedy(reader, "addresses go into addresses:");
        } else if (config_check_domain(reader, text, place)) {
            names[good] = config_absolute(reader, text);
            if (is_listed(names, good, names[good]))
                config_error(reader, place, "the name %.80s stands here twice", text);
            good++;
        }
    }
    draft->region.names = names;
    draft->region.name_count = good;
}

static void read_service(struct config_reader *reader, const struct config_node_entry *entry,
                         void *object)
{
    struct region_draft *draft = object;
    const char *text;
    if (config_expect_text(reader, entry, &text))
        draft->region.service = config_names_find(reader, &draft->builder->services, text,
                                                  &entry->value->place, "service");
}

/* check_endpoints - exactly one of addresses, names and service. */
static void check_endpoints(struct config_reader *reader, const struct config_node_entry *entry)
{
    static const char *const keys[] = {"addresses", "names", "service"};

    const struct config_node_entry *first = NULL;
    for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
        const struct config_node_entry *found = config_node_find(entry->value, keys[i]);
        if (found && first) {
            config_error(reader, &found->key_place, "'%s' and '%s' exclude each other", keys[i],
                         first->key);
            config_remedy(reader, "keep one of them, or make two regions");
        } else if (found) {
            first = found;
        }
    }
    if (first)
        return;
    config_error(reader, &entry->key_place, "the region '%.80s' has no endpoints", entry->key);
    config_remedy(reader, "give it addresses:, names: or service:");
}

#define REGION_FIELD(name, type, member, low, high)                                            \
    {                                                                                          \
        .key = (name), .kind = (type), .offset = offsetof(struct region_draft, region.member), \
        .min = (low), .max = (high)                                                            \
    }

static void build_region(struct config_reader *reader, const struct config_node_entry *entry,
                         struct config_builder *builder,
                         struct config_service_region *out_region)
{
    static const struct config_field fields[] = {
        {.key = "serves", .kind = CONFIG_FIELD_OTHER, .read = read_serves},
        REGION_FIELD("weight", CONFIG_FIELD_UINT32, weight, 0, WEIGHT_MAX),
        REGION_FIELD("capacity", CONFIG_FIELD_NUMBER, capacity, 1, CONFIG_CAPACITY_MAX),
        REGION_FIELD("bias_km", CONFIG_FIELD_NUMBER, bias_km, -BIAS_MAX_KM, BIAS_MAX_KM),
        {.key = "addresses", .kind = CONFIG_FIELD_OTHER, .read = read_addresses},
        {.key = "names", .kind = CONFIG_FIELD_OTHER, .read = read_names},
        {.key = "service", .kind = CONFIG_FIELD_OTHER, .read = read_service},
    };

    struct region_draft draft = {
        .builder = builder,
        .region = {.name = entry->key,
                   .region = CONFIG_NONE,
                   .service = CONFIG_NONE,
                   .weight = 1,
                   .place = entry->key_place},
    };
    if (config_read_fields(reader, entry, fields, sizeof(fields) / sizeof(fields[0]), &draft))
        check_endpoints(reader, entry);

    /* A nested service brings its own regions: this one is then only a name for it. */
    uint32_t declared = config_index_find(&builder->regions.index, entry->key);
    if (declared == CONFIG_INDEX_NONE && config_node_find(entry->value, "service"))
        config_check_name(reader, entry, "region");
    else
        draft.region.region = config_names_find(reader, &builder->regions, entry->key,
                                                &entry->key_place, "region");
    *out_region = draft.region;
}

void config_read_service_regions(struct config_reader *reader,
                                 const struct config_node_entry *entry, void *object)
{
    struct service_draft *draft = object;
    struct config_service *service = &draft->service;
    draft->own_regions = true;
    service->regions = NULL; /* the parent's are replaced as a whole */
    service->region_count = 0;
    if (!config_expect_map(reader, entry))
        return;
    uint32_t count = entry->value->count;
    if (count > CONFIG_REGIONS_MAX) {
        config_error(reader, &entry->key_place, "a service has at most %d regions, not %u",
                     CONFIG_REGIONS_MAX, count);
        config_remedy(reader, "nest services: a region may be {service: NAME}");
        count = CONFIG_REGIONS_MAX;
    }
    service->regions = config_alloc(reader, count, sizeof(*service->regions));
    if (!service->regions)
        return;
    service->region_count = count;
    for (uint32_t i = 0; i < count; i++)
        build_region(reader, &entry->value->entries[i], draft->builder, &service->regions[i]);
}
