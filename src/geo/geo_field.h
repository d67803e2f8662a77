/* geo_field - what stands in a database record, checked and put into a place.
 *
 * A database is foreign data: whatever is not a code of the right form or a number in its range
 * counts as unsaid. Nothing here fails.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "rhumb/geo_place.h"

/* text: len bytes, not zero-terminated, in any case of letters. */
void geo_field_country(struct geo_place *place, const char *text, size_t len);
void geo_field_continent(struct geo_place *place, const char *text, size_t len);
void geo_field_subdivision(struct geo_place *place, const char *text, size_t len);

/* geo_field_asn_text - "AS64496" or "64496". */
void geo_field_asn_text(struct geo_place *place, const char *text, size_t len);
void geo_field_asn(struct geo_place *place, uint64_t asn);

/* geo_field_coordinates - degrees; both or none. */
void geo_field_coordinates(struct geo_place *place, double latitude, double longitude);

/* geo_field_any - does a place say anything that can stand alone: a country, a continent,
 * coordinates or an AS number? */
bool geo_field_any(const struct geo_place *place);
