/* naive_number.h - an address as a number, 32 or 128 bits to the right. Private to audit/.
 *
 * The second walker counts through the address space; nothing of it is shared with the code that
 * it judges (geo_key.h keeps the bits at the other end).
 */
#pragma once

#include <endian.h>
#include <string.h>

#include "rhumb/ip.h"

typedef unsigned __int128 naive_number;

static inline naive_number naive_number_of(const struct ip_addr *addr)
{
    uint64_t halves[2];
    memcpy(halves, addr->bytes, sizeof(halves));
    naive_number number = (naive_number)be64toh(halves[0]) << 64 | be64toh(halves[1]);
    return addr->family == IP_V4 ? number >> 96 : number;
}

static inline struct ip_addr naive_addr_of(enum ip_family family, naive_number number)
{
    struct ip_addr addr = {.family = (uint8_t)family};
    if (family == IP_V4)
        number <<= 96;
    uint64_t halves[2] = {htobe64((uint64_t)(number >> 64)), htobe64((uint64_t)number)};
    memcpy(addr.bytes, halves, sizeof(halves));
    return addr;
}

/* naive_last_of - the highest address of a family. */
static inline naive_number naive_last_of(enum ip_family family)
{
    return family == IP_V4 ? UINT32_MAX : ~(naive_number)0;
}

/* naive_first_in, naive_last_in - of the network of this length around an address. */
static inline naive_number naive_last_in(enum ip_family family, naive_number number,
                                         unsigned len)
{
    unsigned rest = ip_bits(family) - len;
    return rest == 0 ? number : number | ~(naive_number)0 >> (128 - rest);
}

static inline naive_number naive_first_in(enum ip_family family, naive_number number,
                                          unsigned len)
{
    unsigned rest = ip_bits(family) - len;
    return rest == 0 ? number : number & ~(~(naive_number)0 >> (128 - rest));
}
