/* options.h - the command line: one table behind the parser and the help. */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "rhumb/ip.h"

#define RHUMB_CONFIG_DEFAULT "/etc/rhumb/rhumb.yaml"

/* Exit statuses of every subcommand. Those that compare or judge end as diff(1) does: 1 is an
 * answer, 2 is no answer. */
enum exit_status {
    EXIT_STATUS_OK = 0,
    EXIT_STATUS_ERRORS = 1,
    EXIT_STATUS_USAGE = 2,
    EXIT_STATUS_DIFFERENT = 1, /* diff */
    EXIT_STATUS_OVERLOAD = 1,  /* simulate: some region has more to do than it can carry */
    EXIT_STATUS_TROUBLE = 2,   /* both: usage, or errors in what was to be read */
};

enum command {
    COMMAND_SERVE,
    COMMAND_CHECK,
    COMMAND_EXPLAIN,
    COMMAND_AUDIT,
    COMMAND_DIFF,
    COMMAND_SIMULATE,
    COMMAND_VERSION,
    COMMAND_HELP,
};

/* An option that may be given several times. */
enum { OPTION_VALUES_MAX = 64 };

struct option_values {
    const char *list[OPTION_VALUES_MAX]; /* of argv */
    unsigned count;
};

struct options {
    enum command command;
    const char *config_path;
    const char *name, *type; /* explain; type NULL: A */
    bool has_client;         /* explain */
    bool client_is_ecs;      /* a length was given */
    struct ip_prefix client;
    const char *why_not;  /* explain: a region; NULL: nobody asks */
    const char *new_path; /* diff: the configuration to compare with */
    const char *traffic; /* diff, simulate: a file, or "countries"; NULL: as the command says */
    const char *svg_path;   /* simulate; NULL: no plot */
    bool json, all;         /* all: diff */
    uint64_t seed, samples; /* audit: of the random clients (1), and how many (a million) */
    struct option_values down, drain, qps, services; /* simulate */
};

/* options_parse - argv to options. False: the mistake and its remedy were printed to standard
 * error. */
bool options_parse(int argc, char **argv, struct options *out_options);

void options_print_help(FILE *out);
