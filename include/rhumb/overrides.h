/* overrides.h - the operator's word, and the file that holds it.
 *
 * The file is the single truth (its form: override_list.h). It may be edited by hand at any
 * time, and it is what overrides_set() and overrides_remove() write. It is looked at four times
 * a second, in a thread of its own, and read when it has been quiet for that long: a change is
 * in force within a second. A file that is broken is logged with line, column and remedy, and
 * the last good set stays in force, over a restart as well: it is kept in NAME.last-good.
 *
 * A change through overrides_set() is in force at once and on disk soon; should somebody have
 * edited the file at that very moment, both changes hold. A broken file is kept as
 * NAME.broken-<time> before it is written over. Control loop only.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <uv.h>

#include "rhumb/diag.h"
#include "rhumb/err.h"
#include "rhumb/override.h"

struct overrides;

/* overrides_on_change - what is in force is another set now: the file has changed, an entry has
 * ended (at that moment, by the wall clock), or one was set or removed. */
typedef void (*overrides_on_change)(void *ctx);

/* overrides_on_durable - called once: ERR_OK when the change is on disk; ERR_IO when it is not
 * yet: it is in force, and tried again until it is, or the server stops. */
typedef void (*overrides_on_durable)(void *ctx, enum err err);

/* overrides_new - reads the file once before it returns, which waits for the disk; on_change()
 * is not called for that. A missing file is an empty one. */
WARN_UNUSED enum err overrides_new(uv_loop_t *loop, const char *path,
                                   overrides_on_change on_change, void *ctx,
                                   struct overrides **out_overrides);

/* overrides_get - those in force, in the order of the file. All that is given out here and below
 * is borrowed until the next on_change(). */
const struct override *overrides_get(const struct overrides *overrides, size_t *out_count);

/* overrides_find - the last force (up, down, drain) in force that speaks of this target;
 * NULL: none. What the caller does not know is NULL. */
const struct override *overrides_find(const struct overrides *overrides, const char *service,
                                      const char *region, const struct ip_addr *address);

/* overrides_active - the entry that makes a region of this service the active one; NULL: none. */
const struct override *overrides_active(const struct overrides *overrides, const char *service);

/* overrides_resume_since - what is held since before this moment goes back now; 0: nothing. */
uint64_t overrides_resume_since(const struct overrides *overrides, const char *service,
                                const char *region, const struct ip_addr *address);

/* overrides_mark - set marks[i] for each overrides_get()[i], of any kind, that speaks of this target.
 * Of several of a kind for the same service, region and address only one counts, and is marked:
 * overrides_counts(). */
void overrides_mark(const struct overrides *overrides, const char *service, const char *region,
                    const struct ip_addr *address, bool *marks);
bool overrides_counts(const struct overrides *overrides, size_t idx);

/* overrides_loads - how often the file was read and had changed. */
uint64_t overrides_loads(const struct overrides *overrides);

/* overrides_set - the entry takes the place of those with the same service, region and address.
 * since_ms 0: now. Copies the entry; on_change() is called before this returns. on_durable NULL:
 * nobody waits.
 * returns  ERR_OK; ERR_INVALID (diags says why; its places mean nothing), ERR_LIMIT,
 *          ERR_NO_MEMORY: nothing has changed then, and on_durable is not called */
WARN_UNUSED enum err overrides_set(struct overrides *overrides, const struct override *entry,
                                   struct diag_list *diags, overrides_on_durable on_durable,
                                   void *ctx);

/* overrides_remove - every entry of the kind of `entry` (a force, a resume, an active region) with
 * the same service, region and address; its other fields do not count; none is fine. Otherwise
 * as overrides_set(). */
WARN_UNUSED enum err overrides_remove(struct overrides *overrides, const struct override *entry,
                                      overrides_on_durable on_durable, void *ctx);

/* overrides_lag_ms - for how long the file has not had what is in force; 0: it has. */
uint64_t overrides_lag_ms(const struct overrides *overrides);

/* overrides_close - what is not written yet is written, in 1.5 s at most; on_durable() comes
 * for all of it. Memory goes when the loop has run down. */
void overrides_close(struct overrides *overrides);
