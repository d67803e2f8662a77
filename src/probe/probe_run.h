/* probe_run.h - how a run, of whatever kind, tells the schedule that it has ended. */
#pragma once

#include "rhumb/probe.h"

/* probe_on_done - the run no longer exists. Always from the loop, never from within the call
 * that started the run. */
typedef void (*probe_on_done)(void *ctx, const struct probe_result *result);
