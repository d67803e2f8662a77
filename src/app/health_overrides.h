/* health_overrides.h - the operator's word, put on the seats it speaks of. */
#pragma once

#include "health_memory.h"
#include "health_service.h"
#include "overrides.h"

/* health_overrides_apply - what is in force now, on every seat and region; services concerned
 * become due. Each seat whose force changes is told, the first twenty of them. */
void health_overrides_apply(struct health_services *services, const struct overrides *overrides,
                            const struct health_moment *now);

/* health_overrides_resume_ms - the newest resume that speaks of a seat, by the steady clock; 0:
 * none. */
uint64_t health_overrides_resume_ms(const struct health_services *services,
                                    const struct overrides *overrides, uint32_t seat,
                                    const struct health_moment *now);
