#include "naive_geo.h"

#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "rhumb/require.h"

/* ---- Inventing ---- */

static bool chance(struct rng *rng, uint32_t one_in)
{
    return rng_below(rng, one_in) == 0;
}

struct ip_addr random_inside(const struct ip_prefix *prefix, struct rng *rng)
{
    struct ip_addr addr = prefix->addr;
    for (unsigned bit = prefix->len; bit < ip_bits((enum ip_family)addr.family); bit++) {
        if (chance(rng, 2))
            addr.bytes[bit / 8] |= (uint8_t)(0x80 >> bit % 8);
    }
    return addr;
}

/* Around few places, so that prefixes nest and touch. */
static struct ip_prefix random_prefix(struct rng *rng)
{
    static const char *const v4[] = {"192.0.2.0", "198.51.100.0", "10.0.0.0", "0.0.0.0"};
    static const char *const v6[] = {
        "2001:db8::", "2002::",  "2001::", "::ffff:0:0", "64:ff9b::",
        "::",         "fc00::1", "2003::", "2001:1::",   "::fffe:0:0",
    };

    struct ip_addr addr;
    bool is_v4 = chance(rng, 2);
    REQUIRE(ip_parse(is_v4 ? v4[rng_below(rng, 4)] : v6[rng_below(rng, 10)], &addr));
    unsigned bits = is_v4 ? 32 : 128;
    for (unsigned flips = rng_below(rng, 4); flips > 0; flips--) {
        unsigned bit = rng_below(rng, bits);
        addr.bytes[bit / 8] ^= (uint8_t)(0x80 >> bit % 8);
    }
    struct ip_prefix prefix = {.len = (uint8_t)(1 + rng_below(rng, bits))};
    prefix.addr = ip_masked(&addr, prefix.len);
    return prefix;
}

static struct mmdb_record random_record(struct rng *rng)
{
    static const char *const countries[] = {"NL", "US", "FR", "JP"};
    static const char *const continents[] = {"EU", "NA", "AS"};
    static const char *const subdivisions[] = {"CA", "NH", "13"};

    struct mmdb_record record = {0};
    if (!chance(rng, 3))
        record.country = countries[rng_below(rng, 4)];
    if (chance(rng, 3))
        record.continent = continents[rng_below(rng, 3)];
    if (chance(rng, 3))
        record.subdivision = subdivisions[rng_below(rng, 3)];
    if (chance(rng, 4))
        record.registered_country = countries[rng_below(rng, 4)];
    record.has_coordinates = chance(rng, 3);
    record.latitude = (double)rng_below(rng, 4) * 10 - 20;
    record.longitude = (double)rng_below(rng, 4) * 50 - 100;
    if (chance(rng, 3))
        record.asn = 64496 + rng_below(rng, 3);
    return record;
}

static void put_text(char *field, size_t size, const char *text)
{
    for (size_t i = 0; i < size && text && text[i] != '\0'; i++)
        field[i] = text[i];
}

/* place_of - what a reader should see in a record. */
static struct geo_place place_of(const struct mmdb_record *record, enum mmdb_schema schema)
{
    struct geo_place place = {0};
    bool geoip2 = schema == MMDB_SCHEMA_GEOIP2;
    put_text(place.country, 2, record->country);
    put_text(place.continent, 2, record->continent);
    if (record->country && geoip2)
        put_text(place.subdivision, 3, record->subdivision);
    if (record->has_coordinates) {
        place.flags = GEO_HAS_COORDINATES;
        place.latitude = (float)record->latitude;
        place.longitude = (float)record->longitude;
    }
    if (!record->country && !record->continent && !record->has_coordinates && geoip2)
        put_text(place.country, 2, record->registered_country);
    place.asn = record->asn;
    return place;
}

static void note_prefix(struct world *world, const struct ip_prefix *prefix)
{
    REQUIRE(world->prefix_count < WORLD_PREFIXES_MAX);
    world->prefixes[world->prefix_count++] = *prefix;
}

static unsigned tree_len(const struct naive_database *database, const struct ip_prefix *prefix)
{
    bool below_v6 = prefix->addr.family == IP_V4 && database->options.ip_version == 6;
    return prefix->len + (below_v6 ? 96U : 0U);
}

static void invent_database(struct world *world, struct naive_database *database,
                            struct rng *rng)
{
    static const unsigned sizes[] = {24, 28, 32};

