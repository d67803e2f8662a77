#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>
#include <openssl/evp.h>

#include "rhumb/diag.h"
#include "rhumb/geo_map.h"
#include "rhumb/rng.h"

#include "geo_db.h"
#include "mmdb_builder.h"

enum { PATH_BYTES = 512, FLIPPED_COPIES = 1000 };

static const char *const no_schema = "no record has a country, coordinates or an AS number";

/* ---- Helpers ---- */

static const char *data_path(const char *name, char buffer[PATH_BYTES])
{
    const char *root = getenv("RHUMB_TEST_DATA");
    assert_non_null(root);
    assert_true(snprintf(buffer, PATH_BYTES, "%s/%s", root, name) < PATH_BYTES);
    return buffer;
}

/* A file of this test alone; the caller unlinks it. */
static void temporary_path(char path[PATH_BYTES])
{
    snprintf(path, PATH_BYTES, "/tmp/rhumb-geo-db-XXXXXX");
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    close(fd);
}

static void write_file(const char *path, const uint8_t *bytes, size_t len)
{
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, len, file), len);
    assert_int_equal(fclose(file), 0);
}

static size_t read_file(const char *path, uint8_t *buffer, size_t max)
{
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    size_t len = fread(buffer, 1, max, file);
    assert_true(len < max);
    fclose(file);
    return len;
}

/* try_open - NULL when refused; then out_why has the message of the one error. */
static struct geo_db *try_open(const char *path, char out_why[1024])
{
    struct diag_place place = {.file = "rhumb.yaml", .line = 7, .column = 3};
    struct diag_list *diags = diag_list_new();
    struct geo_db *db = NULL;
    assert_non_null(diags);
    out_why[0] = '\0';
    enum err err = geo_db_open(path, &place, diags, &db);
    assert_int_equal(diag_error_count(diags), err == ERR_OK ? 0 : 1);
    if (err != ERR_OK)
        assert_int_equal(err, ERR_INVALID);
    if (diag_count(diags) > 0) {
        const struct diag *diag = diag_get(diags, 0);
        assert_string_equal(diag->place.file, "rhumb.yaml");
        assert_int_equal(diag->place.line, 7);
        assert_non_null(strstr(diag->message, path));
        snprintf(out_why, 1024, "%s", diag->message);
    }
    assert_int_equal(db != NULL, err == ERR_OK);
    diag_list_free(diags);
    return db;
}

static struct geo_db *must_open(const char *path)
{
    char why[1024];
    struct geo_db *db = try_open(path, why);
    if (!db)
        fail_msg("%s", why);
    return db;
}

/* check_tilings - both families are tiled from the first address to the last. */
static void check_tilings(const struct geo_db *db)
{
    for (unsigned family = 0; family < GEO_FAMILY_COUNT; family++) {
        const struct geo_tiling *tiling = geo_db_tiling(db, family);
        const struct geo_leaf *leaves = geo_tiling_leaves(tiling);
        struct geo_key expected = {0};
        for (size_t i = 0; i < tiling->leaves.count; i++) {
            assert_true(geo_key_equal(geo_key_masked(expected, leaves[i].len), expected));
            assert_true(leaves[i].len <= ip_bits(geo_ip_family(family)));
            expected = geo_key_after(expected, leaves[i].len);
            assert_int_equal(geo_key_is_zero(expected), i + 1 == tiling->leaves.count);
        }
    }
}

/* place_text - where an address is by one database alone. */
static const char *place_text(struct geo_db *db, const char *address, char text[160])
{
    struct geo_map_input input = {.databases = &db, .database_count = 1};
    struct geo_map *map;
    struct ip_addr addr;
    struct ip_prefix prefix;
    char prefix_text[IP_TEXT_MAX], place[GEO_PLACE_TEXT_MAX];
    assert_true(ip_parse(address, &addr));
    assert_int_equal(geo_map_build(&input, &map), ERR_OK);
    size_t idx = geo_map_find(map, &addr, &prefix);
    snprintf(text, 160, "%s %s", ip_prefix_format(&prefix, prefix_text),
             geo_place_format(&geo_map_location(map, idx)->place, place));
    geo_map_free(map);
    return text;
}

