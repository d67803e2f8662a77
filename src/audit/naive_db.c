/* The second home of libmaxminddb: see naive_db.h for why there are two. */
#include "naive_db.h"

#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <maxminddb.h>

#include "rhumb/geo_file.h"

enum { V4_INSIDE_V6 = 96 };

struct naive_db {
    MMDB_s mmdb;
    bool is_flat; /* "country_code" at the top, not "country" with an "iso_code" inside */
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

/* get_code - letters, and digits where the length may vary, in capitals. 0: none. */
static naive_code get_code(const MMDB_s *mmdb, uint32_t offset, const char *const *path,
                           unsigned least, unsigned most, bool *io_sound)
{
    MMDB_entry_data_s data;
    char text[8] = "";
    if (!get(mmdb, offset, path, &data, io_sound) || data.type != MMDB_DATA_TYPE_UTF8_STRING ||
        data.data_size < least || data.data_size > most)
        return 0;
    for (unsigned i = 0; i < data.data_size; i++) {
        unsigned char c = (unsigned char)data.utf8_string[i];
        if (c > 127 || (!isalpha(c) && (!isdigit(c) || least == most)))
            return 0;
        text[i] = (char)toupper(c);
    }
    return naive_code_of(text);
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

/* get_continent - one of the seven, or none. */
static naive_code get_continent(const MMDB_s *mmdb, uint32_t offset, const char *const *path,
                                bool *io_sound)
{
    static const naive_code known[] = {'A' << 8 | 'F', 'A' << 8 | 'N', 'A' << 8 | 'S',
                                       'E' << 8 | 'U', 'N' << 8 | 'A', 'O' << 8 | 'C',
                                       'S' << 8 | 'A'};

    naive_code code = get_code(mmdb, offset, path, 2, 2, io_sound);
    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
        if (known[i] == code)
            return code;
    return 0;
}

static bool has_degrees(double latitude, double longitude)
{
    return fabs(latitude) <= 90 && fabs(longitude) <= 180; /* not a number: neither */
}

static struct naive_place read_nested(const MMDB_s *mmdb, uint32_t offset, bool *io_sound)
{
    struct naive_place place = {
        .country = get_code(mmdb, offset, PATH("country", "iso_code"), 2, 2, io_sound),
        .continent = get_continent(mmdb, offset, PATH("continent", "code"), io_sound),
        .has_coordinates =
            has_degrees(get_degrees(mmdb, offset, PATH("location", "latitude"), io_sound),
                        get_degrees(mmdb, offset, PATH("location", "longitude"), io_sound)),
        .asn = get_asn(mmdb, offset, PATH("autonomous_system_number"), io_sound),
    };
    if (place.country != 0)
        place.subdivision =
            get_code(mmdb, offset, PATH("subdivisions", "0", "iso_code"), 1, 3, io_sound);
    if (place.asn == 0)
        place.asn = get_asn(mmdb, offset, PATH("traits", "autonomous_system_number"), io_sound);
    /* where it is registered is better than nothing, and worse than anything else */
    if (place.country == 0 && place.continent == 0 && !place.has_coordinates)
        place.country =
            get_code(mmdb, offset, PATH("registered_country", "iso_code"), 2, 2, io_sound);
    return place;
}

static struct naive_place read_flat(const MMDB_s *mmdb, uint32_t offset, bool *io_sound)
{
    return (struct naive_place){
        .country = get_code(mmdb, offset, PATH("country_code"), 2, 2, io_sound),
        .continent = get_continent(mmdb, offset, PATH("continent_code"), io_sound),
        .has_coordinates = has_degrees(get_degrees(mmdb, offset, PATH("latitude"), io_sound),
                                       get_degrees(mmdb, offset, PATH("longitude"), io_sound)),
        .asn = get_asn(mmdb, offset, PATH("asn"), io_sound),
    };
}

struct naive_place naive_db_record(const struct naive_db *db, uint32_t record)
{
    bool sound = true;
    struct naive_place place = db->is_flat ? read_flat(&db->mmdb, record - 1, &sound)
                                           : read_nested(&db->mmdb, record - 1, &sound);
    return sound ? place : (struct naive_place){0};
}

/* ---- asking ---- */

static MMDB_lookup_result_s look_up(const MMDB_s *mmdb, enum ip_family family,
                                    naive_number number)
{
    struct ip_addr addr = naive_addr_of(family, number);
    struct sockaddr_in v4 = {.sin_family = AF_INET};
    struct sockaddr_in6 v6 = {.sin6_family = AF_INET6};
    const struct sockaddr *address = (const struct sockaddr *)&v6;
    int error = MMDB_SUCCESS;
    if (family == IP_V4) {
        memcpy(&v4.sin_addr, addr.bytes, sizeof(v4.sin_addr));
        address = (const struct sockaddr *)&v4;
    } else {
        memcpy(&v6.sin6_addr, addr.bytes, sizeof(v6.sin6_addr));
    }
    MMDB_lookup_result_s found = MMDB_lookup_sockaddr(mmdb, address, &error);
    if (error != MMDB_SUCCESS)
        found.found_entry = false;
    return found;
}

uint32_t naive_db_ask(const struct naive_db *db, enum ip_family family, naive_number number,
                      unsigned *out_len)
{
    bool v6_tree = db->mmdb.metadata.ip_version == 6;
    *out_len = 0;
    if (family == IP_V6 && !v6_tree)
        return 0;
    MMDB_lookup_result_s found = look_up(&db->mmdb, family, number);
    unsigned len = found.netmask;
    if (family == IP_V4 && v6_tree)
        len = len > V4_INSIDE_V6 ? len - V4_INSIDE_V6 : 0;
    if (family == IP_V6 && number >> 32 == 0 && len > V4_INSIDE_V6) {
        *out_len = V4_INSIDE_V6; /* there are the data of IPv4, which say nothing of IPv6 */
        return 0;
    }
    *out_len = len;
    return found.found_entry ? found.entry.offset + 1 : 0;
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
            struct naive_place place = naive_db_record(db, found.entry.offset + 1);
            if (memcmp(&place, &nothing, sizeof(place)) != 0)
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
