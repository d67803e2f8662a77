/* reload_world.h - a few small configurations that tell each other apart in every answer, and
 * what each may answer. The files are in memory.
 */
#pragma once

#include "rhumb/snapshot.h"

enum {
    RELOAD_GOOD_VARIANTS = 5,
    RELOAD_VARIANTS = 8, /* the rest is broken: a zone without NS, a service that does not
                            exist, no YAML at all */
};

void reload_world_open(void);

/* reload_world_compile - NULL when the variant is refused, which must leave errors. */
struct snapshot *reload_world_compile(unsigned variant);

/* reload_world_ask - one of a few questions; the answer must be one this variant gives, in the
 * health that the snapshot shows now. */
void reload_world_ask(const struct snapshot *snapshot, unsigned variant, unsigned question);
