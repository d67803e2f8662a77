#include "tls_server.h"

#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

static void add_extension(X509 *x509, X509 *issuer, int nid, const char *value)
{
    X509V3_CTX context;
    X509V3_set_ctx(&context, issuer, x509, NULL, NULL, 0);
    X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, &context, nid, value);
    assert_non_null(extension);
    X509_add_ext(x509, extension, -1);
    X509_EXTENSION_free(extension);
}

struct cert cert_make(const char *subject, const char *names, long from_s, long until_s,
                      const struct cert *authority)
{
    static long serial = 1;
    struct cert cert = {.x509 = X509_new(), .key = EVP_EC_gen("P-256")};
    const struct cert *signer = authority ? authority : &cert;
    X509_NAME *name = X509_NAME_new();
    assert_true(cert.x509 && cert.key && name);
    X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, (const unsigned char *)subject, -1, -1,
                               0);
    X509_set_version(cert.x509, X509_VERSION_3);
    ASN1_INTEGER_set(X509_get_serialNumber(cert.x509), serial++);
    X509_gmtime_adj(X509_getm_notBefore(cert.x509), from_s);
    X509_gmtime_adj(X509_getm_notAfter(cert.x509), until_s);
    X509_set_subject_name(cert.x509, name);
    X509_set_issuer_name(cert.x509, authority ? X509_get_subject_name(authority->x509) : name);
    X509_set_pubkey(cert.x509, cert.key);
    if (names)
        add_extension(cert.x509, signer->x509, NID_subject_alt_name, names);
    else
        add_extension(cert.x509, signer->x509, NID_basic_constraints, "critical,CA:TRUE");
    assert_true(X509_sign(cert.x509, signer->key, EVP_sha256()) > 0);
    X509_NAME_free(name);
    return cert;
}

void cert_free(struct cert *cert)
{
    X509_free(cert->x509);
    EVP_PKEY_free(cert->key);
}

void cert_write(const struct cert *cert, const char *path)
{
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    assert_int_equal(PEM_write_X509(file, cert->x509), 1);
    assert_int_equal(fclose(file), 0);
}

/* One connection, plain or not. */
struct stream {
    int fd;
    SSL *tls;
};

static int stream_read(struct stream *stream, char *bytes, size_t len)
{
    return stream->tls ? SSL_read(stream->tls, bytes, (int)len)
                       : (int)read(stream->fd, bytes, len);
}

static void stream_write(struct stream *stream, const char *bytes, size_t len)
{
    if (stream->tls)
        (void)SSL_write(stream->tls, bytes, (int)len);
    else
        (void)!write(stream->fd, bytes, len);
}

static void serve(struct tls_server *server, struct stream *stream)
{
    char input[TLS_SERVER_TEXT_MAX];
    size_t len = 0;
    if (stream->tls && SSL_accept(stream->tls) != 1)
        return;
    const char *name =
        stream->tls ? SSL_get_servername(stream->tls, TLSEXT_NAMETYPE_host_name) : NULL;
    snprintf(server->server_name, sizeof(server->server_name), "%s", name ? name : "");
    do {
        int got = stream_read(stream, input + len, sizeof(input) - 1 - len);
        if (got <= 0)
            return;
        len += (size_t)got;
        input[len] = '\0';
    } while (!strstr(input, "\r\n\r\n") && len < sizeof(input) - 1);
    memcpy(server->request, input, len + 1);
    atomic_fetch_add(&server->asked, 1);
    if (server->gate)
        sem_wait(server->gate);
    stream_write(stream, server->answer, strlen(server->answer));
    atomic_fetch_add(&server->answered, 1);
    if (stream->tls)
        SSL_shutdown(stream->tls);
}

static void *serve_all(void *ctx)
{
    struct tls_server *server = (struct tls_server *)ctx;
    struct stream stream = {0};
    while ((stream.fd = accept(server->listener, NULL, NULL)) >= 0) {
        if (server->tls) {
            stream.tls = SSL_new(server->tls);
            SSL_set_fd(stream.tls, stream.fd);
        }
        serve(server, &stream);
        SSL_free(stream.tls);
        close(stream.fd);
    }
    return NULL;
}

void tls_server_start(struct tls_server *server, const struct cert *cert, const char *answer,
                      sem_t *gate)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    socklen_t len = sizeof(address);
    *server = (struct tls_server){.answer = answer, .gate = gate};
    server->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(server->listener >= 0);
    assert_int_equal(bind(server->listener, (struct sockaddr *)&address, len), 0);
    assert_int_equal(listen(server->listener, 64), 0);
    assert_int_equal(getsockname(server->listener, (struct sockaddr *)&address, &len), 0);
    server->port = ntohs(address.sin_port);
    if (cert) {
        server->tls = SSL_CTX_new(TLS_server_method());
        assert_int_equal(SSL_CTX_use_certificate(server->tls, cert->x509), 1);
        assert_int_equal(SSL_CTX_use_PrivateKey(server->tls, cert->key), 1);
    }
    assert_int_equal(pthread_create(&server->thread, NULL, serve_all, server), 0);
}

void tls_server_stop(struct tls_server *server)
{
    shutdown(server->listener, SHUT_RDWR); /* accept() returns */
    pthread_join(server->thread, NULL);
    close(server->listener);
    SSL_CTX_free(server->tls);
}
