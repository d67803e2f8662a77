/* show_services.c - regions of all services, endpoints of one, and what a change did to them. */
#include <string.h>

#include "rhumb/text.h"

#include "grid.h"
#include "member.h"
#include "show.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

enum { NAMES_BYTES_MAX = 64 * 1024 };

/* ---- regions ---- */

static const char *state_of(const json_t *region)
{
    return member_true(region, "usable") ? "usable"
           : member_true(region, "held") ? "held"
                                         : "down";
}

/* forced_of - what its endpoints are forced to be; "mixed" when that differs, NULL when none is. */
static const char *forced_of(const json_t *region)
{
    size_t i;
    const json_t *endpoint;
    const char *found = NULL;
    json_array_foreach(json_object_get(region, "endpoints"), i, endpoint)
    {
        const char *forced = member_text(endpoint, "forced");
        if (i == 0)
            found = forced;
        else if ((found != NULL) != (forced != NULL) || (found && strcmp(found, forced) != 0))
            return "mixed";
    }
    return found;
}

static size_t answered_of(const json_t *region)
{
    size_t i, count = 0;
    const json_t *endpoint;
    json_array_foreach(json_object_get(region, "endpoints"), i, endpoint)
    {
        count += member_true(endpoint, "answered");
    }
    return count;
}

static const char *role_of(const json_t *service, const char *region)
{
    const char *active = member_text(service, "active_region");
    const char *standby = member_text(service, "standby_region");
    if (active && strcmp(active, region) == 0)
        return "active";
    return standby && strcmp(standby, region) == 0 ? "standby" : NULL;
}

static void put_region(struct grid *grid, const struct screen *screen, const json_t *service,
                       const json_t *region)
{
    char age[AGE_TEXT_MAX];
    const char *name = member_text(region, "region"), *state = state_of(region);
    grid_put(grid, member_text(service, "service"), TONE_PLAIN);
    grid_put(grid, member_text(service, "policy"), TONE_PLAIN);
    grid_put(grid, name, TONE_PLAIN);
    grid_put(grid, state, member_state_tone(state));
    grid_put(grid, forced_of(region), TONE_FORCED);
    grid_put(grid, role_of(service, name ? name : ""), TONE_PLAIN);
    grid_printf(grid, TONE_PLAIN, "%zu/%zu", answered_of(region),
                json_array_size(json_object_get(region, "endpoints")));
    grid_printf(grid, TONE_PLAIN, "%llu", (unsigned long long)member_number(region, "weight"));
    grid_put(grid, member_age(region, "lost", screen->now_ms, age), TONE_PLAIN);
}

bool show_services(const struct screen *screen, const json_t *answer)
{
    static const struct grid_column columns[] = {
        {.title = "SERVICE", .least = 12},
        {.title = "POLICY", .drop = 2},
        {.title = "REGION", .least = 10},
        {.title = "STATE"},
        {.title = "FORCED"},
        {.title = "ROLE"},
        {.title = "ANSWERED", .is_number = true},
        {.title = "WEIGHT", .is_number = true, .drop = 3},
        {.title = "LOST FOR", .is_number = true, .drop = 1},
    };

    size_t s, r;
    const json_t *service, *region;
    struct grid *grid = grid_new(columns, COUNT(columns));
    json_array_foreach(json_object_get(answer, "services"), s, service)
    {
        json_array_foreach(json_object_get(service, "region_list"), r, region)
        {
            if (grid)
                put_region(grid, screen, service, region);
        }
    }
    bool ok = grid_print(grid, screen, "no services");
    grid_free(grid);
    return ok;
}

/* ---- endpoints of one ---- */

static void put_endpoint(struct grid *grid, const struct screen *screen, const json_t *region,
                         const json_t *endpoint)
{
    char age[AGE_TEXT_MAX];
    const char *address = member_text(endpoint, "address"),
               *name = member_text(endpoint, "name");
    const char *state = member_text(endpoint, "state");
    bool answered = member_true(endpoint, "answered");
    grid_put(grid, member_text(region, "region"), TONE_PLAIN);
    if (address || name)
        grid_put(grid, address ? address : name, TONE_PLAIN);
    else
        grid_printf(grid, TONE_PLAIN, "service %s", member_text(endpoint, "service"));
    grid_put(grid, state, member_state_tone(state));
    grid_put(grid, member_text(endpoint, "forced"), TONE_FORCED);
    if (member_true(endpoint, "frozen"))
        grid_put(grid, "frozen", TONE_BAD);
    else
        grid_put(grid, answered ? "yes" : "no", answered ? TONE_GOOD : TONE_BAD);
    grid_printf(grid, TONE_PLAIN, "%llu%%",
                (unsigned long long)member_number(endpoint, "weight_percent"));
    grid_put(grid, member_age(endpoint, "since", screen->now_ms, age), TONE_PLAIN);
    if (member_has(endpoint, "rtt_ms"))
        grid_printf(grid, TONE_PLAIN, "%.1f ms", member_real(endpoint, "rtt_ms"));
    else
        grid_put(grid, NULL, TONE_PLAIN);
    grid_put(grid, member_text(endpoint, "reason"), TONE_PLAIN);
}

