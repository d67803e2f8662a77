/* Services, by name: their settings, regions, endpoints, rules. */
#include <stdio.h>
#include <string.h>

#include "census.h"
#include "diff_fields.h"
#include "diff_parts.h"

#define FIELD(key, kind, member)                                                               \
    {                                                                                          \
        key, kind, offsetof(struct config_service, member)                                     \
    }
#define REGION_FIELD(key, kind, member)                                                        \
    {                                                                                          \
        key, kind, offsetof(struct config_service_region, member)                              \
    }
#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

enum { DETAIL_MAX = 4000 };

static const struct diff_field FIELDS[] = {
    FIELD("ttl.stable", DIFF_FIELD_S, ttl.stable_s),
    FIELD("ttl.unsettled", DIFF_FIELD_S, ttl.unsettled_s),
    FIELD("ttl.suspect", DIFF_FIELD_S, ttl.suspect_s),
    FIELD("ttl.settle", DIFF_FIELD_MS, ttl.settle_ms),
    FIELD("ttl.cap", DIFF_FIELD_BOOL, ttl.cap),
    FIELD("ttl.from_proof", DIFF_FIELD_BOOL, ttl.from_proof),
    FIELD("protect.min_usable", DIFF_FIELD_U32, protect.min_usable),
    FIELD("protect.max_down_per_minute", DIFF_FIELD_SHARE, protect.max_down_per_minute),
    FIELD("failback.after", DIFF_FIELD_MS, failback_after_ms),
    FIELD("min_up", DIFF_FIELD_SHARE, min_up),
    FIELD("max_answers", DIFF_FIELD_U32, max_answers),
    FIELD("answers", DIFF_FIELD_U32, answers),
    FIELD("depth", DIFF_FIELD_U32, depth),
    FIELD("sticky", DIFF_FIELD_BOOL, sticky),
};

static const struct diff_field REGION_FIELDS[] = {
    REGION_FIELD("weight", DIFF_FIELD_U32, weight),
    REGION_FIELD("bias_km", DIFF_FIELD_NUMBER, bias_km),
    REGION_FIELD("capacity", DIFF_FIELD_NUMBER, capacity),
};

/* A service in both configurations. */
struct service_pair {
    struct differ *differ;
    const struct config_service *was, *is;
    struct text detail;
};

static const struct config_service_region *find_region(const struct config_service *service,
                                                       const char *name)
{
    for (size_t r = 0; r < service->region_count; r++)
        if (strcmp(service->regions[r].name, name) == 0)
            return &service->regions[r];
    return NULL;
}

/* ---- endpoints ---- */

static bool has_address(const struct config_service_region *region, const struct ip_addr *addr)
{
    for (size_t i = 0; i < region->address_count; i++)
        if (ip_equal(&region->addresses[i], addr))
            return true;
    return false;
}

static bool has_name(const struct config_service_region *region, const char *name)
{
    for (size_t i = 0; i < region->name_count; i++)
        if (strcmp(region->names[i], name) == 0)
            return true;
    return false;
}

/* note_missing - the endpoints of one that the other lacks. */
static void note_missing(struct text *out, const struct config_service_region *region,
                         const struct config_service_region *other, char sign)
{
    char addr[IP_TEXT_MAX];
    for (size_t i = 0; i < region->address_count; i++)
        if (!has_address(other, &region->addresses[i]))
            diff_note(out, "%s %c%s", region->name, sign,
                      ip_format(&region->addresses[i], addr));
    for (size_t i = 0; i < region->name_count; i++)
        if (!has_name(other, region->names[i]))
            diff_note(out, "%s %c%s", region->name, sign, region->names[i]);
}

static const char *nested_name(const struct config *config,
                               const struct config_service_region *r)
{
    return r->service == CONFIG_NONE ? "(none)" : config->services[r->service].name;
}

/* ---- matchers ---- */

static bool same_matcher(const struct config_matcher *a, const struct config_matcher *b)
{
    return a->kind == b->kind && a->network.len == b->network.len &&
           ip_equal(&a->network.addr, &b->network.addr) && a->asn == b->asn &&
           strcmp(a->code, b->code) == 0 && strcmp(a->subdivision, b->subdivision) == 0;
}

static bool same_serves(const struct config_service_region *a,
                        const struct config_service_region *b)
{
    bool same = a->serves_count == b->serves_count;
    for (size_t i = 0; same && i < a->serves_count; i++)
        same = same_matcher(&a->serves[i], &b->serves[i]);
    return same;
}

/* same_residency - who, and the same regions by name. */
static bool same_residency(const struct config_service *a, const struct config_service *b)
{
    if (a->residency_count != b->residency_count)
        return false;
    for (size_t i = 0; i < a->residency_count; i++) {
        const struct config_residency *was = &a->residency[i], *is = &b->residency[i];
        if (!same_matcher(&was->who, &is->who) ||
            __builtin_popcountll(was->allowed) != __builtin_popcountll(is->allowed))
            return false;
        for (size_t r = 0; r < a->region_count; r++) {
            const struct config_service_region *other = find_region(b, a->regions[r].name);
            bool allowed = other && (is->allowed >> (other - b->regions) & 1) != 0;
            if ((was->allowed >> r & 1) != 0 && !allowed)
                return false;
        }
    }
    return true;
}

/* ---- one service ---- */

