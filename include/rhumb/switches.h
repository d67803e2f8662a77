/* switches.h - the switches for the worst day: files whose mere existence counts, so that they
 * work without any part of the server that may be in trouble.
 *
 *     touch FOLDER/freeze-health     health changes nothing any more
 *     touch FOLDER/ignore-geo        every client counts as unknown
 *     touch FOLDER/ignore-ecs        client subnets are not looked at
 *
 * Looked for once a second, in a thread of its own: a disk that hangs leaves them as they are.
 * Control loop only.
 */
#pragma once

#include <uv.h>

#include "rhumb/err.h"

enum { SWITCH_FREEZE_HEALTH = 1, SWITCH_IGNORE_GEO = 2, SWITCH_IGNORE_ECS = 4 };

struct switches;

/* switches_on_change - flags: any of SWITCH_...; those that are on. */
typedef void (*switches_on_change)(void *ctx, unsigned flags);

/* switches_new - looks once before it returns, which waits for the disk; on_change() is not
 * called for that. Each change is logged. */
WARN_UNUSED enum err switches_new(uv_loop_t *loop, const char *folder,
                                  switches_on_change on_change, void *ctx,
                                  struct switches **out_switches);

unsigned switches_get(const struct switches *switches);

/* switches_close - memory goes when the loop has run down. */
void switches_close(struct switches *switches);
