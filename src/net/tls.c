#include "tls.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <openssl/err.h>
#include <openssl/ssl.h>

/* Our names for SSL_CTX and SSL; the structs themselves are never defined. */
static SSL_CTX *context_of(struct net_tls *tls)
{
    return (SSL_CTX *)tls;
}

static SSL *ssl_of(struct tls_session *session)
{
    return (SSL *)session;
}

/* ---- certificate and key ---- */

/* What is being loaded, and where to complain. */
struct load {
    SSL_CTX *context;
    struct diag_list *diags;
};

/* refuse - one error for a file, with what OpenSSL says when it says anything. */
static void refuse(const struct load *load, const struct config_tls_file *file,
                   const char *what, const char *remedy)
{
    unsigned long code = ERR_peek_error();
    const char *reason = code ? ERR_reason_error_string(code) : NULL;
    diag_error(load->diags, &file->place, "%s: %s%s%s%s", file->path, what, reason ? " (" : "",
               reason ? reason : "", reason ? ")" : "");
    diag_remedy(load->diags, "%s", remedy);
    ERR_clear_error();
}

/* read_file - the whole of a regular file; NULL after an error. */
static BIO *read_file(const struct load *load, const struct config_tls_file *file)
{
    enum { BYTES_MAX = 1 << 20 };

    char text[128];
    struct stat stat;
    BIO *bytes = NULL;
    char *buffer = NULL;
    int fd = open(file->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0 || fstat(fd, &stat) != 0) {
        refuse(load, file, strerror_r(errno, text, sizeof(text)),
               "give a file that the user of the server can read");
    } else if (!S_ISREG(stat.st_mode) || stat.st_size > BYTES_MAX) {
        refuse(load, file, "not a file in PEM form", "give a file");
    } else {
        buffer = malloc(BYTES_MAX);
        ssize_t count = buffer ? read(fd, buffer, BYTES_MAX) : -1;
        bytes = count >= 0 ? BIO_new(BIO_s_mem()) : NULL;
        if (!bytes || (count > 0 && BIO_write(bytes, buffer, (int)count) != count))
            refuse(load, file, "cannot be read", "look at the file system");
    }
    if (buffer)
        OPENSSL_cleanse(buffer, BYTES_MAX);
    free(buffer);
    if (fd >= 0)
        close(fd);
    return bytes;
}

/* no_password - nobody sits at the keyboard. */
static int no_password(char *buffer, int size, int writing, void *ctx)
{
    (void)buffer, (void)size, (void)writing, (void)ctx;
    return -1;
}

/* use_chain - the certificate, then those of its authorities as far as they follow. */
static bool use_chain(const struct load *load, BIO *pem)
{
    X509 *leaf = PEM_read_bio_X509_AUX(pem, NULL, no_password, NULL);
    bool good = leaf && SSL_CTX_use_certificate(load->context, leaf) == 1;
    X509_free(leaf);
    X509 *next;
    while (good && (next = PEM_read_bio_X509(pem, NULL, no_password, NULL))) {
        good = SSL_CTX_add0_chain_cert(load->context, next) == 1;
        if (!good)
            X509_free(next);
    }
    if (good)
        ERR_clear_error(); /* "no start line": the end of the file */
    return good;
}

static void load_certificate(const struct load *load, const struct config_tls_file *file)
{
    BIO *pem = read_file(load, file);
    if (!pem)
        return;
    if (!use_chain(load, pem))
        refuse(load, file, "no usable certificate in it",
               "give the certificate in PEM form, then those of its authorities");
    const X509 *leaf = SSL_CTX_get0_certificate(load->context);
    if (leaf && X509_cmp_current_time(X509_get0_notAfter(leaf)) < 0) {
        diag_warning(load->diags, &file->place, "%s: the certificate has expired", file->path);
        diag_remedy(load->diags, "renew it; it is taken over when the file changes");
    }
    BIO_free(pem);
}

/* warn_of_readers - a group may be how the user of the server gets at the key; others may not. */
static void warn_of_readers(const struct load *load, const struct config_tls_file *file)
{
    struct stat status;
    if (stat(file->path, &status) != 0 || (status.st_mode & S_IROTH) == 0)
        return;
    diag_warning(load->diags, &file->place, "%s: everybody on this machine may read the key",
                 file->path);
    diag_remedy(load->diags, "chmod o-r %s", file->path);
}

static void load_key(const struct load *load, const struct config_tls_file *file)
{
    BIO *pem = read_file(load, file);
    if (!pem)
        return;
    EVP_PKEY *key = PEM_read_bio_PrivateKey(pem, NULL, no_password, NULL);
    X509 *leaf = SSL_CTX_get0_certificate(load->context); /* NULL: complained of already */
    if (!key)
        refuse(load, file, "no usable private key in it",
               "give the key in PEM form, without a password");
    else if (leaf && (X509_check_private_key(leaf, key) != 1 ||
                      SSL_CTX_use_PrivateKey(load->context, key) != 1))
        refuse(load, file, "not the key of the certificate",
               "give the certificate and the key it was made for");
    else
        warn_of_readers(load, file);
    EVP_PKEY_free(key);
    BIO_free(pem);
}

/* ---- what all sessions share ---- */

/* choose_protocol - "dot" for whoever asks for a protocol; one that wants another is at the wrong
 * port, and must not be talked to in its words.
 * source   RFC 7858 section 3.1, RFC 9103 section 7.1, RFC 7301 section 3.2 */
