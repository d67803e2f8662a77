#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#include "options.h"

enum { WORDS_MAX = 16, OUTPUT_MAX = 4096 };

/* A command line, split at blanks, and what became of it. `` is an empty word. */
struct run {
    char line[256], output[OUTPUT_MAX]; /* output: of standard error */
    char *words[WORDS_MAX + 1];
    struct options options;
    bool ok;
};

static int split(struct run *run, const char *line)
{
    int count = 0;
    char *rest = NULL;
    snprintf(run->line, sizeof(run->line), "%s", line);
    for (char *word = strtok_r(run->line, " ", &rest); word;
         word = strtok_r(NULL, " ", &rest)) {
        assert_true(count < WORDS_MAX);
        if (strcmp(word, "``") == 0)
            *word = '\0';
        run->words[count++] = word;
    }
    run->words[count] = NULL;
    return count;
}

/* parse - options_parse() with standard error caught. */
static void parse(struct run *run, const char *line)
{
    *run = (struct run){.ok = false};
    int count = split(run, line);
    int caught = memfd_create("stderr", MFD_CLOEXEC), before = dup(STDERR_FILENO);
    assert_true(caught >= 0 && before >= 0);
    fflush(stderr);
    dup2(caught, STDERR_FILENO);
    run->ok = options_parse(count, run->words, &run->options);
    fflush(stderr);
    dup2(before, STDERR_FILENO);
    assert_true(pread(caught, run->output, OUTPUT_MAX - 1, 0) >= 0);
    close(caught);
    close(before);
}

static void good_lines_are_understood(void **state)
{
    (void)state;

    static const struct {
        const char *line;
        enum command command;
        const char *config_path, *name, *type, *client;
        bool is_ecs;
    } cases[] = {
        {"rhumb serve", COMMAND_SERVE, RHUMB_CONFIG_DEFAULT, NULL, NULL, NULL, false},
        {"rhumb serve -c a.yaml", COMMAND_SERVE, "a.yaml", NULL, NULL, NULL, false},
        {"rhumb check --config a.yaml", COMMAND_CHECK, "a.yaml", NULL, NULL, NULL, false},
        {"rhumb check --config=a.yaml", COMMAND_CHECK, "a.yaml", NULL, NULL, NULL, false},
        {"rhumb check -c a -c b", COMMAND_CHECK, "b", NULL, NULL, NULL, false},
        {"rhumb serve -c -odd", COMMAND_SERVE, "-odd", NULL, NULL, NULL, false},
        {"rhumb explain www.example.com --client 192.0.2.1", COMMAND_EXPLAIN,
         RHUMB_CONFIG_DEFAULT, "www.example.com", NULL, "192.0.2.1/32", false},
        {"rhumb explain --client 192.0.2.0/24 www.example.com AAAA -c x", COMMAND_EXPLAIN, "x",
         "www.example.com", "AAAA", "192.0.2.0/24", true},
        {"rhumb explain a aaaa --client=2001:db8::/56", COMMAND_EXPLAIN, RHUMB_CONFIG_DEFAULT,
         "a", "aaaa", "2001:db8::/56", true},
        {"rhumb explain a TYPE65 --client=::1", COMMAND_EXPLAIN, RHUMB_CONFIG_DEFAULT, "a",
         "TYPE65", "::1/128", false},
        {"rhumb version", COMMAND_VERSION, RHUMB_CONFIG_DEFAULT, NULL, NULL, NULL, false},
        {"rhumb --version", COMMAND_VERSION, RHUMB_CONFIG_DEFAULT, NULL, NULL, NULL, false},
        {"rhumb -V", COMMAND_VERSION, RHUMB_CONFIG_DEFAULT, NULL, NULL, NULL, false},
        {"rhumb help", COMMAND_HELP, RHUMB_CONFIG_DEFAULT, NULL, NULL, NULL, false},
        {"rhumb --help", COMMAND_HELP, RHUMB_CONFIG_DEFAULT, NULL, NULL, NULL, false},
        {"rhumb -h", COMMAND_HELP, RHUMB_CONFIG_DEFAULT, NULL, NULL, NULL, false},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct run run;
        char client[IP_TEXT_MAX];
        parse(&run, cases[i].line);
        if (!run.ok)
            print_error("%s: %s\n", cases[i].line, run.output);
        assert_true(run.ok);
        assert_string_equal(run.output, "");
        assert_int_equal(run.options.command, cases[i].command);
        assert_string_equal(run.options.config_path, cases[i].config_path);
        assert_string_equal(run.options.name ? run.options.name : "-",
                            cases[i].name ? cases[i].name : "-");
        assert_string_equal(run.options.type ? run.options.type : "-",
                            cases[i].type ? cases[i].type : "-");
        assert_int_equal(run.options.has_client, cases[i].client != NULL);
        assert_int_equal(run.options.client_is_ecs, cases[i].is_ecs);
        if (cases[i].client)
            assert_string_equal(ip_prefix_format(&run.options.client, client), cases[i].client);
    }
}

