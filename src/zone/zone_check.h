/* zone_check.h - what a zone must be beyond the form of its records.
 *
 * Judges a sorted and linked draft; changes nothing. Everything it finds becomes a diagnostic
 * at the record at fault, and names the other place where two are involved:
 *
 *     example.com.zone:9:1: error: steered name www.example.com. has A records in the zone file
 *         9 | www  A 192.0.2.1
 *           | ^
 *           = it is steered at rhumb.yaml:31:7
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "rhumb/diag.h"
#include "rhumb/err.h"
#include "rhumb/zone.h"

#include "zone_draft.h"

struct zone_check {
    const struct zone_draft *draft;
    struct diag_list *diags;
    const char *path; /* of the master file: the place of what is not there */
    bool complete;    /* every record could be read: what is missing is really missing */
};

/* zone_check - all rules; errors and warnings go into diags. */
void zone_check(const struct zone_check *check);

/* zone_check_bind - give the steered names their owners, before zone_draft_sort().
 *
 * returns  ERR_OK, also after mistakes (a name twice, a name out of the zone); ERR_NO_MEMORY
 */
WARN_UNUSED enum err zone_check_bind(struct zone_draft *draft,
                                     const struct zone_steered *steered, size_t steered_count,
                                     struct diag_list *diags);

/* ---- the parts of zone_check() ---- */

void zone_check_steered(const struct zone_check *check, const struct zone_owner *owner);
void zone_check_targets(const struct zone_check *check, const struct zone_owner *owner);

/* zone_check_refer - end the last diagnostic with "what file:line:column". */
void zone_check_refer(struct diag_list *diags, const char *what, const struct zone_spot *spot);
