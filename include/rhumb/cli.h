/* cli.h - the commands that need no zones and no databases: what a running server is asked over
 * its admin API, help, and the completions of shells.
 *
 * Main thread of a short process; blocks on the network, prints to standard output, and mistakes to
 * standard error.
 */
#pragma once

#include "rhumb/options.h"

/* cli_knows - is it one of these? explain is with --live alone. */
bool cli_knows(const struct options *options);

/* cli_run - returns an enum exit_status. */
int cli_run(const struct options *options);
