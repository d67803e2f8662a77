/* net_socket.h - the listening sockets: how they are set up, and why one could not be.
 *
 * Every worker has its own socket for the same address (SO_REUSEPORT): the kernel spreads
 * clients over them, and workers share nothing. They are opened before privileges are dropped.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "rhumb/config.h"
#include "rhumb/diag.h"
#include "rhumb/err.h"
#include "rhumb/ip.h"

enum net_transport { NET_UDP, NET_TCP, NET_TLS };

/* net_socket_open - a socket bound to addr and port; non-blocking, closed on exec; TCP and
 * TLS ones listen already, so no client that comes before the worker runs is lost.
 *
 * owns     *out_fd: close() it
 * returns  0, or the errno of the step that failed
 */
WARN_UNUSED int net_socket_open(const struct ip_addr *addr, uint16_t port,
                                enum net_transport transport, int *out_fd);

/* net_socket_probe - would the address be free for somebody who does not share it? SO_REUSEPORT
 * lets a second server of the same user in without a word, and the two then split the clients.
 * Returns 0, or an errno; EADDRINUSE: another process has it. */
WARN_UNUSED int net_socket_probe(const struct ip_addr *addr, uint16_t port,
                                 enum net_transport transport);

/* net_socket_name - "192.0.2.1:53", "[2001:db8::1]:53" into buffer; returns buffer. */
enum { NET_SOCKET_NAME_MAX = IP_TEXT_MAX + 8 };

const char *net_socket_name(const struct config_listener *listener,
                            char buffer[NET_SOCKET_NAME_MAX]);

/* net_socket_report - one error for a listener that failed with an errno, and what to do. */
void net_socket_report(struct diag_list *diags, const struct config_listener *listener,
                       enum net_transport transport, int error);
