/* control.h - the parts that live on the control loop beside the reload: health, what it
 * remembers, the operator's word and switches, and who is told of it all.
 *
 *   monitor --event--> control --> log, history, notify, state_store
 *   overrides, switches ----> control --> monitor
 */
#pragma once

#include <stdbool.h>

#include <uv.h>

#include "rhumb/admin.h"
#include "rhumb/err.h"
#include "rhumb/event.h"
#include "rhumb/monitor.h"
#include "rhumb/snapshot.h"

struct control;

/* control_new - reads what the last process left in the state folder of first's configuration,
 * and targets health at first: its words are right when this returns. */
WARN_UNUSED enum err control_new(uv_loop_t *loop, struct snapshot *first,
                                 struct control **out_control);

struct monitor *control_monitor(struct control *control);
struct notify *control_notify(struct control *control);

/* control_fill_sources - what the admin API looks at. control_set_admin - it hears of events;
 * NULL: no more. */
void control_fill_sources(const struct control *control, struct admin_sources *out_sources);
void control_set_admin(struct control *control, struct admin *admin);

/* control_tell - an event of somebody else's; ctx is the control. */
void control_tell(void *ctx, const struct event *event);

/* control_close - the last state is written; memory goes when the loop has run down. */
void control_close(struct control *control);