static void insert(struct mmdb_builder *builder, const char *text,
                   const struct mmdb_record *record)
{
    struct ip_prefix prefix;
    assert_true(ip_prefix_parse(text, &prefix));
    mmdb_builder_insert(builder, &prefix, record);
}

/* write_small - a database with something of everything in it. */
static void write_small(const char *path, const struct mmdb_options *options)
{
    static const struct mmdb_record nl = {.country = "NL", .continent = "EU"};
    static const struct mmdb_record us = {.country = "US",
                                          .continent = "NA",
                                          .subdivision = "CA",
                                          .has_coordinates = true,
                                          .latitude = 37.5,
                                          .longitude = -122.25};
    static const struct mmdb_record fr = {.country = "FR", .asn = 64496};

    struct mmdb_builder *builder = mmdb_builder_new(options);
    if (options->ip_version == 6) {
        insert(builder, "2001:db8::/32", &nl);
        insert(builder, "2001:db8:1::/48", &us);
        insert(builder, "2001:db8:1:2::1/128", &fr);
    }
    insert(builder, "192.0.2.0/24", &nl);
    insert(builder, "192.0.2.128/25", &us);
    insert(builder, "192.0.2.255/32", &fr);
    mmdb_builder_write(builder, path);
    mmdb_builder_free(builder);
}

/* ---- Files that are whole ---- */

/* Those that hold places or AS numbers; the others follow. */
static void every_published_good_database_opens(void **state)
{
    (void)state;

    static const char *const names[] = {
        "GeoIP2-City-Shield-Test",
        "GeoIP2-City-Test",
        "GeoIP2-Country-Shield-Test",
        "GeoIP2-Country-Test",
        "GeoIP2-Enterprise-Shield-Test",
        "GeoIP2-Enterprise-Test",
        "GeoIP2-ISP-Test",
        "GeoIP2-Precision-Enterprise-Shield-Test",
        "GeoIP2-Precision-Enterprise-Test",
        "GeoLite2-ASN-Test",
        "GeoLite2-City-Test",
        "GeoLite2-Country-Test",
    };

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        char name[PATH_BYTES], path[PATH_BYTES], why[1024];
        snprintf(name, sizeof(name), "mmdb/good/%s.mmdb", names[i]);
        struct geo_db *db = try_open(data_path(name, path), why);
        assert_non_null(db);
        assert_string_equal(why, "");
        assert_true(geo_db_build_epoch(db) > 1500000000);
        assert_string_equal(geo_db_path(db), path);
        check_tilings(db);
        geo_db_close(db);
    }
}

/* Their trees are walked to the end; only then it turns out that nothing in them is a place. */
static void good_databases_without_places_are_refused_for_that_alone(void **state)
{
    (void)state;

    static const char *const names[] = {
        "GeoIP-Anonymous-Plus-Test",
        "GeoIP-Residential-Proxy-Test",
        "GeoIP2-Anonymous-IP-Test",
        "GeoIP2-Connection-Type-Test",
        "GeoIP2-DensityIncome-Test",
        "GeoIP2-Domain-Test",
        "GeoIP2-IP-Risk-Test",
        "GeoIP2-Static-IP-Score-Test",
        "GeoIP2-User-Count-Test",
        "MaxMind-DB-no-ipv4-search-tree",
        "MaxMind-DB-string-value-entries",
        "MaxMind-DB-test-decoder",
        "MaxMind-DB-test-ipv4-24",
        "MaxMind-DB-test-ipv4-28",
        "MaxMind-DB-test-ipv4-32",
        "MaxMind-DB-test-ipv6-24",
        "MaxMind-DB-test-ipv6-28",
        "MaxMind-DB-test-ipv6-32",
        "MaxMind-DB-test-metadata-pointers",
        "MaxMind-DB-test-mixed-24",
        "MaxMind-DB-test-mixed-28",
        "MaxMind-DB-test-mixed-32",
        "MaxMind-DB-test-nested",
        "MaxMind-DB-test-pointer-decoder",
    };

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        char name[PATH_BYTES], path[PATH_BYTES], why[1024];
        snprintf(name, sizeof(name), "mmdb/good/%s.mmdb", names[i]);
        assert_null(try_open(data_path(name, path), why));
        assert_non_null(strstr(why, no_schema));
    }
}

