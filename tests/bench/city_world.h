#pragma once
/* city_world - a made-up population of places on the real map, for make_city_mmdb.
 *
 * what      Countries (real codes, continents, registries), areas in them (subdivisions with
 *           real coordinates and time zones) and places (invented towns around an area's
 *           centre). Every place becomes one record of the database.
 * lifetime  The tables are constant; world_init() draws the places, which world_deinit() frees.
 * threads   one.
 */

#include <stdbool.h>
#include <stdint.h>

enum registry { ARIN, RIPE, APNIC, LACNIC, AFRINIC, REGISTRY_COUNT };

struct country {
    char code[3]; /* ISO 3166-1 */
    char continent[3];
    const char *name;
    enum registry registry;
    bool is_eu;      /* member of the European Union */
    uint32_t weight; /* share of its registry's address blocks, any unit */
};

struct area {
    char country[3];
    char code[4];    /* ISO 3166-2, without the country */
    double lat, lon; /* degrees */
    double spread;   /* degrees: how far its places lie from the centre */
    const char *time_zone;
    uint32_t weight; /* share of its country's networks */
};

struct place {
    uint16_t country_idx;
    uint16_t area_idx;
    double lat, lon; /* degrees, 4 decimals */
    char city[24];   /* empty: the record knows the country only */
    char postal[8];  /* empty: none */
    bool is_located; /* false: no coordinates either */
};

/* Places of one area lie side by side: [first_place, first_place + place_count). */
struct area_span {
    uint32_t first_place, place_count;
};

/* Areas of one country lie side by side, too. */
struct country_span {
    uint32_t first_area, area_count, weight_sum;
    uint32_t whole;   /* the place that stands for "somewhere in this country" */
    uint32_t nowhere; /* the same without coordinates */
};

struct world {
    struct place *places;
    uint32_t place_count;
    struct area_span *areas;        /* one per area */
    struct country_span *countries; /* one per country */
    uint32_t registry_weight[REGISTRY_COUNT];
};

extern const struct country world_countries[];
extern const uint32_t world_country_count;
extern const struct area world_areas[];
extern const uint32_t world_area_count;

/* world_hash - one of 2^64 numbers from two; the only source of chance in this program, so the
 * same seed makes the same file on every machine. */
uint64_t world_hash(uint64_t a, uint64_t b);

/* world_init - draw about place_count places; exits when memory ends. */
void world_init(struct world *world, uint64_t seed, uint32_t place_count);
void world_deinit(struct world *world);

/* Weighted choice; chance: any 64 random bits. */
uint32_t world_pick_country(const struct world *world, enum registry registry, uint64_t chance);
uint32_t world_pick_area(const struct world *world, uint32_t country_idx, uint64_t chance);
/* Few places of an area are in most of its networks, as in real life. */
uint32_t world_pick_place(const struct world *world, uint32_t area_idx, uint64_t chance);