static void options_of_diff_and_simulate_are_understood(void **state)
{
    (void)state;
    struct run run;
    parse(&run, "rhumb diff new.yaml -c old.yaml --traffic=q.log --all --json");
    assert_true(run.ok);
    assert_int_equal(run.options.command, COMMAND_DIFF);
    assert_string_equal(run.options.config_path, "old.yaml");
    assert_string_equal(run.options.new_path, "new.yaml");
    assert_string_equal(run.options.traffic, "q.log");
    assert_true(run.options.all && run.options.json);
    parse(&run, "rhumb simulate --down eu --down=us/1 --drain x --qps 5 --qps a=6 --svg p");
    assert_true(run.ok);
    assert_int_equal(run.options.command, COMMAND_SIMULATE);
    assert_int_equal(run.options.down.count, 2);
    assert_string_equal(run.options.down.list[1], "us/1");
    assert_int_equal(run.options.drain.count, 1);
    assert_int_equal(run.options.qps.count, 2);
    assert_string_equal(run.options.qps.list[1], "a=6");
    assert_int_equal(run.options.services.count, 0);
    assert_string_equal(run.options.svg_path, "p");
    assert_null(run.options.traffic);
    assert_false(run.options.json);
}

static void no_option_may_be_given_without_end(void **state)
{
    enum { TIMES = OPTION_VALUES_MAX + 1 };

    static char rhumb[] = "rhumb", simulate[] = "simulate", down[] = "--down=eu";
    char *words[2 + TIMES + 1] = {rhumb, simulate};
    struct options options;
    (void)state;
    for (int i = 0; i < TIMES; i++)
        words[2 + i] = down;
    assert_true(options_parse(2 + TIMES - 1, words, &options));
    assert_int_equal(options.down.count, OPTION_VALUES_MAX);
    assert_false(options_parse(2 + TIMES, words, &options));
}

