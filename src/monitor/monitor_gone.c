#include "monitor_gone.h"

#include <stdlib.h>
#include <string.h>

#include "monitor_news.h"
#include "monitor_overrides.h"
#include "monitor_service_news.h"

#define REMOVED "it was taken out of the configuration"

/* ---- services ---- */

static void tell_clear(const struct monitor_gone *gone, const char *kind, const char *service)
{
    herald_tell(gone->herald, &(struct event){.kind = kind,
                                              .severity = CONFIG_CRITICAL,
                                              .clears = true,
                                              .service = service,
                                              .reason = REMOVED});
}

/* tell_forgotten - under another name it comes back at once, which is what somebody has forbidden. */
static void tell_forgotten(const struct monitor_gone *gone, const char *service,
                           const char *region)
{
    herald_tell(gone->herald,
                &(struct event){.kind = "region_forgotten",
                                .severity = CONFIG_WARNING,
                                .service = service,
                                .region = region,
                                .reason = "it was lost and waited for its fail-back; its name "
                                          "is not in the configuration any more",
                                .remedy = "if it was renamed, an override (drain) keeps it "
                                          "out of the answers"});
}

/* tell_not_chosen - the region that an operator has made the active one. */
static void tell_not_chosen(const struct monitor_gone *gone, const char *service,
                            const char *region)
{
    herald_tell(gone->herald, &(struct event){.kind = "override_active",
                                              .severity = CONFIG_WARNING,
                                              .clears = true,
                                              .service = service,
                                              .from = region,
                                              .to = "free",
                                              .reason = REMOVED});
}

static bool has_region(const struct config_service *service, const char *name)
{
    for (size_t r = 0; service && r < service->region_count; r++)
        if (strcmp(service->regions[r].name, name) == 0)
            return true;
    return false;
}

/* tell_service - fresh: what it is now; NULL: it is gone. */
static void tell_service(const struct monitor_gone *gone, size_t index,
                         const struct config_service *fresh)
{
    const struct monitor_service *service = &gone->old_services->list[index];
    const struct config_service *config =
        &gone->old_services->snapshot->config->services[index];
    const struct health_guard *guard = &service->guard;
    if (!fresh)
        service_tell_usable(gone->herald, config->name, guard->dark, guard->dark_families,
                            REMOVED);
    if (!fresh && service->frozen.count > 0)
        tell_clear(gone, "service_unfrozen", config->name);
    if (guard->chosen != HEALTH_NO_REGION &&
        !has_region(fresh, config->regions[guard->chosen].name))
        tell_not_chosen(gone, config->name, config->regions[guard->chosen].name);
    for (uint8_t r = 0; r < guard->region_count; r++)
        if (guard->regions[r].lost && guard->rules.failback != HEALTH_FAILBACK_AUTO &&
            !has_region(fresh, config->regions[r].name))
            tell_forgotten(gone, config->name, config->regions[r].name);
}

/* ---- endpoints that were forced ---- */

/* has_seat - is this endpoint still in that region of that service? */
static bool has_seat(const struct monitor_gone *gone, uint32_t index, size_t service)
{
    const struct snapshot *old = gone->old_services->snapshot;
    const struct snapshot *fresh = gone->services->snapshot;
    const struct snapshot_seat *seat = &old->seats[index];
    const char *region = old->config->services[seat->service].regions[seat->region].name;
    if (service == SERVICE_GONE)
        return false;
    const struct config_service *config = &fresh->config->services[service];
    for (uint32_t i = fresh->service_seats[service]; i < fresh->service_seats[service + 1]; i++)
        if (strcmp(config->regions[fresh->seats[i].region].name, region) == 0 &&
            monitor_is_same_endpoint(seat, &fresh->seats[i]))
            return true;
    return false;
}

static void tell_services(const struct monitor_gone *gone)
{
    const struct monitor_services *old = gone->old_services;
    const struct config *fresh = gone->services->snapshot->config;
    struct service_names names;
    size_t freed = 0;
    if (!service_names_init(&names, fresh))
        return;
    for (size_t s = 0; s < old->snapshot->config->service_count; s++) {
        size_t to = service_names_find(&names, &old->snapshot->config->services[s]);
        tell_service(gone, s, to == SERVICE_GONE ? NULL : &fresh->services[to]);
        for (uint32_t i = old->snapshot->service_seats[s];
             i < old->snapshot->service_seats[s + 1]; i++)
            if (old->seats[i].force != HEALTH_FORCE_NONE && !has_seat(gone, i, to))
                monitor_overrides_tell_gone(old, i, REMOVED, freed++);
    }
    monitor_overrides_tell_more(old, freed, true);
    service_names_deinit(&names);
}

/* ---- machines ---- */

static int compare_questions(const void *left, const void *right)
{
    uint64_t a = *(const uint64_t *)left, b = *(const uint64_t *)right;
    return (a > b) - (a < b);
}

/* questions_of - sorted; NULL: out of memory. */
static uint64_t *questions_of(const struct machine_set *set)
{
    uint64_t *questions = calloc(set->count + 1, sizeof(*questions));
    for (size_t i = 0; questions && i < set->count; i++)
        questions[i] = set->list[i]->question;
    if (questions)
        qsort(questions, set->count, sizeof(*questions), compare_questions);
    return questions;
}

/* tell_machine - it is not among the fresh ones. is_asked: its question still is, at another pace. */
static void tell_machine(const struct monitor_gone *gone, const struct machine *machine,
                         bool is_asked)
{
    if (machine->fsm.state == HEALTH_DOWN && !is_asked)
        monitor_news_gone(gone->herald, gone->old_services->snapshot, machine);
}

static void tell_machines(const struct monitor_gone *gone)
{
    uint64_t *questions = questions_of(gone->machines);
    size_t kept = 0;
    for (size_t i = 0; questions && i < gone->old_machines->count; i++) {
        const struct machine *machine = gone->old_machines->list[i];
        while (kept < gone->machines->count && gone->machines->list[kept]->key < machine->key)
            kept++;
        if (kept < gone->machines->count && gone->machines->list[kept] == machine)
            continue;
        tell_machine(gone, machine,
                     bsearch(&machine->question, questions, gone->machines->count,
                             sizeof(*questions), compare_questions) != NULL);
    }
    free(questions);
}

void monitor_gone_tell(const struct monitor_gone *gone)
{
    tell_machines(gone);
    tell_services(gone);
}
