#include "geo_country.h"

#include <string.h>

#include "rhumb/geo_place.h"

const struct geo_country *geo_country_find(const char code[2])
{
    size_t low = 0, high = geo_country_table_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = memcmp(geo_country_table[middle].code, code, 2);
        if (order == 0)
            return &geo_country_table[middle];
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return NULL;
}

bool geo_country_is_known(const char *code)
{
    return strlen(code) == 2 && geo_country_find(code) != NULL;
}
