/* What is said of a command agrees everywhere: parser, help, completions, rhumb(8), README. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "rhumb/cli.h"

#include "command_table.h"
#include "complete.h"
#include "help.h"
#include "manual.h"

enum { WORDS_MAX = 40, LINE_MAX = 80 };

/* ---- what is printed, as text to free() ---- */

static char *printed(void (*print)(FILE *out))
{
    char *text = NULL;
    size_t len = 0;
    FILE *out = open_memstream(&text, &len);
    assert_non_null(out);
    print(out);
    assert_int_equal(fclose(out), 0);
    return text;
}

static char *help_of(const struct command_entry *entry)
{
    char *text = NULL;
    size_t len = 0;
    FILE *out = open_memstream(&text, &len);
    assert_non_null(out);
    help_print_command(out, entry);
    assert_int_equal(fclose(out), 0);
    return text;
}

static void print_manual(FILE *out)
{
    static char template[] = "@SYNOPSIS@\n@COMMANDS@\n@SERVER@\n@EXITS@\n@ENVIRONMENT@\n";

    FILE *in = fmemopen(template, sizeof(template) - 1, "r");
    assert_non_null(in);
    assert_true(manual_fill(in, out, stderr));
    fclose(in);
}

static char *read_source(const char *path)
{
    char full[4096], *text = NULL;
    size_t len = 0;
    (void)snprintf(full, sizeof(full), "%s/../../%s", getenv("RHUMB_TEST_DATA"), path);
    FILE *in = fopen(full, "re");
    assert_non_null(in);
    assert_true(getdelim(&text, &len, '\0', in) > 0);
    fclose(in);
    return text;
}

#define assert_in(text, format, ...)                                                           \
    do {                                                                                       \
        char wanted_[512];                                                                     \
        (void)snprintf(wanted_, sizeof(wanted_), (format), __VA_ARGS__);                       \
        if (!strstr((text), wanted_))                                                          \
            print_error("missing: %s\n", wanted_);                                             \
        assert_non_null(strstr((text), wanted_));                                              \
    } while (0)

static void assert_width(const char *text)
{
    for (const char *line = text; *line != '\0'; line = strchr(line, '\n') + 1) {
        if (strcspn(line, "\n") > LINE_MAX)
            print_error("too wide: %.*s\n", (int)strcspn(line, "\n"), line);
        assert_true(strcspn(line, "\n") <= LINE_MAX);
        assert_non_null(strchr(line, '\n'));
    }
}

/* ---- a command line that has everything the table allows ---- */

static const char *sample_of(const struct command_value *value)
{
    switch (value->kind) {
    case VALUE_CHOICE: return value->choices[0];
    case VALUE_COMMAND: return "serve";
    case VALUE_TYPE: return "AAAA";
    case VALUE_NUMBER:
    case VALUE_COUNT: return "7";
    case VALUE_DURATION: return "30m";
    case VALUE_NETWORK: return "192.0.2.0/24";
    case VALUE_TIME: return "2026-08-01T12:00:00Z";
    case VALUE_PLACE: return "eu-west/192.0.2.1";
    case VALUE_NONE:
    case VALUE_TEXT:
    case VALUE_FILE:
    case VALUE_ADDRESS:
    case VALUE_NAME:
    case VALUE_SERVICE:
    case VALUE_REGION:
    case VALUE_TARGET: break;
    }
    return "value";
}

/* parse_with - the command with its arguments, what must be said, and this option, by its letter or
 * its name. */
static bool parse_with(const struct command_entry *entry, const struct command_option *extra,
                       bool by_letter, struct options *out_options)
{
    char letter[3] = "-?", names[WORDS_MAX][64];
    const char *words[WORDS_MAX + 1] = {"rhumb", entry->name};
    int count = 2;
    for (size_t i = 0; entry->arguments[i].help; i++)
        words[count++] = sample_of(&entry->arguments[i].value);
    const struct command_option *option;
    for (size_t i = 0; (option = command_option_at(entry, i)); i++) {
        if (!option->is_required && option != extra)
            continue;
        letter[1] = option->letter;
        (void)snprintf(names[count], sizeof(names[count]), "--%s", option->name);
        words[count] = option == extra && by_letter ? letter : names[count];
        count++;
        if (option->value.kind != VALUE_NONE)
            words[count++] = sample_of(&option->value);
    }
    char *argv[WORDS_MAX + 1];
    for (int i = 0; i < count; i++)
        argv[i] = strdup(words[i]);
    bool ok = options_parse(count, argv, out_options);
    for (int i = 0; i < count; i++)
        free(argv[i]);
    return ok;
}

