#include "options.h"

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "rhumb/dns_type.h"

static const struct {
    const char *name;
    enum command command;
    const char *arguments, *summary;
} commands[] = {
    {"serve", COMMAND_SERVE, "[-c FILE]", "answer queries until SIGTERM; SIGHUP reloads"},
    {"check", COMMAND_CHECK, "[-c FILE]",
     "read everything serve would read, report every error and warning"},
    {"explain", COMMAND_EXPLAIN, "NAME [TYPE] --client ADDR[/LEN] [-c FILE]",
     "why this client gets this answer; with /LEN as an EDNS client subnet"},
    {"audit", COMMAND_AUDIT, "[-c FILE] [--json] [--seed N] [--samples N]",
     "prove that no client can be sent where residency forbids, whatever the health"},
    {"diff", COMMAND_DIFF, "NEW [-c OLD] [--traffic FILE|countries] [--all] [--json]",
     "what would change for clients if NEW replaced the configuration"},
    {"simulate", COMMAND_SIMULATE,
     "[--down WHAT]... [--drain WHAT]... [--traffic FILE] [--qps [SERVICE=]N]...\n"
     "                 [--service NAME]... [--json] [--svg FILE] [-c FILE]",
     "which region gets how much, before and after; held against capacity:"},
    {"version", COMMAND_VERSION, "", "version and the sources of the data shipped"},
    {"help", COMMAND_HELP, "", "this text"},
};

enum { COMMAND_COUNT = sizeof(commands) / sizeof(commands[0]) };

void options_print_help(FILE *out)
{
    fputs(
        "rhumb - authoritative DNS that answers each client with the best region that works\n\n"
        "usage:\n",
        out);
    for (unsigned i = 0; i < COMMAND_COUNT; i++)
        fprintf(out, "  rhumb %s%s%s\n      %s\n", commands[i].name,
                *commands[i].arguments ? " " : "", commands[i].arguments, commands[i].summary);
    fputs(
        "\noptions:\n"
        "  -c, --config FILE        the configuration (default " RHUMB_CONFIG_DEFAULT ")\n"
        "  --client ADDR[/LEN]      explain: the client's address, or its network\n"
        "  --why-not REGION         explain: the first step at which this region fell out\n"
        "  --traffic FILE           diff, simulate: a query log, a packet capture (pcap), or "
        "weights\n"
        "                           of countries; 'countries': the Internet users of each\n"
        "  --down, --drain WHAT     simulate: REGION, SERVICE/REGION, REGION/ADDRESS,\n"
        "                           SERVICE/REGION/ADDRESS or ADDRESS\n"
        "  --qps [SERVICE=]N        simulate: queries a second, of all services or of one\n"
        "  --service NAME           simulate: this one alone\n"
        "  --svg FILE               simulate: a plot\n"
        "  --all                    diff: every row\n"
        "  --json                   audit, diff, simulate: for programs\n"
        "  --seed N                 audit: of the random clients (default 1)\n"
        "  --samples N              audit: how many of them (default 1000000)\n"
        "\nexit status: 0 done, 1 errors in the configuration or at run time, 2 usage;\n"
        "diff: 0 no difference, 1 differences, 2 errors; simulate: 0 everything fits, 1 some\n"
        "region has more than its capacity, 2 errors\n",
        out);
}

static bool parse_command(const char *word, enum command *out_command)
{
    if (strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0)
        word = "help";
    if (strcmp(word, "--version") == 0 || strcmp(word, "-V") == 0)
        word = "version";
    for (unsigned i = 0; i < COMMAND_COUNT; i++) {
        if (strcmp(word, commands[i].name) == 0) {
            *out_command = commands[i].command;
            return true;
        }
    }
    fprintf(stderr, "rhumb: unknown command '%s'\ntry 'rhumb help'\n", word);
    return false;
}

static bool parse_client(const char *text, struct options *options)
{
    if (!ip_prefix_parse(text, &options->client)) {
        fprintf(stderr,
                "rhumb: --client '%s' is no address or network (bits beyond the length must be "
                "zero)\n",
                text);
        return false;
    }
    options->has_client = true;
    options->client_is_ecs = strchr(text, '/') != NULL;
    return true;
}

/* option_value - of --name VALUE or --name=VALUE; NULL when argv[*i] is another word. */
static const char *option_value(int argc, char **argv, int *i, const char *name)
{
    size_t len = strlen(name);
    const char *word = argv[*i];
    if (strncmp(word, name, len) != 0)
        return NULL;
    if (word[len] == '=' && len > 2)
        return word + len + 1;
    if (word[len] != '\0')
        return NULL;
    const char *next = *i + 1 < argc ? argv[*i + 1] : NULL;
    if (!next)
        return "";
    ++*i;
    return next;
}

/* ---- options of single commands ---- */

enum { SAMPLES_DEFAULT = 1000000, SAMPLES_MAX = 1000000000 };

enum {
    FOR_AUDIT = 1 << COMMAND_AUDIT,
    FOR_EXPLAIN = 1 << COMMAND_EXPLAIN,
    FOR_DIFF = 1 << COMMAND_DIFF,
    FOR_SIMULATE = 1 << COMMAND_SIMULATE
};

/* parse_number - of --name, at most max. */
static bool parse_number(const char *name, const char *text, uint64_t max, uint64_t *out)
{
    char *end;
    errno = 0;
    *out = strtoull(text, &end, 10);
    if (*text >= '0' && *text <= '9' && *end == '\0' && errno == 0 && *out <= max)
        return true;
    fprintf(stderr, "rhumb: %s '%s' is no number from 0 to %llu\n", name, text,
            (unsigned long long)max);
    return false;
}

