/* notify_command.h - one run of a command that takes a notice: argument vector without a shell,
 * the notice as one line on standard input, an environment of PATH and RHUMB_EVENT (its kind),
 * output to /dev/null. In a process group of its own, which is killed when time is up.
 *
 * Control loop only.
 */
#pragma once

#include <stdbool.h>

#include <uv.h>

#include "notice.h"

struct notify_command;

enum { NOTIFY_REASON_MAX = 128 };

/* notify_command_on_done - the run no longer exists. From the loop. */
typedef void (*notify_command_on_done)(void *ctx, bool taken, const char *reason);

/* notify_command_start - receiver and notice are borrowed for the call.
 * returns  0; else libuv's error: nothing runs, on_done will not come */
int notify_command_start(uv_loop_t *loop, const struct config_receiver *receiver,
                         const struct notice *notice, notify_command_on_done on_done, void *ctx,
                         struct notify_command **out_command);

/* notify_command_cancel - kill it; on_done will not be called. */
void notify_command_cancel(struct notify_command *command);
