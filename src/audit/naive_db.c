/* The second home of libmaxminddb: see naive_db.h for why there are two. */
#include "naive_db.h"

#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <maxminddb.h>

#include "rhumb/geo_file.h"

enum { KEPT = 1 << 17, V4_INSIDE_V6 = 96 };

/* A record that was decoded; kept in the slot of its offset. */
struct kept {
    uint32_t offset; /* + 1; 0: the slot is free */
    struct naive_place place;
};

struct naive_db {
    MMDB_s mmdb;
    bool is_flat; /* "country_code" at the top, not "country" with an "iso_code" inside */
    struct kept kept[KEPT];
};

/* ---- fields ---- */

/* get - false: the record says nothing there. *io_sound becomes false when it is broken. */
static bool get(const MMDB_s *mmdb, uint32_t offset, const char *const *path,
                MMDB_entry_data_s *out, bool *io_sound)
{
    MMDB_entry_s entry = {.mmdb = mmdb, .offset = offset};
    int status = MMDB_aget_value(&entry, out, path);
    if (status != MMDB_SUCCESS && status != MMDB_LOOKUP_PATH_DOES_NOT_MATCH_DATA_ERROR)
        *io_sound = false;
    return status == MMDB_SUCCESS && out->has_data;
}

/* get_code - letters, and digits where they may be, in capitals: least to most of them. */
static void get_code(const MMDB_s *mmdb, uint32_t offset, const char *const *path, char *out,
                     unsigned least, unsigned most, bool *io_sound)
{
    MMDB_entry_data_s data;
    if (!get(mmdb, offset, path, &data, io_sound) || data.type != MMDB_DATA_TYPE_UTF8_STRING ||
        data.data_size < least || data.data_size > most)
        return;
    for (unsigned i = 0; i < data.data_size; i++) {
        unsigned char c = (unsigned char)data.utf8_string[i];
        if (c > 127 || (!isalpha(c) && (!isdigit(c) || least == most)))
            return;
    }
    for (unsigned i = 0; i < data.data_size; i++)
        out[i] = (char)toupper((unsigned char)data.utf8_string[i]);
}

static double get_degrees(const MMDB_s *mmdb, uint32_t offset, const char *const *path,
                          bool *io_sound)
{
    MMDB_entry_data_s data;
    if (!get(mmdb, offset, path, &data, io_sound))
        return NAN;
    if (data.type == MMDB_DATA_TYPE_DOUBLE)
        return data.double_value;
    return data.type == MMDB_DATA_TYPE_FLOAT ? (double)data.float_value : NAN;
}

/* asn_of_text - "AS64496" or "64496". */
static uint32_t asn_of_text(const char *text, uint32_t len)
{
    char digits[16];
    char *end;
    if (len >= 2 && (text[0] == 'A' || text[0] == 'a') && (text[1] == 'S' || text[1] == 's')) {
        text += 2;
        len -= 2;
    }
    if (len == 0 || len > 10 || !isdigit((unsigned char)text[0]))
        return 0;
    snprintf(digits, sizeof(digits), "%.*s", (int)len, text);
    uint64_t asn = strtoull(digits, &end, 10);
    return *end == '\0' && end == digits + len && asn <= UINT32_MAX ? (uint32_t)asn : 0;
}

static uint32_t get_asn(const MMDB_s *mmdb, uint32_t offset, const char *const *path,
                        bool *io_sound)
{
    MMDB_entry_data_s data;
    if (!get(mmdb, offset, path, &data, io_sound))
        return 0;
    switch (data.type) {
    case MMDB_DATA_TYPE_UTF8_STRING: return asn_of_text(data.utf8_string, data.data_size);
    case MMDB_DATA_TYPE_UINT16: return data.uint16;
    case MMDB_DATA_TYPE_UINT32: return data.uint32;
    case MMDB_DATA_TYPE_UINT64: return data.uint64 <= UINT32_MAX ? (uint32_t)data.uint64 : 0;
    default: return 0;
    }
}

/* ---- records ---- */

#define PATH(...) ((const char *const[]){__VA_ARGS__, NULL})

static bool is_continent(const char *code)
{
    return strlen(code) == 2 && strstr("AF AN AS EU NA OC SA", code) != NULL;
}

static bool has_degrees(double latitude, double longitude)
{
    return fabs(latitude) <= 90 && fabs(longitude) <= 180; /* not a number: neither */
}

static void read_nested(const MMDB_s *mmdb, uint32_t offset, struct naive_place *place,
                        bool *io_sound)
{
    get_code(mmdb, offset, PATH("country", "iso_code"), place->country, 2, 2, io_sound);
    get_code(mmdb, offset, PATH("continent", "code"), place->continent, 2, 2, io_sound);
    place->has_coordinates =
        has_degrees(get_degrees(mmdb, offset, PATH("location", "latitude"), io_sound),
                    get_degrees(mmdb, offset, PATH("location", "longitude"), io_sound));
    if (place->country[0] != '\0')
        get_code(mmdb, offset, PATH("subdivisions", "0", "iso_code"), place->subdivision, 1, 3,
                 io_sound);
    place->asn = get_asn(mmdb, offset, PATH("autonomous_system_number"), io_sound);
    if (place->asn == 0)
        place->asn =
            get_asn(mmdb, offset, PATH("traits", "autonomous_system_number"), io_sound);
    if (!is_continent(place->continent))
        memset(place->continent, 0, sizeof(place->continent));
    /* where it is registered is better than nothing, and worse than anything else */
    if (place->country[0] == '\0' && place->continent[0] == '\0' && !place->has_coordinates)
        get_code(mmdb, offset, PATH("registered_country", "iso_code"), place->country, 2, 2,
                 io_sound);
}

