/* dns_transport.h - one message to a DNS server and what comes back, over UDP or TCP.
 *
 * Each has its own socket, connected to the server, so that only its answers come in. It goes
 * on until it is stopped; deadlines are the caller's.
 */
#pragma once

#include <stdint.h>

#include <uv.h>

#include "rhumb/ip.h"

struct dns_udp;
struct dns_tcp;

/* dns_on_message - a whole message, borrowed for the call; or code, an error number other than
 * 0, which is the end. Always from the loop. It may stop the transport. */
typedef void (*dns_on_message)(void *ctx, const uint8_t *message, size_t len, int code);

struct dns_target {
    uv_loop_t *loop;
    struct ip_addr addr;
    uint16_t port;
    dns_on_message on_message;
    void *ctx;
};

/* dns_udp_start - send message (copied), and once more after resend_ms: UDP loses packets. Every
 * datagram that comes back is told.
 * returns  NULL and *out_errno when that is impossible; on_message is not called then
 */
struct dns_udp *dns_udp_start(const struct dns_target *target, const uint8_t *message,
                              size_t len, uint32_t resend_ms, int *out_errno);
void dns_udp_stop(struct dns_udp *udp);

/* dns_tcp_start - the same over a connection; one message is told. */
struct dns_tcp *dns_tcp_start(const struct dns_target *target, const uint8_t *message,
                              size_t len, int *out_errno);
void dns_tcp_stop(struct dns_tcp *tcp);
