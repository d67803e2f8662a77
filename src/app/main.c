/* rhumb: where the process begins and ends. */
#include <signal.h>
#include <stdio.h>

#include "rhumb/log_output.h"

#include "commands.h"
#include "options.h"

static void print_version(void)
{
    puts(
        "rhumb " RHUMB_VERSION "\n"
        "licence: Apache-2.0\n"
        "zones/geo/country.mmdb: geo-whois-asn-country, CC0-1.0; contains statistics of the\n"
        "regional Internet registries published by the NRO (nro.net), CC BY 4.0\n"
        "zones/geo/traffic.csv: World Factbook, public domain; World Bank, CC BY 4.0, rounded\n"
        "country centroids: computed from Natural Earth (naturalearthdata.com), public domain");
}

static int run(const struct options *options)
{
    switch (options->command) {
    case COMMAND_SERVE: return command_serve(options);
    case COMMAND_CHECK: return command_check(options);
    case COMMAND_EXPLAIN: return command_explain(options);
    case COMMAND_AUDIT: return command_audit(options);
    case COMMAND_DIFF: return command_diff(options);
    case COMMAND_SIMULATE: return command_simulate(options);
    case COMMAND_VERSION: print_version(); return EXIT_STATUS_OK;
    case COMMAND_HELP: options_print_help(stdout); return EXIT_STATUS_OK;
    }
    return EXIT_STATUS_USAGE;
}

int main(int argc, char **argv)
{
    struct options options;
    if (!options_parse(argc, argv, &options))
        return EXIT_STATUS_USAGE;
    signal(SIGPIPE, SIG_IGN);
    log_output_start();
    int status = run(&options);
    if (fflush(stdout) != 0 &&
        status == EXIT_STATUS_OK) { /* said "fine" to a full disk: not fine */
        fputs("rhumb: cannot write to standard output\n", stderr);
        status = EXIT_STATUS_ERRORS;
    }
    return status;
}
