/* dns_edns.h - the OPT record of a response. Private to dns/. */
#pragma once

#include <stddef.h>

#include "rhumb/dns_response.h"

/* edns_reserve_bytes - what must always fit: OPT and the options that a client relies on. An
 * extended error and the agent for error reports go in only when there is room. */
size_t edns_reserve_bytes(const struct query *query);

/* edns_put - OPT with everything of response->edns that the query permits; the reserved room is
 * part of response->out by now. source: RFC 6891 section 6.1 */
void edns_put(struct response *response);
