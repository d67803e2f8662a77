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

#include "rhumb/options.h"

#include "option_value.h"

enum { WORDS_MAX = 20, OUTPUT_MAX = 4096 };

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

static const char *text_or_dash(const char *text)
{
    return text ? text : "-";
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
        {"rhumb serve -ca.yaml", COMMAND_SERVE, "a.yaml", NULL, NULL, NULL, false},
        {"rhumb check --config a.yaml", COMMAND_CHECK, "a.yaml", NULL, NULL, NULL, false},
        {"rhumb check --config=a.yaml", COMMAND_CHECK, "a.yaml", NULL, NULL, NULL, false},
        {"rhumb check --config=a=b", COMMAND_CHECK, "a=b", NULL, NULL, NULL, false},
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
        {"rhumb explain --client ::1 -- -a", COMMAND_EXPLAIN, RHUMB_CONFIG_DEFAULT, "-a", NULL,
         "::1/128", false},
        {"rhumb status", COMMAND_STATUS, RHUMB_CONFIG_DEFAULT, NULL, NULL, NULL, false},
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
        assert_int_equal(run.options.config_is_default,
                         strcmp(cases[i].config_path, RHUMB_CONFIG_DEFAULT) == 0);
        assert_string_equal(text_or_dash(run.options.name), text_or_dash(cases[i].name));
        assert_string_equal(text_or_dash(run.options.type), text_or_dash(cases[i].type));
        assert_int_equal(run.options.client.text != NULL, cases[i].client != NULL);
        assert_int_equal(run.options.client.has_length, cases[i].is_ecs);
        if (cases[i].client)
            assert_string_equal(ip_prefix_format(&run.options.client.prefix, client),
                                cases[i].client);
    }
}

static void a_change_is_understood_with_all_it_says(void **state)
{
    struct run run;
    (void)state;
    parse(&run, "rhumb drain eu-west/2001:db8::7 -s app -rdisk --for 1h30m --by anna "
                "--socket 127.0.0.1:8053 --token-file t --json");
    assert_true(run.ok);
    assert_int_equal(run.options.command, COMMAND_DRAIN);
    assert_string_equal(run.options.place.region, "eu-west");
    assert_string_equal(run.options.place.address, "2001:db8::7");
    assert_string_equal(run.options.service, "app");
    assert_string_equal(run.options.reason, "disk");
    assert_int_equal(run.options.for_s, 5400);
    assert_string_equal(run.options.by, "anna");
    assert_string_equal(run.options.socket, "127.0.0.1:8053");
    assert_string_equal(run.options.token_file, "t");
    assert_true(run.options.json);

    parse(&run, "rhumb force down eu-west --reason=x --until 2026-08-01T12:00:00Z");
    assert_true(run.ok);
    assert_string_equal(run.options.state, "down");
    assert_string_equal(run.options.place.region, "eu-west");
    assert_null(run.options.place.address);
    assert_string_equal(run.options.until, "2026-08-01T12:00:00Z");

    parse(&run, "rhumb failover app --to eu-west --reason x --force");
    assert_true(run.ok);
    assert_string_equal(run.options.service, "app");
    assert_string_equal(run.options.to, "eu-west");
    assert_true(run.options.force);
}

