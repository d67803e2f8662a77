/* naive_place.h - where a client is, as far as residency asks. Private to audit/. */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

/* Codes end in zeros; all zero: nothing is known. No padding: places are compared by bytes. */
struct naive_place {
    uint32_t asn;
    char country[3], continent[3], subdivision[4];
    uint8_t has_coordinates;
    uint8_t in_union; /* known once the place is whole */
};

static inline bool naive_place_is(const struct naive_place *a, const struct naive_place *b)
{
    return memcmp(a, b, sizeof(*a)) == 0;
}
