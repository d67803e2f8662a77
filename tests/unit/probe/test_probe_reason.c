#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#include <openssl/x509_vfy.h>

#include "probe_reason.h"

static void errors_are_the_targets_fault_or_ours(void **state)
{
    (void)state;

    static const struct {
        int code;
        bool ours;
        const char *text;
    } cases[] = {
        {ECONNREFUSED, false, "connection refused"},
        {ECONNRESET, false, "connection reset"},
        {ETIMEDOUT, false, "connection timed out"},
        {EHOSTUNREACH, false, "host unreachable"},
        {EACCES, false, "connection prohibited"},
        {EMFILE, true, "own fault: out of file descriptors"},
        {ENFILE, true, "own fault: the system is out of file descriptors"},
        {ENETUNREACH, true, "own fault: no route to that network"},
        {ENOBUFS, true, "own fault: out of buffers"},
        {ENOMEM, true, "own fault: out of memory"},
        {EADDRNOTAVAIL, true, "own fault: no free local port"},
        {EAFNOSUPPORT, true, "own fault: address family not supported"},
        {EPERM, true, "own fault: not permitted here"},
        {EPROTO, false, "Protocol error"}, /* not in the table: the system's words */
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct probe_result result;
        probe_result_set_errno(&result, cases[i].code);
        assert_int_equal(result.outcome, cases[i].ours ? HEALTH_OWN_FAULT : HEALTH_FAILURE);
        assert_string_equal(result.reason, cases[i].text);
        assert_int_equal(result.rtt_us, 0);
        assert_int_equal(probe_errno_is_ours(cases[i].code), cases[i].ours);
    }
}

static void long_reasons_are_cut(void **state)
{
    (void)state;
    struct probe_result result;
    probe_result_set(&result, HEALTH_FAILURE, "%500d", 1);
    assert_int_equal(strlen(result.reason), PROBE_REASON_MAX - 1);
}

static void refused_certificates_say_why(void **state)
{
    (void)state;

    static const struct {
        long verdict;
        const char *text;
    } cases[] = {
        {X509_V_OK, "certificate is for another name"},
        {X509_V_ERR_UNSPECIFIED, "certificate is for another name"},
        {X509_V_ERR_CERT_NOT_YET_VALID, "certificate is not valid yet"},
        {X509_V_ERR_CERT_HAS_EXPIRED, "certificate expired"},
        {X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT, "certificate is self-signed"},
        {X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN, "certificate is signed by an unknown authority"},
        {X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY,
         "certificate is signed by an unknown authority"},
        {X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE,
         "certificate is signed by an unknown authority"},
        {X509_V_ERR_CERT_REVOKED, "certificate is revoked"},
        {X509_V_ERR_HOSTNAME_MISMATCH, "certificate is for another name"},
        {X509_V_ERR_IP_ADDRESS_MISMATCH, "certificate is for another name"},
        {X509_V_ERR_INVALID_PURPOSE, "certificate refused (OpenSSL verdict 26)"},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct probe_result result;
        probe_result_set_verdict(&result, cases[i].verdict);
        assert_int_equal(result.outcome, HEALTH_FAILURE);
        assert_string_equal(result.reason, cases[i].text);
    }
}

static void failed_handshakes_say_why(void **state)
{
    (void)state;

    static const struct {
        int code;
        const char *words, *text;
    } cases[] = {
        {ECONNRESET, "", "connection reset"},
        {0, "error:0A00010B:SSL routines::wrong version number",
         "TLS handshake failed: wrong version number"},
        {0, "error:1C880006:Provider routines::EVP lib",
         "TLS handshake failed: a signature is wrong"},
        {0, "OpenSSL SSL_connect: SSL_ERROR_SYSCALL in connection to a:1",
         "connection closed in TLS handshake"},
        {0, "", "connection closed in TLS handshake"},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct probe_result result;
        probe_result_set_handshake(&result, cases[i].code, cases[i].words);
        assert_int_equal(result.outcome, HEALTH_FAILURE);
        assert_string_equal(result.reason, cases[i].text);
    }
}

static void a_round_trip_is_never_zero(void **state)
{
    (void)state;
    assert_int_equal(probe_rtt_us(0), 1);
    assert_int_equal(probe_rtt_us(1234), 1234);
    assert_int_equal(probe_rtt_us(UINT64_MAX), UINT32_MAX);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(errors_are_the_targets_fault_or_ours),
        cmocka_unit_test(long_reasons_are_cut),
        cmocka_unit_test(refused_certificates_say_why),
        cmocka_unit_test(failed_handshakes_say_why),
        cmocka_unit_test(a_round_trip_is_never_zero),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
