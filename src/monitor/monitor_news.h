/* monitor_news.h - what the monitor has to tell, in words. */
#pragma once

#include "rhumb/event.h"
#include "rhumb/health_self.h"

#include "monitor_machines.h"

/* monitor_news_transition - a machine has changed its state. A target that is suspect and up again
 * all the time is told of ten times a minute and no more: nothing comes of it. */
void monitor_news_transition(const struct herald *herald, const struct snapshot *snapshot,
                             struct machine *machine, const struct health_event *event,
                             uint64_t now_ms);

/* monitor_news_gone - a machine that was DOWN goes: nobody asks any more. */
void monitor_news_gone(const struct herald *herald, const struct snapshot *snapshot,
                       const struct machine *machine);

/* monitor_news_own_fault - a probe fails by our own fault, or does no more: machine->own_fault. The
 * first hundred in a minute. */
void monitor_news_own_fault(const struct herald *herald, const struct snapshot *snapshot,
                            const struct machine *machine, struct news_limit *limit,
                            uint64_t now_ms);

/* monitor_news_self - we suspect ourselves, or do no more. */
void monitor_news_self(const struct herald *herald, const struct health_self *self);

/* monitor_news_stale - nothing is heard from so many targets, such as example; 0: from all. */
void monitor_news_stale(const struct herald *herald, const struct snapshot *snapshot,
                        size_t count, const struct machine *example);

/* monitor_news_name - a host name cannot be resolved, and why; NULL: it can again. */
void monitor_news_name(const struct herald *herald, const char *host, const char *reason);
