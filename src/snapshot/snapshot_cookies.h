/* snapshot_cookies.h - the secrets of DNS cookies, as the servers of an anycast set share them.
 *
 *     # made by: openssl rand -hex 16
 *     e5e973e5a6b2a43f48e7dc849e37bfcf      makes cookies, and is accepted
 *     445536bcd2513298075a5d379663c962      is accepted
 *
 * A roll-over without a gap, on every server of the set in each step (RFC 9018 section 5): add the
 * new secret as second line; swap the lines; after an hour take the old one out.
 */
#pragma once

#include "rhumb/diag.h"
#include "rhumb/dns_cookie.h"

/* snapshot_read_cookies - errors go to diags: in the file, or at place when it cannot be read. On
 * an error *out_secrets is untouched. Warns of a file that others than its owner may read. */
void snapshot_read_cookies(const char *path, const struct diag_place *place,
                           struct diag_list *diags, struct dns_cookie_secrets *out_secrets);
