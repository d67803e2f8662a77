/* complete_zsh.c - for zsh, as a function of $fpath called _rhumb, or to be read by `source`.
 *
 *     _rhumb_table() {
 *         case $1 in
 *         drain)
 *             specs=(
 *                 '(- *)--help[...]'
 *                 '(-s --service)-s+[in this service alone]:SERVICE: _rhumb_names services'
 *                 '1:REGION: _rhumb_names regions'
 */
#include "complete.h"

static const char SPECIAL[] = "[]:\\";

/* put_action - ":NAME:how to complete it" and the end of the quotes. A blank before the function: it
 * gets its arguments as they stand. */
static void put_action(FILE *out, const struct command_value *value)
{
    const char *live = complete_live_command(value->kind);
    fputc(':', out);
    complete_put_quoted(out, value->name, ":\\");
    fputc(':', out);
    if (live) {
        fprintf(out, " _rhumb_names %s", live);
    } else if (complete_is_path(value->kind)) {
        fputs("_files", out);
    } else if (value->choices || value->kind == VALUE_COMMAND) {
        fputc('(', out);
        (void)complete_put_words(out, value);
        fputc(')', out);
    } else {
        fputc(' ', out);
    }
    fputs("'\n", out);
}

/* put_spec - of one way to write an option; both ways exclude each other. */
static void put_spec(FILE *out, const struct command_option *option, bool is_letter)
{
    bool takes_value = option->value.kind != VALUE_NONE;
    fputs(option->repeats ? "            '*" : "            '", out);
    if (option->letter != '\0' && !option->repeats)
        fprintf(out, "(-%c --%s)", option->letter, option->name);
    if (is_letter)
        fprintf(out, "-%c%s[", option->letter, takes_value ? "+" : "");
    else
        fprintf(out, "--%s%s[", option->name, takes_value ? "=" : "");
    complete_put_quoted(out, option->help, SPECIAL);
    fputc(']', out);
    if (takes_value)
        put_action(out, &option->value);
    else
        fputs("'\n", out);
}

static void put_command(FILE *out, const struct command_entry *entry)
{
    const struct command_option *option;
    fprintf(out, "    %s)\n        specs=(\n            '(- *)'{-h,--help}'[all about it]'\n",
            entry->name);
    for (size_t i = 0; (option = command_option_at(entry, i)); i++) {
        if (option->letter != '\0')
            put_spec(out, option, true);
        put_spec(out, option, false);
    }
    for (size_t i = 0; entry->arguments[i].help; i++) {
        fprintf(out, "            '%zu", i + 1);
        put_action(out, &entry->arguments[i].value);
    }
    fputs("        )\n        ;;\n", out);
}

void complete_zsh_print(FILE *out)
{
    fputs("#compdef rhumb\n"
          "# zsh completion for rhumb, as `rhumb completion zsh` prints it.\n\n"
          "# _rhumb_commands - sets commands of the caller.\n"
          "_rhumb_commands() {\n    commands=(\n",
          out);
    for (size_t i = 0; i < COMMAND_COUNT; i++) {
        fprintf(out, "        '%s:", COMMANDS[i].name);
        complete_put_quoted(out, COMMANDS[i].summary, "\\");
        fputs("'\n", out);
    }
    fputs("    )\n}\n\n# _rhumb_table COMMAND - sets specs of the caller.\n"
          "_rhumb_table() {\n    case $1 in\n",
          out);
    for (size_t i = 0; i < COMMAND_COUNT; i++)
        put_command(out, &COMMANDS[i]);
    fputs("    *) return 1 ;;\n    esac\n}\n", out);
    fputs((const char *)completion_zsh, out);
}
