/* override_index.h - which entry speaks of a target, in the same time whatever their number.
 *
 * An entry gives some of service, region and address: one of seven shapes. A look-up asks a hash
 * table once for each shape that occurs, with what the shape gives.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "override_list.h"

struct override_index {
    const struct override *items; /* borrowed */
    uint32_t *slots;              /* owned: index + 1, 0 is empty; a power of two of them */
    size_t slot_mask;
    bool shapes[8]; /* those that occur */
    bool resumes;   /* of resumes the newest counts, of the others the last */
};

/* override_index_init - of the resumes among items, or of the forces. ERR_NO_MEMORY. */
WARN_UNUSED enum err override_index_init(struct override_index *index,
                                         const struct override *items, size_t count,
                                         bool resumes);
void override_index_deinit(struct override_index *index);

/* override_index_same - of the entries for this very target the one that counts; NULL: none. */
const struct override *override_index_same(const struct override_index *index,
                                           const struct override *target);

/* override_index_mark - set marks[i] for each items[i] that override_index_find() had to choose
 * from; of several for one target that is the one that counts. */
void override_index_mark(const struct override_index *index, const char *service,
                         const char *region, const struct ip_addr *address, bool *marks);

/* override_index_find - NULL: none. What the caller does not know is NULL: only entries that do
 * not ask for it match. */
const struct override *override_index_find(const struct override_index *index,
                                           const char *service, const char *region,
                                           const struct ip_addr *address);
