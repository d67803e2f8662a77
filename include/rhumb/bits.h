/* bits.h - counting and turning bits without a library call. */
#pragma once

#include <stdint.h>

/* bits_rotate_left - bits: 1..63. */
static inline uint64_t bits_rotate_left(uint64_t x, unsigned bits)
{
    return x << bits | x >> (64 - bits);
}

/* bits_count - how many are set.
 *
 * The baseline of x86-64 has no POPCNT, and what gcc puts in its place is a call and eight
 * table look-ups. This is a dozen instructions (Warren, "Hacker's Delight", section 5-1); with
 * -mpopcnt or on other machines the compiler's own is used. */
static inline unsigned bits_count(uint64_t x)
{
#if defined(__POPCNT__) || !defined(__x86_64__)
    return (unsigned)__builtin_popcountll(x);
#else
    x -= x >> 1 & UINT64_C(0x5555555555555555);
    x = (x & UINT64_C(0x3333333333333333)) + (x >> 2 & UINT64_C(0x3333333333333333));
    x = (x + (x >> 4)) & UINT64_C(0x0f0f0f0f0f0f0f0f);
    return (unsigned)(x * UINT64_C(0x0101010101010101) >> 56);
#endif
}
