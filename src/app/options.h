/* options.h - the command line: one table behind the parser and the help. */
#pragma once

#include <stdbool.h>
#include <stdio.h>

#include "rhumb/ip.h"

#define RHUMB_CONFIG_DEFAULT "/etc/rhumb/rhumb.yaml"

/* Exit statuses of every subcommand. */
enum exit_status { EXIT_STATUS_OK = 0, EXIT_STATUS_ERRORS = 1, EXIT_STATUS_USAGE = 2 };

enum command {
    COMMAND_SERVE,
    COMMAND_CHECK,
    COMMAND_EXPLAIN,
    COMMAND_AUDIT,
    COMMAND_VERSION,
    COMMAND_HELP
};

struct options {
    enum command command;
    const char *config_path;
    const char *name, *type; /* explain; type NULL: A */
    bool has_client;         /* explain */
    bool client_is_ecs;      /* a length was given */
    struct ip_prefix client;
    const char *why_not; /* explain: a region; NULL: nobody asks */
    bool json;           /* audit */
    uint64_t seed;       /* audit: of the random clients; default 1 */
    uint64_t samples;    /* audit: how many of them; default a million */
};

/* options_parse - argv to options. False: the mistake and its remedy were printed to standard
 * error. */
bool options_parse(int argc, char **argv, struct options *out_options);

void options_print_help(FILE *out);
