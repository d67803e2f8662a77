/* mmdb_builder - write small databases in the MaxMind DB format, to test the reader with.
 *
 * An insertion covers whatever was inserted into the same range before it. Aliases are made as
 * MaxMind makes them: three ranges whose record is the node of ::/96.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "rhumb/ip.h"

enum mmdb_schema { MMDB_SCHEMA_GEOIP2, MMDB_SCHEMA_FLAT, MMDB_SCHEMA_NONE };

struct mmdb_record {
    const char *country, *continent, *subdivision; /* NULL: the key is absent */
    const char *registered_country;                /* GeoIP2 only */
    bool has_coordinates;                          /* GeoIP2: as double, flat: as float */
    double latitude, longitude;
    uint32_t asn; /* 0: the key is absent */
};

struct mmdb_options {
    unsigned ip_version;  /* 4 or 6 */
    unsigned record_size; /* 24, 28 or 32 */
    enum mmdb_schema schema;
    bool aliases;
};

struct mmdb_builder;

struct mmdb_builder *mmdb_builder_new(const struct mmdb_options *options);
void mmdb_builder_free(struct mmdb_builder *builder);

/* mmdb_builder_insert - in a file of both families IPv4 prefixes go below ::/96. */
void mmdb_builder_insert(struct mmdb_builder *builder, const struct ip_prefix *prefix,
                         const struct mmdb_record *record);

/* mmdb_builder_write - finish, and write the file to path. */
void mmdb_builder_write(struct mmdb_builder *builder, const char *path);
