#include "probe_tls.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include "probe_reason.h"

enum {
    CONTEXTS_MAX = 16, /* files of authorities that are kept; the oldest goes */
    KEPT_MS = 60000,
    WORDS_MAX = 160,
};

/* ---- authorities ---- */

struct tls_context {
    SSL_CTX *openssl; /* NULL: a free place. Sessions hold it too */
    char *ca_file;    /* owned; NULL: the system's */
    bool verify;
    uint64_t read_ms;
};

struct tls_trust {
    struct tls_context contexts[CONTEXTS_MAX];
};

struct tls_trust *tls_trust_new(void)
{
    return (struct tls_trust *)calloc(1, sizeof(struct tls_trust));
}

static void clear_context(struct tls_context *context)
{
    SSL_CTX_free(context->openssl);
    free(context->ca_file);
    *context = (struct tls_context){0};
}

void tls_trust_free(struct tls_trust *trust)
{
    if (!trust)
        return;
    for (size_t i = 0; i < CONTEXTS_MAX; i++)
        clear_context(&trust->contexts[i]);
    free(trust);
}

static bool is_for(const struct tls_context *context, const struct tls_terms *terms)
{
    bool same_file = terms->ca_file && context->ca_file
                         ? strcmp(context->ca_file, terms->ca_file) == 0
                         : !terms->ca_file && !context->ca_file;
    return context->openssl && context->verify == terms->verify && same_file;
}

/* find_place - of what the terms want, else a free one, else the oldest. */
static struct tls_context *find_place(struct tls_trust *trust, const struct tls_terms *terms)
{
    struct tls_context *place = &trust->contexts[0];
    for (size_t i = 0; i < CONTEXTS_MAX; i++) {
        struct tls_context *context = &trust->contexts[i];
        if (is_for(context, terms))
            return context;
        if (place->openssl && (!context->openssl || context->read_ms < place->read_ms))
            place = context;
    }
    return place;
}

/* make_openssl - NULL when the authorities cannot be read, or out of memory. Those of the system
 * come from OpenSSL's folder, which is looked into as needed; libcurl reads a file. */
