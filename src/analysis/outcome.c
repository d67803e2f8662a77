#include "outcome.h"

#include <string.h>

#include "census.h"

enum { LABELS_FIRST = 64 };

/* ---- labels ---- */

static enum err label_put(struct label_set *labels, const char *name, uint16_t *out_label)
{
    for (size_t i = 0; i < labels->count; i++) {
        if (strcmp(labels->names[i], name) == 0) {
            *out_label = (uint16_t)i;
            return ERR_OK;
        }
    }
    if (labels->count == LABELS_MAX)
        return ERR_LIMIT;
    if (labels->count == labels->capacity) {
        size_t capacity = labels->capacity > 0 ? 2 * labels->capacity : LABELS_FIRST;
        const char **names = arena_alloc_array(labels->arena, capacity, sizeof(*names));
        if (!names)
            return ERR_NO_MEMORY;
        if (labels->count > 0)
            memcpy(names, labels->names, labels->count * sizeof(*names));
        labels->names = names;
        labels->capacity = capacity;
    }
    const char *copy = arena_strdup(labels->arena, name);
    if (!copy)
        return ERR_NO_MEMORY;
    *out_label = (uint16_t)labels->count;
    labels->names[labels->count++] = copy;
    return ERR_OK;
}

enum err label_set_init(struct label_set *labels, struct arena *arena)
{
    uint16_t none;
    *labels = (struct label_set){.arena = arena};
    return label_put(labels, "(none)", &none);
}

/* ---- views ---- */

static enum err label_service(struct outcome_view *view, uint16_t index,
                              struct label_set *labels)
{
    const struct policy_service *service = &view->snapshot->policies.services[index];
    for (uint8_t r = 0; r < service->region_count; r++) {
        const struct policy_region *region = &service->regions[r];
        uint16_t *label = &view->label_of[view->first_of[index] + r];
        enum err err = ERR_OK;
        const char *name = region->name;
        if (*label != LABEL_NONE) /* stands inside twice */
            continue;
        if (index != view->service)
            name = arena_printf(labels->arena, "%s/%s", service->name, region->name);
        if (!name)
            return ERR_NO_MEMORY;
        if (region->nested != CONFIG_NONE)
            err = label_service(view, region->nested, labels);
        else
            err = label_put(labels, name, label);
        if (err != ERR_OK)
            return err;
    }
    return ERR_OK;
}

enum err outcome_view_init(struct outcome_view *view, const struct snapshot *snapshot,
                           const struct health_table *health, uint16_t service,
                           struct label_set *labels)
{
    const struct policy_set *set = &snapshot->policies;
    struct census_endpoints endpoints =
        census_endpoints(snapshot->config, &snapshot->config->services[service]);
    *view = (struct outcome_view){.snapshot = snapshot,
                                  .health = health,
                                  .service = service,
                                  .v4 = endpoints.v4 > 0,
                                  .v6 = endpoints.v6 > 0};
    uint32_t regions = 0;
    view->first_of = arena_alloc_array(labels->arena, set->service_count, sizeof(uint32_t));
    if (!view->first_of)
        return ERR_NO_MEMORY;
    for (size_t s = 0; s < set->service_count; s++) {
        view->first_of[s] = regions;
        regions += set->services[s].region_count;
    }
    view->label_of = arena_alloc_array(labels->arena, regions, sizeof(uint16_t));
    return view->label_of ? label_service(view, service, labels) : ERR_NO_MEMORY;
}

/* ---- answers ---- */

static void add_part(struct outcome *out, const struct outcome_part *part)
{
    for (size_t i = 0; i < out->count; i++) {
        if (out->parts[i].label == part->label) {
            out->parts[i].share += part->share;
            return;
        }
    }
    if (out->count < OUTCOME_PARTS_MAX)
        out->parts[out->count++] = *part;
}

/* ask - one family, whose answers are so much of all. */
static void ask(const struct outcome_view *view, const struct outcome_question *question,
                enum ip_family family, double weight, struct outcome *out)
{
    struct policy_share shares[POLICY_SHARES_MAX];
    const struct policy_request request = {
        .set = &view->snapshot->policies,
        .health = view->health,
        .service = view->service,
        .pinned = question->pinned,
        .sticky = question->sticky,
        .family = family,
        .client = question->client,
    };
    size_t count = policy_distribution(&request, shares, POLICY_SHARES_MAX);
    for (size_t i = 0; i < count; i++) {
        const struct policy_share *share = &shares[i];
        bool empty = share->region == POLICY_NO_REGION;
        uint32_t at = view->first_of[share->service] + (empty ? 0u : share->region);
        add_part(out, &(struct outcome_part){.label = empty ? LABEL_NONE : view->label_of[at],
                                             .service = share->service,
                                             .region = share->region,
                                             .share = share->share * weight});
        out->all_down += share->all_down ? share->share * weight : 0;
    }
}

void outcome_of(const struct outcome_view *view, const struct outcome_question *question,
                struct outcome *out)
{
    out->count = 0;
    out->all_down = 0;
    if (question->family != IP_NONE)
        ask(view, question, question->family, 1, out);
    else if (view->v4 != view->v6)
        ask(view, question, view->v4 ? IP_V4 : IP_V6, 1, out);
    else {
        ask(view, question, IP_V4, 0.5, out);
        ask(view, question, IP_V6, 0.5, out);
    }
}