    database->options = (struct mmdb_options){
        .ip_version = chance(rng, 4) ? 4 : 6,
        .record_size = sizes[rng_below(rng, 3)],
        .schema = chance(rng, 2) ? MMDB_SCHEMA_FLAT : MMDB_SCHEMA_GEOIP2,
        .aliases = chance(rng, 2),
    };
    size_t wanted = 1 + rng_below(rng, WORLD_NETWORKS_MAX);
    for (size_t i = 0; i < wanted; i++) {
        struct naive_network network = {random_prefix(rng), random_record(rng)};
        if (i == 0) /* so that the schema is always seen */
            network.record.country = "NL";
        if (network.prefix.addr.family == IP_V6 && database->options.ip_version == 4)
            continue;
        size_t at = database->network_count++;
        for (; at > 0 && tree_len(database, &database->networks[at - 1].prefix) >
                             tree_len(database, &network.prefix);
             at--)
            database->networks[at] = database->networks[at - 1];
        database->networks[at] = network;
        note_prefix(world, &network.prefix);
    }
}

static struct geo_db *write_and_open(const struct naive_database *database)
{
    char path[32]; /* a file in memory: quicker than on a disk */
    int fd = memfd_create("test", MFD_CLOEXEC);
    REQUIRE(fd >= 0);
    snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
    struct mmdb_builder *builder = mmdb_builder_new(&database->options);
    for (size_t i = 0; i < database->network_count; i++)
        mmdb_builder_insert(builder, &database->networks[i].prefix,
                            &database->networks[i].record);
    mmdb_builder_write(builder, path);
    mmdb_builder_free(builder);
    struct diag_list *diags = diag_list_new();
    struct geo_db *db = NULL;
    enum err err = geo_db_open(path, NULL, diags, &db);
    close(fd);
    if (err != ERR_OK) { /* everything it says may be covered by something else: no fault */
        bool silent = strstr(diag_get(diags, 0)->message, "no record has a country") != NULL;
        if (!silent)
            diag_print_all(diags, stderr);
        REQUIRE(silent);
    }
    diag_list_free(diags);
    return db;
}

/* says_something - else the file would be refused for want of a schema. */
static bool says_something(const struct naive_database *database)
{
    static const struct geo_place nothing = {0};

    for (size_t i = 0; i < database->network_count; i++) {
        const struct naive_network *network = &database->networks[i];
        struct geo_place place = place_of(&network->record, database->options.schema);
        bool covered = false;
        for (size_t j = i + 1; j < database->network_count; j++)
            covered |= memcmp(&network->prefix, &database->networks[j].prefix,
                              sizeof(network->prefix)) == 0;
        bool aliased = database->options.aliases && network->prefix.addr.family == IP_V6;
        if (!covered && !aliased && memcmp(&place, &nothing, sizeof(place)) != 0)
            return true;
    }
    return false;
}

void world_make(struct world *world, struct rng *rng)
{
    *world = (struct world){0};
    size_t count = rng_below(rng, WORLD_DATABASES_MAX + 1), opened = 0;
    while (opened < count) {
        struct naive_database *database = &world->databases[opened];
        *database = (struct naive_database){0};
        invent_database(world, database, rng);
        struct geo_db *db = says_something(database) ? write_and_open(database) : NULL;
        if (db)
            world->opened[opened++] = db;
        else
            world->prefix_count = 0;
    }
    size_t networks = rng_below(rng, 12), marks = rng_below(rng, 8);
    for (size_t i = 0; i < networks; i++) {
        struct mmdb_record record = random_record(rng);
        world->networks[i] = (struct geo_network){
            .prefix = random_prefix(rng),
            .place = place_of(&record, MMDB_SCHEMA_GEOIP2),
        };
        note_prefix(world, &world->networks[i].prefix);
    }
    for (size_t i = 0; i < marks; i++) {
        world->marks[i] = random_prefix(rng);
        note_prefix(world, &world->marks[i]);
    }
    for (size_t i = 0; i < IP_EMBEDDING_RANGE_COUNT; i++)
        note_prefix(world, &ip_embedding_ranges[i]);
    world->input = (struct geo_map_input){
        .databases = world->opened,
        .database_count = count,
        .networks = world->networks,
        .network_count = networks,
        .marks = world->marks,
        .mark_count = marks,
    };
    if (chance(rng, 2)) {
        struct mmdb_record record = {.country = "JP", .asn = chance(rng, 2) ? 64500 : 0};
        world->input.fallback = place_of(&record, MMDB_SCHEMA_GEOIP2);
    }
}

void world_deinit(struct world *world)
{
    for (size_t i = 0; i < WORLD_DATABASES_MAX; i++)
        geo_db_close(world->opened[i]);
}

/* step - the address one further or one back; both wrap. */
static void step(struct ip_addr *addr, bool up)
{
    for (unsigned i = ip_bits((enum ip_family)addr->family) / 8; i > 0; i--) {
        uint8_t before = addr->bytes[i - 1];
        addr->bytes[i - 1] = (uint8_t)(up ? before + 1 : before - 1);
        if (before != (up ? 0xff : 0))
            return;
    }
}

