#include "rhumb/cli.h"

#include <stdio.h>

#include "complete.h"
#include "help.h"
#include "run.h"

static int run_help(const struct options *options)
{
    if (options->topic)
        help_print_command(stdout, command_find(options->topic));
    else
        help_print_overview(stdout);
    return EXIT_STATUS_OK;
}

static int run_completion(const struct options *options)
{
    complete_print(stdout, options->shell);
    return EXIT_STATUS_OK;
}

typedef int run_fn(const struct options *options);

static run_fn *const RUNS[COMMAND_COUNT] = {
    [COMMAND_STATUS] = run_look,     [COMMAND_SERVICES] = run_look,
    [COMMAND_REGIONS] = run_look,    [COMMAND_TARGETS] = run_look,
    [COMMAND_ZONES] = run_look,      [COMMAND_OVERRIDES] = run_look,
    [COMMAND_EVENTS] = run_events,   [COMMAND_HISTORY] = run_look,
    [COMMAND_EXPLAIN] = run_look,    [COMMAND_READY] = run_ready,
    [COMMAND_DRAIN] = run_change,    [COMMAND_UNDRAIN] = run_change,
    [COMMAND_FORCE] = run_change,    [COMMAND_UNFORCE] = run_change,
    [COMMAND_FAILOVER] = run_change, [COMMAND_FAILBACK] = run_change,
    [COMMAND_RELOAD] = run_reload,   [COMMAND_COMPLETION] = run_completion,
    [COMMAND_HELP] = run_help,
};

bool cli_knows(const struct options *options)
{
    return RUNS[options->command] && (options->command != COMMAND_EXPLAIN || options->live);
}

int cli_run(const struct options *options)
{
    return RUNS[options->command](options);
}
