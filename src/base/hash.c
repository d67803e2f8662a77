#include "rhumb/hash.h"

#include "rhumb/bits.h"

/* By bytes, little-endian: right on every machine (compilers make one load of it). */
static uint64_t load_le64(const uint8_t *b)
{
    uint64_t x = 0;
    for (int i = 7; i >= 0; i--)
        x = x << 8 | b[i];
    return x;
}

static void sip_round(uint64_t v[4])
{
    v[0] += v[1];
    v[1] = bits_rotate_left(v[1], 13) ^ v[0];
    v[0] = bits_rotate_left(v[0], 32);
    v[2] += v[3];
    v[3] = bits_rotate_left(v[3], 16) ^ v[2];
    v[0] += v[3];
    v[3] = bits_rotate_left(v[3], 21) ^ v[0];
    v[2] += v[1];
    v[1] = bits_rotate_left(v[1], 17) ^ v[2];
    v[2] = bits_rotate_left(v[2], 32);
}

static void sip_block(uint64_t v[4], uint64_t m)
{
    v[3] ^= m;
    sip_round(v);
    sip_round(v);
    v[0] ^= m;
}

uint64_t siphash24(const uint8_t key[16], const void *bytes, size_t len)
{
    const uint8_t *in = bytes;
    uint64_t k0 = load_le64(key), k1 = load_le64(key + 8);
    uint64_t v[4] = {
        k0 ^ UINT64_C(0x736f6d6570736575),
        k1 ^ UINT64_C(0x646f72616e646f6d),
        k0 ^ UINT64_C(0x6c7967656e657261),
        k1 ^ UINT64_C(0x7465646279746573),
    };
    size_t whole = len / 8;
    for (size_t i = 0; i < whole; i++)
        sip_block(v, load_le64(in + 8 * i));
    uint64_t last = (uint64_t)len << 56;
    for (size_t i = 0; i < len % 8; i++)
        last |= (uint64_t)in[8 * whole + i] << (8 * i);
    sip_block(v, last);
    v[2] ^= 0xff;
    for (int i = 0; i < 4; i++)
        sip_round(v);
    return v[0] ^ v[1] ^ v[2] ^ v[3];
}

uint64_t hash_bytes(uint64_t seed, const void *bytes, size_t len)
{
    const uint8_t *in = bytes;
    uint64_t h = seed;
    for (size_t i = 0; i < len; i++)
        h = (h ^ in[i]) * UINT64_C(0x100000001b3);
    return hash_mix(h);
}
