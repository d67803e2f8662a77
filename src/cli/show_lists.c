/* show_lists.c - what is a list with a line for each: regions, targets, zones, overrides,
 * transitions. */
#include <string.h>

#include "rhumb/text.h"

#include "grid.h"
#include "member.h"
#include "show.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

enum { USERS_BYTES_MAX = 4096 };

/* A list of the answer, its columns, and who fills a row. */
struct list {
    const char *member;
    const struct grid_column *columns;
    size_t column_count;
    void (*put)(struct grid *grid, const struct screen *screen, const json_t *row);
    const char *otherwise;
};

static bool show_list(const struct screen *screen, const json_t *answer,
                      const struct list *list)
{
    size_t i;
    const json_t *row;
    struct grid *grid = grid_new(list->columns, list->column_count);
    json_array_foreach(json_object_get(answer, list->member), i, row)
    {
        if (grid)
            list->put(grid, screen, row);
    }
    bool ok = grid_print(grid, screen, list->otherwise);
    grid_free(grid);
    return ok;
}

static void put_age(struct grid *grid, const struct screen *screen, const json_t *row,
                    const char *name)
{
    char age[AGE_TEXT_MAX];
    grid_put(grid, member_age(row, name, screen->now_ms, age), TONE_PLAIN);
}

static void put_number(struct grid *grid, const json_t *row, const char *name)
{
    grid_printf(grid, TONE_PLAIN, "%llu", (unsigned long long)member_number(row, name));
}

/* put_of - "2/3". */
static void put_of(struct grid *grid, const json_t *row, const char *part, const char *whole)
{
    uint64_t have = member_number(row, part), all = member_number(row, whole);
    grid_printf(grid, have < all ? TONE_DOUBTFUL : TONE_PLAIN, "%llu/%llu",
                (unsigned long long)have, (unsigned long long)all);
}

/* ---- regions ---- */

static void put_region(struct grid *grid, const struct screen *screen, const json_t *row)
{
    uint64_t forced = member_number(row, "endpoints_forced");
    (void)screen;
    grid_put(grid, member_text(row, "region"), TONE_PLAIN);
    grid_put(grid, member_text(row, "country"), TONE_PLAIN);
    put_of(grid, row, "services_usable", "services");
    put_of(grid, row, "endpoints_answered", "endpoints");
    if (forced > 0)
        grid_printf(grid, TONE_FORCED, "%llu", (unsigned long long)forced);
    else
        grid_put(grid, NULL, TONE_PLAIN);
}

bool show_regions(const struct screen *screen, const json_t *answer)
{
    static const struct grid_column columns[] = {
        {.title = "REGION", .least = 16},
        {.title = "COUNTRY"},
        {.title = "SERVICES USABLE", .is_number = true},
        {.title = "ENDPOINTS ANSWERED", .is_number = true},
        {.title = "FORCED", .is_number = true},
    };
    static const struct list list = {"regions", columns, COUNT(columns), put_region,
                                     "no regions"};

    return show_list(screen, answer, &list);
}

/* ---- targets ---- */

/* put_users - "app/us-east, app-writes/us-east". */
static void put_users(struct grid *grid, const json_t *target)
{
    size_t i;
    const json_t *user;
    struct text text;
    text_init(&text, USERS_BYTES_MAX);
    json_array_foreach(json_object_get(target, "used_by"), i, user)
    {
        text_printf(&text, "%s%s/%s", i > 0 ? ", " : "", member_text(user, "service"),
                    member_text(user, "region"));
    }
    grid_put(grid, text_get(&text), TONE_PLAIN);
    text_deinit(&text);
}

static void put_target(struct grid *grid, const struct screen *screen, const json_t *row)
{
    const char *address = member_text(row, "address"), *state = member_text(row, "state");
    grid_put(grid, member_text(row, "target"), TONE_PLAIN);
    grid_put(grid, address ? address : member_text(row, "name"), TONE_PLAIN);
    grid_put(grid, member_text(row, "check"), TONE_PLAIN);
    grid_put(grid, member_text(row, "kind"), TONE_PLAIN);
    grid_put(grid, state, member_state_tone(state));
    put_age(grid, screen, row, "since");
    put_age(grid, screen, row, "heard");
    if (member_has(row, "rtt_ms"))
        grid_printf(grid, TONE_PLAIN, "%.1f ms", member_real(row, "rtt_ms"));
    else
        grid_put(grid, NULL, TONE_PLAIN);
    grid_put(grid, member_text(row, "reason"), TONE_PLAIN);
    put_users(grid, row);
}

