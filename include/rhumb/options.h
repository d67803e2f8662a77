/* options.h - the command line, understood.
 *
 * What can be said stands in one table (src/cli/command_table.c). From it come the parser, the
 * help, the completions of the shells and the options in rhumb(8): a command or an option that is
 * added there is known everywhere.
 *
 * All texts are borrowed from argv or static.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "rhumb/ip.h"

#define RHUMB_CONFIG_DEFAULT "/etc/rhumb/rhumb.yaml"

/* Exit statuses of every command; what they mean is in the table, for the help and rhumb(8). Those
 * that compare or judge end as diff(1) does: 1 is an answer, 2 is no answer. */
enum exit_status {
    EXIT_STATUS_OK = 0,
    EXIT_STATUS_ERRORS = 1,
    EXIT_STATUS_USAGE = 2,
    EXIT_STATUS_DIFFERENT = 1, /* diff */
    EXIT_STATUS_OVERLOAD = 1,  /* simulate: some region has more to do than it can carry */
    EXIT_STATUS_TROUBLE = 2,   /* both: usage, or errors in what was to be read */
    EXIT_STATUS_UNREACHABLE = 3,
    EXIT_STATUS_REFUSED = 4,
    EXIT_STATUS_NOT_READY = 5,
};

enum command {
    COMMAND_SERVE,
    COMMAND_CHECK,
    COMMAND_AUDIT,
    COMMAND_DIFF,
    COMMAND_SIMULATE,
    COMMAND_STATUS,
    COMMAND_SERVICES,
    COMMAND_REGIONS,
    COMMAND_TARGETS,
    COMMAND_ZONES,
    COMMAND_OVERRIDES,
    COMMAND_EVENTS,
    COMMAND_HISTORY,
    COMMAND_EXPLAIN,
    COMMAND_READY,
    COMMAND_DRAIN,
    COMMAND_UNDRAIN,
    COMMAND_FORCE,
    COMMAND_UNFORCE,
    COMMAND_FAILOVER,
    COMMAND_FAILBACK,
    COMMAND_RELOAD,
    COMMAND_COMPLETION,
    COMMAND_VERSION,
    COMMAND_HELP,
    COMMAND_COUNT,
};

/* REGION[/ADDRESS] */
struct options_place {
    char region[64];     /* ends in a zero byte; "": none was given */
    const char *address; /* NULL: the whole region */
};

/* ADDRESS[/LENGTH] */
struct options_network {
    const char *text; /* NULL: none was given */
    bool has_length;
    struct ip_prefix prefix;
};

/* An option that may be said several times. */
enum { OPTION_VALUES_MAX = 64 };

struct option_values {
    const char *list[OPTION_VALUES_MAX];
    unsigned count;
};

/* What does not apply to the command, or was not said, is NULL, false or 0. */
struct options {
    enum command command;
    const char *config_path; /* RHUMB_CONFIG_DEFAULT when it was not said */
    bool config_is_default;
    const char *socket, *token_file; /* where the server is, and who asks */

    const char *name, *type; /* explain; type NULL: A */
    struct options_network client;
    const char *why_not; /* a region */
    bool live;

    const char *service, *to; /* to: a region */
    struct options_place place;
    const char *state; /* force: "up" or "down" */
    const char *reason, *by, *until;
    uint64_t for_s; /* 0: no end */
    bool force;

    const char *target, *limit, *since; /* numbers as text, checked */
    bool follow;

    uint64_t seed, samples; /* audit: of the random clients, and how many */
    const char *new_path;   /* diff: the configuration to compare with */
    const char *traffic; /* diff, simulate: a file, or "countries"; NULL: as the command says */
    const char *svg_path;                            /* simulate; NULL: no plot */
    bool all;                                        /* diff */
    struct option_values down, drain, qps, services; /* simulate */

    bool json, names;
    const char *topic, *shell; /* help, completion */
};

/* options_parse - argv to options. False: the mistake and its remedy were printed to standard
 * error. */
bool options_parse(int argc, char **argv, struct options *out_options);
