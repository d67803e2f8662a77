/* override_view.h - what of a list is in force at a moment. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "override_index.h"
#include "override_list.h"

struct override_view {
    struct override *items; /* owned, their texts borrowed from the list; in its order */
    size_t count;
    uint64_t mark; /* differs when the set does */
    struct override_index forced, resumes;
    const struct override **actives; /* owned; into items, by service */
    size_t active_count;
};

/* override_view_init - ERR_NO_MEMORY: nothing to deinit. */
WARN_UNUSED enum err override_view_init(struct override_view *view,
                                        const struct override_list *list, uint64_t now_ms);
void override_view_deinit(struct override_view *view);

/* override_view_active - the entry that makes a region of the service the active one; the last
 * of them. NULL: none. */
const struct override *override_view_active(const struct override_view *view,
                                            const char *service);

/* override_view_is_stale - would a view of the same list be another one now? */
bool override_view_is_stale(const struct override_view *view, const struct override_list *list,
                            uint64_t now_ms);

/* override_list_next_change_ms - until an entry ends, or a resume begins to count; at most max_ms. */
uint64_t override_list_next_change_ms(const struct override_list *list, uint64_t now_ms,
                                      uint64_t max_ms);