struct ip_addr world_address(const struct world *world, struct rng *rng)
{
    const struct ip_prefix *prefix =
        &world->prefixes[rng_below(rng, (uint32_t)world->prefix_count)];
    struct ip_addr first = prefix->addr, last = prefix->addr;
    unsigned bits = ip_bits((enum ip_family)first.family);
    for (unsigned bit = prefix->len; bit < bits; bit++)
        last.bytes[bit / 8] |= (uint8_t)(0x80 >> bit % 8);
    struct ip_prefix all = {.addr = {.family = first.family}};
    switch (rng_below(rng, 6)) {
    case 0: return first;
    case 1: return last;
    case 2: step(&first, false); return first;
    case 3: step(&last, true); return last;
    case 4: return random_inside(prefix, rng);
    default: return random_inside(&all, rng);
    }
}

/* ---- Judging ---- */

/* in_tree - a prefix or address where a file of that version has it. */
static struct ip_prefix in_tree(const struct ip_prefix *prefix, unsigned ip_version)
{
    struct ip_prefix moved = *prefix;
    if (prefix->addr.family == IP_V4 && ip_version == 6) {
        moved =
            (struct ip_prefix){.addr = {.family = IP_V6}, .len = (uint8_t)(prefix->len + 96)};
        memcpy(moved.addr.bytes + 12, prefix->addr.bytes, 4);
    }
    return moved;
}

static bool strictly_inside(const struct ip_prefix *inner, const struct ip_prefix *outer)
{
    return inner->len > outer->len && ip_prefix_contains(outer, &inner->addr);
}

/* has_v4_tree - does anything lie below ::/96? Only then are there aliases. */
static bool has_v4_tree(const struct naive_database *database)
{
    struct ip_prefix v4 = {.addr = {.family = IP_V6}, .len = 96};
    for (size_t i = 0; i < database->network_count; i++) {
        struct ip_prefix prefix = in_tree(&database->networks[i].prefix, 6);
        if (strictly_inside(&prefix, &v4))
            return true;
    }
    return false;
}

/* split_inside - is (addr, len) split by a prefix of the database inside it? */
static bool split_inside(const struct naive_database *database, const struct ip_addr *addr,
                         unsigned len, bool aliased)
{
    struct ip_prefix around = {.addr = ip_masked(addr, len), .len = (uint8_t)len};
    for (size_t i = 0; i < database->network_count; i++) {
        struct ip_prefix prefix =
            in_tree(&database->networks[i].prefix, database->options.ip_version);
        if (strictly_inside(&prefix, &around))
            return true;
    }
    for (size_t i = 0; i < IP_EMBEDDING_RANGE_COUNT && aliased; i++) {
        if (i != 1 && strictly_inside(&ip_embedding_ranges[i], &around))
            return true;
    }
    return false;
}

/* look_up - the record around addr, NULL without one; out_len is the file's own prefix. */
static const struct mmdb_record *look_up(const struct naive_database *database,
                                         const struct ip_addr *addr, unsigned *out_len)
{
    static const struct ip_prefix v4 = {.addr = {.family = IP_V6}, .len = 96};

    bool is_v6_file = database->options.ip_version == 6;
    bool v4_tree = is_v6_file && has_v4_tree(database);
    bool aliased = database->options.aliases && v4_tree;
    if (addr->family == IP_V6) {
        if (!is_v6_file || (v4_tree && ip_prefix_contains(&v4, addr)))
            return NULL;
        for (size_t i = 0; i < IP_EMBEDDING_RANGE_COUNT && aliased; i++) {
            if (i != 1 && ip_prefix_contains(&ip_embedding_ranges[i], addr))
                return NULL;
        }
    }
    struct ip_prefix whole = {.addr = *addr};
    struct ip_addr at = in_tree(&whole, database->options.ip_version).addr;
    const struct mmdb_record *best = NULL;
    for (size_t i = 0; i < database->network_count; i++) { /* short ones first */
        struct ip_prefix prefix =
            in_tree(&database->networks[i].prefix, database->options.ip_version);
        if (ip_prefix_contains(&prefix, &at))
            best = &database->networks[i].record;
    }
    unsigned len = 1; /* a tree has no prefix shorter than one bit */
    while (split_inside(database, &at, len, aliased))
        len++;
    if (addr->family == IP_V4 && is_v6_file)
        len = len < 96 ? 0 : len - 96;
    *out_len = len;
    return best;
}

struct witness {
    bool present;
    struct geo_place place;
    unsigned len;
};

