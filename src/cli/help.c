#include "help.h"

#include <stdbool.h>
#include <string.h>

#include "wrap.h"

enum {
    WIDTH = 80,
    NAME_COLUMN = 14,   /* of the overview: where summaries begin */
    OPTION_COLUMN = 28, /* where the help of an option begins */
    TEXT_MAX = 4096,
};

/* put_row - "  name    what it is", or in two lines when the name is long. */
static void put_row(FILE *out, const char *name, const char *help, size_t column)
{
    size_t at = 2 + strlen(name);
    fprintf(out, "  %s", name);
    if (at + 2 > column) {
        fputc('\n', out);
        at = 0;
    }
    fprintf(out, "%*s", (int)(column - at), "");
    wrap_put(out, help, column, column, WIDTH);
}

/* ---- one command ---- */

void help_put_option(struct text *out, const struct command_option *option)
{
    if (option->letter != '\0')
        text_printf(out, "-%c, ", option->letter);
    text_printf(out, "--%s", option->name);
    if (option->value.kind != VALUE_NONE)
        text_printf(out, " %s", option->value.name);
}

static void put_in_synopsis(struct text *out, const struct command_option *option)
{
    text_printf(out, option->is_required ? " --%s" : " [--%s", option->name);
    if (option->value.kind != VALUE_NONE)
        text_printf(out, "\t%s", option->value.name);
    if (!option->is_required)
        text_printf(out, "]");
    if (option->repeats)
        text_printf(out, "...");
}

void help_put_synopsis(struct text *out, const struct command_entry *entry)
{
    for (const struct command_argument *argument = entry->arguments; argument->help; argument++)
        text_printf(out, argument->is_required ? " %s" : " [%s]", argument->value.name);
    for (int is_required = 1; is_required >= 0; is_required--)
        for (const struct command_option *option = entry->options; option->name; option++)
            if (option->is_required == is_required)
                put_in_synopsis(out, option);
    if (entry->connects)
        text_printf(out, " [SERVER]");
}

static void put_usage(FILE *out, const struct command_entry *entry)
{
    struct text synopsis;
    text_init(&synopsis, TEXT_MAX);
    help_put_synopsis(&synopsis, entry);
    int indent = fprintf(out, "usage: rhumb %s", entry->name);
    const char *rest = text_get(&synopsis);
    if (*rest != '\0')
        fputc(' ', out);
    wrap_put(out, rest + strspn(rest, " "), (size_t)indent + 1, (size_t)indent + 1, WIDTH);
    text_deinit(&synopsis);
}

static void put_option_row(FILE *out, const struct command_option *option)
{
    struct text name;
    text_init(&name, TEXT_MAX);
    text_printf(&name, option->letter == '\0' ? "    " : "");
    help_put_option(&name, option);
    put_row(out, text_get(&name), option->help, OPTION_COLUMN);
    text_deinit(&name);
}

static void put_options(FILE *out, const struct command_entry *entry)
{
    size_t own = command_own_count(entry);
    const struct command_option *option;
    for (size_t i = 0; (option = command_option_at(entry, i)); i++) {
        if (i == 0 || i == own)
            fputs(i == own ? "\nSERVER, where it is:\n" : "\noptions:\n", out);
        put_option_row(out, option);
    }
}

static void put_examples(FILE *out, const char *examples)
{
    fputs("\nexamples:\n", out);
    while (*examples != '\0') {
        size_t len = strcspn(examples, "\n");
        fprintf(out, "  rhumb %.*s\n", (int)len, examples);
        examples += len + (examples[len] == '\n');
    }
}

void help_print_command(FILE *out, const struct command_entry *entry)
{
    put_usage(out, entry);
    fputc('\n', out);
    wrap_put(out, entry->details, 0, 0, WIDTH);
    for (const struct command_argument *argument = entry->arguments; argument->help;
         argument++) {
        if (argument == entry->arguments)
            fputs("\narguments:\n", out);
        put_row(out, argument->value.name, argument->help, OPTION_COLUMN);
    }
    put_options(out, entry);
    if (entry->examples)
        put_examples(out, entry->examples);
}

/* ---- all of them ---- */

static void put_notes(FILE *out, const char *title, const struct command_note *note,
                      size_t column)
{
    fprintf(out, "\n%s:\n", title);
    for (; note->name; note++)
        put_row(out, note->name, note->text, column);
}

void help_print_overview(FILE *out)
{
    fputs("rhumb - authoritative DNS: each client gets the best region that works\n\n"
          "usage: rhumb COMMAND [ARGUMENTS] [OPTIONS]\n",
          out);
    for (unsigned group = 0; group < GROUP_COUNT; group++) {
        fprintf(out, "\n%s:\n", COMMAND_GROUPS[group]);
        for (size_t i = 0; i < COMMAND_COUNT; i++)
            if (COMMANDS[i].group == group)
                put_row(out, COMMANDS[i].name, COMMANDS[i].summary, NAME_COLUMN);
    }
    put_notes(out, "exit status", COMMAND_EXITS, 5);
    put_notes(out, "environment", COMMAND_ENVIRONMENT, 19);
    fputs("\n'rhumb help COMMAND' says all about one; so does rhumb(8).\n", out);
}