/* Among MaxMind's good ones, four are broken on purpose. */
static void databases_broken_on_purpose_are_refused_or_lose_records(void **state)
{
    (void)state;

    static const struct {
        const char *name;
        bool opens;
        const char *why;
    } cases[] = {
        {"GeoIP2-City-Test-Broken-Double-Format", true, "51 of 60 records cannot be decoded"},
        {"GeoIP2-City-Test-Invalid-Node-Count", false, "invalid metadata"},
        {"MaxMind-DB-test-broken-pointers-24", false, "points outside the file"},
        {"MaxMind-DB-test-broken-search-tree-24", false, "points outside the file"},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char name[PATH_BYTES], path[PATH_BYTES], why[1024], text[160];
        snprintf(name, sizeof(name), "mmdb/good/%s.mmdb", cases[i].name);
        struct geo_db *db = try_open(data_path(name, path), why);
        assert_int_equal(db != NULL, cases[i].opens);
        assert_non_null(strstr(why, cases[i].why));
        if (db)
            assert_string_equal(place_text(db, "81.2.69.142", text), "81.2.69.142/31 unknown");
        geo_db_close(db);
    }
}

static void published_corrupt_databases_are_refused(void **state)
{
    (void)state;

    static const char *const names[] = {
        "libmaxminddb/libmaxminddb-corrupt-search-tree",
        "libmaxminddb/libmaxminddb-deep-array-nesting",
        "libmaxminddb/libmaxminddb-deep-nesting",
        "libmaxminddb/libmaxminddb-empty-array-last-in-metadata",
        "libmaxminddb/libmaxminddb-empty-map-last-in-metadata",
        "libmaxminddb/libmaxminddb-metadata-marker-only",
        "libmaxminddb/libmaxminddb-offset-integer-overflow",
        "libmaxminddb/libmaxminddb-oversized-array",
        "libmaxminddb/libmaxminddb-oversized-map",
        "libmaxminddb/libmaxminddb-separator-record-max-left",
        "libmaxminddb/libmaxminddb-separator-record-min-left",
        "libmaxminddb/libmaxminddb-separator-record-min-right",
        "libmaxminddb/libmaxminddb-uint64-max-epoch",
        "maxminddb-golang/cyclic-data-structure",
        "maxminddb-golang/invalid-bytes-length",
        "maxminddb-golang/invalid-data-record-offset",
        "maxminddb-golang/invalid-map-key-length",
        "maxminddb-golang/invalid-string-length",
        "maxminddb-golang/metadata-is-an-uint128",
        "maxminddb-golang/unexpected-bytes",
        "maxminddb-python/bad-unicode-in-map-key",
    };

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        char name[PATH_BYTES], path[PATH_BYTES], why[1024];
        snprintf(name, sizeof(name), "mmdb/bad/%s.mmdb", names[i]);
        assert_int_equal(access(data_path(name, path), R_OK), 0);
        assert_null(try_open(path, why));
        bool separator = strstr(names[i], "separator-record") != NULL;
        assert_non_null(
            strstr(why, separator ? "outside the data section" : "is not usable: "));
    }
}

