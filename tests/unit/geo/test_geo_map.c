#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "rhumb/geo_map.h"

#include "naive_geo.h"

enum { WORLDS = 150, ADDRESSES = 300 };

static void show(const char *who, const struct geo_location *location)
{
    char text[GEO_PLACE_TEXT_MAX];
    print_message("%s: %s flags %u mark %u sources %u %u\n", who,
                  geo_place_format(&location->place, text), location->place.flags,
                  location->mark, location->place_source, location->asn_source);
}

static void check_address(const struct world *world, const struct geo_map *map,
                          const struct ip_addr *addr)
{
    struct ip_prefix prefix;
    size_t idx = geo_map_find(map, addr, &prefix);
    assert_true(idx < geo_map_location_count(map));
    assert_true(ip_prefix_contains(&prefix, addr));
    const struct geo_location *found = geo_map_location(map, idx);
    struct geo_location expected = naive_locate(world, addr);
    if (memcmp(found, &expected, sizeof(expected)) != 0) {
        char text[IP_TEXT_MAX];
        print_message("%s\n", ip_format(addr, text));
        show("expected", &expected);
        show("found", found);
        fail();
    }
}

static void every_address_has_the_location_that_linear_search_finds(void **state)
{
    (void)state;
    static struct world world;
    struct rng rng;
    rng_init(&rng, 2026);
    for (size_t w = 0; w < WORLDS; w++) {
        struct geo_map *map;
        world_make(&world, &rng);
        assert_int_equal(geo_map_build(&world.input, &map), ERR_OK);
        for (size_t i = 0; i < ADDRESSES; i++) {
            struct ip_addr addr = world_address(&world, &rng);
            check_address(&world, map, &addr);
            struct ip_prefix prefix; /* and so has every other of the same prefix */
            geo_map_find(map, &addr, &prefix);
            addr = random_inside(&prefix, &rng);
            check_address(&world, map, &addr);
        }
        geo_map_free(map);
        world_deinit(&world);
    }
}

static void the_map_borrows_nothing_from_its_databases(void **state)
{
    (void)state;
    static struct world world;
    struct geo_map *map;
    struct rng rng;
    rng_init(&rng, 7);
    world_make(&world, &rng);
    assert_int_equal(geo_map_build(&world.input, &map), ERR_OK);
    world_deinit(&world);
    memset(world.networks, 0xff, sizeof(world.networks));
    struct ip_addr addr;
    struct ip_prefix prefix;
    assert_true(ip_parse("192.0.2.1", &addr));
    assert_true(geo_map_find(map, &addr, &prefix) < geo_map_location_count(map));
    geo_map_free(map);
}

static void without_any_source_there_is_the_fallback_everywhere(void **state)
{
    (void)state;
    struct geo_map_input input = {.fallback = {.country = {'N', 'L'}}};
    struct geo_map *map;
    assert_int_equal(geo_map_build(&input, &map), ERR_OK);
    assert_int_equal(geo_map_location_count(map), 1);
    const struct geo_location *location = geo_map_location(map, geo_map_fallback(map));
    assert_memory_equal(location->place.country, "NL", 2);
    assert_memory_equal(location->place.continent, "EU", 2);
    assert_true(location->place.flags & GEO_IN_EU);
    assert_int_equal(location->place_source, GEO_SOURCE_DEFAULT);
    assert_int_equal(location->mark, GEO_MARK_NONE);
    geo_map_free(map);
}

static void embedding_ranges_are_borders_of_the_map(void **state)
{
    (void)state;
    struct geo_map_input input = {0};
    struct geo_map *map;
    assert_int_equal(geo_map_build(&input, &map), ERR_OK);
    for (size_t i = 0; i < IP_EMBEDDING_RANGE_COUNT; i++) {
        struct ip_prefix found;
        geo_map_find(map, &ip_embedding_ranges[i].addr, &found);
        assert_int_equal(found.len, ip_embedding_ranges[i].len);
        assert_true(ip_equal(&found.addr, &ip_embedding_ranges[i].addr));
    }
    geo_map_free(map);
}

static void marks_are_known_even_where_places_are_not(void **state)
{
    (void)state;
    struct ip_prefix marks[2], prefix;
    struct ip_addr inside, outside;
    assert_true(ip_prefix_parse("192.0.2.0/24", &marks[0]));
    assert_true(ip_prefix_parse("192.0.2.128/25", &marks[1]));
    assert_true(ip_parse("192.0.2.200", &inside));
    assert_true(ip_parse("192.0.3.1", &outside));
    struct geo_map_input input = {.marks = marks, .mark_count = 2};
    struct geo_map *map;
    assert_int_equal(geo_map_build(&input, &map), ERR_OK);
    assert_int_equal(geo_map_location(map, geo_map_find(map, &inside, &prefix))->mark, 1);
    assert_int_equal(prefix.len, 25);
    assert_int_equal(geo_map_find(map, &outside, &prefix), geo_map_fallback(map));
    geo_map_free(map);
}

static void more_than_32_databases_are_refused(void **state)
{
    (void)state;
    static struct geo_db *none[33];
    struct geo_map_input input = {.databases = none, .database_count = 33};
    struct geo_map *map = NULL;
    assert_int_equal(geo_map_build(&input, &map), ERR_LIMIT);
    assert_null(map);
}

static void freeing_no_map_is_fine(void **state)
{
    (void)state;
    geo_map_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_address_has_the_location_that_linear_search_finds),
        cmocka_unit_test(the_map_borrows_nothing_from_its_databases),
        cmocka_unit_test(without_any_source_there_is_the_fallback_everywhere),
        cmocka_unit_test(embedding_ranges_are_borders_of_the_map),
        cmocka_unit_test(marks_are_known_even_where_places_are_not),
        cmocka_unit_test(more_than_32_databases_are_refused),
        cmocka_unit_test(freeing_no_map_is_fine),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
