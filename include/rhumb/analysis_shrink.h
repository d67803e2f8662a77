/* analysis_shrink.h - does a new configuration throw away so much that it looks like an accident?
 *
 * A file cut short, a generator that found nothing, a variable that is empty: such a
 * configuration can be right word for word. What a reload would take away is judged before it
 * is published; the operator's way to mean it is `server: {allow_shrink: true}` in the new
 * configuration, or a restart. Pure; any thread. `rhumb diff` and the reload ask alike.
 *
 *   no zone is left                                     refused whatever is allowed
 *   more than half of all names would be gone           refused
 *   a service that names lead to would lose its last    refused
 *     endpoint of a family, or all of its names
 *
 * A name is an owner with records, or steered. It is gone when no zone of the new configuration
 * holds it. A service that is no longer declared is gone by intention: its names still count.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "rhumb/snapshot.h"

enum { SHRINK_MAX = 16, SHRINK_TEXT_MAX = 256 };

struct shrink {
    char reason[SHRINK_TEXT_MAX];
    char remedy[SHRINK_TEXT_MAX];
};

struct shrink_list {
    struct shrink items[SHRINK_MAX]; /* the first ones */
    size_t count;                    /* of items */
    size_t unlisted;                 /* there were so many more */
    bool silent;                     /* nothing would be served: allow_shrink does not help */
};

/* analysis_shrink - what speaks against replacing old by fresh, whatever fresh allows. */
void analysis_shrink(const struct snapshot *old, const struct snapshot *fresh,
                     struct shrink_list *out_list);

/* analysis_shrink_is_refused - may fresh be published? */
bool analysis_shrink_is_refused(const struct shrink_list *list, const struct snapshot *fresh);
