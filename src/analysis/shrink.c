#include <stdio.h>
#include <string.h>

#include "rhumb/analysis_shrink.h"

#include "census.h"

static const char REMEDY[] =
    "if it is meant, set server: {allow_shrink: true} for this reload, force it by the admin "
    "API, or restart the server";

/* add - NULL: the list is full, and counts on. */
static struct shrink *add(struct shrink_list *list)
{
    if (list->count == SHRINK_MAX) {
        list->unlisted++;
        return NULL;
    }
    struct shrink *item = &list->items[list->count++];
    (void)snprintf(item->remedy, sizeof(item->remedy), "%s", REMEDY);
    return item;
}

static void judge_zones(const struct snapshot *old, const struct snapshot *fresh,
                        struct shrink_list *list)
{
    if (fresh->zones.zone_count > 0 || old->zones.zone_count == 0)
        return;
    struct shrink *item = add(list);
    list->silent = true;
    if (!item)
        return;
    (void)snprintf(item->reason, sizeof(item->reason),
                   "no zone is left of the %zu that are served", old->zones.zone_count);
    (void)snprintf(item->remedy, sizeof(item->remedy),
                   "restart the server if it shall serve nothing");
}

static void judge_names(const struct snapshot *old, const struct snapshot *fresh,
                        struct shrink_list *list)
{
    size_t gone = 0, count = 0;
    for (size_t z = 0; z < old->zones.zone_count; z++) {
        const struct zone *zone = old->zones.zones[z];
        for (size_t n = 0; n < zone->node_count; n++) {
            if (!census_is_name(zone->nodes[n]))
                continue;
            count++;
            gone += census_find(&fresh->zones, zone->nodes[n]->name) == NULL;
        }
    }
    struct shrink *item = gone * 2 > count ? add(list) : NULL;
    if (item)
        (void)snprintf(item->reason, sizeof(item->reason),
                       "%zu of %zu names would be gone, more than half", gone, count);
}

/* ---- services ---- */

static void judge_family(const char *service, const char *family, size_t had, size_t has,
                         struct shrink_list *list)
{
    struct shrink *item = had > 0 && has == 0 ? add(list) : NULL;
    if (item)
        (void)snprintf(item->reason, sizeof(item->reason),
                       "the service '%.80s' would have no endpoint for %s left of %zu", service,
                       family, had);
}

static void judge_service(const struct snapshot *old, const struct snapshot *fresh,
                          const struct census_service *census, size_t index,
                          struct shrink_list *list)
{
    const struct config_service *was = &old->config->services[index];
    const struct config_service *is = census_service_named(fresh->config, was->name);
    if (!is || census[index].names == 0)
        return;
    struct census_endpoints had = census_endpoints(old->config, was);
    struct census_endpoints has = census_endpoints(fresh->config, is);
    judge_family(was->name, "IPv4", had.v4, has.v4, list);
    judge_family(was->name, "IPv6", had.v6, has.v6, list);
    struct shrink *item = census[index].gone == census[index].names ? add(list) : NULL;
    if (item)
        (void)snprintf(item->reason, sizeof(item->reason),
                       "none of the %zu names of the service '%.80s' would be left",
                       census[index].names, was->name);
}

void analysis_shrink(const struct snapshot *old, const struct snapshot *fresh,
                     struct shrink_list *out_list)
{
    struct census_service census[CONFIG_SERVICES_MAX];
    memset(out_list, 0, sizeof(*out_list));
    judge_zones(old, fresh, out_list);
    if (out_list->silent) /* says it all */
        return;
    judge_names(old, fresh, out_list);
    census_services(old, &fresh->zones, census);
    for (size_t s = 0; s < old->config->service_count; s++)
        judge_service(old, fresh, census, s, out_list);
}

bool analysis_shrink_is_refused(const struct shrink_list *list, const struct snapshot *fresh)
{
    return list->silent || (list->count > 0 && !fresh->config->server.allow_shrink);
}
