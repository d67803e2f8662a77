/* rng.h - seeded random numbers (xoshiro256**, Blackman and Vigna 2018).
 *
 * Chance is an argument everywhere below the top floor: a worker owns one struct rng seeded
 * from the system; a test seeds its own and gets the same answers each time. Not for secrets.
 */
#pragma once

#include <stdint.h>

struct rng {
    uint64_t state[4];
};

void rng_init(struct rng *rng, uint64_t seed);
uint64_t rng_next(struct rng *rng);

/* rng_below - uniform in 0..limit-1 (Lemire 2019, without the rejection: bias below 2^-32 for
 * the 32-bit limits used here); 0 when limit is 0. */
uint32_t rng_below(struct rng *rng, uint32_t limit);