static void compare_region(struct service_pair *pair, const struct config_service_region *was,
                           const struct config_service_region *is)
{
    const struct config *before = pair->differ->before->config;
    const struct config *after = pair->differ->after->config;
    struct text fields;
    text_init(&fields, DETAIL_MAX);
    diff_fields((struct diff_object){.object = was}, (struct diff_object){.object = is},
                REGION_FIELDS, COUNT(REGION_FIELDS), &fields);
    if (!diff_same_text(nested_name(before, was), nested_name(after, is)))
        diff_note(&fields, "service %s -> %s", nested_name(before, was),
                  nested_name(after, is));
    if (!same_serves(was, is))
        diff_note(&fields, "serves");
    if (fields.len > 0)
        diff_note(&pair->detail, "%s: %s", is->name, text_get(&fields));
    if (fields.no_memory)
        pair->differ->err = ERR_NO_MEMORY;
    text_deinit(&fields);
    note_missing(&pair->detail, is, was, '+');
    note_missing(&pair->detail, was, is, '-');
}

static void compare_regions(struct service_pair *pair)
{
    for (size_t r = 0; r < pair->is->region_count; r++) {
        const struct config_service_region *is = &pair->is->regions[r];
        const struct config_service_region *was = find_region(pair->was, is->name);
        if (was)
            compare_region(pair, was, is);
        else
            diff_note(&pair->detail, "region +%s", is->name);
    }
    for (size_t r = 0; r < pair->was->region_count; r++)
        if (!find_region(pair->is, pair->was->regions[r].name))
            diff_note(&pair->detail, "region -%s", pair->was->regions[r].name);
}

static const char *all_down_name(const struct config_service *service, char text[96])
{
    switch (service->all_down) {
    case CONFIG_ALL_DOWN_ALL: return "all";
    case CONFIG_ALL_DOWN_EMPTY: return "empty";
    case CONFIG_ALL_DOWN_REGION: break;
    }
    (void)snprintf(text, 96, "region %.80s", service->regions[service->all_down_region].name);
    return text;
}

static const char *failback_name(const struct config_service *service)
{
    static const char *const names[] = {
        [CONFIG_FAILBACK_AUTO] = "auto",
        [CONFIG_FAILBACK_AFTER] = "after",
        [CONFIG_FAILBACK_MANUAL] = "manual",
    };
    return names[service->failback];
}

/* same_order - of the regions by name: that of `order:`, else of the file, where it decides ties. */
static bool same_order(const struct config_service *a, const struct config_service *b)
{
    bool same = a->region_count == b->region_count;
    for (size_t i = 0; same && i < a->region_count; i++) {
        size_t was = a->policy == CONFIG_POLICY_FAILOVER ? a->order[i] : i;
        size_t is = b->policy == CONFIG_POLICY_FAILOVER ? b->order[i] : i;
        same = strcmp(a->regions[was].name, b->regions[is].name) == 0;
    }
    return same;
}

static void note_change(struct text *out, const char *key, const char *was, const char *is)
{
    if (strcmp(was, is) != 0)
        diff_note(out, "%s %s -> %s", key, was, is);
}

static void compare_service(struct differ *differ, const struct config_service *was,
                            const struct config_service *is)
{
    char was_text[96], is_text[96];
    const struct config *before = differ->before->config, *after = differ->after->config;
    struct service_pair pair = {.differ = differ, .was = was, .is = is};
    struct text *detail = &pair.detail;
    text_init(detail, DETAIL_MAX);
    note_change(detail, "policy", config_policy_name(was->policy),
                config_policy_name(is->policy));
    note_change(detail, "check", before->checks[was->check].name,
                after->checks[is->check].name);
    note_change(detail, "when_all_down", all_down_name(was, was_text),
                all_down_name(is, is_text));
    note_change(detail, "failback", failback_name(was), failback_name(is));
    diff_fields((struct diff_object){.object = was}, (struct diff_object){.object = is}, FIELDS,
                COUNT(FIELDS), detail);
    compare_regions(&pair);
    if (was->region_count == is->region_count && !same_order(was, is))
        diff_note(detail, "order of regions");
    if (was->latency_source != is->latency_source)
        diff_note(detail, "latency source");
    if (!same_residency(was, is))
        diff_note(detail, "residency");
    if (detail->len > 0)
        differ_add(differ, DIFF_CHANGED, DIFF_SERVICE, is->name, "%s", text_get(detail));
    if (detail->no_memory)
        differ->err = ERR_NO_MEMORY;
    text_deinit(detail);
}

static void add_whole(struct differ *differ, enum diff_change change,
                      const struct config_service *service)
{
    differ_add(differ, change, DIFF_SERVICE, service->name, "policy %s, %zu region%s",
               config_policy_name(service->policy), service->region_count,
               service->region_count == 1 ? "" : "s");
}

void diff_services(struct differ *differ)
{
    const struct config *before = differ->before->config, *after = differ->after->config;
    for (size_t s = 0; s < after->service_count; s++) {
        const struct config_service *is = &after->services[s];
        const struct config_service *was = census_service_named(before, is->name);
        if (was)
            compare_service(differ, was, is);
        else
            add_whole(differ, DIFF_ADDED, is);
    }
    for (size_t s = 0; s < before->service_count; s++)
        if (!census_service_named(after, before->services[s].name))
            add_whole(differ, DIFF_REMOVED, &before->services[s]);
}
