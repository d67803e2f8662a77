#include <string.h>

#include "rhumb/analysis_scenario.h"
#include "rhumb/snapshot_guard.h"

#include "census.h"

enum { ARENA_BYTES = 1 << 30, MINUTE_MS = 60000, PART_MAX = 260, PARTS_MAX = 3 };

/* ---- life ---- */

static enum err fill(struct scenario *s)
{
    const struct snapshot *snapshot = s->snapshot;
    const struct config *config = snapshot->config;
    s->seats = arena_alloc_array(s->arena, snapshot->seat_count, sizeof(*s->seats));
    s->fixed = arena_alloc_array(s->arena, snapshot->seat_count, sizeof(*s->fixed));
    s->guards = arena_alloc_array(s->arena, config->service_count, sizeof(*s->guards));
    if (!s->seats || !s->fixed || !s->guards)
        return ERR_NO_MEMORY;
    for (uint32_t i = 0; i < snapshot->seat_count; i++) {
        s->seats[i] = snapshot_guard_seat(snapshot, i);
        s->seats[i].state = HEALTH_UP;
    }
    for (size_t i = 0; i < config->service_count; i++) {
        const struct config_service *service = &config->services[i];
        const struct health_rules rules = snapshot_guard_rules(service);
        uint32_t first = snapshot->service_seats[i], end = snapshot->service_seats[i + 1];
        health_guard_init(&s->guards[i], &rules, s->seats + first, end - first,
                          service->policy == CONFIG_POLICY_FAILOVER ? service->order : NULL,
                          (uint8_t)service->region_count);
    }
    return health_table_init(&s->table, snapshot->seat_count, config->service_count, s->arena);
}

enum err scenario_new(const struct snapshot *snapshot, struct scenario **out_scenario)
{
    struct arena *arena = arena_new(ARENA_BYTES);
    struct scenario *s = arena ? arena_alloc(arena, sizeof(*s)) : NULL;
    enum err err = s ? ERR_OK : ERR_NO_MEMORY;
    if (s) {
        s->snapshot = snapshot;
        s->arena = arena;
        err = fill(s);
    }
    if (err != ERR_OK) {
        arena_free(arena);
        return err;
    }
    scenario_settle(s); /* everything has been up before anything fails */
    *out_scenario = s;
    return ERR_OK;
}

void scenario_free(struct scenario *scenario)
{
    if (scenario)
        arena_free(scenario->arena); /* it lies in it */
}

/* ---- what is meant ---- */

/* NULL: any. */
struct target {
    const char *service, *region, *endpoint;
};

/* split - at '/'; 0: too many parts, or one that is empty or too long. */
static unsigned split(const char *what, char parts[PARTS_MAX][PART_MAX])
{
    unsigned count = 0;
    for (;;) {
        size_t len = strcspn(what, "/");
        if (len == 0 || len >= PART_MAX || count == PARTS_MAX)
            return 0;
        memcpy(parts[count], what, len);
        parts[count++][len] = '\0';
        if (what[len] == '\0')
            return count;
        what += len + 1;
    }
}

static bool is_region(const struct config *config, const char *name)
{
    for (size_t r = 0; r < config->region_count; r++)
        if (strcmp(config->regions[r].name, name) == 0)
            return true;
    for (size_t s = 0; s < config->service_count; s++)
        for (size_t r = 0; r < config->services[s].region_count; r++)
            if (strcmp(config->services[s].regions[r].name, name) == 0)
                return true;
    return false;
}

/* interpret - a region before a service of its name; an endpoint is what is neither. */
static struct target interpret(const struct config *config, char parts[PARTS_MAX][PART_MAX],
                               unsigned count)
{
    const char *first = parts[0], *second = parts[1];
    bool is_service = census_service_named(config, first) != NULL;
    if (count == 3)
        return (struct target){.service = first, .region = second, .endpoint = parts[2]};
    if (count == 2 && is_service && is_region(config, second))
        return (struct target){.service = first, .region = second};
    if (count == 2)
        return (struct target){.region = first, .endpoint = second};
    if (is_region(config, first))
        return (struct target){.region = first};
    if (is_service)
        return (struct target){.service = first};
    return (struct target){.endpoint = first};
}

static bool is_endpoint(const struct snapshot_seat *seat, const char *endpoint)
{
    struct ip_addr addr;
    if (seat->host)
        return strcmp(seat->host, endpoint) == 0;
    return seat->addr && ip_parse(endpoint, &addr) && ip_equal(seat->addr, &addr);
}

/* is_meant - a seat that stands for a service goes down with a region of its name only when that is
 * a mere name: what is inside stands in regions of its own. */
