#include "monitor_strays.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rhumb/diag.h"
#include "rhumb/hash.h"
#include "rhumb/log.h"

enum { TOLD_MAX = 20, WORDS_MAX = 640 };

/* ---- why nothing is meant ---- */

struct why {
    char reason[WORDS_MAX], remedy[WORDS_MAX];
};

/* suggest - the nearest of the names, if one is near. */
static void suggest(struct why *why, const char *word, const char *const *names, size_t count,
                    const char *else_what)
{
    const char *nearest = diag_nearest(word, names, count);
    if (nearest)
        (void)snprintf(why->remedy, sizeof(why->remedy), "did you mean '%s'?", nearest);
    else
        (void)snprintf(why->remedy, sizeof(why->remedy), "%s", else_what);
}

static const struct config_service *find_service(const struct config *config, const char *name)
{
    for (size_t s = 0; s < config->service_count; s++)
        if (strcmp(config->services[s].name, name) == 0)
            return &config->services[s];
    return NULL;
}

static void explain_service(const struct config *config, const char *wanted, struct why *why)
{
    const char **names = calloc(config->service_count + 1, sizeof(*names));
    for (size_t s = 0; names && s < config->service_count; s++)
        names[s] = config->services[s].name;
    (void)snprintf(why->reason, sizeof(why->reason), "there is no service '%s'", wanted);
    suggest(why, wanted, names, names ? config->service_count : 0,
            "name a service of the configuration");
    free(names);
}

/* explain_region - is there one of this name, in this service or (NULL) in any? False: yes. */
static bool explain_region(const struct config *config, const struct config_service *service,
                           const char *wanted, struct why *why)
{
    size_t count = 0, room = 0;
    for (size_t s = 0; s < config->service_count; s++)
        room += config->services[s].region_count;
    const char **names = calloc(room + 1, sizeof(*names));
    bool is_there = false;
    for (size_t s = 0; names && s < config->service_count; s++) {
        const struct config_service *one = &config->services[s];
        for (size_t r = 0; (!service || one == service) && r < one->region_count; r++) {
            names[count++] = one->regions[r].name;
            is_there = is_there || strcmp(one->regions[r].name, wanted) == 0;
        }
    }
    (void)snprintf(why->reason, sizeof(why->reason), "%s has %s region '%s'",
                   service ? "this service" : "no service", service ? "no" : "a", wanted);
    suggest(why, wanted, names, count, "name a region of a service");
    free(names);
    return !is_there;
}

/* explain_address - the names are right, but the address is not there. */
static void explain_address(const struct snapshot *snapshot, const struct ip_addr *wanted,
                            struct why *why)
{
    (void)snprintf(why->reason, sizeof(why->reason), "no endpoint has this address");
    (void)snprintf(why->remedy, sizeof(why->remedy), "correct it, or take the entry out");
    for (size_t i = 0; i < snapshot->seat_count; i++) {
        const struct snapshot_seat *seat = &snapshot->seats[i];
        const struct config_service *service = &snapshot->config->services[seat->service];
        if (!seat->addr || !ip_equal(seat->addr, wanted))
            continue;
        (void)snprintf(why->reason, sizeof(why->reason), "it has no endpoint of this address");
        (void)snprintf(why->remedy, sizeof(why->remedy), "service '%s', region '%s' has one",
                       service->name, service->regions[seat->region].name);
        return;
    }
}

static void explain(const struct snapshot *snapshot, const struct override *entry,
                    struct why *why)
{
    const struct config *config = snapshot->config;
    const struct config_service *service =
        entry->service ? find_service(config, entry->service) : NULL;
    if (entry->service && !service)
        explain_service(config, entry->service, why);
    else if (!entry->region || !explain_region(config, service, entry->region, why))
        explain_address(snapshot, &entry->address, why);
}

static void log_stray(const struct snapshot *snapshot, const struct override *entry)
{
    char service[LOG_QUOTE_MAX], region[LOG_QUOTE_MAX], address[IP_TEXT_MAX];
    char reason[LOG_QUOTE_MAX], remedy[LOG_QUOTE_MAX];
    struct why why;
    explain(snapshot, entry, &why);
    log_event(LOG_LEVEL_WARNING, "override_without_endpoint",
              "service=%s region=%s address=%s state=%s reason=%s remedy=%s",
              log_quote(entry->service ? entry->service : "any", service),
              log_quote(entry->region ? entry->region : "any", region),
              entry->address.family == IP_NONE ? "any" : ip_format(&entry->address, address),
              override_state_name(entry->state), log_quote(why.reason, reason),
              log_quote(why.remedy, remedy));
}

/* ---- which ones ---- */

static uint64_t hash_text(uint64_t hash, const char *text)
{
    return text ? hash_bytes(hash, text, strlen(text) + 1) : hash_mix(hash);
}

static uint64_t hash_of(const struct override *entry)
{
    uint64_t hash = hash_text(hash_text(HASH_SEED, entry->service), entry->region);
    hash = hash_bytes(hash, &entry->address.family, 1);
    hash = hash_bytes(hash, entry->address.bytes, sizeof(entry->address.bytes));
    return hash_bytes(hash, &entry->state, sizeof(entry->state));
}

static int compare_hashes(const void *left, const void *right)
{
    uint64_t a = *(const uint64_t *)left, b = *(const uint64_t *)right;
    return (a > b) - (a < b);
}

static void mark_all(const struct snapshot *snapshot, const struct overrides *overrides,
                     bool *marks)
{
    for (size_t i = 0; i < snapshot->seat_count; i++) {
        const struct snapshot_seat *seat = &snapshot->seats[i];
        const struct config_service *service = &snapshot->config->services[seat->service];
        overrides_mark(overrides, service->name, service->regions[seat->region].name,
                       seat->addr, marks);
    }
}

static bool is_known(const struct monitor_strays *strays, uint64_t hash)
{
    return strays->told_count > 0 &&
           bsearch(&hash, strays->told, strays->told_count, sizeof(hash), compare_hashes);
}

void monitor_strays_tell(struct monitor_strays *strays, const struct snapshot *snapshot,
                         const struct overrides *overrides, bool is_reload)
{
    size_t count, stray_count = 0, told = 0;
    const struct override *items = overrides_get(overrides, &count);
    bool all = is_reload || strays->loads != overrides_loads(overrides);
    bool *marks = calloc(count + 1, sizeof(*marks));
    uint64_t *found = calloc(count + 1, sizeof(*found));
    if (!marks || !found) { /* nobody is warned this time */
        free(marks);
        free(found);
        return;
    }
    if (count > 0)
        mark_all(snapshot, overrides, marks);
    for (size_t i = 0; i < count; i++) {
        if (marks[i] || !overrides_counts(overrides, i))
            continue;
        uint64_t hash = found[stray_count++] = hash_of(&items[i]);
        if ((all || !is_known(strays, hash)) && told++ < TOLD_MAX)
            log_stray(snapshot, &items[i]);
    }
    if (told > TOLD_MAX)
        log_event(LOG_LEVEL_WARNING, "override_without_endpoint", "reason=\"and %zu more\"",
                  told - TOLD_MAX);
    free(marks);
    free(strays->told);
    qsort(found, stray_count, sizeof(*found), compare_hashes);
    *strays = (struct monitor_strays){
        .told = found, .told_count = stray_count, .loads = overrides_loads(overrides)};
}

void monitor_strays_deinit(struct monitor_strays *strays)
{
    free(strays->told);
    *strays = (struct monitor_strays){0};
}
