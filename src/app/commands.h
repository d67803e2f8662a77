/* commands.h - the subcommands. Each returns an enum exit_status. */
#pragma once

#include "rhumb/options.h"

int command_serve(const struct options *options);
int command_check(const struct options *options);
int command_explain(const struct options *options);
int command_audit(const struct options *options);
int command_diff(const struct options *options);
int command_simulate(const struct options *options);
