/* naive_place.h - where a client is, as far as residency asks. Private to audit/. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A code of at most four characters as a number, so that equal codes are equal numbers; 0: none. */
typedef uint32_t naive_code;

static inline naive_code naive_code_of(const char *text)
{
    naive_code code = 0;
    for (; *text != '\0'; text++)
        code = code << 8 | (unsigned char)*text;
    return code;
}

/* All zero: nothing is known. Words only, so that places can be keys. */
struct naive_place {
    naive_code country, continent, subdivision;
    uint32_t asn;
    uint32_t has_coordinates;
    uint32_t in_union; /* known once the place is whole */
};

enum { NAIVE_PLACE_WORDS = sizeof(struct naive_place) / sizeof(uint32_t) };
