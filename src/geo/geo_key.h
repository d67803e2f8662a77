/* geo_key - an address as a number of 128 bits, the first bit of the address highest.
 *
 * An IPv4 address fills the first 32 bits and zeros follow, so both families share every loop
 * over prefixes: only the number of bits differs.
 */
#pragma once

#include <endian.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "rhumb/ip.h"

struct geo_key {
    uint64_t high, low;
};

/* The two families, as an index. */
enum { GEO_V4, GEO_V6, GEO_FAMILY_COUNT };

static inline enum ip_family geo_ip_family(unsigned family)
{
    return family == GEO_V4 ? IP_V4 : IP_V6;
}

static inline struct geo_key geo_key_from_addr(const struct ip_addr *addr)
{
    uint64_t halves[2];
    memcpy(halves, addr->bytes, sizeof(halves)); /* ip.h: zeros after an IPv4 address */
    return (struct geo_key){.high = be64toh(halves[0]), .low = be64toh(halves[1])};
}

static inline struct ip_addr geo_key_to_addr(struct geo_key key, unsigned family)
{
    struct ip_addr addr = {.family = (uint8_t)geo_ip_family(family)};
    uint64_t halves[2] = {htobe64(key.high), htobe64(key.low)};
    memcpy(addr.bytes, halves, sizeof(halves));
    return addr;
}

static inline bool geo_key_equal(struct geo_key a, struct geo_key b)
{
    return a.high == b.high && a.low == b.low;
}

static inline bool geo_key_is_zero(struct geo_key key)
{
    return (key.high | key.low) == 0;
}

static inline bool geo_key_less(struct geo_key a, struct geo_key b)
{
    return a.high != b.high ? a.high < b.high : a.low < b.low;
}

/* geo_key_with_bit - key with bit idx set; idx 0..127, 0 is the first bit of the address. */
static inline struct geo_key geo_key_with_bit(struct geo_key key, unsigned idx)
{
    if (idx < 64)
        key.high |= UINT64_C(1) << (63 - idx);
    else
        key.low |= UINT64_C(1) << (127 - idx);
    return key;
}

/* geo_key_masked - key with every bit beyond the first len cleared; len 0..128. */
static inline struct geo_key geo_key_masked(struct geo_key key, unsigned len)
{
    if (len == 0)
        return (struct geo_key){0};
    if (len <= 64)
        return (struct geo_key){.high = key.high & UINT64_MAX << (64 - len)};
    return (struct geo_key){.high = key.high, .low = key.low & UINT64_MAX << (128 - len)};
}

/* geo_key_after - the first address behind the prefix (key, len); zero behind the last one. */
static inline struct geo_key geo_key_after(struct geo_key key, unsigned len)
{
    if (len == 0)
        return (struct geo_key){0};
    if (len <= 64)
        return (struct geo_key){.high = key.high + (UINT64_C(1) << (64 - len))};
    struct geo_key next = {.high = key.high, .low = key.low + (UINT64_C(1) << (128 - len))};
    if (next.low == 0)
        next.high++;
    return next;
}

/* geo_key_within - is key inside the prefix (start, len)? */
static inline bool geo_key_within(struct geo_key key, struct geo_key start, unsigned len)
{
    return geo_key_equal(geo_key_masked(key, len), start);
}

/* geo_key_before - the start of the prefix of length len that ends right before key; key zero
 * stands for the end of the space. len 1..128. */
static inline struct geo_key geo_key_before(struct geo_key key, unsigned len)
{
    if (len <= 64)
        return (struct geo_key){.high = key.high - (UINT64_C(1) << (64 - len)), .low = key.low};
    uint64_t size = UINT64_C(1) << (128 - len);
    return (struct geo_key){.high = key.high - (key.low < size), .low = key.low - size};
}