/* is_refused_alone - options that need another one beside them. */
static bool is_refused_alone(const struct command_entry *entry,
                             const struct command_option *option)
{
    bool is_explain = entry == &COMMANDS[COMMAND_EXPLAIN];
    bool is_services = entry == &COMMANDS[COMMAND_SERVICES];
    return (is_explain &&
            (strcmp(option->name, "json") == 0 || strcmp(option->name, "socket") == 0 ||
             strcmp(option->name, "token-file") == 0)) ||
           (is_services && strcmp(option->name, "names") == 0);
}

static void the_parser_takes_every_option_of_the_table(void **state)
{
    (void)state;
    for (size_t c = 0; c < COMMAND_COUNT; c++) {
        const struct command_option *option;
        struct options options;
        assert_true(parse_with(&COMMANDS[c], NULL, false, &options));
        assert_int_equal(options.command, c);
        for (size_t i = 0; (option = command_option_at(&COMMANDS[c], i)); i++) {
            assert_int_equal(parse_with(&COMMANDS[c], option, false, &options),
                             !is_refused_alone(&COMMANDS[c], option));
            if (option->letter != '\0')
                assert_true(parse_with(&COMMANDS[c], option, true, &options));
        }
    }
}

/* ---- the table itself ---- */

static void names_and_letters_are_clear(void **state)
{
    (void)state;
    for (size_t c = 0; c < COMMAND_COUNT; c++) {
        const struct command_entry *entry = &COMMANDS[c];
        const struct command_option *a, *b;
        assert_non_null(entry->name);
        assert_ptr_equal(command_find(entry->name), entry);
        assert_non_null(entry->summary);
        assert_non_null(entry->details);
        for (size_t i = 0; (a = command_option_at(entry, i)); i++) {
            assert_non_null(a->help);
            assert_int_equal(a->value.kind == VALUE_NONE, a->value.name == NULL);
            assert_true(a->letter != 'h');
            for (size_t j = i + 1; (b = command_option_at(entry, j)); j++) {
                assert_string_not_equal(a->name, b->name);
                assert_true(a->letter == '\0' || a->letter != b->letter);
            }
        }
    }
    assert_null(command_find("nothing"));
}

static void examples_are_command_lines(void **state)
{
    (void)state;
    for (size_t c = 0; c < COMMAND_COUNT; c++) {
        const char *examples = COMMANDS[c].examples;
        while (examples && *examples != '\0') {
            size_t len = strlen(COMMANDS[c].name);
            assert_memory_equal(examples, COMMANDS[c].name, len);
            assert_true(examples[len] == ' ' || examples[len] == '\n' || examples[len] == '\0');
            examples += strcspn(examples, "\n");
            examples += *examples == '\n';
        }
    }
}

/* ---- what is made of it ---- */

static void the_overview_names_every_command(void **state)
{
    char *text = printed(help_print_overview);
    (void)state;
    for (size_t c = 0; c < COMMAND_COUNT; c++) {
        assert_in(text, "\n  %s ", COMMANDS[c].name);
        assert_in(text, "%s\n", COMMANDS[c].summary);
    }
    for (const struct command_note *note = COMMAND_EXITS; note->name; note++)
        assert_in(text, "\n  %s  %.30s", note->name, note->text);
    for (const struct command_note *note = COMMAND_ENVIRONMENT; note->name; note++)
        assert_in(text, "\n  %s ", note->name);
    assert_width(text);
    free(text);
}

static void the_help_of_a_command_has_all_of_it(void **state)
{
    (void)state;
    for (size_t c = 0; c < COMMAND_COUNT; c++) {
        const struct command_entry *entry = &COMMANDS[c];
        char *text = help_of(entry);
        const struct command_option *option;
        assert_in(text, "usage: rhumb %s", entry->name);
        for (size_t i = 0; entry->arguments[i].help; i++)
            assert_in(text, "\n  %s", entry->arguments[i].value.name);
        for (size_t i = 0; (option = command_option_at(entry, i)); i++) {
            if (option->letter != '\0')
                assert_in(text, "\n  -%c, --%s", option->letter, option->name);
            else
                assert_in(text, "\n      --%s", option->name);
            if (i < command_own_count(entry))
                assert_in(text, option->is_required ? "--%s%s" : "[--%s%s", option->name,
                          option->value.kind == VALUE_NONE ? "]" : " ");
        }
        assert_width(text);
        free(text);
    }
}