bool show_targets(const struct screen *screen, const json_t *answer)
{
    static const struct grid_column columns[] = {
        {.title = "TARGET"},
        {.title = "ADDRESS", .least = 15},
        {.title = "CHECK", .least = 8},
        {.title = "KIND", .drop = 3},
        {.title = "STATE"},
        {.title = "SINCE", .is_number = true},
        {.title = "HEARD", .is_number = true, .drop = 4},
        {.title = "RTT", .is_number = true, .drop = 2},
        {.title = "REASON", .least = 20, .drop = 1},
        {.title = "USED BY", .least = 16, .drop = 5},
    };
    static const struct list list = {"targets", columns, COUNT(columns), put_target,
                                     "nothing is probed"};

    return show_list(screen, answer, &list);
}

/* ---- zones ---- */

static void put_zone(struct grid *grid, const struct screen *screen, const json_t *row)
{
    grid_put(grid, member_text(row, "zone"), TONE_PLAIN);
    put_number(grid, row, "serial");
    put_number(grid, row, "names");
    put_number(grid, row, "records");
    put_age(grid, screen, row, "loaded");
}

bool show_zones(const struct screen *screen, const json_t *answer)
{
    static const struct grid_column columns[] = {
        {.title = "ZONE", .least = 20},
        {.title = "SERIAL", .is_number = true},
        {.title = "NAMES", .is_number = true},
        {.title = "RECORDS", .is_number = true},
        {.title = "LOADED AGO", .is_number = true},
    };
    static const struct list list = {"zones", columns, COUNT(columns), put_zone, "no zones"};

    return show_list(screen, answer, &list);
}

/* ---- overrides ---- */

static void put_override(struct grid *grid, const struct screen *screen, const json_t *row)
{
    static const char ANY[] = "any";

    char age[AGE_TEXT_MAX];
    const char *service = member_text(row, "service"), *region = member_text(row, "region");
    const char *address = member_text(row, "address");
    const char *state = member_text(row, "state");
    bool is_moment = state && strcmp(state, "resume") == 0; /* it has done what it does */
    uint64_t until_ms = member_ms(row, "until");
    grid_put(grid, state, is_moment ? TONE_PLAIN : TONE_FORCED);
    grid_put(grid, service ? service : ANY, TONE_PLAIN);
    grid_put(grid, region ? region : ANY, TONE_PLAIN);
    grid_put(grid, address ? address : ANY, TONE_PLAIN);
    grid_put(grid, member_text(row, "by"), TONE_PLAIN);
    put_age(grid, screen, row, "since");
    if (until_ms > screen->now_ms)
        grid_printf(grid, TONE_PLAIN, "in %s", age_format(until_ms - screen->now_ms, age));
    else
        grid_put(grid, is_moment ? NULL : until_ms > 0 ? "now" : "by hand", TONE_PLAIN);
    grid_put(grid, member_text(row, "reason"), TONE_PLAIN);
}

bool show_overrides(const struct screen *screen, const json_t *answer)
{
    static const struct grid_column columns[] = {
        {.title = "STATE"},
        {.title = "SERVICE", .least = 10},
        {.title = "REGION", .least = 10},
        {.title = "ADDRESS", .least = 12},
        {.title = "BY", .least = 8},
        {.title = "SINCE", .is_number = true, .drop = 1},
        {.title = "ENDS", .is_number = true},
        {.title = "REASON", .least = 12},
    };
    static const struct list list = {"overrides", columns, COUNT(columns), put_override,
                                     "nothing is changed by hand"};

    return show_list(screen, answer, &list);
}

/* ---- history ---- */

static void put_transition(struct grid *grid, const struct screen *screen, const json_t *row)
{
    char time[MEMBER_TIME_MAX];
    const char *from = member_text(row, "from"), *to = member_text(row, "to");
    grid_put(grid, member_time(row, "time", time), TONE_PLAIN);
    put_age(grid, screen, row, "time");
    grid_put(grid, member_text(row, "address"), TONE_PLAIN);
    grid_put(grid, member_text(row, "check"), TONE_PLAIN);
    grid_printf(grid, member_state_tone(to), "%s -> %s", from ? from : "", to ? to : "");
    grid_put(grid, member_text(row, "reason"), TONE_PLAIN);
    grid_put(grid, member_text(row, "target"), TONE_PLAIN);
}

bool show_history(const struct screen *screen, const json_t *answer)
{
    static const struct grid_column columns[] = {
        {.title = "TIME"},
        {.title = "AGO", .is_number = true, .drop = 2},
        {.title = "ADDRESS", .least = 15},
        {.title = "CHECK", .least = 8},
        {.title = "CHANGE"},
        {.title = "REASON", .least = 20},
        {.title = "TARGET", .drop = 3},
    };
    static const struct list list = {"transitions", columns, COUNT(columns), put_transition,
                                     "nothing has changed"};

    return show_list(screen, answer, &list);
}
