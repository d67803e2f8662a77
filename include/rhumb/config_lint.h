/* config_lint.h - what is allowed, and most likely not meant: warnings for `rhumb check`.
 *
 *   - a service with a name and one region, or one region of a family: nothing is left when it
 *     is down
 *   - TTLs that grow as things get worse, that keep clients at a dead region for long, or that are
 *     far shorter than the time in which anybody notices
 *   - one address in two regions that residency tells apart
 *   - a network of IPv6 addresses that hold an IPv4 one: its clients are looked up by that
 *
 * Pure.
 */
#pragma once

#include "rhumb/config.h"
#include "rhumb/diag.h"

void config_lint(const struct config *config, struct diag_list *diags);

/* config_lint_is_said - is there a warning at this place, from entry `from` of the list on? Services
 * that share their regions would say everything twice. */
bool config_lint_is_said(const struct diag_list *diags, size_t from,
                         const struct diag_place *place);
