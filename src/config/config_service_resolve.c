/* config_service_resolve.c - what names regions of its own service: `order:`, `residency:` and
 * `when_all_down:`. */
#include <string.h>

#include "config_matcher.h"
#include "config_service.h"

enum { RESIDENCY_MAX = 10000 }; /* fits into policy_order.residency */

/* find_region - the index of a region of the service, -1 after an error. */
static int find_region(struct config_reader *reader, const struct service_draft *draft,
                       const struct config_node_entry *entry)
{
    const struct config_service *service = &draft->service;
    const char *text;
    if (!config_expect_text(reader, entry, &text))
        return -1;
    const char *names[CONFIG_REGIONS_MAX];
    for (size_t i = 0; i < service->region_count; i++) {
        names[i] = service->regions[i].name;
        if (strcmp(names[i], text) == 0)
            return (int)i;
    }
    if (service->region_count == 0)
        return -1; /* said already, and all of them would be missing */
    config_error(reader, &entry->value->place, "the service '%.80s' has no region '%.80s'",
                 service->name, text);
    config_remedy_nearest(reader, text, names, service->region_count);
    return -1;
}

/* resolve_order - service->order: those of `order:` first, the others after them. */
static void resolve_order(struct config_reader *reader, struct service_draft *draft)
{
    struct config_service *service = &draft->service;
    size_t count = service->region_count, placed = 0;
    uint64_t taken = 0;
    service->order = config_alloc(reader, count, sizeof(*service->order));
    if (!service->order)
        return;

    const struct config_node_entry *items = NULL;
    size_t item_count = 0;
    bool ordered = draft->order && service->policy == CONFIG_POLICY_FAILOVER;
    if (ordered &&
        !config_read_list(reader, draft->order, 1, CONFIG_REGIONS_MAX, &items, &item_count))
        item_count = 0;
    for (size_t i = 0; i < item_count; i++) {
        int region = find_region(reader, draft, &items[i]);
        if (region < 0)
            continue;
        if (taken >> region & 1) {
            config_error(reader, &items[i].value->place, "the region '%.80s' stands here twice",
                         items[i].value->text);
            continue;
        }
        taken |= UINT64_C(1) << region;
        service->order[placed++] = (uint8_t)region;
    }
    for (size_t i = 0; i < count; i++) {
        if (!(taken >> i & 1))
            service->order[placed++] = (uint8_t)i;
    }
}

static void check_order_belongs(struct config_reader *reader, const struct service_draft *draft)
{
    if (!draft->own_order || draft->service.policy == CONFIG_POLICY_FAILOVER)
        return;
    config_error(reader, &draft->order->key_place, "'order' goes with policy failover, not %s",
                 config_policy_name(draft->service.policy));
    config_remedy(reader, "set policy: failover, or leave order: out");
}

static void resolve_residency_one(struct config_reader *reader, struct service_draft *draft,
                                  const struct config_node_entry *entry)
{
    struct config_service *service = &draft->service;
    struct config_residency one = {.place = entry->key_place};
    bool good = config_read_matcher(reader, entry->key, &entry->key_place, &one.who);
    const struct config_node_entry *items;
    size_t count;
    if (!config_read_list(reader, entry, 1, CONFIG_REGIONS_MAX, &items, &count))
        return;
    for (size_t i = 0; i < count; i++) {
        int region = find_region(reader, draft, &items[i]);
        if (region >= 0)
            one.allowed |= UINT64_C(1) << region;
    }
    for (size_t i = 0; i < service->residency_count && good; i++) {
        if (!config_matcher_equal(&service->residency[i].who, &one.who))
            continue;
        config_error(reader, &one.place, "the residency of '%.80s' stands here twice",
                     entry->key);
        config_remedy(reader, "the first one is in line %u", service->residency[i].place.line);
    }
    if (good && one.allowed != 0)
        service->residency[service->residency_count++] = one;
}

static void resolve_residency(struct config_reader *reader, struct service_draft *draft)
{
    struct config_service *service = &draft->service;
    const struct config_node_entry *entry = draft->residency;
    service->residency = NULL;
    service->residency_count = 0;
    if (!config_has_content(entry) || !config_expect_map(reader, entry))
        return;
    uint32_t count = entry->value->count;
    if (count > RESIDENCY_MAX) {
        config_error(reader, &entry->key_place, "more than %d residency rules", RESIDENCY_MAX);
        return;
    }
    service->residency = config_alloc(reader, count, sizeof(*service->residency));
    for (uint32_t i = 0; i < count && service->residency; i++)
        resolve_residency_one(reader, draft, &entry->value->entries[i]);
}

struct all_down_draft {
    struct service_draft *draft;
    int region; /* -1: not given */
};

static void read_all_down_region(struct config_reader *reader,
                                 const struct config_node_entry *entry, void *object)
{
    struct all_down_draft *all_down = object;
    all_down->region = find_region(reader, all_down->draft, entry);
}

static void resolve_all_down(struct config_reader *reader, struct service_draft *draft)
{
    static const struct config_field fields[] = {
        {.key = "region", .kind = CONFIG_FIELD_OTHER, .read = read_all_down_region},
    };

    struct config_service *service = &draft->service;
    const struct config_node_entry *entry = draft->all_down;
    service->all_down = CONFIG_ALL_DOWN_ALL;
    service->all_down_region = 0;
    if (!entry)
        return;
    const struct config_node *node = entry->value;
    if (node->kind == CONFIG_NODE_MAP) {
        struct all_down_draft all_down = {.draft = draft, .region = -1};
        config_read_fields(reader, entry, fields, 1, &all_down);
        if (!config_node_find(node, "region")) {
            config_error(reader, &node->place, "'%s' does not say which region", entry->key);
            config_remedy(reader, "write {region: NAME}");
        }
        if (all_down.region >= 0) {
            service->all_down = CONFIG_ALL_DOWN_REGION;
            service->all_down_region = (uint16_t)all_down.region;
        }
    } else if (node->kind == CONFIG_NODE_SCALAR && strcmp(node->text, "empty") == 0) {
        service->all_down = CONFIG_ALL_DOWN_EMPTY;
    } else if (node->kind != CONFIG_NODE_SCALAR || strcmp(node->text, "all") != 0) {
        config_error(reader, &node->place, "unknown value '%.80s' for '%s'", node->text,
                     entry->key);
        config_remedy(reader, "write all, {region: NAME} or empty");
    }
}

/* Whether something changed that makes the parent's result wrong for the child. */
static bool is_shared(const struct service_draft *draft, const char *key)
{
    return draft->parent != CONFIG_NONE && !draft->own_regions &&
           !config_node_find(draft->entry->value, key);
}

void config_resolve_service(struct config_reader *reader, struct service_draft *draft)
{
    check_order_belongs(reader, draft);
    if (!is_shared(draft, "order") || !is_shared(draft, "policy"))
        resolve_order(reader, draft);
    if (!is_shared(draft, "residency"))
        resolve_residency(reader, draft);
    if (!is_shared(draft, "when_all_down"))
        resolve_all_down(reader, draft);
}