/* put_member - with its words before it, when there is one. */
static void put_member(const struct screen *screen, const json_t *service, const char *words,
                       const char *name)
{
    if (!member_has(service, name))
        return;
    fputs(words, screen->out);
    screen_say(screen, member_text(service, name));
}

static void put_headline(const struct screen *screen, const json_t *service)
{
    char age[AGE_TEXT_MAX], words[MEMBER_CONDITION_MAX];
    const char *condition = member_text(service, "condition");
    screen_put(screen, member_text(service, "service"), 0, TONE_TITLE);
    fputs(": policy ", screen->out);
    screen_say(screen, member_text(service, "policy"));
    fputs(", ", screen->out);
    screen_put(screen, member_condition(service, words), 0, member_state_tone(condition));
    fprintf(screen->out, ", %llu of %llu regions usable",
            (unsigned long long)member_number(service, "usable_regions"),
            (unsigned long long)member_number(service, "regions"));
    put_member(screen, service, ", active ", "active_region");
    put_member(screen, service, ", standby ", "standby_region");
    if (member_age(service, "last_failover", screen->now_ms, age))
        fprintf(screen->out, ", last failover %s ago", age);
    if (member_true(service, "unsettled"))
        fputs(", TTLs are short", screen->out);
    fputs("\n\n", screen->out);
}

bool show_service(const struct screen *screen, const json_t *answer)
{
    static const struct grid_column columns[] = {
        {.title = "REGION", .least = 10},
        {.title = "ENDPOINT", .least = 15},
        {.title = "STATE"},
        {.title = "FORCED"},
        {.title = "ANSWERED"},
        {.title = "WEIGHT", .is_number = true, .drop = 2},
        {.title = "SINCE", .is_number = true},
        {.title = "RTT", .is_number = true, .drop = 1},
        {.title = "REASON", .least = 18},
    };

    size_t r, e;
    const json_t *region, *endpoint;
    struct grid *grid = grid_new(columns, COUNT(columns));
    put_headline(screen, answer);
    json_array_foreach(json_object_get(answer, "region_list"), r, region)
    {
        json_array_foreach(json_object_get(region, "endpoints"), e, endpoint)
        {
            if (grid)
                put_endpoint(grid, screen, region, endpoint);
        }
    }
    bool ok = grid_print(grid, screen, "no endpoints");
    grid_free(grid);
    return ok;
}

/* ---- before and after ---- */

/* put_answering - the active region of a failover service; else all that are usable. */
static void put_answering(struct grid *grid, const json_t *service)
{
    const char *active = member_text(service, "active_region");
    size_t i;
    const json_t *region;
    struct text names;
    if (active) {
        grid_put(grid, active, TONE_PLAIN);
        return;
    }
    text_init(&names, NAMES_BYTES_MAX);
    json_array_foreach(json_object_get(service, "region_list"), i, region)
    {
        if (member_true(region, "usable"))
            text_printf(&names, "%s%s", names.len > 0 ? ", " : "",
                        member_text(region, "region"));
    }
    if (names.len > 0)
        grid_put(grid, text_get(&names), TONE_PLAIN);
    else
        grid_put(grid, service ? "none usable: when_all_down" : NULL, TONE_BAD);
    text_deinit(&names);
}

static const json_t *find_service(const json_t *answer, const char *name)
{
    size_t i;
    const json_t *service;
    json_array_foreach(json_object_get(answer, "services"), i, service)
    {
        const char *found = member_text(service, "service");
        if (found && name && strcmp(found, name) == 0)
            return service;
    }
    return NULL;
}

static bool has_region(const json_t *service, const char *wanted)
{
    size_t i;
    const json_t *region;
    json_array_foreach(json_object_get(service, "region_list"), i, region)
    {
        const char *name = member_text(region, "region");
        if (!wanted || (name && strcmp(name, wanted) == 0))
            return true;
    }
    return false;
}

static void put_changed(struct grid *grid, const json_t *before, const json_t *now)
{
    char words[MEMBER_CONDITION_MAX];
    const char *condition = member_text(now, "condition");
    grid_put(grid, member_text(now, "service"), TONE_PLAIN);
    grid_put(grid, member_condition(now, words), member_state_tone(condition));
    put_answering(grid, now);
    put_answering(grid, before);
    grid_printf(grid, TONE_PLAIN, "%llu/%llu",
                (unsigned long long)member_number(now, "endpoints_answered"),
                (unsigned long long)member_number(now, "endpoints"));
}

bool show_changed(const struct screen *screen, const json_t *before, const json_t *now,
                  const char *service, const char *region)
{
    static const struct grid_column columns[] = {
        {.title = "SERVICE", .least = 12},
        {.title = "CONDITION"},
        {.title = "ANSWERS NOW", .least = 16},
        {.title = "BEFORE", .least = 12},
        {.title = "ENDPOINTS", .is_number = true, .drop = 1},
    };

    size_t i;
    const json_t *entry;
    struct grid *grid = grid_new(columns, COUNT(columns));
    json_array_foreach(json_object_get(now, "services"), i, entry)
    {
        const char *name = member_text(entry, "service");
        if (grid && name && (!service || strcmp(service, name) == 0) &&
            has_region(entry, region))
            put_changed(grid, find_service(before, name), entry);
    }
    bool ok = grid_print(grid, screen, "no service is concerned");
    grid_free(grid);
    return ok;
}
