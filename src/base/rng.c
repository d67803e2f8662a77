#include "rhumb/rng.h"

#include "rhumb/bits.h"
#include "rhumb/hash.h"

void rng_init(struct rng *rng, uint64_t seed)
{
    for (int i = 0; i < 4; i++) { /* splitmix64, as the authors advise: never all zero */
        seed += UINT64_C(0x9e3779b97f4a7c15);
        rng->state[i] = hash_mix(seed);
    }
}

uint64_t rng_next(struct rng *rng)
{
    uint64_t *s = rng->state;
    uint64_t result = bits_rotate_left(s[1] * 5, 7) * 9;
    uint64_t t = s[1] << 17;
    s[2] ^= s[0];
    s[3] ^= s[1];
    s[1] ^= s[2];
    s[0] ^= s[3];
    s[2] ^= t;
    s[3] = bits_rotate_left(s[3], 45);
    return result;
}

uint32_t rng_below(struct rng *rng, uint32_t limit)
{
    return (uint32_t)((rng_next(rng) >> 32) * limit >> 32);
}
