/* tls.h - DNS over TLS (RFC 7858): certificate and key, and the encrypted bytes of one client.
 *
 * The only file behind it, tls.c, is OpenSSL's home in net. struct net_tls (net.h) is a
 * certificate and its key, ready for use, shared by all workers; a session keeps the one it was
 * made with, so a new certificate leaves open connections alone.
 *
 * TLS 1.2 and 1.3, with forward secrecy only. No session state is kept: clients resume with
 * tickets. A session costs about 16 KiB at rest and at most 50 while a record or a handshake is
 * half done, so `tcp: {connections}`, which counts both kinds, bounds that as well.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "rhumb/net.h"

#include "stream.h"

struct tls_session;

/* tls_share - one owner more: each calls net_tls_free(). NULL is fine. */
struct net_tls *tls_share(struct net_tls *tls);

/* tls_session_new - the server's side of a client at fd, which is borrowed; NULL: no memory. */
struct tls_session *tls_session_new(struct net_tls *tls, int fd);

/* tls_session_free - say goodbye first (close_notify), if the client can be told without
 * waiting. */
void tls_session_free(struct tls_session *session, bool goodbye);

/* tls_handshake - a step; STREAM_OK: done. May sign: up to about a millisecond. */
enum stream_status tls_handshake(struct tls_session *session, bool *out_wants_write);

/* tls_read, tls_has_more, tls_write - as in stream.h. */
enum stream_status tls_read(struct tls_session *session, uint8_t *bytes, size_t room,
                            size_t *out_count, bool *out_wants_write);
bool tls_has_more(const struct tls_session *session);
enum stream_status tls_write(struct tls_session *session, const uint8_t *bytes, size_t count,
                             size_t *out_count);