static void the_manual_has_every_command_and_option(void **state)
{
    char *text = printed(print_manual);
    (void)state;
    for (size_t c = 0; c < COMMAND_COUNT; c++) {
        const struct command_entry *entry = &COMMANDS[c];
        char head[64];
        (void)snprintf(head, sizeof(head), "\n*rhumb %s*", entry->name);
        const char *synopsis = strstr(text, head + (c == 0));
        assert_non_null(synopsis);
        const char *section = strstr(synopsis + 1, head); /* with its options */
        assert_non_null(section);
        for (const struct command_option *option = entry->options; option->name; option++) {
            if (option->letter != '\0')
                assert_in(section, "\n\t*-%c*, *--%s*", option->letter, option->name);
            else
                assert_in(section, "\n\t*--%s*", option->name);
        }
    }
    for (const struct command_option *option = COMMAND_CONNECTION; option->name; option++)
        assert_in(text, "*--%s*", option->name);
    for (const struct command_note *note = COMMAND_EXITS; note->name; note++)
        assert_in(text, "\n*%s*\n", note->name);
    assert_in(text, "%s", "*RHUMB\\_SOCKET*");
    free(text);
}

static void completions_know_every_command_and_option(void **state)
{
    char *bash = printed(complete_bash_print), *zsh = printed(complete_zsh_print);
    char *fish = printed(complete_fish_print);
    (void)state;
    for (size_t c = 0; c < COMMAND_COUNT; c++) {
        const struct command_entry *entry = &COMMANDS[c];
        const struct command_option *option;
        char head[64];
        (void)snprintf(head, sizeof(head), "\n    %s)\n", entry->name);
        const char *in_bash = strstr(bash, head), *in_zsh = strstr(zsh, head);
        assert_non_null(in_bash);
        assert_non_null(in_zsh);
        assert_in(fish, "__rhumb_is_first -a %s -d", entry->name);
        for (size_t i = 0; (option = command_option_at(entry, i)); i++) {
            bool takes_value = option->value.kind != VALUE_NONE;
            assert_in(in_bash, " --%s", option->name);
            assert_in(in_zsh, "--%s%s", option->name, takes_value ? "=[" : "[");
            if (option->repeats)
                assert_in(in_zsh, "'*--%s=[", option->name);
            assert_in(fish, "'__rhumb_at %s'%s%.1s -l %s", entry->name,
                      option->letter != '\0' ? " -s " : "",
                      option->letter != '\0' ? &option->letter : "", option->name);
            if (takes_value)
                assert_in(in_bash, "[--%s]=", option->name);
        }
    }
    free(bash);
    free(zsh);
    free(fish);
}

static void an_unknown_line_of_a_template_is_told(void **state)
{
    static char template[] = "text\n@NOTHING@\n";

    char *told = NULL;
    size_t len = 0;
    FILE *in = fmemopen(template, sizeof(template) - 1, "r");
    FILE *errors = open_memstream(&told, &len), *out = fopen("/dev/null", "we");
    (void)state;
    assert_false(manual_fill(in, out, errors));
    fclose(in);
    fclose(out);
    fclose(errors);
    assert_in(told, "%s", "@NOTHING@");
    free(told);
}

static void the_readme_names_every_command(void **state)
{
    char *text = read_source("README.md");
    (void)state;
    for (size_t c = 0; c < COMMAND_COUNT; c++)
        assert_in(text, "`%s`", COMMANDS[c].name);
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_parser_takes_every_option_of_the_table),
        cmocka_unit_test(names_and_letters_are_clear),
        cmocka_unit_test(examples_are_command_lines),
        cmocka_unit_test(the_overview_names_every_command),
        cmocka_unit_test(the_help_of_a_command_has_all_of_it),
        cmocka_unit_test(the_manual_has_every_command_and_option),
        cmocka_unit_test(completions_know_every_command_and_option),
        cmocka_unit_test(an_unknown_line_of_a_template_is_told),
        cmocka_unit_test(the_readme_names_every_command),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