static void published_places_are_found(void **state)
{
    (void)state;

    static const struct {
        const char *name, *address, *found;
    } cases[] = {
        {"GeoLite2-City-Test", "81.2.69.142", "81.2.69.142/31 GB-ENG EU 51.51,-0.09"},
        {"GeoLite2-City-Test", "216.160.83.57", "216.160.83.56/29 US-WA NA 47.25,-122.31"},
        {"GeoLite2-City-Test", "2001:218::1", "2001:218::/32 JP AS 35.69,139.75"},
        {"GeoLite2-City-Test", "10.0.0.1", "10.0.0.0/8 unknown"},
        {"GeoLite2-City-Test", "2002:5102:4500::", "2002::/16 unknown"},
        {"GeoLite2-City-Test", "::ffff:81.2.69.142", "::ffff:0.0.0.0/96 unknown"},
        {"GeoLite2-Country-Test", "89.160.20.112", "89.160.20.112/28 SE EU"},
        {"GeoLite2-Country-Test", "2a02:d5c0::1", "2a02:d5c0::/29 ES EU"},
        {"GeoIP2-Enterprise-Test", "74.209.24.0",
         "74.209.16.0/20 US-NY NA 42.35,-73.55 AS14671"},
        {"GeoLite2-ASN-Test", "1.128.0.1", "1.128.0.0/11 AS1221"},
        {"GeoIP2-ISP-Test", "2600:6000::1", "2600:6000::/20 AS237"},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char name[PATH_BYTES], path[PATH_BYTES], text[160];
        snprintf(name, sizeof(name), "mmdb/good/%s.mmdb", cases[i].name);
        struct geo_db *db = must_open(data_path(name, path));
        assert_string_equal(place_text(db, cases[i].address, text), cases[i].found);
        geo_db_close(db);
    }
}

/* ---- The file that comes with the product ---- */

static const char *country_path(char buffer[PATH_BYTES])
{
    return data_path("../../zones/geo/country.mmdb", buffer);
}

static void the_country_database_is_the_one_that_was_chosen(void **state)
{
    (void)state;

    static const char expected[] =
        "c5f7c0e9bd6a6ccb5a2e9634764544a0d08bd0bd8788b8aedfac87bea184c652";

    enum { EXPECTED_BYTES = 7841291 };

    char path[PATH_BYTES], hex[2 * EVP_MAX_MD_SIZE + 1];
    uint8_t *bytes = malloc(EXPECTED_BYTES + 1), digest[EVP_MAX_MD_SIZE];
    unsigned digest_len;
    assert_non_null(bytes);
    assert_int_equal(read_file(country_path(path), bytes, EXPECTED_BYTES + 1), EXPECTED_BYTES);
    assert_int_equal(EVP_Digest(bytes, EXPECTED_BYTES, digest, &digest_len, EVP_sha256(), NULL),
                     1);
    for (unsigned i = 0; i < digest_len; i++)
        snprintf(hex + 2 * (size_t)i, 3, "%02x", digest[i]);
    assert_string_equal(hex, expected);
    free(bytes);
}

static void the_country_database_knows_well_known_addresses(void **state)
{
    (void)state;

    static const struct {
        const char *address, *found;
    } cases[] = {
        {"8.8.8.8", "8.8.0.0/15 US NA"},
        {"193.0.6.139", "193.0.0.0/20 NL EU"},
        {"202.12.29.175", "202.12.29.0/24 AU OC"},
        {"200.3.14.10", "200.3.12.0/22 UY SA"},
        {"2001:4860:4860::8888", "2001:4860::/32 US NA"},
        {"2001:67c:2e8::1", "2001:67c:2e8::/48 NL EU"},
        {"10.0.0.1", "10.0.0.0/8 unknown"},
    };

    char path[PATH_BYTES], text[160];
    struct geo_db *db = must_open(country_path(path));
    assert_int_equal(geo_db_build_epoch(db), 1781725900);
    check_tilings(db);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        assert_string_equal(place_text(db, cases[i].address, text), cases[i].found);
    geo_db_close(db);
}

/* ---- Shapes of files ---- */

