/* config_domain.h - domain names as text: are they well-formed, and how do they compare?
 *
 * Names of hosts and zones in the file are plain: letters, digits, '-', '_', and '/' for
 * classless reverse zones (RFC 2317); no escapes, no bytes beyond ASCII.
 */
#pragma once

#include <stdbool.h>

#include "config_reader.h"

/* config_check_domain - labels of 1..63 bytes, at most 253 in all, with or without a final dot;
 * a first label "*" is fine. An error at place when not. */
bool config_check_domain(struct config_reader *reader, const char *name,
                         const struct diag_place *place);

/* config_absolute - name with a final dot, in the arena. */
const char *config_absolute(struct config_reader *reader, const char *name);

/* config_domain_is_within - is name the domain or below it? Both absolute; case is ignored. */
bool config_domain_is_within(const char *name, const char *domain);
