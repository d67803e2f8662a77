#pragma once
/* city_record - places as records in GeoLite2-City's schema, each written when first used.
 *
 * who       make_city_mmdb.
 * lifetime  city_records_init() .. _deinit(); db and world are borrowed all that time.
 * threads   one.
 * source    MaxMind's description of the City databases: city, continent, country, location,
 *           postal, registered_country, subdivisions
 */

#include <stdint.h>

#include "city_world.h"
#include "mmdb_writer.h"

struct city_records {
    struct mmdb *db;
    const struct world *world;
    uint32_t *place_offset;   /* in the data section; 0: not written yet (0 holds a country) */
    uint32_t *country_offset; /* maps that records share through pointers */
    uint32_t *continent_offset;
    uint32_t used_count; /* records written */
};

void city_records_init(struct city_records *records, struct mmdb *db,
                       const struct world *world);
void city_records_deinit(struct city_records *records);

/* city_record_get - the tree record (MMDB_DATA plus offset) that stands for a place. */
uint32_t city_record_get(struct city_records *records, uint32_t place_idx);
