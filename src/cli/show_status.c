/* show_status.c - the server in some lines, its services in one each. */
#include <stdarg.h>

#include "grid.h"
#include "member.h"
#include "show.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

enum { LABEL_COLUMN = 15, PIECE_MAX = 256 };

/* A line of pieces with commas between them; it goes on below its first piece when it is too long
 * for the screen. */
struct line {
    const struct screen *screen;
    size_t at; /* columns written */
    bool more; /* a piece stands before */
};

static struct line begin_line(const struct screen *screen, const char *label)
{
    screen_put(screen, label, 0, TONE_TITLE);
    fprintf(screen->out, "%*s", (int)(LABEL_COLUMN - screen_columns(label)), "");
    return (struct line){.screen = screen, .at = LABEL_COLUMN};
}

static void put_piece(struct line *line, const char *text, enum tone tone)
{
    size_t columns = screen_columns(text);
    if (line->more) {
        fputc(',', line->screen->out);
        line->at++;
        bool fits =
            line->screen->width == 0 || line->at + 1 + columns + 1 <= line->screen->width;
        fprintf(line->screen->out, fits ? " " : "\n%*s", fits ? 0 : LABEL_COLUMN, "");
        line->at = fits ? line->at + 1 : LABEL_COLUMN;
    }
    screen_put(line->screen, text, 0, tone);
    line->at += columns;
    line->more = true;
}

__attribute__((format(printf, 3, 4))) static void put_pieces(struct line *line, enum tone tone,
                                                             const char *format, ...)
{
    char text[PIECE_MAX];
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(text, sizeof(text), format, arguments);
    va_end(arguments);
    put_piece(line, text, tone);
}

static void put_alarm(struct line *line, bool is_on, const char *text)
{
    if (is_on)
        put_piece(line, text, TONE_BAD);
}

static void end_line(struct line *line)
{
    fputc('\n', line->screen->out);
}

static unsigned long long number_of(const json_t *object, const char *name)
{
    return member_number(object, name);
}

static void put_process(const struct screen *screen, const json_t *status)
{
    char age[AGE_TEXT_MAX];
    const char *identity = member_text(status, "identity"),
               *version = member_text(status, "version");
    struct line line = begin_line(screen, "rhumb");
    put_pieces(&line, TONE_PLAIN, "%s%s%s", version ? version : "?", identity ? " as " : "",
               identity ? identity : "");
    put_pieces(&line, TONE_PLAIN, "process %llu", number_of(status, "pid"));
    put_pieces(&line, TONE_PLAIN, "started %s ago",
               age_format(member_number(status, "uptime_s") * 1000, age));
    put_alarm(&line, !member_true(status, "serving"), "not serving");
    end_line(&line);
}

static void put_configuration(const struct screen *screen, const json_t *status)
{
    char age[AGE_TEXT_MAX];
    const json_t *configuration = json_object_get(status, "configuration");
    unsigned long long zones = number_of(status, "zones");
    struct line line = begin_line(screen, "configuration");
    put_piece(&line, member_text(configuration, "file"), TONE_PLAIN);
    put_pieces(&line, TONE_PLAIN, "generation %llu", number_of(configuration, "generation"));
    if (member_age(configuration, "loaded", screen->now_ms, age))
        put_pieces(&line, TONE_PLAIN, "loaded %s ago", age);
    put_pieces(&line, TONE_PLAIN, "%llu zone%s", zones, zones == 1 ? "" : "s");
    if (member_ms(configuration, "reload_failed") > member_ms(configuration, "loaded") &&
        member_age(configuration, "reload_failed", screen->now_ms, age))
        put_pieces(&line, TONE_BAD, "a reload failed %s ago: the log says why", age);
    end_line(&line);
}