static void every_shape_of_file_is_read_alike(void **state)
{
    (void)state;

    static const unsigned sizes[] = {24, 28, 32};
    static const unsigned versions[] = {4, 6};

    for (size_t i = 0; i < 24; i++) {
        struct mmdb_options options = {
            .record_size = sizes[i % 3],
            .ip_version = versions[i / 3 % 2],
            .schema = i / 6 % 2 ? MMDB_SCHEMA_FLAT : MMDB_SCHEMA_GEOIP2,
            .aliases = i / 12 % 2 != 0,
        };
        bool flat = options.schema == MMDB_SCHEMA_FLAT, both = options.ip_version == 6;
        char path[PATH_BYTES], text[160];
        temporary_path(path);
        write_small(path, &options);
        struct geo_db *db = must_open(path);
        unlink(path);
        check_tilings(db);
        assert_int_equal(geo_db_build_epoch(db), 1700000000);
        assert_string_equal(place_text(db, "192.0.2.1", text), "192.0.2.0/25 NL EU");
        assert_string_equal(place_text(db, "192.0.2.129", text),
                            flat ? "192.0.2.128/26 US NA 37.50,-122.25"
                                 : "192.0.2.128/26 US-CA NA 37.50,-122.25");
        assert_string_equal(place_text(db, "192.0.2.255", text),
                            "192.0.2.255/32 FR EU AS64496");
        if (both)
            assert_string_equal(place_text(db, "2001:db8:1:2::1", text),
                                "2001:db8:1:2::1/128 FR EU AS64496");
        else
            assert_string_equal(place_text(db, "2001:db8:1:2::1", text),
                                "2001:800::/21 unknown");
        geo_db_close(db);
    }
}

static void a_file_of_ipv6_alone_leaves_ipv4_unknown(void **state)
{
    (void)state;
    struct mmdb_options options = {.record_size = 24, .ip_version = 6, .aliases = true};
    struct mmdb_record nl = {.country = "NL"};
    char path[PATH_BYTES], text[160];
    temporary_path(path);
    struct mmdb_builder *builder = mmdb_builder_new(&options);
    insert(builder, "2001:db8::/32", &nl);
    mmdb_builder_write(builder, path);
    mmdb_builder_free(builder);
    struct geo_db *db = must_open(path);
    unlink(path);
    assert_string_equal(place_text(db, "192.0.2.1", text), "0.0.0.0/0 unknown");
    assert_string_equal(place_text(db, "2001:db8::1", text), "2001:db8::/32 NL EU");
    geo_db_close(db);
}

static void an_ipv6_network_around_all_of_ipv4_holds_for_it(void **state)
{
    (void)state;
    struct mmdb_options options = {.record_size = 28, .ip_version = 6};
    struct mmdb_record nl = {.country = "NL"};
    char path[PATH_BYTES], text[160];
    temporary_path(path);
    struct mmdb_builder *builder = mmdb_builder_new(&options);
    insert(builder, "::/64", &nl);
    mmdb_builder_write(builder, path);
    mmdb_builder_free(builder);
    struct geo_db *db = must_open(path);
    unlink(path);
    assert_string_equal(place_text(db, "192.0.2.1", text), "0.0.0.0/0 NL EU");
    geo_db_close(db);
}

static void the_country_of_registration_is_the_last_resort(void **state)
{
    (void)state;

    static const struct {
        struct mmdb_record record;
        const char *found;
    } cases[] = {
        {{.registered_country = "AU"}, "192.0.2.0/24 AU OC"},
        {{.registered_country = "AU", .country = "US"}, "192.0.2.0/24 US NA"},
        {{.registered_country = "AU", .continent = "EU"}, "192.0.2.0/24 ?? EU"},
        {{.registered_country = "AU", .has_coordinates = true}, "192.0.2.0/24 0.00,0.00"},
        {{.registered_country = "AU", .asn = 64500}, "192.0.2.0/24 AU OC AS64500"},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct mmdb_options options = {.record_size = 24, .ip_version = 4};
        char path[PATH_BYTES], text[160];
        temporary_path(path);
        struct mmdb_builder *builder = mmdb_builder_new(&options);
        insert(builder, "192.0.2.0/24", &cases[i].record);
        mmdb_builder_write(builder, path);
        mmdb_builder_free(builder);
        struct geo_db *db = must_open(path);
        unlink(path);
        assert_string_equal(place_text(db, "192.0.2.1", text), cases[i].found);
        geo_db_close(db);
    }
}