static void read_flat(const MMDB_s *mmdb, uint32_t offset, struct naive_place *place,
                      bool *io_sound)
{
    get_code(mmdb, offset, PATH("country_code"), place->country, 2, 2, io_sound);
    get_code(mmdb, offset, PATH("continent_code"), place->continent, 2, 2, io_sound);
    place->has_coordinates =
        has_degrees(get_degrees(mmdb, offset, PATH("latitude"), io_sound),
                    get_degrees(mmdb, offset, PATH("longitude"), io_sound));
    place->asn = get_asn(mmdb, offset, PATH("asn"), io_sound);
    if (!is_continent(place->continent))
        memset(place->continent, 0, sizeof(place->continent));
}

/* read_record - a record that is broken anywhere we look says nothing. */
static struct naive_place read_record(struct naive_db *db, uint32_t offset)
{
    static const struct naive_place nothing;
    struct naive_place place = {0};
    bool sound = true;
    if (db->is_flat)
        read_flat(&db->mmdb, offset, &place, &sound);
    else
        read_nested(&db->mmdb, offset, &place, &sound);
    return sound ? place : nothing;
}

/* ---- asking ---- */

static MMDB_lookup_result_s look_up(const MMDB_s *mmdb, enum ip_family family,
                                    naive_number number)
{
    struct sockaddr_storage address;
    struct ip_addr addr = naive_addr_of(family, number);
    int error = MMDB_SUCCESS;
    (void)ip_to_sockaddr(&addr, 0, &address);
    MMDB_lookup_result_s found =
        MMDB_lookup_sockaddr(mmdb, (const struct sockaddr *)&address, &error);
    if (error != MMDB_SUCCESS)
        found.found_entry = false;
    return found;
}

const struct naive_place *naive_db_ask(struct naive_db *db, enum ip_family family,
                                       naive_number number, unsigned *out_len)
{
    bool v6_tree = db->mmdb.metadata.ip_version == 6;
    *out_len = 0;
    if (family == IP_V6 && !v6_tree)
        return NULL;
    MMDB_lookup_result_s found = look_up(&db->mmdb, family, number);
    unsigned len = found.netmask;
    if (family == IP_V4 && v6_tree)
        len = len > V4_INSIDE_V6 ? len - V4_INSIDE_V6 : 0;
    if (family == IP_V6 && number >> 32 == 0 && len > V4_INSIDE_V6) {
        *out_len = V4_INSIDE_V6; /* there are the data of IPv4, which say nothing of IPv6 */
        return NULL;
    }
    *out_len = len;
    if (!found.found_entry)
        return NULL;
    struct kept *kept = &db->kept[found.entry.offset % KEPT];
    if (kept->offset != found.entry.offset + 1)
        *kept = (struct kept){found.entry.offset + 1, read_record(db, found.entry.offset)};
    return &kept->place;
}

/* ---- opening ---- */

/* find_form - of the first record that says something in either form. */
static void find_form(struct naive_db *db)
{
    static const struct naive_place nothing;
    enum ip_family family = db->mmdb.metadata.ip_version == 6 ? IP_V6 : IP_V4;
    naive_number at = 0;
    do {
        MMDB_lookup_result_s found = look_up(&db->mmdb, family, at);
        for (int flat = 0; found.found_entry && flat <= 1; flat++) {
            db->is_flat = flat == 1;
            struct naive_place place = read_record(db, found.entry.offset);
            if (!naive_place_is(&place, &nothing))
                return;
        }
        at = naive_last_in(family, at, found.netmask) + 1;
    } while (at != 0 && at <= naive_last_of(family));
}

enum err naive_db_open(const char *path, const struct diag_place *place,
                       struct diag_list *diags, struct naive_db **out_db)
{
    char fd_path[32];
    int fd;
    enum err err = geo_file_copy(path, place, diags, &fd);
    if (err != ERR_OK)
        return err;
    struct naive_db *db = calloc(1, sizeof(*db));
    snprintf(fd_path, sizeof(fd_path), "/proc/self/fd/%d", fd);
    int status = db ? MMDB_open(fd_path, MMDB_MODE_MMAP, &db->mmdb) : MMDB_OUT_OF_MEMORY_ERROR;
    close(fd);
    if (status != MMDB_SUCCESS) {
        free(db);
        if (status == MMDB_OUT_OF_MEMORY_ERROR)
            return ERR_NO_MEMORY;
        diag_error(diags, place, "geo database '%s' is not usable: %s", path,
                   MMDB_strerror(status));
        return ERR_INVALID;
    }
    find_form(db);
    *out_db = db;
    return ERR_OK;
}

void naive_db_close(struct naive_db *db)
{
    if (!db)
        return;
    MMDB_close(&db->mmdb);
    free(db);
}
