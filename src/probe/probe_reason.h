/* probe_reason.h - results in words that an operator understands, and whose fault an error of
 * the operating system is. */
#pragma once

#include <stdbool.h>

#include "rhumb/probe.h"

/* Beside the error numbers: the address to bind to is not ours. */
enum { PROBE_ERRNO_SOURCE = 1 << 16 };

/* probe_result_set - an outcome without a round trip; format prints the reason. */
void probe_result_set(struct probe_result *result, enum health_outcome outcome,
                      const char *format, ...) __attribute__((format(printf, 3, 4)));

/* probe_result_set_errno - what error number code of a socket call means: HEALTH_OWN_FAULT when
 * it is ours, else HEALTH_FAILURE. */
void probe_result_set_errno(struct probe_result *result, int code);

/* probe_result_set_verdict - a certificate was refused; verdict is OpenSSL's (an X509_V_ERR_
 * number), 0 or 1 when the chain is not at fault and so the name is. */
void probe_result_set_verdict(struct probe_result *result, long verdict);

/* probe_result_set_handshake - a TLS handshake failed: by error number code, unless 0, else
 * with OpenSSL's words ("error:0A00010B:SSL routines::wrong version number"). */
void probe_result_set_handshake(struct probe_result *result, int code, const char *words);

/* probe_errno_is_ours - does code speak of this machine rather than of the target?
 *
 * EHOSTUNREACH and EACCES are not ours: routers and firewalls at the far side cause them by
 * ICMP. ENETUNREACH is: Linux ends a connection attempt with it only when it has no route
 * itself.
 */
bool probe_errno_is_ours(int code);

/* probe_rtt_us - a duration as the round trip of a success: at least 1. */
uint32_t probe_rtt_us(uint64_t us);