/* ---- Files that are not ---- */

enum { SMALL_MAX = 1 << 16 };

static size_t small_bytes(uint8_t bytes[SMALL_MAX], unsigned record_size)
{
    struct mmdb_options options = {
        .record_size = record_size, .ip_version = 6, .aliases = true};
    char path[PATH_BYTES];
    temporary_path(path);
    write_small(path, &options);
    size_t len = read_file(path, bytes, SMALL_MAX);
    unlink(path);
    return len;
}

/* try_bytes - open what may be anything; nothing but an answer is asked for. In memory: a disk
 * is slow at rewriting one file thousands of times. */
static struct geo_db *try_bytes(const uint8_t *bytes, size_t len, char why[1024])
{
    char path[PATH_BYTES];
    int fd = memfd_create("test", MFD_CLOEXEC);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, bytes, len), len);
    snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
    struct geo_db *db = try_open(path, why);
    close(fd);
    if (db)
        check_tilings(db);
    return db;
}

static void what_is_no_readable_file_is_refused(void **state)
{
    (void)state;
    char path[PATH_BYTES], why[1024];
    temporary_path(path);
    assert_null(try_open(path, why)); /* empty */
    assert_non_null(strstr(why, "is not usable"));

    assert_int_equal(truncate(path, ((off_t)1 << 30) + 1), 0);
    assert_null(try_open(path, why));
    assert_non_null(strstr(why, "cannot be read: File too large"));
    unlink(path);

    assert_null(try_open(path, why));
    assert_non_null(strstr(why, "cannot be read: No such file"));
    assert_null(try_open("/tmp", why));
    assert_non_null(strstr(why, "is not a regular file"));
    assert_int_equal(mkfifo(path, 0600), 0);
    assert_null(try_open(path, why));
    assert_non_null(strstr(why, "is not a regular file"));
    unlink(path);
    write_file(path, (const uint8_t *)"geo:\n  databases: []\n", 21);
    assert_null(try_open(path, why));
    unlink(path);
}

static void a_tree_that_meets_itself_is_refused(void **state)
{
    (void)state;

    static const struct {
        size_t node;
        uint8_t target; /* node that its right record is made to name */
    } cases[] = {{0, 0}, {5, 0}, {5, 5}, {60, 59}, {100, 3}, {7, 90}, {3, 110}};

    static uint8_t bytes[SMALL_MAX], broken[SMALL_MAX];
    size_t len = small_bytes(bytes, 24);
    char why[1024];
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        memcpy(broken, bytes, len);
        memset(broken + cases[i].node * 6 + 3, 0, 2);
        broken[cases[i].node * 6 + 5] = cases[i].target;
        assert_null(try_bytes(broken, len, why));
        assert_non_null(strstr(why, "the search tree"));
    }
}

static void a_tree_deeper_than_an_address_is_refused(void **state)
{
    (void)state;

    static const uint8_t version[] = "ip_version\xa2\x00\x06"; /* 6 becomes 4 */

    static uint8_t bytes[SMALL_MAX];
    size_t len = small_bytes(bytes, 28);
    char why[1024];
    uint8_t *at = memmem(bytes, len, version, sizeof(version) - 1);
    assert_non_null(at);
    at[sizeof(version) - 2] = 4;
    assert_null(try_bytes(bytes, len, why));
    assert_non_null(strstr(why, "deeper than an address"));
    at[sizeof(version) - 2] = 5;
    assert_null(try_bytes(bytes, len, why));
}

static void no_length_of_a_truncated_file_does_harm(void **state)
{
    (void)state;
    static uint8_t bytes[SMALL_MAX];
    size_t len = small_bytes(bytes, 32);
    char why[1024];
    for (size_t cut = 0; cut < len; cut++)
        geo_db_close(try_bytes(bytes, cut, why));
}

