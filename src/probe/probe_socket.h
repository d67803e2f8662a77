/* probe_socket.h - a socket that comes from where the check says. */
#pragma once

#include "rhumb/config.h"
#include "rhumb/ip.h"

/* probe_source_for - which of the addresses of source speaks to addr; IP_NONE: any. */
struct ip_addr probe_source_for(const struct config_probe_source *source,
                                const struct ip_addr *addr);

/* probe_socket_open - a socket that does not block and that no other program inherits, bound to
 * source unless that is IP_NONE.
 * returns  its descriptor; -1, and in *out_errno what probe_result_set_errno() takes */
int probe_socket_open(int family, int type, int protocol, const struct ip_addr *source,
                      int *out_errno);
