/* config_build_services.c - the section `services:`.
 *
 * In three passes, because a service may name another that stands below it: all names; who
 * inherits from whom (parents before children, loops refused); then each service, which starts
 * as a copy of its parent and is overwritten by its own keys.
 */
#include <string.h>

#include "rhumb/text.h"

#include "config_build.h"
#include "config_service.h"
#include "config_units.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static void read_policy(struct config_reader *reader, const struct config_node_entry *entry,
                        void *object)
{
    static const char *const names[] = {"failover", "weighted", "geo", "nearest", "latency"};

    struct service_draft *draft = object;
    int which = config_read_enum(reader, entry, names, COUNT(names));
    if (which >= 0)
        draft->service.policy = (enum config_policy)which;
}

static void read_check(struct config_reader *reader, const struct config_node_entry *entry,
                       void *object)
{
    struct service_draft *draft = object;
    const char *text;
    if (!config_expect_text(reader, entry, &text))
        return;
    uint16_t check =
        config_names_find(reader, &draft->builder->checks, text, &entry->value->place, "check");
    draft->service.check = check == CONFIG_NONE ? 0 : check;
}

#define TTL_FIELD(name, type, member, high)                                                    \
    {                                                                                          \
        .key = (name), .kind = (type), .offset = offsetof(struct config_ttl, member),          \
        .min = 0, .max = (high)                                                                \
    }

static const struct config_ttl DEFAULT_TTL = {
    .stable_s = 30, .unsettled_s = 5, .suspect_s = 1, .settle_ms = 5 * CONFIG_MINUTE_MS};

static void read_ttl(struct config_reader *reader, const struct config_node_entry *entry,
                     void *object)
{
    static const struct config_field fields[] = {
        TTL_FIELD("stable", CONFIG_FIELD_DURATION_S, stable_s, CONFIG_DAY_S),
        TTL_FIELD("unsettled", CONFIG_FIELD_DURATION_S, unsettled_s, CONFIG_DAY_S),
        TTL_FIELD("suspect", CONFIG_FIELD_DURATION_S, suspect_s, CONFIG_DAY_S),
        TTL_FIELD("settle", CONFIG_FIELD_DURATION_MS, settle_ms, CONFIG_DAY_MS),
        TTL_FIELD("cap", CONFIG_FIELD_BOOL, cap, 1),
        TTL_FIELD("from_proof", CONFIG_FIELD_BOOL, from_proof, 1),
    };

    struct service_draft *draft = object;
    draft->service.ttl = DEFAULT_TTL; /* the parent's are replaced as a whole */
    config_read_fields(reader, entry, fields, COUNT(fields), &draft->service.ttl);
}

static void read_latency_source(struct config_reader *reader,
                                const struct config_node_entry *entry, void *object)
{
    static const char *const names[] = {"prior", "pop"};

    struct service_draft *draft = object;
    int which = config_read_enum(reader, entry, names, COUNT(names));
    if (which >= 0)
        draft->service.latency_source = (enum config_latency_source)which;
}

static void read_latency(struct config_reader *reader, const struct config_node_entry *entry,
                         void *object)
{
    static const struct config_field fields[] = {
        {.key = "source", .kind = CONFIG_FIELD_OTHER, .read = read_latency_source},
    };

    struct service_draft *draft = object;
    draft->service.latency_source = CONFIG_LATENCY_PRIOR;
    config_read_fields(reader, entry, fields, COUNT(fields), draft);
}

static void keep_order(struct config_reader *reader, const struct config_node_entry *entry,
                       void *object)
{
    (void)reader;
    struct service_draft *draft = object;
    draft->order = entry;
    draft->own_order = true;
}

static void keep_residency(struct config_reader *reader, const struct config_node_entry *entry,
                           void *object)
{
    (void)reader;
    struct service_draft *draft = object;
    draft->residency = entry;
}

static void keep_all_down(struct config_reader *reader, const struct config_node_entry *entry,
                          void *object)
{
    (void)reader;
    struct service_draft *draft = object;
    draft->all_down = entry;
}

/* `inherit:` was read before all others. */
static void keep_nothing(struct config_reader *reader, const struct config_node_entry *entry,
                         void *object)
{
    (void)reader;
    (void)entry;
    (void)object;
}

#define SERVICE_FIELD(name, type, member, low, high)                                           \
    {                                                                                          \
        .key = (name), .kind = (type),                                                         \
        .offset = offsetof(struct service_draft, service.member), .min = (low), .max = (high)  \
    }
#define OTHER_FIELD(name, function)                                                            \
    {                                                                                          \
        .key = (name), .kind = CONFIG_FIELD_OTHER, .read = (function)                          \
    }

static void build_service(struct config_reader *reader, struct service_draft *drafts,
                          struct service_draft *draft)
{
    static const struct config_field fields[] = {
        OTHER_FIELD("policy", read_policy),
        OTHER_FIELD("check", read_check),
        OTHER_FIELD("ttl", read_ttl),
        OTHER_FIELD("regions", config_read_service_regions),
        OTHER_FIELD("order", keep_order),
        OTHER_FIELD("inherit", keep_nothing),
        OTHER_FIELD("residency", keep_residency),
        OTHER_FIELD("when_all_down", keep_all_down),
        OTHER_FIELD("protect", config_read_protect),
        OTHER_FIELD("failback", config_read_failback),
        SERVICE_FIELD("min_up", CONFIG_FIELD_SHARE, min_up, 0, 1),
        SERVICE_FIELD("max_answers", CONFIG_FIELD_UINT32, max_answers, 1, 64),
        SERVICE_FIELD("answers", CONFIG_FIELD_UINT32, answers, 1, 2),
        SERVICE_FIELD("depth", CONFIG_FIELD_UINT32, depth, 1, 16),
        SERVICE_FIELD("sticky", CONFIG_FIELD_BOOL, sticky, 0, 1),
        OTHER_FIELD("latency", read_latency),
    };