static void no_flipped_bit_does_harm(void **state)
{
    (void)state;
    static uint8_t bytes[SMALL_MAX];
    char why[1024], text[160];
    size_t len = small_bytes(bytes, 28), opened = 0;
    struct rng rng;
    rng_init(&rng, 28);
    for (size_t i = 0; i < FLIPPED_COPIES; i++) {
        size_t at = rng_below(&rng, (uint32_t)len);
        uint8_t bit = (uint8_t)(1 << rng_below(&rng, 8));
        bytes[at] ^= bit;
        struct geo_db *db = try_bytes(bytes, len, why);
        if (db) {
            opened++;
            place_text(db, "192.0.2.129", text);
            place_text(db, "2001:db8:1::1", text);
        }
        geo_db_close(db);
        bytes[at] ^= bit;
    }
    assert_true(opened > 0 && opened < FLIPPED_COPIES);
}

static void a_published_database_with_flipped_bits_does_no_harm(void **state)
{
    (void)state;
    static uint8_t bytes[SMALL_MAX];
    char path[PATH_BYTES], why[1024];
    size_t len =
        read_file(data_path("mmdb/good/GeoLite2-City-Test.mmdb", path), bytes, SMALL_MAX);
    struct rng rng;
    rng_init(&rng, 29);
    for (size_t i = 0; i < FLIPPED_COPIES; i++) {
        size_t at[4];
        for (size_t f = 0; f < 4; f++) {
            at[f] = rng_below(&rng, (uint32_t)len);
            bytes[at[f]] ^= 0x10;
        }
        geo_db_close(try_bytes(bytes, len, why));
        for (size_t f = 0; f < 4; f++)
            bytes[at[f]] ^= 0x10;
    }
}

static void an_opened_database_outlives_its_file(void **state)
{
    (void)state;
    struct mmdb_options options = {.record_size = 24, .ip_version = 6};
    char path[PATH_BYTES], text[160];
    temporary_path(path);
    write_small(path, &options);
    struct geo_db *db = must_open(path);
    assert_int_equal(truncate(path, 10), 0);
    assert_string_equal(place_text(db, "192.0.2.1", text), "192.0.2.0/25 NL EU");
    unlink(path);
    assert_string_equal(place_text(db, "192.0.2.1", text), "192.0.2.0/25 NL EU");
    geo_db_close(db);
}

static void closing_no_database_is_fine(void **state)
{
    (void)state;
    geo_db_close(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_published_good_database_opens),
        cmocka_unit_test(good_databases_without_places_are_refused_for_that_alone),
        cmocka_unit_test(databases_broken_on_purpose_are_refused_or_lose_records),
        cmocka_unit_test(published_corrupt_databases_are_refused),
        cmocka_unit_test(published_places_are_found),
        cmocka_unit_test(the_country_database_is_the_one_that_was_chosen),
        cmocka_unit_test(the_country_database_knows_well_known_addresses),
        cmocka_unit_test(every_shape_of_file_is_read_alike),
        cmocka_unit_test(a_file_of_ipv6_alone_leaves_ipv4_unknown),
        cmocka_unit_test(an_ipv6_network_around_all_of_ipv4_holds_for_it),
        cmocka_unit_test(the_country_of_registration_is_the_last_resort),
        cmocka_unit_test(what_is_no_readable_file_is_refused),
        cmocka_unit_test(a_tree_that_meets_itself_is_refused),
        cmocka_unit_test(a_tree_deeper_than_an_address_is_refused),
        cmocka_unit_test(no_length_of_a_truncated_file_does_harm),
        cmocka_unit_test(no_flipped_bit_does_harm),
        cmocka_unit_test(a_published_database_with_flipped_bits_does_no_harm),
        cmocka_unit_test(an_opened_database_outlives_its_file),
        cmocka_unit_test(closing_no_database_is_fine),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
