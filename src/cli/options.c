#include "rhumb/options.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "rhumb/diag.h"
#include "rhumb/require.h"

#include "command_table.h"
#include "help.h"
#include "option_value.h"

enum { CANDIDATES_MAX = COMMAND_COUNT + COMMAND_OPTIONS_MAX };

/* The command line being read. */
struct reading {
    int argc, next; /* next: the word to read */
    char **argv;
    const struct command_entry *entry;
    struct options options;
    size_t arguments;    /* read so far */
    uint64_t given;      /* bit i: command_option_at(i) */
    bool only_arguments; /* after -- */
};

/* ---- mistakes ---- */

/* complain - "rhumb: drain: ...", and where to read more. Returns false. */
__attribute__((format(printf, 3, 4))) static bool
complain(const struct command_entry *entry, const char *nearest, const char *format, ...)
{
    va_list arguments;
    fprintf(stderr, "rhumb: %s%s", entry ? entry->name : "", entry ? ": " : "");
    va_start(arguments, format);
    vfprintf(stderr, format, arguments);
    va_end(arguments);
    if (nearest)
        fprintf(stderr, "\ndid you mean '%s'?\n", nearest);
    else
        fprintf(stderr, "\ntry 'rhumb help%s%s'\n", entry ? " " : "", entry ? entry->name : "");
    return false;
}

static bool complain_of_command(const char *word)
{
    const char *names[CANDIDATES_MAX];
    for (size_t i = 0; i < COMMAND_COUNT; i++)
        names[i] = COMMANDS[i].name;
    if (*word == '-')
        return complain(NULL, NULL,
                        "'%s' comes before the command; write: rhumb COMMAND [OPTIONS]", word);
    return complain(NULL, diag_nearest(word, names, COMMAND_COUNT), "unknown command '%s'",
                    word);
}

static bool complain_of_option(const struct command_entry *entry, const char *word, size_t len)
{
    char name[64], dashed[64] = "--";
    const char *names[CANDIDATES_MAX];
    size_t count = 0;
    const struct command_option *option;
    for (; (option = command_option_at(entry, count)) && count < CANDIDATES_MAX; count++)
        names[count] = option->name;
    (void)snprintf(name, sizeof(name), "%.*s", (int)len, word);
    const char *nearest = diag_nearest(name + strspn(name, "-"), names, count);
    if (nearest)
        (void)snprintf(dashed, sizeof(dashed), "--%s", nearest);
    return complain(entry, nearest ? dashed : NULL, "unknown option '%s'", name);
}

/* ---- words ---- */

/* find_option - its index for command_option_at(); -1: the command has none of that name. */
static int find_option(const struct command_entry *entry, const char *word, size_t len)
{
    const struct command_option *option;
    bool is_long = len > 2 && word[1] == '-';
    for (int i = 0; (option = command_option_at(entry, (size_t)i)); i++) {
        if (is_long ? strlen(option->name) == len - 2 &&
                          memcmp(option->name, word + 2, len - 2) == 0
                    : option->letter == word[1] && option->letter != '\0')
            return i;
    }
    return -1;
}

/* add_value - one more of an option that repeats. */
static bool add_value(struct reading *reading, const struct command_option *option,
                      const char *text)
{
    struct option_values *values =
        (struct option_values *)((char *)&reading->options + option->value.at);
    if (*text == '\0')
        return complain(reading->entry, NULL, "--%s wants %s", option->name,
                        option->value.name);
    if (values->count == OPTION_VALUES_MAX)
        return complain(reading->entry, NULL, "--%s more than %d times", option->name,
                        OPTION_VALUES_MAX);
    values->list[values->count++] = text;
    return true;
}

static bool store_option(struct reading *reading, const struct command_option *option,
                         const char *text)
{
    const char *expected;
    if (option->repeats)
        return add_value(reading, option, text);
    if (option_value_store(&option->value, text, &reading->options, &expected))
        return true;
    if (*text == '\0')
        return complain(reading->entry, NULL, "--%s wants %s", option->name,
                        option->value.name);
    return complain(reading->entry, NULL, "--%s '%s': expected %s", option->name, text,
                    expected);
}