static bool is_meant(const struct config *config, const struct snapshot_seat *seat,
                     const struct target *target)
{
    const struct config_service *service = &config->services[seat->service];
    const struct config_service_region *region = &service->regions[seat->region];
    if (target->service && strcmp(service->name, target->service) != 0)
        return false;
    if (target->region && strcmp(region->name, target->region) != 0)
        return false;
    if (target->endpoint)
        return is_endpoint(seat, target->endpoint);
    return target->service || seat->nested == CONFIG_NONE || region->region == CONFIG_NONE;
}

/* ---- applying ---- */

static void take_down(struct scenario *s, size_t index)
{
    struct health_seat *seat = &s->seats[index];
    if (seat->unchecked) {
        s->unchecked++;
        return;
    }
    seat->state = HEALTH_DOWN;
    seat->usable = false;
    s->fixed[index] = true;
}

static void refuse(const struct config *config, const char *what, struct diag_list *diags)
{
    enum { CANDIDATES_MAX = 4096 + 64 };

    const char *candidates[CANDIDATES_MAX];
    size_t count = 0;
    for (size_t r = 0; r < config->region_count && count < CANDIDATES_MAX; r++)
        candidates[count++] = config->regions[r].name;
    for (size_t s = 0; s < config->service_count && count < CANDIDATES_MAX; s++)
        candidates[count++] = config->services[s].name;
    diag_error(diags, NULL, "nothing is called '%.200s'", what);
    if (strchr(what, '/'))
        diag_remedy(diags, "write REGION, SERVICE/REGION, REGION/ADDRESS or "
                           "SERVICE/REGION/ADDRESS");
    else
        diag_remedy_nearest(diags, what, candidates, count);
}

bool scenario_apply(struct scenario *scenario, enum scenario_kind kind, const char *what,
                    struct diag_list *diags)
{
    char parts[PARTS_MAX][PART_MAX];
    const struct snapshot *snapshot = scenario->snapshot;
    unsigned count = split(what, parts);
    size_t meant = 0;
    struct target target = {0};
    if (count > 0)
        target = interpret(snapshot->config, parts, count);
    for (size_t i = 0; count > 0 && i < snapshot->seat_count; i++) {
        if (!is_meant(snapshot->config, &snapshot->seats[i], &target))
            continue;
        meant++;
        if (kind == SCENARIO_DRAIN)
            scenario->seats[i].force = HEALTH_FORCE_DRAIN;
        else
            take_down(scenario, i);
    }
    if (meant == 0)
        refuse(snapshot->config, what, diags);
    return meant > 0;
}

/* ---- settling ---- */

/* pass_on - a service inside others is an endpoint of theirs. */
static void pass_on(struct scenario *s)
{
    for (size_t i = 0; i < s->snapshot->seat_count; i++) {
        uint16_t nested = s->snapshot->seats[i].nested;
        if (nested == CONFIG_NONE || s->fixed[i])
            continue;
        health_seat_take(&s->seats[i], &s->guards[nested]);
    }
}

/* publish - true: something is new. */
static bool publish(struct scenario *s)
{
    bool changed = false;
    for (size_t i = 0; i < s->snapshot->seat_count; i++) {
        health_word word = s->seats[i].word;
        changed = changed || health_table_get(&s->table, i) != word;
        health_table_set(&s->table, i, word);
    }
    for (size_t i = 0; i < s->snapshot->config->service_count; i++)
        health_table_set_service(&s->table, i,
                                 s->guards[i].unsettled ? HEALTH_SERVICE_UNSETTLED : 0);
    return changed;
}

/* review_all - once for each level of nesting, so that the inside is known outside. */
static bool review_all(struct scenario *s)
{
    bool changed = false;
    for (unsigned level = 0; level <= CONFIG_NESTING_MAX; level++) {
        for (size_t i = 0; i < s->snapshot->config->service_count; i++)
            health_guard_review(&s->guards[i], HEALTH_FREEZE_NONE, s->now_ms);
        pass_on(s);
        bool now = publish(s);
        changed = changed || now;
        if (!now && level > 0)
            break;
    }
    return changed;
}

/* scenario_settle - a minute at a time: `max_down_per_minute` lets at least one go in each. */
void scenario_settle(struct scenario *scenario)
{
    size_t minutes = scenario->snapshot->seat_count + 2;
    bool changed = true;
    for (size_t i = 0; i < minutes && changed; i++) {
        scenario->now_ms += MINUTE_MS + 1;
        changed = review_all(scenario);
    }
    scenario->kept = 0;
    for (size_t i = 0; i < scenario->snapshot->seat_count; i++)
        scenario->kept += scenario->seats[i].frozen;
}
