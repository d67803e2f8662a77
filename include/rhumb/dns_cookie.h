/* dns_cookie.h - DNS cookies that every server of an anycast set makes alike.
 *
 *   option   | client cookie (8) | server cookie (16)                               |
 *                                | 1 | 0 0 0 | seconds since 1970 (4) | hash (8)     |
 *   hash     SipHash-2-4 of client cookie, the first half of the server cookie, and the address
 *
 * A client that sends back what it was given is really where its packets say it is: that is all a
 * cookie proves, and why such a client is spared rate limits and size limits. Nothing is kept
 * for it.
 *
 * Pure. Time is seconds since 1970 modulo 2^32, compared by serial arithmetic, so that neither
 * 2038 nor 2106 is special.
 *
 * source   RFC 7873; RFC 9018 section 4
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "rhumb/ip.h"

enum {
    DNS_COOKIE_CLIENT_BYTES = 8,
    DNS_COOKIE_BYTES = 24,     /* of both, as we make them */
    DNS_COOKIE_BYTES_MIN = 16, /* of both, as anybody may: RFC 7873 section 4.2 */
    DNS_COOKIE_BYTES_MAX = 40,
    DNS_COOKIE_SECRET_BYTES = 16,
    DNS_COOKIE_SECRETS_MAX = 2,
};

/* Secrets in force: the first makes cookies, all are accepted. That is what a rollover without a
 * gap needs (RFC 9018 section 5): add the new one behind, swap them, drop the old one. */
struct dns_cookie_secrets {
    unsigned count; /* 0..DNS_COOKIE_SECRETS_MAX */
    uint8_t secret[DNS_COOKIE_SECRETS_MAX][DNS_COOKIE_SECRET_BYTES];
};

/* dns_cookie_make - client cookie and server cookie for this client at this time. */
void dns_cookie_make(const uint8_t secret[DNS_COOKIE_SECRET_BYTES],
                     const uint8_t client_cookie[DNS_COOKIE_CLIENT_BYTES],
                     const struct ip_addr *client, uint32_t now_s,
                     uint8_t out_cookie[DNS_COOKIE_BYTES]);

/* dns_cookie_is_valid - was it made by one of the secrets for this client, in the last hour? A
 * clock may be 5 minutes ahead of ours. Takes the same time for every wrong one. */
bool dns_cookie_is_valid(const struct dns_cookie_secrets *secrets, const uint8_t *cookie,
                         size_t cookie_bytes, const struct ip_addr *client, uint32_t now_s);

/* dns_cookie_own_secrets - what a server alone uses: derived from a random key of the process and
 * the day, so that they roll over by themselves. Today's makes, yesterday's is accepted. */
void dns_cookie_own_secrets(const uint8_t key[DNS_COOKIE_SECRET_BYTES], uint32_t day,
                            struct dns_cookie_secrets *out_secrets);
