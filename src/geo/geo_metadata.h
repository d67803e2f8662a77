/* geo_metadata - can the metadata of an MMDB file be given to libmaxminddb?
 *
 * Its version 1.7.1 loses memory for good when it opens a file whose `languages` or
 * `description` it cannot decode, or finds other things than texts in. A broken file is tried
 * again and again as it is replaced, so these two are judged here before. Everything else is
 * left to the library. Pure.
 *
 * source  MaxMind DB file format specification 2.0, "Database Metadata", "Output Data Section"
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { GEO_METADATA_BYTES_MAX = 128 * 1024 }; /* from the marker to the end of the file */

/* geo_metadata_is_sound - tail: the end of the file, GEO_METADATA_BYTES_MAX if it has as many.
 * Without a marker it is: the library says so better. */
bool geo_metadata_is_sound(const uint8_t *tail, size_t len);