static bool take_seed(struct options *options, const char *value)
{
    return parse_number("--seed", value, UINT64_MAX, &options->seed);
}

static bool take_samples(struct options *options, const char *value)
{
    return parse_number("--samples", value, SAMPLES_MAX, &options->samples);
}

static bool take_traffic(struct options *options, const char *value)
{
    options->traffic = value;
    return true;
}

static bool take_why_not(struct options *options, const char *value)
{
    options->why_not = value;
    return true;
}

static bool take_svg(struct options *options, const char *value)
{
    options->svg_path = value;
    return true;
}

static bool add_value(struct option_values *values, const char *name, const char *value)
{
    if (values->count == OPTION_VALUES_MAX) {
        fprintf(stderr, "rhumb: more than %d times %s\n", OPTION_VALUES_MAX, name);
        return false;
    }
    values->list[values->count++] = value;
    return true;
}

static bool take_down(struct options *options, const char *value)
{
    return add_value(&options->down, "--down", value);
}

static bool take_drain(struct options *options, const char *value)
{
    return add_value(&options->drain, "--drain", value);
}

static bool take_qps(struct options *options, const char *value)
{
    return add_value(&options->qps, "--qps", value);
}

static bool take_service(struct options *options, const char *value)
{
    return add_value(&options->services, "--service", value);
}

static const struct {
    const char *name;
    unsigned commands; /* bits */
    bool (*take)(struct options *options, const char *value);
} valued[] = {
    {"--traffic", FOR_DIFF | FOR_SIMULATE, take_traffic},
    {"--why-not", FOR_EXPLAIN, take_why_not},
    {"--seed", FOR_AUDIT, take_seed},
    {"--samples", FOR_AUDIT, take_samples},
    {"--svg", FOR_SIMULATE, take_svg},
    {"--down", FOR_SIMULATE, take_down},
    {"--drain", FOR_SIMULATE, take_drain},
    {"--qps", FOR_SIMULATE, take_qps},
    {"--service", FOR_SIMULATE, take_service},
};

static const struct {
    const char *name;
    unsigned commands;
    size_t offset; /* of a bool in struct options */
} flags[] = {
    {"--json", FOR_AUDIT | FOR_DIFF | FOR_SIMULATE, offsetof(struct options, json)},
    {"--all", FOR_DIFF, offsetof(struct options, all)},
};

enum taken { TAKEN, REFUSED, UNKNOWN };

/* take_option - of this command alone. */
static enum taken take_option(int argc, char **argv, int *i, struct options *options)
{
    const char *word = argv[*i];
    for (size_t o = 0; o < sizeof(flags) / sizeof(flags[0]); o++) {
        if ((flags[o].commands >> options->command & 1) == 0 ||
            strcmp(word, flags[o].name) != 0)
            continue;
        *(bool *)((char *)options + flags[o].offset) = true;
        return TAKEN;
    }
    for (size_t o = 0; o < sizeof(valued) / sizeof(valued[0]); o++) {
        const char *value = (valued[o].commands >> options->command & 1) != 0
                                ? option_value(argc, argv, i, valued[o].name)
                                : NULL;
        if (!value)
            continue;
        if (*value == '\0') {
            fprintf(stderr, "rhumb: %s wants a value\n", valued[o].name);
            return REFUSED;
        }
        return valued[o].take(options, value) ? TAKEN : REFUSED;
    }
    return UNKNOWN;
}

/* take_argument - a word that is no option. */
static enum taken take_argument(const char *word, struct options *options)
{
    if (options->command == COMMAND_DIFF && !options->new_path) {
        options->new_path = word;
        return TAKEN;
    }
    if (options->command != COMMAND_EXPLAIN || options->type)
        return UNKNOWN;
    if (!options->name) {
        options->name = word;
        return TAKEN;
    }
    options->type = word;
    if (dns_type_parse(word) != 0)
        return TAKEN;
    fprintf(stderr, "rhumb: '%s' is no record type\n", word);
    return REFUSED;
}

static bool parse_word(int argc, char **argv, int *i, struct options *options)
{
    const char *word = argv[*i]; /* option_value() may go on to the next */
    const char *value = option_value(argc, argv, i, "-c");
    if (!value)
        value = option_value(argc, argv, i, "--config");
    if (value) {
        options->config_path = value;
        return *value != '\0' || (fputs("rhumb: -c wants a file\n", stderr), false);
    }
    value = option_value(argc, argv, i, "--client");
    if (value && options->command == COMMAND_EXPLAIN)
        return parse_client(value, options);
    enum taken taken =
        *word == '-' ? take_option(argc, argv, i, options) : take_argument(word, options);
    if (taken == UNKNOWN)
        fprintf(stderr, "rhumb: unexpected argument '%s'\ntry 'rhumb help'\n", word);
    return taken == TAKEN;
}

bool options_parse(int argc, char **argv, struct options *out_options)
{
    struct options options = {
        .config_path = RHUMB_CONFIG_DEFAULT, .seed = 1, .samples = SAMPLES_DEFAULT};
    if (argc < 2) {
        options_print_help(stderr);
        return false;
    }
    if (!parse_command(argv[1], &options.command))
        return false;
    for (int i = 2; i < argc; i++)
        if (!parse_word(argc, argv, &i, &options))
            return false;
    if (options.command == COMMAND_EXPLAIN && (!options.name || !options.has_client)) {
        fputs("rhumb: explain wants a name and --client ADDR[/LEN]\ntry 'rhumb help'\n",
              stderr);
        return false;
    }
    if (options.command == COMMAND_DIFF && !options.new_path) {
        fputs("rhumb: diff wants the configuration to compare with\ntry 'rhumb help'\n",
              stderr);
        return false;
    }
    *out_options = options;
    return true;
}