static int choose_protocol(SSL *ssl, const unsigned char **out, unsigned char *out_bytes,
                           const unsigned char *offered, unsigned offered_bytes, void *ctx)
{
    static const unsigned char dot[] = "\3dot";

    (void)ssl, (void)ctx;
    unsigned char *chosen;
    if (SSL_select_next_proto(&chosen, out_bytes, dot, sizeof(dot) - 1, offered,
                              offered_bytes) != OPENSSL_NPN_NEGOTIATED)
        return SSL_TLSEXT_ERR_ALERT_FATAL;
    *out = chosen;
    return SSL_TLSEXT_ERR_OK;
}

/* Without AUTO_RETRY a read comes back after each record that carries no data, so that a client
 * which sends nothing else cannot hold the worker. RELEASE_BUFFERS: a session at rest has none.
 * source   RFC 9325 sections 3 and 4 */
static SSL_CTX *make_context(void)
{
    SSL_CTX *context = SSL_CTX_new(TLS_server_method());
    if (!context)
        return NULL;
    SSL_CTX_set_options(context, SSL_OP_NO_RENEGOTIATION | SSL_OP_IGNORE_UNEXPECTED_EOF |
                                     SSL_OP_NO_COMPRESSION);
    SSL_CTX_set_mode(context, SSL_MODE_ENABLE_PARTIAL_WRITE |
                                  SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
                                  SSL_MODE_RELEASE_BUFFERS);
    SSL_CTX_clear_mode(context, SSL_MODE_AUTO_RETRY);
    SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
    SSL_CTX_set_alpn_select_cb(context, choose_protocol, NULL);
    if (SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION) != 1 ||
        SSL_CTX_set_cipher_list(context, "ECDHE+AESGCM:ECDHE+CHACHA20") != 1 ||
        SSL_CTX_set_num_tickets(context, 1) != 1) {
        SSL_CTX_free(context);
        return NULL;
    }
    return context;
}

enum err net_tls_load(const struct config_server *server, struct diag_list *diags,
                      struct net_tls **out_tls)
{
    *out_tls = NULL;
    if (server->tls.listener_count == 0)
        return ERR_OK;
    size_t errors = diag_error_count(diags);
    const struct load load = {.context = make_context(), .diags = diags};
    if (!load.context)
        return ERR_NO_MEMORY;
    ERR_clear_error();
    load_certificate(&load, &server->tls.certificate);
    load_key(&load, &server->tls.key);
    ERR_clear_error();
    if (diag_error_count(diags) > errors) {
        SSL_CTX_free(load.context);
        return ERR_INVALID;
    }
    *out_tls = (struct net_tls *)load.context;
    return ERR_OK;
}

void net_tls_free(struct net_tls *tls)
{
    SSL_CTX_free(context_of(tls));
}

struct net_tls *tls_share(struct net_tls *tls)
{
    if (tls)
        SSL_CTX_up_ref(context_of(tls));
    return tls;
}

/* ---- one client ---- */

struct tls_session *tls_session_new(struct net_tls *tls, int fd)
{
    SSL *ssl = SSL_new(context_of(tls));
    if (!ssl || SSL_set_fd(ssl, fd) != 1) {
        SSL_free(ssl);
        ERR_clear_error();
        return NULL;
    }
    SSL_set_accept_state(ssl);
    return (struct tls_session *)ssl;
}

void tls_session_free(struct tls_session *session, bool goodbye)
{
    SSL *ssl = ssl_of(session);
    if (goodbye && SSL_is_init_finished(ssl))
        (void)SSL_shutdown(ssl);
    SSL_free(ssl);
    ERR_clear_error();
}

/* status_of - what a call that did not succeed means. */
static enum stream_status status_of(SSL *ssl, int result, bool *out_wants_write)
{
    int error = SSL_get_error(ssl, result);
    ERR_clear_error();
    *out_wants_write = error == SSL_ERROR_WANT_WRITE;
    switch (error) {
    case SSL_ERROR_WANT_READ:
    case SSL_ERROR_WANT_WRITE: return STREAM_WAIT;
    case SSL_ERROR_ZERO_RETURN: return STREAM_END;
    default: return STREAM_BROKEN;
    }
}

enum stream_status tls_handshake(struct tls_session *session, bool *out_wants_write)
{
    SSL *ssl = ssl_of(session);
    *out_wants_write = false;
    int result = SSL_do_handshake(ssl);
    if (result == 1)
        return STREAM_OK;
    return status_of(ssl, result, out_wants_write);
}

enum stream_status tls_read(struct tls_session *session, uint8_t *bytes, size_t room,
                            size_t *out_count, bool *out_wants_write)
{
    SSL *ssl = ssl_of(session);
    *out_wants_write = false;
    int result = SSL_read_ex(ssl, bytes, room, out_count);
    if (result == 1)
        return STREAM_OK;
    return status_of(ssl, result, out_wants_write);
}

bool tls_has_more(const struct tls_session *session)
{
    return SSL_pending((const SSL *)session) > 0;
}

/* One record of up to 16 KiB at a time. One that the socket did not take is kept by OpenSSL, and
 * counts as taken when the same bytes are offered again. */
enum stream_status tls_write(struct tls_session *session, const uint8_t *bytes, size_t count,
                             size_t *out_count)
{
    SSL *ssl = ssl_of(session);
    *out_count = 0;
    while (*out_count < count) {
        size_t taken = 0;
        int result = SSL_write_ex(ssl, bytes + *out_count, count - *out_count, &taken);
        if (result != 1) {
            bool wants_write;
            return status_of(ssl, result, &wants_write);
        }
        *out_count += taken;
    }
    return STREAM_OK;
}
