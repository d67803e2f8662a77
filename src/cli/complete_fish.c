/* complete_fish.c - for fish: a line for each command, option and argument.
 *
 *     complete -c rhumb -n '__rhumb_at drain' -s s -l service -x -a '(__rhumb_names services)' -d ...
 *     complete -c rhumb -n '__rhumb_at drain 0' -x -a '(__rhumb_names regions)'
 */
#include <string.h>

#include "complete.h"

/* put_quoted - fish knows two escapes between single quotes. */
static void put_quoted(FILE *out, const char *text)
{
    fputc('\'', out);
    for (; *text != '\0'; text++) {
        if (*text == '\'' || *text == '\\')
            fputc('\\', out);
        fputc(*text, out);
    }
    fputc('\'', out);
}

static void put_value(FILE *out, const struct command_value *value)
{
    const char *live = complete_live_command(value->kind);
    if (complete_is_path(value->kind)) {
        fputs(" -r -F", out);
        return;
    }
    fputs(" -x", out);
    if (live) {
        fprintf(out, " -a '(__rhumb_names %s)'", live);
    } else if (value->choices || value->kind == VALUE_COMMAND) {
        fputs(" -a '", out);
        (void)complete_put_words(out, value);
        fputc('\'', out);
    }
}

static void put_command(FILE *out, const struct command_entry *entry)
{
    const struct command_option *option;
    for (size_t i = 0; (option = command_option_at(entry, i)); i++) {
        fprintf(out, "complete -c rhumb -n '__rhumb_at %s'", entry->name);
        if (option->letter != '\0')
            fprintf(out, " -s %c", option->letter);
        fprintf(out, " -l %s", option->name);
        if (option->value.kind != VALUE_NONE)
            put_value(out, &option->value);
        fputs(" -d ", out);
        put_quoted(out, option->help);
        fputc('\n', out);
    }
    for (size_t i = 0; entry->arguments[i].help; i++) {
        fprintf(out, "complete -c rhumb -n '__rhumb_at %s %zu'", entry->name, i);
        put_value(out, &entry->arguments[i].value);
        fputc('\n', out);
    }
}

/* is_before - did an entry before this one have an option of that name? */
static bool is_before(size_t entry, const struct command_option *wanted)
{
    const struct command_option *option;
    for (size_t e = 0; e < entry; e++)
        for (size_t i = 0; (option = command_option_at(&COMMANDS[e], i)); i++)
            if (strcmp(option->name, wanted->name) == 0)
                return true;
    return false;
}

/* put_valued - the options that take a value, once each. */
static void put_valued(FILE *out)
{
    const struct command_option *option;
    fputs("set -g __rhumb_valued", out);
    for (size_t e = 0; e < COMMAND_COUNT; e++) {
        for (size_t i = 0; (option = command_option_at(&COMMANDS[e], i)); i++) {
            if (option->value.kind == VALUE_NONE || is_before(e, option))
                continue;
            if (option->letter != '\0')
                fprintf(out, " -%c", option->letter);
            fprintf(out, " --%s", option->name);
        }
    }
    fputc('\n', out);
}

void complete_fish_print(FILE *out)
{
    fputs("# fish completion for rhumb, as `rhumb completion fish` prints it.\n\n", out);
    put_valued(out);
    fputs((const char *)completion_fish, out);
    fputs("\ncomplete -c rhumb -f\n"
          "complete -c rhumb -n __rhumb_is_first -l help -s h -d 'overview'\n"
          "complete -c rhumb -n __rhumb_is_first -l version -s V -d 'version'\n"
          "complete -c rhumb -n 'not __rhumb_is_first' -l help -s h -d 'all about it'\n",
          out);
    for (size_t i = 0; i < COMMAND_COUNT; i++) {
        fprintf(out, "complete -c rhumb -n __rhumb_is_first -a %s -d ", COMMANDS[i].name);
        put_quoted(out, COMMANDS[i].summary);
        fputc('\n', out);
    }
    for (size_t i = 0; i < COMMAND_COUNT; i++)
        put_command(out, &COMMANDS[i]);
}
