#include "complete.h"

#include <string.h>

void complete_print(FILE *out, const char *shell)
{
    if (strcmp(shell, "bash") == 0)
        complete_bash_print(out);
    else if (strcmp(shell, "zsh") == 0)
        complete_zsh_print(out);
    else
        complete_fish_print(out);
}

const char *complete_live_command(enum value_kind kind)
{
    if (kind == VALUE_SERVICE)
        return COMMANDS[COMMAND_SERVICES].name;
    if (kind == VALUE_REGION || kind == VALUE_PLACE)
        return COMMANDS[COMMAND_REGIONS].name;
    return kind == VALUE_TARGET ? COMMANDS[COMMAND_TARGETS].name : NULL;
}

bool complete_is_path(enum value_kind kind)
{
    return kind == VALUE_FILE || kind == VALUE_ADDRESS;
}

bool complete_put_words(FILE *out, const struct command_value *value)
{
    if (value->kind == VALUE_COMMAND) {
        for (size_t i = 0; i < COMMAND_COUNT; i++)
            fprintf(out, "%s%s", i > 0 ? " " : "", COMMANDS[i].name);
        return true;
    }
    for (size_t i = 0; value->choices && value->choices[i]; i++)
        fprintf(out, "%s%s", i > 0 ? " " : "", value->choices[i]);
    return value->choices != NULL;
}

void complete_put_quoted(FILE *out, const char *text, const char *special)
{
    for (; *text != '\0'; text++) {
        if (*text == '\'')
            fputs("'\\'", out); /* the end of the quotes, a quote; they begin again: */
        else if (strchr(special, *text))
            fputc('\\', out);
        fputc(*text, out);
    }
}
