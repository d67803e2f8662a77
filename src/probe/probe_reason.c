#include "probe_reason.h"

#include <errno.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

static const struct errno_meaning {
    int code;
    bool ours;
    const char *text;
} MEANINGS[] = {
    {ECONNREFUSED, false, "connection refused"},
    {ECONNRESET, false, "connection reset"},
    {EPIPE, false, "connection reset"},
    {ETIMEDOUT, false, "connection timed out"},
    {EHOSTUNREACH, false, "host unreachable"},
    {EHOSTDOWN, false, "host is down"},
    {EACCES, false, "connection prohibited"},
    {EMFILE, true, "own fault: out of file descriptors"},
    {ENFILE, true, "own fault: the system is out of file descriptors"},
    {ENOMEM, true, "own fault: out of memory"},
    {ENOBUFS, true, "own fault: out of buffers"},
    {ENETUNREACH, true, "own fault: no route to that network"},
    {ENETDOWN, true, "own fault: network is down"},
    {EADDRNOTAVAIL, true, "own fault: no free local port"},
    {EADDRINUSE, true, "own fault: no free local port"},
    {EAGAIN, true, "own fault: no free local port"},
    {EAFNOSUPPORT, true, "own fault: address family not supported"},
    {EPERM, true, "own fault: not permitted here"},
    {PROBE_ERRNO_SOURCE, true, "own fault: the source address is not ours"},
    {EINVAL, true, "own fault: invalid socket call"},
};

static const struct errno_meaning *find_meaning(int code)
{
    for (size_t i = 0; i < sizeof(MEANINGS) / sizeof(MEANINGS[0]); i++)
        if (MEANINGS[i].code == code)
            return &MEANINGS[i];
    return NULL;
}

void probe_result_set(struct probe_result *result, enum health_outcome outcome,
                      const char *format, ...)
{
    va_list args;
    *result = (struct probe_result){.outcome = outcome, .scale = 100};
    va_start(args, format);
    vsnprintf(result->reason, sizeof(result->reason), format, args);
    va_end(args);
}

void probe_result_set_errno(struct probe_result *result, int code)
{
    const struct errno_meaning *meaning = find_meaning(code);
    char buffer[PROBE_REASON_MAX];
    const char *text = meaning ? meaning->text : strerror_r(code, buffer, sizeof(buffer));
    bool ours = meaning && meaning->ours;
    probe_result_set(result, ours ? HEALTH_OWN_FAULT : HEALTH_FAILURE, "%s", text);
}

bool probe_errno_is_ours(int code)
{
    const struct errno_meaning *meaning = find_meaning(code);
    return meaning && meaning->ours;
}

uint32_t probe_rtt_us(uint64_t us)
{
    if (us == 0)
        return 1; /* 0 would say "none yet" to the state machine */
    return us < UINT32_MAX ? (uint32_t)us : UINT32_MAX;
}

/* By their number in <openssl/x509_vfy.h>, which is not included for them. libcurl compares the
 * name first and leaves 1 when it does not fit. */
static const struct verdict_meaning {
    long verdict;
    const char *text;
} VERDICTS[] = {
    {0, "certificate is for another name"},
    {1, "certificate is for another name"},
    {7, "certificate's signature is wrong"},
    {9, "certificate is not valid yet"},
    {10, "certificate expired"},
    {18, "certificate is self-signed"},
    {19, "certificate is signed by an unknown authority"},
    {20, "certificate is signed by an unknown authority"},
    {21, "certificate is signed by an unknown authority"},
    {23, "certificate is revoked"},
    {62, "certificate is for another name"},
    {64, "certificate is for another name"},
};

void probe_result_set_verdict(struct probe_result *result, long verdict)
{
    for (size_t i = 0; i < sizeof(VERDICTS) / sizeof(VERDICTS[0]); i++) {
        if (VERDICTS[i].verdict != verdict)
            continue;
        probe_result_set(result, HEALTH_FAILURE, "%s", VERDICTS[i].text);
        return;
    }
    probe_result_set(result, HEALTH_FAILURE, "certificate refused (OpenSSL verdict %ld)",
                     verdict);
}

void probe_result_set_handshake(struct probe_result *result, int code, const char *words)
{
    const char *colon = strrchr(words, ':');
    bool is_openssl = strstr(words, "error:") && colon;
    if (code != 0)
        probe_result_set_errno(result, code);
    else if (is_openssl && strcmp(colon + 1, "EVP lib") == 0)
        /* an authority of the right name but with another key ends here, not as a verdict */
        probe_result_set(result, HEALTH_FAILURE, "TLS handshake failed: a signature is wrong");
    else if (is_openssl) /* the part behind the last colon is for people */
        probe_result_set(result, HEALTH_FAILURE, "TLS handshake failed: %s", colon + 1);
    else
        probe_result_set(result, HEALTH_FAILURE, "connection closed in TLS handshake");
}