static void bad_lines_are_told_with_their_word(void **state)
{
    (void)state;

    static const struct {
        const char *line, *part;
    } cases[] = {
        {"rhumb", "usage:"},
        {"rhumb srve", "unknown command 'srve'"},
        {"rhumb ``", "unknown command ''"},
        {"rhumb Serve", "unknown command 'Serve'"},
        {"rhumb --verbose", "unknown command '--verbose'"},
        {"rhumb serve now", "unexpected argument 'now'"},
        {"rhumb serve --quiet", "unexpected argument '--quiet'"},
        {"rhumb serve -c", "-c wants a file"},
        {"rhumb serve -c ``", "-c wants a file"},
        {"rhumb serve --config=", "-c wants a file"},
        {"rhumb serve --configure x", "unexpected argument '--configure'"},
        {"rhumb serve -cx", "unexpected argument '-cx'"},
        {"rhumb check --client 192.0.2.1", "unexpected argument '--client'"},
        {"rhumb check --client=192.0.2.1", "unexpected argument '--client=192.0.2.1'"},
        {"rhumb version x", "unexpected argument 'x'"},
        {"rhumb explain", "explain wants a name and --client"},
        {"rhumb explain www", "explain wants a name and --client"},
        {"rhumb explain --client 192.0.2.1", "explain wants a name and --client"},
        {"rhumb explain www A --client", "--client '' is no address"},
        {"rhumb explain www --client=", "--client '' is no address"},
        {"rhumb explain www --client 192.0.2", "--client '192.0.2' is no address"},
        {"rhumb explain www --client 192.0.2.1/24", "--client '192.0.2.1/24' is no address"},
        {"rhumb explain www --client 192.0.2.0/33", "--client '192.0.2.0/33' is no address"},
        {"rhumb explain www --client here", "--client 'here' is no address"},
        {"rhumb explain www NOTYPE --client ::1", "'NOTYPE' is no record type"},
        {"rhumb explain www A AAAA --client ::1", "unexpected argument 'AAAA'"},
        {"rhumb explain www -x --client ::1", "unexpected argument '-x'"},
        {"rhumb audit --seed", "--seed wants a value"},
        {"rhumb audit --samples 1000000001",
         "--samples '1000000001' is no number from 0 to 1000"},
        {"rhumb audit --seed -1", "--seed '-1' is no number"},
        {"rhumb audit --seed 1x", "--seed '1x' is no number"},
        {"rhumb audit --seed 18446744073709551616", "is no number"},
        {"rhumb audit now", "unexpected argument 'now'"},
        {"rhumb check --json", "unexpected argument '--json'"},
        {"rhumb check --seed 1", "unexpected argument '--seed'"},
        {"rhumb diff", "diff wants the configuration to compare with"},
        {"rhumb diff a b", "unexpected argument 'b'"},
        {"rhumb diff a --down eu", "unexpected argument '--down'"},
        {"rhumb diff a --traffic", "--traffic wants a value"},
        {"rhumb simulate a", "unexpected argument 'a'"},
        {"rhumb simulate --all", "unexpected argument '--all'"},
        {"rhumb simulate --down=", "--down wants a value"},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct run run;
        parse(&run, cases[i].line);
        if (run.ok || !strstr(run.output, cases[i].part))
            print_error("%s: %s\n", cases[i].line, run.output);
        assert_false(run.ok);
        assert_non_null(strstr(run.output, cases[i].part));
        assert_true(run.output[strlen(run.output) - 1] == '\n');
    }
}

static void an_audit_has_a_seed_and_a_form(void **state)
{
    (void)state;
    struct run run;
    parse(&run, "rhumb audit");
    assert_true(run.ok);
    assert_int_equal(run.options.command, COMMAND_AUDIT);
    assert_int_equal(run.options.seed, 1);
    assert_int_equal(run.options.samples, 1000000);
    assert_false(run.options.json);
    parse(&run, "rhumb audit --json --seed=18446744073709551615 -c a.yaml");
    assert_true(run.ok);
    assert_true(run.options.json);
    assert_true(run.options.seed == UINT64_MAX);
    assert_string_equal(run.options.config_path, "a.yaml");
    parse(&run, "rhumb audit --samples 0 --seed 7");
    assert_int_equal(run.options.samples, 0);
    assert_int_equal(run.options.seed, 7);
}

static void the_help_names_every_command_and_option(void **state)
{
    (void)state;

    static const char *const parts[] = {"rhumb diff",     "rhumb audit",  "--seed",
                                        "rhumb simulate", "--traffic",    "--down",
                                        "--drain",        "--qps",        "--service",
                                        "--svg",          "--all",        "--json",
                                        "rhumb serve",    "rhumb check",  "rhumb explain",
                                        "rhumb version",  "rhumb help",   "--config",
                                        "--client",       "exit status:", RHUMB_CONFIG_DEFAULT};

    char *text = NULL;
    size_t len = 0;
    FILE *out = open_memstream(&text, &len);
    assert_non_null(out);
    options_print_help(out);
    assert_int_equal(fclose(out), 0);
    for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
        assert_non_null(strstr(text, parts[i]));
    for (const char *line = text; *line != '\0'; line = strchr(line, '\n') + 1)
        assert_true(strcspn(line, "\n") <= 100);
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(good_lines_are_understood),
        cmocka_unit_test(options_of_diff_and_simulate_are_understood),
        cmocka_unit_test(no_option_may_be_given_without_end),
        cmocka_unit_test(bad_lines_are_told_with_their_word),
        cmocka_unit_test(an_audit_has_a_seed_and_a_form),
        cmocka_unit_test(the_help_names_every_command_and_option),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
