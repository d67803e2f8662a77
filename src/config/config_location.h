/* config_location.h - places as the operator writes them: countries, continents, subdivisions,
 * autonomous systems, coordinates, networks. Only their form is judged here; whether a country exists
 * and where it lies is geo's business. */
#pragma once

#include "rhumb/config.h"

#include "config_reader.h"

/* config_parse_country - two upper-case letters that ISO 3166-1 may assign. */
bool config_parse_country(const char *text, char out_code[3]);

/* config_parse_continent - one of AF AN AS EU NA OC SA. */
bool config_parse_continent(const char *text, char out_code[3]);

/* config_parse_subdivision - "US-CA": a country, a dash, 1 to 3 letters or digits. */
bool config_parse_subdivision(const char *text, char out_country[3], char out_code[4]);

/* config_parse_asn - "AS64496": 1..4294967295. */
bool config_parse_asn(const char *text, uint32_t *out_asn);

/* config_country_meant - the country somebody who wrote text probably meant ("uk" -> "GB"),
 * NULL when that is anybody's guess. Static storage or buffer. */
const char *config_country_meant(const char *text, char buffer[3]);

/* config_read_location - a mapping with country, continent, subdivision, asn, location. False
 * when it is no mapping. */
bool config_read_location(struct config_reader *reader, const struct config_node_entry *entry,
                          struct config_location *out_location);

/* config_read_region - the same for a region, which may have a capacity. */
bool config_read_region(struct config_reader *reader, const struct config_node_entry *entry,
                        struct config_region *region);

/* A region's `capacity:` is 1 to so much. */
#define CONFIG_CAPACITY_MAX INT64_C(1000000000000)

/* config_location_is_empty - nothing at all was said. */
bool config_location_is_empty(const struct config_location *location);

/* config_parse_network - as ip_prefix_parse(), with an error that says what is wrong. */
bool config_parse_network(struct config_reader *reader, const char *text,
                          const struct diag_place *place, struct ip_prefix *out_prefix);

/* A list of networks; networks[i] is what items[i] says, all zeros if that was wrong. */
struct config_network_list {
    const struct config_node_entry *items;
    struct ip_prefix *networks;
    size_t count;
};

/* config_read_networks - a list of min to max networks. False after an error in the list as a
 * whole, with *out_list untouched. */
bool config_read_networks(struct config_reader *reader, const struct config_node_entry *entry,
                          size_t min, size_t max, struct config_network_list *out_list);