    struct config_service *service = &draft->service;
    if (draft->parent != CONFIG_NONE) {
        const struct service_draft *parent = &drafts[draft->parent];
        *service = parent->service;
        draft->order = parent->order;
        draft->residency = parent->residency;
        draft->all_down = parent->all_down;
    } else {
        *service = (struct config_service){.policy = CONFIG_POLICY_GEO,
                                           .ttl = DEFAULT_TTL,
                                           .protect = CONFIG_PROTECT_DEFAULT,
                                           .min_up = 0.5,
                                           .max_answers = 8,
                                           .answers = 1,
                                           .depth = 4};
    }
    service->name = draft->entry->key;
    service->place = draft->entry->key_place;
    if (!config_read_fields(reader, draft->entry, fields, COUNT(fields), draft))
        return;
    if (service->region_count == 0 && !config_node_find(draft->entry->value, "inherit")) {
        config_error(reader, &service->place, "the service '%.80s' has no regions",
                     service->name);
        config_remedy(reader, "give it regions:, or inherit: another service's");
    }
    config_resolve_service(reader, draft);
}

static void read_parent(struct config_reader *reader, struct service_draft *draft)
{
    const struct config_node_entry *inherit = config_node_find(draft->entry->value, "inherit");
    const char *text;
    draft->parent = CONFIG_NONE;
    if (!inherit || !config_expect_text(reader, inherit, &text))
        return;
    draft->parent = config_names_find(reader, &draft->builder->services, text,
                                      &inherit->value->place, "service");
    if (draft->parent != CONFIG_NONE)
        draft->builder->service_inherited[draft->parent] = true;
}

/* refuse_loop - last inherits from first, which inherits from ... last. */
static void refuse_loop(struct config_reader *reader, struct service_draft *drafts,
                        uint16_t first, uint16_t last)
{
    enum { LOOP_TEXT_MAX = 600 };

    struct text loop;
    text_init(&loop, LOOP_TEXT_MAX);
    uint16_t at = first;
    do {
        text_printf(&loop, "%s -> ", drafts[at].entry->key);
        at = drafts[at].parent;
    } while (at != first);
    text_printf(&loop, "%s", drafts[first].entry->key);
    const struct config_node_entry *inherit =
        config_node_find(drafts[last].entry->value, "inherit");
    config_error(reader, &inherit->value->place, "services inherit in a loop: %s%s",
                 text_get(&loop), loop.failed ? "..." : "");
    config_remedy(reader, "take one of these inherit: out");
    text_deinit(&loop);
    drafts[last].parent = CONFIG_NONE;
}

/* sort_parents_first - order such that a parent comes before its children. Climbs from each
 * service to its first ancestor already in the order, then writes the way back down. */
static void sort_parents_first(struct config_reader *reader, struct service_draft *drafts,
                               size_t count, uint16_t *order)
{
    enum { UNSEEN, CLIMBED, PLACED };

    uint8_t *states = config_alloc(reader, count, sizeof(*states));
    uint16_t *climbed = config_alloc(reader, count, sizeof(*climbed));
    size_t placed = 0;
    for (size_t i = 0; i < count && states && climbed; i++) {
        size_t height = 0;
        uint16_t at = (uint16_t)i;
        while (at != CONFIG_NONE && states[at] == UNSEEN) {
            states[at] = CLIMBED;
            climbed[height++] = at;
            at = drafts[at].parent;
        }
        if (at != CONFIG_NONE && states[at] == CLIMBED)
            refuse_loop(reader, drafts, at, climbed[height - 1]);
        while (height > 0) {
            order[placed++] = climbed[--height];
            states[order[placed - 1]] = PLACED;
        }
    }
}

void config_build_services(struct config_builder *builder,
                           const struct config_node_entry *entry)
{
    struct config_reader *reader = &builder->reader;
    struct config *config = builder->config;
    bool given = config_has_content(entry) && config_expect_map(reader, entry);
    uint32_t count = given ? entry->value->count : 0;
    if (count > CONFIG_SERVICES_MAX) {
        config_error(reader, &entry->key_place, "more than %d services", CONFIG_SERVICES_MAX);
        count = CONFIG_SERVICES_MAX;
    }
    struct service_draft *drafts = config_alloc(reader, count, sizeof(*drafts));
    uint16_t *order = config_alloc(reader, count, sizeof(*order));
    config->services = config_alloc(reader, count, sizeof(*config->services));
    builder->service_inherited = config_alloc(reader, count, sizeof(bool));
    if (!config_names_init(reader, &builder->services, count) || !drafts || !order ||
        !config->services || !builder->service_inherited)
        return;
    for (uint32_t i = 0; i < count; i++) {
        drafts[i] =
            (struct service_draft){.builder = builder, .entry = &entry->value->entries[i]};
        config_names_add(reader, &builder->services, drafts[i].entry, "service");
    }
    for (uint32_t i = 0; i < count; i++)
        read_parent(reader, &drafts[i]);
    sort_parents_first(reader, drafts, count, order);
    if (reader->no_memory)
        return;
    for (uint32_t i = 0; i < count; i++)
        build_service(reader, drafts, &drafts[order[i]]);
    for (uint32_t i = 0; i < count; i++)
        config->services[i] = drafts[i].service;
    config->service_count = count;
}