enum field { COUNTRY, CONTINENT, SUBDIVISION, COORDINATES, ASN };

static bool knows(const struct witness *witness, enum field field, const char country[2])
{
    const struct geo_place *place = &witness->place;
    bool no_country = place->country[0] == '\0';
    bool agrees = no_country || memcmp(place->country, country, 2) == 0;
    if (!witness->present)
        return false;
    switch (field) {
    case COUNTRY: return !no_country;
    case CONTINENT: return place->continent[0] != '\0' && agrees;
    case SUBDIVISION: return place->subdivision[0] != '\0' && agrees && !no_country;
    case COORDINATES: return (place->flags & GEO_HAS_COORDINATES) != 0 && agrees;
    case ASN: return place->asn != 0;
    }
    return false;
}

/* decide - who is believed: 0..count-1, GEO_SOURCE_NETWORK or GEO_SOURCE_NONE. */
static uint8_t decide(const struct witness *databases, size_t count,
                      const struct witness *network, enum field field, const char country[2])
{
    uint8_t believed = GEO_SOURCE_NONE;
    for (size_t i = count; i > 0; i--) {
        if (knows(&databases[i - 1], field, country))
            believed = (uint8_t)(i - 1);
    }
    if (knows(network, field, country) &&
        (believed == GEO_SOURCE_NONE || network->len >= databases[believed].len))
        believed = GEO_SOURCE_NETWORK;
    return believed;
}

static void longest_network(const struct world *world, const struct ip_addr *addr,
                            struct witness *out_network)
{
    for (size_t i = 0; i < world->input.network_count; i++) {
        const struct geo_network *network = &world->networks[i];
        if (ip_prefix_contains(&network->prefix, addr) &&
            (!out_network->present || network->prefix.len >= out_network->len))
            *out_network = (struct witness){true, network->place, network->prefix.len};
    }
}

static uint32_t longest_mark(const struct world *world, const struct ip_addr *addr)
{
    uint32_t mark = GEO_MARK_NONE;
    for (size_t i = 0; i < world->input.mark_count; i++) {
        if (ip_prefix_contains(&world->marks[i], addr) &&
            (mark == GEO_MARK_NONE || world->marks[i].len >= world->marks[mark].len))
            mark = (uint32_t)i;
    }
    return mark;
}

struct geo_location naive_locate(const struct world *world, const struct ip_addr *addr)
{
    static const struct geo_place nothing = {0};

    struct witness witnesses[WORLD_DATABASES_MAX] = {0}, network = {0};
    size_t count = world->input.database_count;
    for (size_t i = 0; i < count; i++) {
        const struct mmdb_record *record =
            look_up(&world->databases[i], addr, &witnesses[i].len);
        witnesses[i].present = record != NULL;
        if (record)
            witnesses[i].place = place_of(record, world->databases[i].options.schema);
    }
    longest_network(world, addr, &network);

    struct geo_location location = {.mark = longest_mark(world, addr)};
    struct geo_place *place = &location.place;
    uint8_t by[ASN + 1];
    for (enum field field = COUNTRY; field <= ASN; field++) {
        by[field] = decide(witnesses, count, &network, field, place->country);
        if (by[field] == GEO_SOURCE_NONE)
            continue;
        const struct geo_place *from =
            by[field] == GEO_SOURCE_NETWORK ? &network.place : &witnesses[by[field]].place;
        switch (field) {
        case COUNTRY: memcpy(place->country, from->country, 2); break;
        case CONTINENT: memcpy(place->continent, from->continent, 2); break;
        case SUBDIVISION: memcpy(place->subdivision, from->subdivision, 3); break;
        case COORDINATES:
            place->flags |= GEO_HAS_COORDINATES;
            place->latitude = from->latitude;
            place->longitude = from->longitude;
            break;
        case ASN: place->asn = from->asn; break;
        }
    }
    location.asn_source = by[ASN];
    location.place_source = by[COUNTRY];
    if (by[COUNTRY] == GEO_SOURCE_NONE)
        location.place_source =
            by[CONTINENT] != GEO_SOURCE_NONE ? by[CONTINENT] : by[COORDINATES];
    if (location.place_source == GEO_SOURCE_NONE &&
        memcmp(&world->input.fallback, &nothing, sizeof(nothing)) != 0) {
        uint32_t asn = place->asn;
        *place = world->input.fallback;
        location.place_source = GEO_SOURCE_DEFAULT;
        if (by[ASN] != GEO_SOURCE_NONE)
            place->asn = asn;
        else if (place->asn > 0)
            location.asn_source = GEO_SOURCE_DEFAULT;
    }
    geo_place_complete(place);
    return location;
}