static void put_health(const struct screen *screen, const json_t *status)
{
    const json_t *health = json_object_get(status, "health");
    unsigned long long targets = number_of(health, "targets");
    struct line line = begin_line(screen, "health");
    put_pieces(&line, TONE_PLAIN, "%llu target%s", targets, targets == 1 ? "" : "s");
    if (member_number(health, "targets_down") > 0)
        put_pieces(&line, TONE_BAD, "%llu down", number_of(health, "targets_down"));
    put_alarm(&line, member_true(health, "frozen"), "frozen by hand (freeze-health)");
    put_alarm(&line, member_true(health, "suspects_self"),
              "most regions fail together: this machine is suspected, nobody is taken out");
    put_alarm(&line, member_true(health, "ignores_geo"), "geography is ignored (ignore-geo)");
    put_alarm(&line, member_true(health, "ignores_ecs"),
              "client subnets are ignored (ignore-ecs)");
    end_line(&line);
}

static void put_state(const struct screen *screen, const json_t *status)
{
    enum { LAG_MS = 2000 };

    const json_t *state = json_object_get(status, "state");
    const char *folder = member_text(state, "folder");
    unsigned long long overrides = number_of(state, "overrides");
    struct line line = begin_line(screen, "state");
    put_piece(&line, folder ? folder : "not kept: nothing outlives the process",
              folder ? TONE_PLAIN : TONE_DOUBTFUL);
    if (overrides > 0)
        put_pieces(&line, TONE_FORCED, "%llu override%s", overrides, overrides > 1 ? "s" : "");
    put_alarm(&line, member_number(state, "overrides_lag_ms") > LAG_MS,
              "overrides are not on disk");
    put_alarm(&line, member_number(state, "history_lag_ms") > LAG_MS, "history is not on disk");
    end_line(&line);
}

static void put_service(struct grid *grid, const struct screen *screen, const json_t *service)
{
    char age[AGE_TEXT_MAX], words[MEMBER_CONDITION_MAX];
    const char *condition = member_text(service, "condition");
    grid_put(grid, member_text(service, "service"), TONE_PLAIN);
    grid_put(grid, member_condition(service, words), member_state_tone(condition));
    grid_put(grid, member_text(service, "policy"), TONE_PLAIN);
    grid_put(grid, member_text(service, "active_region"), TONE_PLAIN);
    grid_put(grid, member_text(service, "standby_region"), TONE_PLAIN);
    grid_printf(grid, TONE_PLAIN, "%llu/%llu",
                (unsigned long long)member_number(service, "usable_regions"),
                (unsigned long long)member_number(service, "regions"));
    grid_printf(grid, TONE_PLAIN, "%llu/%llu",
                (unsigned long long)member_number(service, "endpoints_answered"),
                (unsigned long long)member_number(service, "endpoints"));
    if (member_age(service, "last_failover", screen->now_ms, age))
        grid_printf(grid, TONE_PLAIN, "%s ago", age);
    else
        grid_put(grid, NULL, TONE_PLAIN);
}

bool show_status(const struct screen *screen, const json_t *answer)
{
    static const struct grid_column columns[] = {
        {.title = "SERVICE", .least = 12},
        {.title = "CONDITION"},
        {.title = "POLICY", .drop = 3},
        {.title = "ACTIVE", .least = 8},
        {.title = "STANDBY", .least = 8, .drop = 1},
        {.title = "REGIONS", .is_number = true},
        {.title = "ENDPOINTS", .is_number = true},
        {.title = "LAST FAILOVER", .is_number = true, .drop = 2},
    };

    size_t i;
    const json_t *service;
    struct grid *grid = grid_new(columns, COUNT(columns));
    put_process(screen, answer);
    put_configuration(screen, answer);
    put_health(screen, answer);
    put_state(screen, answer);
    fputc('\n', screen->out);
    json_array_foreach(json_object_get(answer, "services"), i, service)
    {
        if (grid)
            put_service(grid, screen, service);
    }
    bool ok = grid_print(grid, screen, "no services");
    grid_free(grid);
    return ok;
}
