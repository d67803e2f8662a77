#include "manual.h"

#include <string.h>

#include "rhumb/text.h"

#include "command_table.h"
#include "help.h"

enum { SYNOPSIS_MAX = 4096, LINE_MAX_BYTES = 4096 };

/* ---- pieces of scdoc ---- */

/* put_escaped - a character that scdoc would take for markup gets a backslash. A tab of the synopsis is
 * a blank. */
static void put_escaped(FILE *out, const char *text, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        if (strchr("*_\\#[]|", text[i]) && text[i] != '\0')
            fputc('\\', out);
        fputc(text[i] == '\t' ? ' ' : text[i], out);
    }
}

/* put_prose - paragraphs, each line behind `indent`; `...` is set in bold. */
static void put_prose(FILE *out, const char *text, const char *indent)
{
    fputs(indent, out);
    while (*text != '\0') {
        size_t len = strcspn(text, "`\n");
        put_escaped(out, text, len);
        text += len;
        if (*text == '`') {
            len = strcspn(text + 1, "`");
            fputc('*', out);
            put_escaped(out, text + 1, len);
            fputc('*', out);
            text += len + 2;
        } else if (*text == '\n') {
            size_t ends = strspn(text, "\n");
            fprintf(out, "\n\n%s", indent);
            text += ends;
        }
    }
    fputc('\n', out);
}

static void put_synopsis(FILE *out, const struct command_entry *entry)
{
    struct text synopsis;
    text_init(&synopsis, SYNOPSIS_MAX);
    help_put_synopsis(&synopsis, entry);
    fprintf(out, "*rhumb %s*", entry->name);
    put_escaped(out, text_get(&synopsis), synopsis.len);
    text_deinit(&synopsis);
}

static void put_option(FILE *out, const struct command_option *option, const char *indent)
{
    fprintf(out, "\n%s*", indent);
    if (option->letter != '\0')
        fprintf(out, "-%c*, *", option->letter);
    fprintf(out, "--%s*", option->name);
    if (option->value.kind != VALUE_NONE) {
        fputs(" _", out);
        put_escaped(out, option->value.name, strlen(option->value.name));
        fputc('_', out);
    }
    fprintf(out, "\n%s\t", indent);
    put_prose(out, option->help, "");
}

static void put_examples(FILE *out, const char *examples)
{
    fputs("\n\tExamples:\n", out);
    while (*examples != '\0') {
        size_t len = strcspn(examples, "\n");
        fputs("\n\t\trhumb ", out);
        put_escaped(out, examples, len);
        fputc('\n', out);
        examples += len + (examples[len] == '\n');
    }
}

static void put_command(FILE *out, const struct command_entry *entry)
{
    fputc('\n', out);
    put_synopsis(out, entry);
    fputc('\n', out);
    put_prose(out, entry->details, "\t");
    for (size_t i = 0; entry->arguments[i].help; i++) {
        const struct command_argument *argument = &entry->arguments[i];
        fputs("\n\t_", out);
        put_escaped(out, argument->value.name, strlen(argument->value.name));
        fputs("_\n\t\t", out);
        put_prose(out, argument->help, "");
    }
    for (const struct command_option *option = entry->options; option->name; option++)
        put_option(out, option, "\t");
    if (entry->examples)
        put_examples(out, entry->examples);
}

/* ---- the sections ---- */

static void put_all_synopses(FILE *out)
{
    for (size_t i = 0; i < COMMAND_COUNT; i++) {
        put_synopsis(out, &COMMANDS[i]);
        fputs(i + 1 < COMMAND_COUNT ? "++\n" : "\n", out);
    }
}

static void put_commands(FILE *out)
{
    for (unsigned group = 0; group < GROUP_COUNT; group++) {
        fprintf(out, "%s## %s\n", group > 0 ? "\n" : "", COMMAND_GROUPS[group]);
        for (size_t i = 0; i < COMMAND_COUNT; i++)
            if (COMMANDS[i].group == group)
                put_command(out, &COMMANDS[i]);
    }
}

static void put_connection(FILE *out)
{
    for (const struct command_option *option = COMMAND_CONNECTION; option->name; option++)
        put_option(out, option, "");
}

static void put_notes(FILE *out, const struct command_note *note)
{
    for (; note->name; note++) {
        fputs("\n*", out);
        put_escaped(out, note->name, strlen(note->name));
        fputs("*\n\t", out);
        put_prose(out, note->text, "");
    }
}

static void put_exits(FILE *out)
{
    put_notes(out, COMMAND_EXITS);
}

static void put_environment(FILE *out)
{
    put_notes(out, COMMAND_ENVIRONMENT);
}

bool manual_fill(FILE *template, FILE *out, FILE *errors)
{
    static const struct {
        const char *line;
        void (*put)(FILE *out);
    } parts[] = {
        {"@SYNOPSIS@\n", put_all_synopses},   {"@COMMANDS@\n", put_commands},
        {"@SERVER@\n", put_connection},       {"@EXITS@\n", put_exits},
        {"@ENVIRONMENT@\n", put_environment},
    };

    enum { PART_COUNT = sizeof(parts) / sizeof(parts[0]) };

    char line[LINE_MAX_BYTES];
    while (fgets(line, sizeof(line), template)) {
        size_t i = 0;
        while (i < PART_COUNT && strcmp(parts[i].line, line) != 0)
            i++;
        if (i < PART_COUNT) {
            parts[i].put(out);
        } else if (line[0] == '@') {
            fprintf(errors, "manual: nothing is called %s", line);
            return false;
        } else {
            fputs(line, out);
        }
    }
    return true;
}
