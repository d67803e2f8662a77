/* complete_bash.c - for bash 4 and later; needs nothing of the package bash-completion.
 *
 *     _rhumb_table() {
 *         case $1 in
 *         drain)
 *             options='--help -s --service ...'
 *             arguments=('names regions')
 *             values=([-s]='names services' [--service]='names services' ...)
 */
#include "complete.h"

/* put_kind - 'names regions', 'words up down', 'files', or 'text', for which nothing is offered. */
static void put_kind(FILE *out, const struct command_value *value)
{
    const char *live = complete_live_command(value->kind);
    if (live)
        fprintf(out, "'names %s'", live);
    else if (complete_is_path(value->kind))
        fputs("files", out);
    else if (value->choices || value->kind == VALUE_COMMAND) {
        fputs("'words ", out);
        (void)complete_put_words(out, value);
        fputs("'", out);
    } else {
        fputs("text", out);
    }
}

static void put_options(FILE *out, const struct command_entry *entry)
{
    const struct command_option *option;
    fputs("        options='--help", out);
    for (size_t i = 0; (option = command_option_at(entry, i)); i++) {
        if (option->letter != '\0')
            fprintf(out, " -%c", option->letter);
        fprintf(out, " --%s", option->name);
    }
    fputs("'\n", out);
}

static void put_values(FILE *out, const struct command_entry *entry)
{
    const struct command_option *option;
    fputs("        values=(", out);
    for (size_t i = 0; (option = command_option_at(entry, i)); i++) {
        if (option->value.kind == VALUE_NONE)
            continue;
        if (option->letter != '\0') {
            fprintf(out, "\n            [-%c]=", option->letter);
            put_kind(out, &option->value);
        }
        fprintf(out, "\n            [--%s]=", option->name);
        put_kind(out, &option->value);
    }
    fputs(")\n", out);
}

static void put_command(FILE *out, const struct command_entry *entry)
{
    fprintf(out, "    %s)\n", entry->name);
    put_options(out, entry);
    fputs("        arguments=(", out);
    for (size_t i = 0; entry->arguments[i].help; i++) {
        fputs(i > 0 ? " " : "", out);
        put_kind(out, &entry->arguments[i].value);
    }
    fputs(")\n", out);
    put_values(out, entry);
    fputs("        ;;\n", out);
}

void complete_bash_print(FILE *out)
{
    static const struct command_value any_command = {.kind = VALUE_COMMAND};

    fputs("# bash completion for rhumb, as `rhumb completion bash` prints it.\n\n"
          "_rhumb_commands='",
          out);
    (void)complete_put_words(out, &any_command);
    fputs("'\n\n# _rhumb_table COMMAND - sets options, arguments and values of the caller.\n"
          "_rhumb_table() {\n    case $1 in\n",
          out);
    for (size_t i = 0; i < COMMAND_COUNT; i++)
        put_command(out, &COMMANDS[i]);
    fputs("    *) return 1 ;;\n    esac\n}\n", out);
    fputs((const char *)completion_bash, out);
}