static void options_of_diff_and_simulate_are_understood(void **state)
{
    struct run run;
    (void)state;
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

static void an_audit_has_a_seed_and_a_form(void **state)
{
    struct run run;
    (void)state;
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

static void durations_have_units(void **state)
{
    (void)state;

    static const struct {
        const char *text;
        uint64_t seconds; /* 0: it is none */
    } cases[] = {
        {"90s", 90},
        {"30m", 1800},
        {"2h", 7200},
        {"1d", 86400},
        {"1h30m", 5400},
        {"1d1s", 86401},
        {"0s", 0},
        {"0h0m", 0},
        {"30", 0},
        {"m", 0},
        {"", 0},
        {"1.5h", 0},
        {"-1h", 0},
        {"1h30", 0},
        {"1w", 0},
        {"1 h", 0},
        {"1H", 0},
        {"0h1s", 1},
        {"999999999d", UINT64_C(999999999) * 86400},
        {"9999999999d", 0},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        uint64_t seconds = 0;
        assert_int_equal(option_duration_parse(cases[i].text, &seconds), cases[i].seconds > 0);
        assert_int_equal(seconds, cases[i].seconds);
    }
}

static void help_of_a_command_is_asked_for_in_two_ways(void **state)
{
    (void)state;

    static const char *const lines[] = {"rhumb help drain", "rhumb drain --help",
                                        "rhumb drain -h", "rhumb drain eu --help"};

    for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
        struct run run;
        parse(&run, lines[i]);
        assert_true(run.ok);
        assert_int_equal(run.options.command, COMMAND_HELP);
        assert_string_equal(run.options.topic, "drain");
    }
}

static void bad_lines_are_told_with_their_word(void **state)
{
    (void)state;

    static const struct {
        const char *line, *part, *remedy;
    } cases[] = {
        {"rhumb", "usage:", "rhumb help COMMAND"},
        {"rhumb srve", "unknown command 'srve'", "did you mean 'serve'?"},
        {"rhumb stauts", "unknown command 'stauts'", "did you mean 'status'?"},
        {"rhumb ``", "unknown command ''", "rhumb help"},
        {"rhumb Serve", "unknown command 'Serve'", "did you mean 'serve'?"},
        {"rhumb everything", "unknown command 'everything'", "rhumb help"},
        {"rhumb --verbose", "'--verbose' comes before the command", "rhumb help"},
        {"rhumb -c a status", "'-c' comes before the command", "rhumb help"},
        {"rhumb help nothing", "unknown command 'nothing'", "rhumb help"},
        {"rhumb help drian", "unknown command 'drian'", "did you mean 'drain'?"},
        {"rhumb serve now", "serve: unexpected argument 'now'", "rhumb help serve"},
        {"rhumb serve --quiet", "unknown option '--quiet'", "rhumb help serve"},
        {"rhumb serve -q", "unknown option '-q'", "rhumb help serve"},
        {"rhumb serve -c", "--config wants FILE", "rhumb help serve"},
        {"rhumb serve -c ``", "--config wants FILE", "rhumb help serve"},
        {"rhumb serve --config=", "--config wants FILE", "rhumb help serve"},
        {"rhumb serve --configure x", "unknown option '--configure'", "rhumb help serve"},
        {"rhumb serve --confg x", "unknown option '--confg'", "did you mean '--config'?"},
        {"rhumb serve --socket x", "unknown option '--socket'", "rhumb help serve"},
        {"rhumb status --json=yes", "--json takes no value", "rhumb help status"},
        {"rhumb check --client 192.0.2.1", "unknown option '--client'", "rhumb help check"},
        {"rhumb check --client=192.0.2.1", "unknown option '--client'", "rhumb help check"},
        {"rhumb version x", "unexpected argument 'x'", "rhumb help version"},
        {"rhumb explain", "missing NAME", "rhumb help explain"},
        {"rhumb explain www", "missing --client ADDRESS[/LENGTH]", "rhumb help explain"},
        {"rhumb explain --client 192.0.2.1", "missing NAME", "rhumb help explain"},
        {"rhumb explain www A --client", "--client wants ADDRESS", "rhumb help explain"},
        {"rhumb explain www --client=", "--client wants ADDRESS", "rhumb help explain"},
        {"rhumb explain www --client 192.0.2", "--client '192.0.2': expected an address",
         "rhumb help explain"},
        {"rhumb explain www --client 192.0.2.1/24", "bits beyond the length", "explain"},
        {"rhumb explain www --client 192.0.2.0/33", "--client '192.0.2.0/33'", "explain"},
        {"rhumb explain www NOTYPE --client ::1", "'NOTYPE': expected a record type",
         "explain"},
        {"rhumb explain www A AAAA --client ::1", "unexpected argument 'AAAA'", "explain"},
        {"rhumb explain www --json --client ::1", "--json is for --live", "explain"},
        {"rhumb explain www --socket x --client ::1", "are for --live", "explain"},
        {"rhumb drain", "missing REGION[/ADDRESS]", "rhumb help drain"},
        {"rhumb drain eu", "missing --reason TEXT", "rhumb help drain"},
        {"rhumb drain eu --reason ``", "--reason wants TEXT", "rhumb help drain"},
        {"rhumb drain eu --reson x", "unknown option '--reson'", "did you mean '--reason'?"},
        {"rhumb drain eu/ -r x", "'eu/': expected a region, or REGION/ADDRESS", "drain"},
        {"rhumb drain /192.0.2.1 -r x", "'/192.0.2.1': expected a region", "drain"},
        {"rhumb drain eu/192.0.2 -r x", "'eu/192.0.2': expected a region", "drain"},
        {"rhumb drain eu -r x --for 30", "--for '30': expected a duration such as", "drain"},
        {"rhumb drain eu -r x --for 0m", "--for '0m': expected a duration", "drain"},
        {"rhumb drain eu -r x --until soon", "--until 'soon': expected a time in UTC", "drain"},
        {"rhumb drain eu -r x --for 1m --until 2026-08-01T12:00:00Z",
         "--for and --until exclude each other", "drain"},
        {"rhumb force eu", "'eu': expected up|down", "rhumb help force"},
        {"rhumb force up", "missing REGION[/ADDRESS]", "rhumb help force"},
        {"rhumb failover app --reason x", "missing --to REGION", "rhumb help failover"},
        {"rhumb events --since last", "--since 'last': expected a number", "events"},
        {"rhumb regions --json --names", "--json and --names exclude each other", "regions"},
        {"rhumb services app --names", "leave SERVICE out", "services"},
        {"rhumb audit --seed", "--seed wants NUMBER", "rhumb help audit"},
        {"rhumb audit --samples 1000000001", "--samples '1000000001': expected a number",
         "audit"},
        {"rhumb audit --seed -1", "--seed '-1': expected a number", "audit"},
        {"rhumb audit --seed 1x", "--seed '1x': expected a number", "audit"},
        {"rhumb audit --seed 18446744073709551616", "expected a number in its range", "audit"},
        {"rhumb check --seed 1", "unknown option '--seed'", "check"},
        {"rhumb diff", "missing NEW", "rhumb help diff"},
        {"rhumb diff a b", "unexpected argument 'b'", "diff"},
        {"rhumb diff a --down eu", "unknown option '--down'", "diff"},
        {"rhumb diff a --traffic", "--traffic wants FILE", "diff"},
        {"rhumb simulate a", "unexpected argument 'a'", "simulate"},
        {"rhumb simulate --all", "unknown option '--all'", "simulate"},
        {"rhumb simulate --down=", "--down wants WHAT", "simulate"},
        {"rhumb completion tcsh", "'tcsh': expected bash|zsh|fish", "rhumb help completion"},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct run run;
        parse(&run, cases[i].line);
        bool good =
            !run.ok && strstr(run.output, cases[i].part) && strstr(run.output, cases[i].remedy);
        if (!good)
            print_error("%s: %s\n", cases[i].line, run.output);
        assert_true(good);
        assert_true(run.output[strlen(run.output) - 1] == '\n');
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(good_lines_are_understood),
        cmocka_unit_test(a_change_is_understood_with_all_it_says),
        cmocka_unit_test(options_of_diff_and_simulate_are_understood),
        cmocka_unit_test(no_option_may_be_given_without_end),
        cmocka_unit_test(an_audit_has_a_seed_and_a_form),
        cmocka_unit_test(durations_have_units),
        cmocka_unit_test(help_of_a_command_is_asked_for_in_two_ways),
        cmocka_unit_test(bad_lines_are_told_with_their_word),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