static SSL_CTX *make_openssl(const struct tls_terms *terms)
{
    SSL_CTX *openssl = SSL_CTX_new(TLS_client_method());
    if (!openssl)
        return NULL;
    SSL_CTX_set_session_cache_mode(openssl, SSL_SESS_CACHE_OFF);
    SSL_CTX_set_options(openssl, SSL_OP_NO_TICKET);
    SSL_CTX_set_mode(openssl,
                     SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    SSL_CTX_set_verify(openssl, terms->verify ? SSL_VERIFY_PEER : SSL_VERIFY_NONE, NULL);
    int good = 1;
    if (terms->verify && terms->ca_file)
        good = SSL_CTX_load_verify_file(openssl, terms->ca_file);
    else if (terms->verify)
        good = SSL_CTX_load_verify_dir(openssl, X509_get_default_cert_dir());
    if (good == 1)
        return openssl;
    SSL_CTX_free(openssl);
    return NULL;
}

static SSL_CTX *find_openssl(struct tls_trust *trust, const struct tls_terms *terms,
                             uint64_t now_ms)
{
    struct tls_context *place = find_place(trust, terms);
    if (is_for(place, terms) && now_ms - place->read_ms < KEPT_MS)
        return place->openssl;
    char *ca_file = terms->ca_file ? strdup(terms->ca_file) : NULL;
    SSL_CTX *openssl = terms->ca_file && !ca_file ? NULL : make_openssl(terms);
    if (!openssl) {
        free(ca_file);
        return NULL;
    }
    clear_context(place);
    *place = (struct tls_context){openssl, ca_file, terms->verify, now_ms};
    return openssl;
}

/* ---- a session ---- */

struct probe_tls {
    SSL *openssl;
    bool established;
    /* of the step that failed */
    int code;     /* error number; 0: none */
    long verdict; /* on the certificate; X509_V_OK: it is not at fault */
    char words[WORDS_MAX];
};

/* ask_for - send host as server name. A copy, because OpenSSL's macro takes no constant text. */
static bool ask_for(SSL *openssl, const char *host)
{
    char *copy = strdup(host);
    bool good = copy && SSL_set_tlsext_host_name(openssl, copy) == 1;
    free(copy);
    return good;
}

/* set_name - what must stand in the certificate, and what the server is asked for. */
static bool set_name(SSL *openssl, const struct tls_terms *terms)
{
    struct ip_addr literal = terms->addr;
    if (terms->host && !ip_parse(terms->host, &literal))
        return ask_for(openssl, terms->host) && SSL_set1_host(openssl, terms->host) == 1;
    size_t len = ip_bits((enum ip_family)literal.family) / 8;
    return X509_VERIFY_PARAM_set1_ip(SSL_get0_param(openssl), literal.bytes, len) == 1;
}

struct probe_tls *probe_tls_new(struct tls_trust *trust, const struct tls_terms *terms, int fd,
                                uint64_t now_ms, struct probe_result *out_result)
{
    SSL_CTX *context = find_openssl(trust, terms, now_ms);
    ERR_clear_error();
    if (!context) {
        probe_result_set(out_result, HEALTH_OWN_FAULT,
                         "own fault: cannot read the CA certificates");
        return NULL;
    }
    struct probe_tls *session = (struct probe_tls *)calloc(1, sizeof(*session));
    if (session)
        session->openssl = SSL_new(context);
    if (session && session->openssl && set_name(session->openssl, terms) &&
        SSL_set_fd(session->openssl, fd) == 1) {
        SSL_set_connect_state(session->openssl);
        return session;
    }
    probe_tls_free(session);
    ERR_clear_error();
    probe_result_set_errno(out_result, ENOMEM);
    return NULL;
}

void probe_tls_free(struct probe_tls *session)
{
    if (!session)
        return;
    if (session->established)
        SSL_shutdown(session->openssl);
    ERR_clear_error();
    SSL_free(session->openssl);
    free(session);
}

/* note_failure - keep what OpenSSL knows of it, and leave its queue of errors empty. */
static enum stream_io note_failure(struct probe_tls *session, int kind, int code)
{
    unsigned long error = ERR_peek_error();
    int reason = ERR_GET_LIB(error) == ERR_LIB_SSL ? ERR_GET_REASON(error) : 0;
    session->established = false; /* such a session takes no good-bye */
    session->code = kind == SSL_ERROR_SYSCALL ? code : 0;
    session->words[0] = '\0';
    session->verdict = X509_V_OK;
    if (reason == SSL_R_CERTIFICATE_VERIFY_FAILED)
        session->verdict = SSL_get_verify_result(session->openssl);
    else if (error != 0 && reason != SSL_R_UNEXPECTED_EOF_WHILE_READING)
        ERR_error_string_n(error, session->words, sizeof(session->words));
    ERR_clear_error();
    return STREAM_FAILED;
}

/* outcome_of - what the return value of an SSL_...() function means. */
static enum stream_io outcome_of(struct probe_tls *session, int returned)
{
    int code = errno;
    int kind = SSL_get_error(session->openssl, returned);
    switch (kind) {
    case SSL_ERROR_NONE: return STREAM_DONE;
    case SSL_ERROR_WANT_READ: return STREAM_WANTS_READ;
    case SSL_ERROR_WANT_WRITE: return STREAM_WANTS_WRITE;
    case SSL_ERROR_ZERO_RETURN: return STREAM_CLOSED;
    default: return note_failure(session, kind, code);
    }
}

enum stream_io probe_tls_handshake(struct probe_tls *session)
{
    errno = 0;
    enum stream_io io = outcome_of(session, SSL_do_handshake(session->openssl));
    session->established = io == STREAM_DONE;
    return io;
}

enum stream_io probe_tls_write(struct probe_tls *session, const char *bytes, size_t len,
                               size_t *out_len)
{
    *out_len = 0;
    errno = 0;
    return outcome_of(session, SSL_write_ex(session->openssl, bytes, len, out_len));
}

enum stream_io probe_tls_read(struct probe_tls *session, char *bytes, size_t size,
                              size_t *out_len)
{
    *out_len = 0;
    errno = 0;
    return outcome_of(session, SSL_read_ex(session->openssl, bytes, size, out_len));
}

void probe_tls_explain(const struct probe_tls *session, struct probe_result *out_result)
{
    if (session->verdict != X509_V_OK)
        probe_result_set_verdict(out_result, session->verdict);
    else
        probe_result_set_handshake(out_result, session->code, session->words);
}

int64_t probe_tls_cert_end_s(const struct probe_tls *session)
{
    const X509 *cert = SSL_get0_peer_certificate(session->openssl);
    struct tm when;
    if (!cert || ASN1_TIME_to_tm(X509_get0_notAfter(cert), &when) != 1)
        return 0;
    return timegm(&when);
}
