/* override_list.h - the operator's word as a list: JSON to structs, and back. Pure: no disk, no
 * loop; the time is an argument. A list does not change once it is made.
 *
 *     { "overrides": [
 *       {"service": "app", "region": "us-east", "address": "192.0.2.10", "state": "drain",
 *        "by": "anna", "reason": "kernel update",
 *        "since": "2026-08-01T12:00:00Z", "until": "2026-08-01T13:00:00Z"}
 *     ] }
 *
 *   service, region, address   left out: any; one of the three must be there
 *   state                      up, down, drain; resume: what is held since before `since` goes
 *                              back now; active: the others of the service answer only when
 *                              this region cannot
 *   by, reason                 who and why, for people
 *   since                      default: when it was read; must be there for resume
 *   until                      from then on the entry is void; default: no end
 *
 * Strict: an unknown key, a key that stands twice, a wrong type make the whole list invalid.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "rhumb/diag.h"
#include "rhumb/err.h"
#include "rhumb/override.h"
#include "rhumb/text.h"

struct override_list {
    struct override *items; /* in the order of the file */
    size_t count;
    struct arena *arena; /* the list itself, too */
};

/* override_list_new - without entries; NULL when out of memory. */
struct override_list *override_list_new(void);
void override_list_free(struct override_list *list);

/* override_list_parse - a zero byte stands behind the text; path names it in diags.
 * ERR_INVALID: diags says why, complete up to 100 errors; ERR_NO_MEMORY. */
WARN_UNUSED enum err override_list_parse(const char *bytes, size_t len, const char *path,
                                         uint64_t now_ms, struct diag_list *diags,
                                         struct override_list **out_list);

/* override_list_put - as text that can be parsed, one entry a line; failure stays in *out. */
void override_list_put(const struct override_list *list, struct text *out);

/* override_list_with - a copy in which entry stands last, and takes the place of those with the
 * same service, region and address (a resume that of resumes, the others that of the others).
 * override_list_without - a copy without those of the same service, region and address.
 * Entries that are void at now_ms are left out of both. ERR_NO_MEMORY; ERR_LIMIT. */
WARN_UNUSED enum err override_list_with(const struct override_list *list,
                                        const struct override *entry, uint64_t now_ms,
                                        struct override_list **out_list);
WARN_UNUSED enum err override_list_without(const struct override_list *list,
                                           const struct override *entry, uint64_t now_ms,
                                           struct override_list **out_list);
