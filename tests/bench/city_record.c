#include "city_record.h"

#include <stdio.h>
#include <stdlib.h>

static void put_names(struct mmdb *db, const char *name)
{
    mmdb_put_key(db, "names");
    mmdb_put_map(db, 1);
    mmdb_put_key(db, "en");
    mmdb_put_string(db, name);
}

static void put_country(struct mmdb *db, uint32_t country_idx)
{
    const struct country *country = &world_countries[country_idx];
    mmdb_put_map(db, country->is_eu ? 4 : 3);
    mmdb_put_key(db, "geoname_id");
    mmdb_put_uint32(db, 1000000 + country_idx);
    if (country->is_eu) { /* MaxMind writes it for members only */
        mmdb_put_key(db, "is_in_european_union");
        mmdb_put_bool(db, true);
    }
    mmdb_put_key(db, "iso_code");
    mmdb_put_string(db, country->code);
    put_names(db, country->name);
}

static void put_continent(struct mmdb *db, const char *code)
{
    mmdb_put_map(db, 2);
    mmdb_put_key(db, "code");
    mmdb_put_string(db, code);
    put_names(db, code);
}

static void put_location(struct mmdb *db, const struct place *place, uint64_t chance)
{
    mmdb_put_map(db, 4);
    mmdb_put_key(db, "accuracy_radius");
    mmdb_put_uint16(db, (uint16_t)(place->city[0] == '\0' ? 1000 : 5 << chance % 6));
    mmdb_put_key(db, "latitude");
    mmdb_put_double(db, place->lat);
    mmdb_put_key(db, "longitude");
    mmdb_put_double(db, place->lon);
    mmdb_put_key(db, "time_zone");
    mmdb_put_string(db, world_areas[place->area_idx].time_zone);
}

static void put_subdivision(struct mmdb *db, const struct area *area)
{
    mmdb_put_array(db, 1);
    mmdb_put_map(db, 2);
    mmdb_put_key(db, "iso_code");
    mmdb_put_string(db, area->code);
    put_names(db, area->code);
}

/* The whole record of a place; maps that many records share are pointers, as in real files. */
static void put_place(struct city_records *r, uint32_t place_idx)
{
    const struct place *place = &r->world->places[place_idx];
    struct mmdb *db = r->db;
    uint32_t country = r->country_offset[place->country_idx];
    bool is_town = place->city[0] != '\0', has_postal = place->postal[0] != '\0';

    mmdb_put_map(db, 3u + place->is_located + 2u * is_town + has_postal);
    if (is_town) {
        mmdb_put_key(db, "city");
        mmdb_put_map(db, 2);
        mmdb_put_key(db, "geoname_id");
        mmdb_put_uint32(db, 2000000 + place_idx);
        put_names(db, place->city);
    }
    mmdb_put_key(db, "continent");
    mmdb_put_pointer(db, r->continent_offset[place->country_idx]);
    mmdb_put_key(db, "country");
    mmdb_put_pointer(db, country);
    if (place->is_located) {
        mmdb_put_key(db, "location");
        put_location(db, place, world_hash(place_idx, 0));
    }
    if (has_postal) {
        mmdb_put_key(db, "postal");
        mmdb_put_map(db, 1);
        mmdb_put_key(db, "code");
        mmdb_put_string(db, place->postal);
    }
    mmdb_put_key(db, "registered_country");
    mmdb_put_pointer(db, country);
    if (is_town) {
        mmdb_put_key(db, "subdivisions");
        put_subdivision(db, &world_areas[place->area_idx]);
    }
}

static uint32_t *zeroed(uint32_t count)
{
    uint32_t *memory = calloc(count, sizeof *memory);
    if (memory == NULL) {
        fprintf(stderr, "city_record: out of memory\n");
        exit(1);
    }
    return memory;
}

void city_records_init(struct city_records *r, struct mmdb *db, const struct world *world)
{
    r->db = db;
    r->world = world;
    r->used_count = 0;
    r->place_offset = zeroed(world->place_count);
    r->country_offset = zeroed(world_country_count);
    r->continent_offset = zeroed(world_country_count);
    for (uint32_t c = 0; c < world_country_count; c++) {
        r->country_offset[c] = db->data_len;
        put_country(db, c);
        r->continent_offset[c] = db->data_len;
        put_continent(db, world_countries[c].continent);
    }
}

void city_records_deinit(struct city_records *r)
{
    free(r->place_offset);
    free(r->country_offset);
    free(r->continent_offset);
}

uint32_t city_record_get(struct city_records *r, uint32_t place_idx)
{
    if (r->place_offset[place_idx] == 0) {
        r->place_offset[place_idx] = r->db->data_len;
        r->used_count++;
        put_place(r, place_idx);
    }
    return MMDB_DATA + r->place_offset[place_idx];
}
