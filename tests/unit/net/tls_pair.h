/* tls_pair.h - certificates and keys for tests of TLS, and a client that speaks it. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <openssl/ssl.h>

/* tls_pair_write - a key and a certificate made for it, which names name, into two files.
 * days: until it expires; may be negative. */
void tls_pair_write(const char *certificate_path, const char *key_path, const char *name,
                    int days);

/* tls_connect - TLS over fd, which stays the caller's; the handshake is done. */
SSL *tls_connect(int fd);

/* tls_peer_is - does the server's certificate name name? */
bool tls_peer_is(SSL *ssl, const char *name);

void tls_write_all(SSL *ssl, const uint8_t *bytes, size_t count);

/* tls_expect_answer, tls_ask - as those of net_fixture.h, but through TLS. */
void tls_expect_answer(SSL *ssl, uint16_t id, size_t bytes);
void tls_ask(SSL *ssl, uint16_t id);
