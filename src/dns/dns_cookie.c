#include "rhumb/dns_cookie.h"

#include <string.h>

#include "rhumb/cursor.h"
#include "rhumb/hash.h"

enum {
    VERSION = 1,
    STAMP_BYTES = 16, /* client cookie, version, reserved, time: hashed before the address */
    STAMP_TIME = 12,
    HASH_BYTES = 8,
    LIFETIME_S = 3600, /* RFC 9018 section 4.3 */
    AHEAD_MAX_S = 300,
};

static void put_hash(const uint8_t *secret, const uint8_t stamp[STAMP_BYTES],
                     const struct ip_addr *client, uint8_t out_hash[HASH_BYTES])
{
    uint8_t hashed[STAMP_BYTES + sizeof(client->bytes)];
    size_t address_bytes = ip_bits((enum ip_family)client->family) / 8;
    memcpy(hashed, stamp, STAMP_BYTES);
    memcpy(hashed + STAMP_BYTES, client->bytes, address_bytes);
    uint64_t hash = siphash24(secret, hashed, STAMP_BYTES + address_bytes);
    for (unsigned i = 0; i < HASH_BYTES; i++) /* little-endian, as the reference code has it */
        out_hash[i] = (uint8_t)(hash >> (8 * i));
}

void dns_cookie_make(const uint8_t secret[DNS_COOKIE_SECRET_BYTES],
                     const uint8_t client_cookie[DNS_COOKIE_CLIENT_BYTES],
                     const struct ip_addr *client, uint32_t now_s,
                     uint8_t out_cookie[DNS_COOKIE_BYTES])
{
    memcpy(out_cookie, client_cookie, DNS_COOKIE_CLIENT_BYTES);
    store_u32(out_cookie + DNS_COOKIE_CLIENT_BYTES, (uint32_t)VERSION << 24);
    store_u32(out_cookie + STAMP_TIME, now_s);
    put_hash(secret, out_cookie, client, out_cookie + STAMP_BYTES);
}

/* is_current - by serial arithmetic (RFC 1982): the difference as a signed number. */
static bool is_current(uint32_t made_s, uint32_t now_s)
{
    int32_t age_s = (int32_t)(now_s - made_s);
    return age_s >= -AHEAD_MAX_S && age_s <= LIFETIME_S;
}

/* equal_in_constant_time - how much of a guess is right must not show. */
static bool equal_in_constant_time(const uint8_t *a, const uint8_t *b)
{
    uint8_t difference = 0;
    for (unsigned i = 0; i < HASH_BYTES; i++)
        difference |= a[i] ^ b[i];
    return difference == 0;
}

bool dns_cookie_is_valid(const struct dns_cookie_secrets *secrets, const uint8_t *cookie,
                         size_t cookie_bytes, const struct ip_addr *client, uint32_t now_s)
{
    if (cookie_bytes != DNS_COOKIE_BYTES || cookie[DNS_COOKIE_CLIENT_BYTES] != VERSION)
        return false;
    struct reader time = reader_init(cookie + STAMP_TIME, sizeof(uint32_t));
    bool is_ours = false;
    for (unsigned i = 0; i < secrets->count; i++) {
        uint8_t hash[HASH_BYTES];
        put_hash(secrets->secret[i], cookie, client, hash);
        is_ours |= equal_in_constant_time(hash, cookie + STAMP_BYTES);
    }
    return is_ours && is_current(reader_u32(&time), now_s);
}

static void derive(const uint8_t *key, uint32_t day,
                   uint8_t out_secret[DNS_COOKIE_SECRET_BYTES])
{
    for (uint8_t half = 0; half < 2; half++) {
        uint8_t label[5] = {half};
        store_u32(label + 1, day);
        uint64_t bits = siphash24(key, label, sizeof(label));
        memcpy(out_secret + 8u * half, &bits, sizeof(bits));
    }
}

void dns_cookie_own_secrets(const uint8_t key[DNS_COOKIE_SECRET_BYTES], uint32_t day,
                            struct dns_cookie_secrets *out_secrets)
{
    out_secrets->count = DNS_COOKIE_SECRETS_MAX;
    derive(key, day, out_secrets->secret[0]);
    derive(key, day - 1, out_secrets->secret[1]);
}
