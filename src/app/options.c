#include "options.h"

#include <errno.h>
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
    {"version", COMMAND_VERSION, "", "version and the sources of the data shipped"},
    {"help", COMMAND_HELP, "", "this text"},
};

enum { SAMPLES_DEFAULT = 1000 * 1000, SAMPLES_MAX = 1000 * 1000 * 1000 };

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
    fputs("\noptions:\n"
          "  -c, --config FILE        the configuration (default " RHUMB_CONFIG_DEFAULT ")\n"
          "  --client ADDR[/LEN]      explain: the client's address, or its network\n"
          "  --why-not REGION         explain: the first step at which this region fell out\n"
          "  --json                   audit: the report for programs\n"
          "  --seed N                 audit: of the random clients (default 1)\n"
          "  --samples N              audit: how many of them (default 1000000)\n"
          "\nexit status: 0 done, 1 errors in the configuration or at run time, 2 usage\n",
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
    value = option_value(argc, argv, i, "--why-not");
    if (value && options->command == COMMAND_EXPLAIN) {
        options->why_not = value;
        return *value != '\0' || (fputs("rhumb: --why-not wants a region\n", stderr), false);
    }
    if (strcmp(word, "--json") == 0 && options->command == COMMAND_AUDIT) {
        options->json = true;
        return true;
    }
    value = option_value(argc, argv, i, "--seed");
    if (value && options->command == COMMAND_AUDIT)
        return parse_number("--seed", value, UINT64_MAX, &options->seed);
    value = option_value(argc, argv, i, "--samples");
    if (value && options->command == COMMAND_AUDIT)
        return parse_number("--samples", value, SAMPLES_MAX, &options->samples);
    if (*word != '-' && options->command == COMMAND_EXPLAIN) {
        if (!options->name) {
            options->name = word;
            return true;
        }
        if (!options->type) {
            options->type = word;
            if (dns_type_parse(word) != 0)
                return true;
            fprintf(stderr, "rhumb: '%s' is no record type\n", word);
            return false;
        }
    }
    fprintf(stderr, "rhumb: unexpected argument '%s'\ntry 'rhumb help'\n", word);
    return false;
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
    *out_options = options;
    return true;
}