/* read_option - --name VALUE, --name=VALUE, -n VALUE, -nVALUE. */
static bool read_option(struct reading *reading, const char *word)
{
    bool is_long = word[1] == '-';
    size_t len = is_long ? strcspn(word, "=") : 2;
    int index = find_option(reading->entry, word, len);
    if (index < 0)
        return complain_of_option(reading->entry, word, is_long ? len : strlen(word));
    const struct command_option *option = command_option_at(reading->entry, (size_t)index);
    const char *value = word[len] == '\0' ? NULL : word + len + is_long;
    reading->given |= UINT64_C(1) << index;
    if (option->value.kind == VALUE_NONE)
        return !value ? store_option(reading, option, "")
                      : complain(reading->entry, NULL, "--%s takes no value", option->name);
    if (!value)
        value = reading->next < reading->argc ? reading->argv[reading->next++] : "";
    return store_option(reading, option, value);
}

static bool read_argument(struct reading *reading, const char *word)
{
    const struct command_argument *argument = &reading->entry->arguments[reading->arguments];
    const char *expected;
    if (!argument->help)
        return complain(reading->entry, NULL, "unexpected argument '%s'", word);
    reading->arguments++;
    if (option_value_store(&argument->value, word, &reading->options, &expected))
        return true;
    if (argument->value.kind == VALUE_COMMAND)
        return complain_of_command(word);
    return complain(reading->entry, NULL, "'%s': expected %s", word, expected);
}

static bool is_help(const char *word)
{
    return strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0;
}

/* read_words - all behind the command. */
static bool read_words(struct reading *reading)
{
    while (reading->next < reading->argc) {
        const char *word = reading->argv[reading->next++];
        if (!reading->only_arguments && is_help(word)) {
            reading->options.command = COMMAND_HELP;
            reading->options.topic = reading->entry->name;
            return true;
        }
        if (!reading->only_arguments && strcmp(word, "--") == 0)
            reading->only_arguments = true;
        else if (!reading->only_arguments && word[0] == '-' && word[1] != '\0'
                     ? !read_option(reading, word)
                     : !read_argument(reading, word))
            return false;
    }
    return true;
}

/* ---- all of it ---- */

static bool check_all(const struct reading *reading)
{
    const struct command_entry *entry = reading->entry;
    if (reading->options.command == COMMAND_HELP)
        return true;
    const struct command_argument *argument = &entry->arguments[reading->arguments];
    if (argument->help && argument->is_required)
        return complain(entry, NULL, "missing %s: %s", argument->value.name, argument->help);
    const struct command_option *option;
    for (size_t i = 0; (option = command_option_at(entry, i)); i++)
        if (option->is_required && (reading->given >> i & 1) == 0)
            return complain(entry, NULL, "missing --%s %s: %s", option->name,
                            option->value.name, option->help);
    const char *mistake = entry->check ? entry->check(&reading->options) : NULL;
    return mistake ? complain(entry, NULL, "%s", mistake) : true;
}

/* set_defaults - of options whose value is not nothing when they are not said. */
static void set_defaults(struct reading *reading)
{
    const struct command_option *option;
    const char *expected;
    for (size_t i = 0; (option = command_option_at(reading->entry, i)); i++)
        if (option->value.otherwise)
            REQUIRE(option_value_store(&option->value, option->value.otherwise,
                                       &reading->options, &expected));
}

bool options_parse(int argc, char **argv, struct options *out_options)
{
    struct reading reading = {.argc = argc, .argv = argv, .next = 2};
    if (argc < 2) {
        help_print_overview(stderr);
        return false;
    }
    const char *word = argv[1];
    if (is_help(word))
        word = "help";
    if (strcmp(word, "--version") == 0 || strcmp(word, "-V") == 0)
        word = "version";
    reading.entry = command_find(word);
    if (!reading.entry)
        return complain_of_command(word);
    reading.options.command = (enum command)(reading.entry - COMMANDS);
    set_defaults(&reading);
    if (!read_words(&reading) || !check_all(&reading))
        return false;
    reading.options.config_is_default = !reading.options.config_path;
    if (reading.options.config_is_default)
        reading.options.config_path = RHUMB_CONFIG_DEFAULT;
    *out_options = reading.options;
    return true;
}
