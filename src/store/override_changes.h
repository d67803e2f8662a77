/* override_changes.h - changes that are in force and not known to be on disk. Should the file turn
 * out to be another than we thought, they are made once more, to what stands there.
 *
 *     new ---take---> taken ---finish---> told ERR_OK, gone
 *      ^                |
 *      +---put_back-----+   told ERR_IO when the write failed
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "rhumb/overrides.h"

#include "override_list.h"

struct override_change;

struct override_changes {
    struct override_change *first; /* the oldest */
};

/* override_changes_new - one more at the end. Owns entry, a list of one. NULL: out of memory or
 * too many (OVERRIDES_MAX); entry is freed. */
struct override_change *override_changes_new(struct override_changes *changes,
                                             struct override_list *entry, bool removes,
                                             overrides_on_durable on_durable, void *ctx);

/* override_changes_drop_last - it could not be made; nobody is told. */
void override_changes_drop_last(struct override_changes *changes);

/* override_change_make - a copy of the list with the change. ERR_NO_MEMORY, ERR_LIMIT. */
WARN_UNUSED enum err override_change_make(const struct override_change *change,
                                          const struct override_list *list, uint64_t now_ms,
                                          struct override_list **out_list);

/* override_changes_apply - make all of them. Owns the list and returns another, or the same; a
 * change for which it has no room is left out. */
struct override_list *override_changes_apply(const struct override_changes *changes,
                                             struct override_list *list, uint64_t now_ms);

/* override_changes_wait - is there one that no write under way holds? */
bool override_changes_wait(const struct override_changes *changes);

void override_changes_take(struct override_changes *changes);
void override_changes_put_back(struct override_changes *changes, bool failed);

/* override_changes_finish - those that were taken are on disk. */
void override_changes_finish(struct override_changes *changes);

/* override_changes_deinit - who still waits is told ERR_IO. */
void override_changes_deinit(struct override_changes *changes);
