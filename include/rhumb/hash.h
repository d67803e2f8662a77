/* hash.h - two hashes: one keyed and safe against chosen input, one for our own data. */
#pragma once

#include <stddef.h>
#include <stdint.h>

/* siphash24 - SipHash-2-4 (Aumasson and Bernstein 2012); 16-byte key. For tables that an
 * outsider fills, and for DNS cookies (RFC 9018). */
uint64_t siphash24(const uint8_t key[16], const void *bytes, size_t len);

/* hash_bytes - FNV-1a with a final mix; the same on every machine, so that the POPs of a fleet
 * agree on sticky picks. Start a chain with HASH_SEED. */
#define HASH_SEED UINT64_C(0xcbf29ce484222325)
uint64_t hash_bytes(uint64_t seed, const void *bytes, size_t len);

/* hash_mix - a bijection that spreads every bit (the finaliser of splitmix64). */
static inline uint64_t hash_mix(uint64_t x)
{
    x ^= x >> 30;
    x *= UINT64_C(0xbf58476d1ce4e5b9);
    x ^= x >> 27;
    x *= UINT64_C(0x94d049bb133111eb);
    return x ^ (x >> 31);
}
