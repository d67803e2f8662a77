#include "city_world.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Share of places, per thousand, whose record carries a postal code. */
#define POSTAL_PER_MILLE 600u

uint64_t world_hash(uint64_t a, uint64_t b)
{
    /* splitmix64's finalizer over both words */
    uint64_t x = a * 0x9e3779b97f4a7c15u + b + 0x632be59bd9b4e019u;
    x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9u;
    x = (x ^ x >> 27) * 0x94d049bb133111ebu;
    return x ^ x >> 31;
}

static double unit(uint64_t chance)
{
    return (double)(chance >> 11) / 9007199254740992.0; /* 2^53: [0, 1) */
}

static void *zeroed(size_t count, size_t size)
{
    void *memory = calloc(count, size);
    if (memory == NULL) {
        fprintf(stderr, "city_world: out of memory\n");
        exit(1);
    }
    return memory;
}

static double round4(double degrees)
{
    return round(degrees * 10000.0) / 10000.0;
}

/* A name of two or three syllables; several places may share one, as real towns do. */
static void place_name(uint64_t chance, char *out, size_t out_bytes)
{
    static const char *const start[] = {"Al",   "Ber", "Cor",  "Dun", "Es",  "Fair",
                                        "Glen", "Hol", "Is",   "Kal", "Lan", "Mar",
                                        "Nor",  "Os",  "Port", "San"};
    static const char *const middle[] = {"",   "a",  "be", "der", "en",  "fi", "ga", "ling",
                                         "mi", "no", "o",  "ri",  "sel", "ta", "va", "zen"};
    static const char *const end[] = {"berg", "by",  "chi",   "dale",  "feld", "grad",
                                      "ham",  "ia",  "ko",    "mouth", "na",   "polis",
                                      "stad", "ton", "ville", "wa"};
    snprintf(out, out_bytes, "%s%s%s", start[chance & 15], middle[chance >> 4 & 15],
             end[chance >> 8 & 15]);
}

static void place_draw(struct place *place, uint64_t chance)
{
    const struct area *area = &world_areas[place->area_idx];
    /* Two uniform numbers make a triangle: denser towards the centre. */
    double dlat = unit(world_hash(chance, 1)) + unit(world_hash(chance, 2)) - 1.0;
    double dlon = unit(world_hash(chance, 3)) + unit(world_hash(chance, 4)) - 1.0;

    place->lat = round4(area->lat + dlat * area->spread);
    place->lon = round4(area->lon + dlon * area->spread * 1.3);
    place->is_located = true;
    place_name(world_hash(chance, 5), place->city, sizeof place->city);
    if (world_hash(chance, 6) % 1000 < POSTAL_PER_MILLE)
        snprintf(place->postal, sizeof place->postal, "%05u",
                 (unsigned)(world_hash(chance, 7) % 100000));
}

/* The two places of a country that are no towns: "somewhere in it", with the middle of its
 * biggest area, and the same without coordinates. */
static void country_add_wholes(struct world *world, uint32_t country_idx)
{
    struct country_span *span = &world->countries[country_idx];
    uint32_t biggest = span->first_area;

    for (uint32_t i = 0; i < span->area_count; i++)
        if (world_areas[span->first_area + i].weight > world_areas[biggest].weight)
            biggest = span->first_area + i;

    span->whole = world->place_count++;
    span->nowhere = world->place_count++;
    struct place *whole = &world->places[span->whole];
    whole->country_idx = (uint16_t)country_idx;
    whole->area_idx = (uint16_t)biggest;
    whole->lat = world_areas[biggest].lat;
    whole->lon = world_areas[biggest].lon;
    whole->is_located = true;
    world->places[span->nowhere] = *whole;
    world->places[span->nowhere].is_located = false;
}

static void area_add_places(struct world *world, uint32_t country_idx, uint32_t area_idx,
                            uint64_t seed, uint32_t count)
{
    struct area_span *span = &world->areas[area_idx];
    span->first_place = world->place_count;
    span->place_count = count;
    for (uint32_t i = 0; i < count; i++) {
        struct place *place = &world->places[world->place_count++];
        place->country_idx = (uint16_t)country_idx;
        place->area_idx = (uint16_t)area_idx;
        place_draw(place, world_hash(seed, (uint64_t)area_idx << 32 | i));
    }
}

static void country_find_areas(struct world *world, uint32_t country_idx)
{
    struct country_span *span = &world->countries[country_idx];
    for (uint32_t i = 0; i < world_area_count; i++) {
        if (strcmp(world_areas[i].country, world_countries[country_idx].code) != 0)
            continue;
        if (span->area_count++ == 0)
            span->first_area = i;
        span->weight_sum += world_areas[i].weight;
    }
}

void world_init(struct world *world, uint64_t seed, uint32_t place_count)
{
    uint32_t total = 0;

    memset(world, 0, sizeof *world);
    /* every area may round up by 5, every country has its two wholes */
    world->places = zeroed(place_count + world_area_count * 5 + world_country_count * 2,
                           sizeof *world->places);
    world->areas = zeroed(world_area_count, sizeof *world->areas);
    world->countries = zeroed(world_country_count, sizeof *world->countries);

    for (uint32_t c = 0; c < world_country_count; c++) {
        total += world_countries[c].weight;
        world->registry_weight[world_countries[c].registry] += world_countries[c].weight;
        country_find_areas(world, c);
    }
    for (uint32_t c = 0; c < world_country_count; c++) {
        const struct country_span *span = &world->countries[c];
        uint64_t share = (uint64_t)place_count * world_countries[c].weight / total;

        country_add_wholes(world, c);
        for (uint32_t a = span->first_area; a < span->first_area + span->area_count; a++)
            area_add_places(world, c, a, seed,
                            5 + (uint32_t)(share * world_areas[a].weight / span->weight_sum));
    }
}

void world_deinit(struct world *world)
{
    free(world->places);
    free(world->areas);
    free(world->countries);
    memset(world, 0, sizeof *world);
}

uint32_t world_pick_country(const struct world *world, enum registry registry, uint64_t chance)
{
    uint64_t left = chance % world->registry_weight[registry];
    uint32_t last = 0;
    for (uint32_t c = 0; c < world_country_count; c++) {
        if (world_countries[c].registry != registry)
            continue;
        last = c;
        if (left < world_countries[c].weight)
            break;
        left -= world_countries[c].weight;
    }
    return last;
}

uint32_t world_pick_area(const struct world *world, uint32_t country_idx, uint64_t chance)
{
    const struct country_span *span = &world->countries[country_idx];
    uint64_t left = chance % span->weight_sum;
    uint32_t a = span->first_area;
    while (left >= world_areas[a].weight)
        left -= world_areas[a++].weight;
    return a;
}

uint32_t world_pick_place(const struct world *world, uint32_t area_idx, uint64_t chance)
{
    const struct area_span *span = &world->areas[area_idx];
    double u = unit(chance);
    return span->first_place + (uint32_t)(u * u * span->place_count);
}
