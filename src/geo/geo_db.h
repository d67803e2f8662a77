/* geo_db - what geo_map reads of an opened database.
 *
 * geo_db_open() reads everything at once: the search tree becomes one tiling per family, every
 * distinct record one place. Nothing of libmaxminddb or of the file is needed afterwards, so
 * no later step can meet corrupt data.
 */
#pragma once

#include <stdint.h>

#include "rhumb/geo_map.h"

#include "geo_tiling.h"

/* geo_db_tiling - family: GEO_V4, GEO_V6. Values: 0 = no record, else a number for
 * geo_db_record(). Borrowed until geo_db_close(). */
const struct geo_tiling *geo_db_tiling(const struct geo_db *db, unsigned family);

/* geo_db_record - the place of a record, not completed; all zero when it cannot be decoded. */
const struct geo_place *geo_db_record(const struct geo_db *db, uint32_t value);

/* geo_db_record_count - values go from 1 to this. */
size_t geo_db_record_count(const struct geo_db *db);
