/* tls_server.h - an HTTP or HTTPS server on a thread of its own, and the certificates for it.
 *
 * Written without the loop under test, so that it also answers while that loop stands still.
 */
#pragma once

#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stdint.h>

#include <openssl/ssl.h>
#include <openssl/x509.h>

/* A certificate and its key, both owned. */
struct cert {
    X509 *x509;
    EVP_PKEY *key;
};

/* cert_make - a certificate of subject for names ("DNS:a.example,IP:127.0.0.1"; NULL: an
 * authority), valid between these many seconds from now, signed by authority (NULL: by itself).
 */
struct cert cert_make(const char *subject, const char *names, long from_s, long until_s,
                      const struct cert *authority);
void cert_free(struct cert *cert);

/* cert_write - in PEM form to path. */
void cert_write(const struct cert *cert, const char *path);

enum { TLS_SERVER_TEXT_MAX = 1024 };

struct tls_server {
    int listener;
    uint16_t port;
    const char *answer; /* borrowed */
    SSL_CTX *tls;       /* NULL: plain HTTP */
    pthread_t thread;
    sem_t *gate; /* waited for before an answer is sent; NULL: no waiting */
    atomic_uint asked, answered;
    /* of the last connection; valid after tls_server_stop() */
    char request[TLS_SERVER_TEXT_MAX], server_name[TLS_SERVER_TEXT_MAX];
};

/* tls_server_start - serve answer to every request on 127.0.0.1; cert NULL: plain HTTP; gate:
 * borrowed until the server has stopped, or NULL. */
void tls_server_start(struct tls_server *server, const struct cert *cert, const char *answer,
                      sem_t *gate);
void tls_server_stop(struct tls_server *server);
