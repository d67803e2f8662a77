#include "monitor_inherit.h"

#include <stdlib.h>
#include <string.h>

/* ---- services by name ---- */

static int compare_names(const void *left, const void *right)
{
    const struct config_service *a = *(const struct config_service *const *)left;
    const struct config_service *b = *(const struct config_service *const *)right;
    return strcmp(a->name, b->name);
}

bool service_names_init(struct service_names *names, const struct config *config)
{
    *names = (struct service_names){.config = config};
    names->sorted = calloc(config->service_count + 1, sizeof(struct config_service *));
    if (!names->sorted)
        return false;
    for (size_t i = 0; i < config->service_count; i++)
        names->sorted[i] = &config->services[i];
    qsort(names->sorted, config->service_count, sizeof(names->sorted[0]), compare_names);
    return true;
}

void service_names_deinit(struct service_names *names)
{
    free(names->sorted);
}

size_t service_names_find(const struct service_names *names,
                          const struct config_service *wanted)
{
    const struct config_service **found =
        bsearch(&wanted, names->sorted, names->config->service_count, sizeof(names->sorted[0]),
                compare_names);
    return found ? (size_t)(*found - names->config->services) : SERVICE_GONE;
}

/* ---- what is known goes on ---- */

bool monitor_is_same_endpoint(const struct snapshot_seat *a, const struct snapshot_seat *b)
{
    if (a->addr && b->addr)
        return ip_equal(a->addr, b->addr);
    if (a->host && b->host)
        return strcmp(a->host, b->host) == 0;
    return a->nested != CONFIG_NONE && b->nested != CONFIG_NONE;
}

/* Two services of one name, before and after a reload. */
struct heirs {
    const struct monitor_services *old;
    struct monitor_services *fresh;
    const struct monitor_service *from;
    struct monitor_service *to;
    const struct config_service *from_config, *to_config;
};

static void inherit_seats(const struct heirs *heirs, uint8_t from, uint8_t to)
{
    const struct snapshot_seat *old_seats =
        heirs->old->snapshot->seats + heirs->from->first_seat;
    const struct snapshot_seat *seats = heirs->fresh->snapshot->seats + heirs->to->first_seat;
    for (size_t i = 0; i < heirs->to->guard.seat_count; i++) {
        struct health_seat *seat = &heirs->to->guard.seats[i];
        for (size_t k = 0; seat->region == to && k < heirs->from->guard.seat_count; k++) {
            const struct health_seat *old = &heirs->from->guard.seats[k];
            if (old->region != from || !monitor_is_same_endpoint(&old_seats[k], &seats[i]))
                continue;
            seat->known = old->known;
            seat->force = old->force;
            seat->in = old->in;
            seat->frozen = old->frozen;
            seat->changed_ms = old->changed_ms;
            seat->removed_ms = old->removed_ms;
            seat->word = old->word;
            if (seats[i].nested != CONFIG_NONE) { /* no machine says it before the review */
                seat->state = old->state;
                seat->usable = old->usable;
                seat->passed = old->passed;
                seat->dark_families = old->dark_families;
                seat->unforced_dark = old->unforced_dark;
            }
            break;
        }
    }
}

/* is_succession - may the next active region be compared with the last one? Not when the
 * configuration has taken that away, or has begun to order regions: then nothing failed over. */
static bool is_succession(const struct health_guard *guard, const struct health_guard *old)
{
    return !guard->order || (old->order && (old->active == HEALTH_NO_REGION ||
                                            guard->active != HEALTH_NO_REGION));
}

static void inherit(const struct heirs *heirs)
{
    struct health_guard *guard = &heirs->to->guard;
    const struct health_guard *old = &heirs->from->guard;
    guard->failover_ms = old->failover_ms;
    guard->dark = old->dark;
    guard->dark_families = old->dark_families;
    guard->frozen_count = old->frozen_count;
    heirs->to->frozen = heirs->from->frozen;
    for (uint8_t to = 0; to < guard->region_count; to++) {
        for (uint8_t from = 0; from < old->region_count; from++) {
            if (strcmp(heirs->from_config->regions[from].name,
                       heirs->to_config->regions[to].name) != 0)
                continue;
            guard->regions[to] = old->regions[from];
            if (old->active == from)
                guard->active = to;
            if (old->standby == from)
                guard->standby = to;
            if (old->chosen == from)
                guard->chosen = to;
            if (old->obeyed == from)
                guard->obeyed = to;
            inherit_seats(heirs, from, to);
        }
    }
    guard->reviewed = old->reviewed && is_succession(guard, old);
}

bool monitor_inherit(struct monitor_services *fresh, const struct monitor_services *old)
{
    const struct config *was = old->snapshot->config, *is = fresh->snapshot->config;
    struct service_names names;
    if (!service_names_init(&names, was))
        return false;
    for (size_t i = 0; i < is->service_count; i++) {
        size_t from = service_names_find(&names, &is->services[i]);
        if (from != SERVICE_GONE)
            inherit(&(struct heirs){.old = old,
                                    .fresh = fresh,
                                    .from = &old->list[from],
                                    .to = &fresh->list[i],
                                    .from_config = &was->services[from],
                                    .to_config = &is->services[i]});
    }
    service_names_deinit(&names);
    return true;
}
