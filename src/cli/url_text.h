/* url_text.h - pieces of a URL, percent-encoded. Pure.
 *
 * source   RFC 3986 sections 2.1, 2.3
 */
#pragma once

#include "rhumb/text.h"

/* url_text_put - all but letters, digits, '-', '.', '_' and '~' becomes %XX. */
void url_text_put(struct text *url, const char *piece);

/* url_text_put_query - "?name=value", or "&name=value" when there is a '?' already; value NULL:
 * nothing. */
void url_text_put_query(struct text *url, const char *name, const char *value);
