/* rhumb: where the process begins and ends. */
#include <signal.h>
#include <stdio.h>

#include "rhumb/cli.h"
#include "rhumb/log_output.h"

#include "commands.h"

static int command_version(const struct options *options)
{
    (void)options;
    puts(
        "rhumb " RHUMB_VERSION "\n"
        "licence: Apache-2.0\n"
        "zones/geo/country.mmdb: geo-whois-asn-country, CC0-1.0; contains statistics of the\n"
        "regional Internet registries published by the NRO (nro.net), CC BY 4.0\n"
        "zones/geo/traffic.csv: World Factbook, public domain; World Bank, CC BY 4.0, rounded\n"
        "country centroids: computed from Natural Earth (naturalearthdata.com), public domain");
    return EXIT_STATUS_OK;
}

static int run(const struct options *options)
{
    static int (*const commands[COMMAND_COUNT])(const struct options *) = {
        [COMMAND_SERVE] = command_serve,     [COMMAND_CHECK] = command_check,
        [COMMAND_EXPLAIN] = command_explain, [COMMAND_AUDIT] = command_audit,
        [COMMAND_DIFF] = command_diff,       [COMMAND_SIMULATE] = command_simulate,
        [COMMAND_VERSION] = command_version,
    };

    return cli_knows(options) ? cli_run(options) : commands[options->command](options);
}

int main(int argc, char **argv)
{
    struct options options;
    if (!options_parse(argc, argv, &options))
        return EXIT_STATUS_USAGE;
    signal(SIGPIPE, SIG_IGN);
    log_output_start();
    int status = run(&options);
    if ((fflush(stdout) != 0 || ferror(stdout)) &&
        status == EXIT_STATUS_OK) { /* said "fine" to a full disk: not fine */
        fputs("rhumb: cannot write to standard output\n", stderr);
        status = EXIT_STATUS_ERRORS;
    }
    return status;
}
