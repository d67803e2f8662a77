#include "tls_pair.h"

#include <stdio.h>
#include <sys/stat.h>

#include <openssl/pem.h>
#include <openssl/x509.h>

#include "net_fixture.h"

static void write_pem(const char *path, const X509 *certificate, const EVP_PKEY *key)
{
    FILE *out = fopen(path, "w");
    assert_non_null(out);
    int written = certificate ? PEM_write_X509(out, certificate)
                              : PEM_write_PrivateKey(out, key, NULL, NULL, 0, NULL, NULL);
    assert_int_equal(written, 1);
    assert_int_equal(fclose(out), 0);
}

void tls_pair_write(const char *certificate_path, const char *key_path, const char *name,
                    int days)
{
    EVP_PKEY *key = EVP_EC_gen("P-256");
    X509 *certificate = X509_new();
    assert_non_null(key);
    assert_non_null(certificate);
    X509_gmtime_adj(X509_getm_notBefore(certificate), -100L * 86400);
    X509_gmtime_adj(X509_getm_notAfter(certificate), days * 86400L);
    X509_NAME *subject = X509_get_subject_name(certificate);
    assert_int_equal(X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC,
                                                (const unsigned char *)name, -1, -1, 0),
                     1);
    assert_int_equal(X509_set_issuer_name(certificate, subject), 1);
    assert_int_equal(X509_set_pubkey(certificate, key), 1);
    assert_true(X509_sign(certificate, key, EVP_sha256()) > 0);
    write_pem(certificate_path, certificate, NULL);
    write_pem(key_path, NULL, key);
    assert_int_equal(chmod(key_path, 0600), 0);
    X509_free(certificate);
    EVP_PKEY_free(key);
}

SSL *tls_connect(int fd)
{
    SSL_CTX *context = SSL_CTX_new(TLS_client_method());
    assert_non_null(context);
    SSL *ssl = SSL_new(context);
    SSL_CTX_free(context);
    assert_non_null(ssl);
    assert_int_equal(SSL_set_fd(ssl, fd), 1);
    assert_int_equal(SSL_connect(ssl), 1);
    return ssl;
}

bool tls_peer_is(SSL *ssl, const char *name)
{
    char text[64] = "";
    X509 *certificate = SSL_get0_peer_certificate(ssl);
    assert_non_null(certificate);
    X509_NAME_get_text_by_NID(X509_get_subject_name(certificate), NID_commonName, text,
                              sizeof(text));
    return strcmp(text, name) == 0;
}

void tls_write_all(SSL *ssl, const uint8_t *bytes, size_t count)
{
    size_t written;
    assert_int_equal(SSL_write_ex(ssl, bytes, count, &written), 1);
    assert_int_equal(written, count);
}

static void read_all(SSL *ssl, uint8_t *bytes, size_t count)
{
    while (count > 0) {
        size_t received;
        assert_int_equal(SSL_read_ex(ssl, bytes, count, &received), 1);
        bytes += received;
        count -= received;
    }
}

void tls_expect_answer(SSL *ssl, uint16_t id, size_t bytes)
{
    static _Thread_local uint8_t message[65535];

    uint8_t length[2];
    read_all(ssl, length, sizeof(length));
    assert_int_equal(length[0] << 8 | length[1], bytes);
    read_all(ssl, message, bytes);
    assert_int_equal(message[0] << 8 | message[1], id);
    assert_int_equal(message[2], 0x80);
    if (id == ID_OF_REQUEST) {
        struct request_seen seen;
        memcpy(&seen, message + SEEN_AT, sizeof(seen));
        assert_int_equal(seen.transport, ANSWER_TLS);
    }
}

void tls_ask(SSL *ssl, uint16_t id)
{
    uint8_t frame[128];
    tls_write_all(ssl, frame, frame_put(frame, id, 100));
    tls_expect_answer(ssl, id, 100);
}
