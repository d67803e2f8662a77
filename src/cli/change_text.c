#include "change_text.h"

#include <string.h>

#include "member.h"

bool change_text_ends(enum command command, const char *state)
{
    bool is_drain = state && strcmp(state, "drain") == 0;
    bool is_forced = state && (strcmp(state, "up") == 0 || strcmp(state, "down") == 0);
    return command == COMMAND_UNDRAIN ? is_drain : is_forced;
}

static const char *participle(const char *state)
{
    return strcmp(state, "drain") == 0 ? "drained"
           : strcmp(state, "up") == 0  ? "forced up"
                                       : "forced down";
}

static const char EVERYWHERE[] = " in every service";

/* print_said - "eu-west/192.0.2.7 is drained in service app", or `everywhere` instead of a service. */
static void print_said(FILE *out, const char *region, const char *address, const char *is_what,
                       const char *service, const char *everywhere)
{
    fprintf(out, "%s%s%s %s%s%s", region, address ? "/" : "", address ? address : "", is_what,
            service ? " in service " : everywhere, service ? service : "");
}

/* put_hint - an override nearby. */
static void put_hint(const json_t *override)
{
    char is_what[32];
    const char *state = member_text(override, "state"),
               *region = member_text(override, "region");
    const char *address = member_text(override, "address");
    const char *service = member_text(override, "service");
    bool is_drain = change_text_ends(COMMAND_UNDRAIN, state);
    if (!region || !(is_drain || change_text_ends(COMMAND_UNFORCE, state)))
        return;
    (void)snprintf(is_what, sizeof(is_what), "is %s", participle(state));
    print_said(stderr, region, address, is_what, service, EVERYWHERE);
    fprintf(stderr, ": rhumb %s %s%s%s%s%s\n", is_drain ? "undrain" : "unforce", region,
            address ? "/" : "", address ? address : "", service ? " --service " : "",
            service ? service : "");
}

void change_text_put_missing(const struct options *options, const json_t *overrides)
{
    size_t i;
    const json_t *override;
    fputs("rhumb: ", stderr);
    print_said(stderr, options->place.region, options->place.address,
               options->command == COMMAND_UNDRAIN ? "is not drained" : "is not forced",
               options->service, "");
    fputc('\n', stderr);
    json_array_foreach(overrides, i, override)
    {
        const char *region = member_text(override, "region");
        if (region && strcmp(region, options->place.region) == 0)
            put_hint(override);
    }
}

/* ---- what was done ---- */

static void put_end(const struct screen *screen, const json_t *override)
{
    char age[AGE_TEXT_MAX];
    uint64_t until_ms = member_ms(override, "until");
    if (until_ms > screen->now_ms)
        fprintf(screen->out, ", for %s", age_format(until_ms - screen->now_ms + 500, age));
}

static const char *done_text(const struct options *options)
{
    switch ((int)options->command) {
    case COMMAND_DRAIN: return "is drained";
    case COMMAND_UNDRAIN: return "is no longer drained";
    case COMMAND_UNFORCE: return "is no longer forced";
    default: return strcmp(options->state, "up") == 0 ? "is forced up" : "is forced down";
    }
}

void change_text_put_done(const struct screen *screen, const struct options *options,
                          const json_t *answer)
{
    char age[AGE_TEXT_MAX];
    const json_t *override = json_object_get(answer, "override");
    bool is_end = options->command == COMMAND_UNDRAIN || options->command == COMMAND_UNFORCE;
    if (options->command == COMMAND_FAILOVER) {
        fprintf(screen->out, "service %s fails over to %s", options->service, options->to);
    } else if (options->command == COMMAND_FAILBACK) {
        fprintf(screen->out, "service %s goes by its own order again", options->service);
    } else {
        print_said(screen->out, options->place.region, options->place.address,
                   done_text(options), options->service, is_end ? "" : EVERYWHERE);
    }
    if (is_end && member_age(override, "since", screen->now_ms, age)) {
        fprintf(screen->out, ", after %s (", age);
        screen_say(screen, member_text(override, "by"));
        fputs(": ", screen->out);
        screen_say(screen, member_text(override, "reason"));
        fputs(")", screen->out);
    }
    if (!is_end)
        put_end(screen, override);
    fputs("\n", screen->out);
    if (!member_true(answer, "durable"))
        fputs("it is not on disk: a restart of the server forgets it\n", screen->out);
}
