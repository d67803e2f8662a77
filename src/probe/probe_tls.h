/* probe_tls.h - TLS on a connected socket, for probes that do not go through libcurl. No OpenSSL
 * type leaves probe_tls.c.
 *
 * Nothing blocks: each step says whether it has to wait, and for what. No session is resumed:
 * that would not show the certificate.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "rhumb/ip.h"
#include "rhumb/probe.h"

/* What came of one step with a socket, encrypted or not. */
enum stream_io {
    STREAM_DONE,
    STREAM_WANTS_READ,
    STREAM_WANTS_WRITE,
    STREAM_CLOSED, /* by the peer, in good order */
    STREAM_FAILED,
};

/* The authorities of one prober. A file of them takes 10 ms to parse, so what it says is kept
 * for a minute. */
struct tls_trust;

struct tls_trust *tls_trust_new(void); /* NULL: out of memory */
void tls_trust_free(struct tls_trust *trust);

/* Whom we want to find at the other end. */
struct tls_terms {
    const char *host;    /* name in the certificate, and server name (SNI); NULL: addr */
    struct ip_addr addr; /* a name of the certificate where there is no host */
    const char *ca_file; /* NULL: the system's authorities */
    bool verify;         /* false: anybody */
};

struct probe_tls;

/* probe_tls_new - on the connected socket fd, which stays the caller's. now_ms: of any clock
 * that does not go back.
 * returns  NULL when we cannot: *out_result says why */
struct probe_tls *probe_tls_new(struct tls_trust *trust, const struct tls_terms *terms, int fd,
                                uint64_t now_ms, struct probe_result *out_result);

/* probe_tls_free - says good-bye, if that needs no waiting. */
void probe_tls_free(struct probe_tls *session);

enum stream_io probe_tls_handshake(struct probe_tls *session);
enum stream_io probe_tls_write(struct probe_tls *session, const char *bytes, size_t len,
                               size_t *out_len);
enum stream_io probe_tls_read(struct probe_tls *session, char *bytes, size_t size,
                              size_t *out_len);

/* probe_tls_explain - why the last step failed. */
void probe_tls_explain(const struct probe_tls *session, struct probe_result *out_result);

/* probe_tls_cert_end_s - when the peer's certificate ends, in seconds since 1970; 0: no
 * telling. */
int64_t probe_tls_cert_end_s(const struct probe_tls *session);
