/* command_table.h - everything that can be said on the command line, once.
 *
 *   parser       options.c          finds commands and options here, and writes values to `at`
 *   help         help.c             overview and `rhumb help COMMAND`
 *   completions  complete_*.c       bash, zsh, fish
 *   rhumb(8)     manual.c           synopsis, commands, options, exit statuses, environment
 *
 * To add a command: a constant in enum command, members of struct options for what is new, one
 * entry in command_table.c, and the function in app/main.c or cli.c. Lists end with an entry
 * without a name.
 */
#pragma once

#include <stddef.h>

#include "rhumb/options.h"

/* What a value is: how it is checked, what is stored at `at`, and what a shell may offer. */
enum value_kind {
    VALUE_NONE,     /* bool: an option without a value */
    VALUE_TEXT,     /* const char *, not empty */
    VALUE_FILE,     /* the same; a path */
    VALUE_ADDRESS,  /* the same; a path or a URL */
    VALUE_NAME,     /* the same; a domain name */
    VALUE_TIME,     /* the same; 2026-08-01T12:00:00Z */
    VALUE_SERVICE,  /* the same; a service of the running server */
    VALUE_REGION,   /* the same; a region of it */
    VALUE_TARGET,   /* the same; a target of it */
    VALUE_TYPE,     /* const char *; a record type */
    VALUE_NUMBER,   /* const char *; decimal digits, at most 18 */
    VALUE_COUNT,    /* uint64_t, 0 to `max` */
    VALUE_CHOICE,   /* const char *; one of `choices` */
    VALUE_COMMAND,  /* const char *; the name of a command */
    VALUE_DURATION, /* uint64_t, seconds, at least 1 */
    VALUE_NETWORK,  /* struct options_network */
    VALUE_PLACE,    /* struct options_place */
};

struct command_value {
    enum value_kind kind;
    const char *name;           /* as the help writes it: FILE */
    size_t at;                  /* where in struct options it goes */
    const char *const *choices; /* VALUE_CHOICE: ends in NULL */
    uint64_t max;               /* VALUE_COUNT */
    const char *otherwise;      /* what counts when it is not said; NULL: NULL, false or 0 */
};

struct command_argument {
    const char *help; /* NULL: the end of the list */
    bool is_required;
    struct command_value value;
};

struct command_option {
    const char *name; /* without its dashes; NULL: the end of the list */
    char letter;      /* 0: none */
    bool is_required;
    bool repeats; /* each value goes into a struct option_values at `at` */
    struct command_value value;
    const char *help;
};

enum command_group { GROUP_CONFIGURATION, GROUP_LOOK, GROUP_STEER, GROUP_MORE, GROUP_COUNT };

enum { COMMAND_ARGUMENTS_MAX = 3, COMMAND_OPTIONS_MAX = 10 };

struct command_entry {
    const char *name;
    enum command_group group;
    bool connects;        /* asks a running server: takes COMMAND_CONNECTION too */
    const char *summary;  /* half a line */
    const char *details;  /* plain paragraphs, with an empty line between them */
    const char *examples; /* a command line each, without "rhumb"; NULL: none */
    struct command_argument arguments[COMMAND_ARGUMENTS_MAX + 1];
    struct command_option options[COMMAND_OPTIONS_MAX + 1];
    /* check - what no single option can know. NULL: fine; else what is wrong, static. */
    const char *(*check)(const struct options *options);
};

/* A name with its meaning: exit statuses and environment variables. */
struct command_note {
    const char *name; /* NULL: the end of the list */
    const char *text;
};

/* By enum command. */
extern const struct command_entry COMMANDS[COMMAND_COUNT];

/* Where the server is, and who asks; a command's own option of that name comes before it. */
extern const struct command_option COMMAND_CONNECTION[];

extern const char *const COMMAND_GROUPS[GROUP_COUNT]; /* their titles */
extern const struct command_note COMMAND_EXITS[], COMMAND_ENVIRONMENT[];

/* command_find - NULL: there is none of that name. */
const struct command_entry *command_find(const char *name);

/* command_option_at - one after the other, from 0: the command's own, then those of the
 * connection. NULL: there are no more. */
const struct command_option *command_option_at(const struct command_entry *entry, size_t index);

/* command_own_count - how many of them are the command's own. */
size_t command_own_count(const struct command_entry *entry);
