/* http_text.h - pieces of requests. Pure. */
#pragma once

#include <stdbool.h>

/* http_decode - percent-encoding taken off, in place; plus_is_blank: as in a query. False: a '%'
 * without two digits behind it, or a zero byte (RFC 3986 section 2.1). */
bool http_decode(char *text, bool plus_is_blank);

/* http_bearer - the token of "Bearer TOKEN", whatever the case of the first word; NULL: another
 * scheme, or none (RFC 6750 section 2.1). */
const char *http_bearer(const char *authorization);

/* http_host_is_local - does Host name this machine by an address or by "localhost"? A page that
 * was loaded under a name which now leads here (DNS rebinding) cannot say so. */
bool http_host_is_local(const char *host);
