/* monitor_overrides.h - the operator's word, put on the seats it speaks of. */
#pragma once

#include "rhumb/overrides.h"

#include "monitor_memory.h"
#include "monitor_service.h"

/* monitor_overrides_apply - what is in force now, on every seat and region; services concerned
 * become due. Each seat whose force changes is told, the first twenty of them; then how many more. */
void monitor_overrides_apply(struct monitor_services *services,
                             const struct overrides *overrides,
                             const struct monitor_moment *now);

/* monitor_overrides_tell_gone - a seat that was forced is no more; told: how many before it.
 * monitor_overrides_tell_more - of count in all, those that were not told for themselves. */
void monitor_overrides_tell_gone(const struct monitor_services *services, uint32_t seat,
                                 const char *reason, size_t told);
void monitor_overrides_tell_more(const struct monitor_services *services, size_t count,
                                 bool clears);

/* monitor_overrides_resume_ms - the newest resume that speaks of a seat, by the steady clock; 0:
 * none. */
uint64_t monitor_overrides_resume_ms(const struct monitor_services *services,
                                     const struct overrides *overrides, uint32_t seat,
                                     const struct monitor_moment *now);
