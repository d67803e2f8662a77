#include "config_location.h"

#include <ctype.h>
#include <stddef.h>
#include <string.h>

#include "config_units.h"

static const char *const CONTINENTS[] = {"AF", "AN", "AS", "EU", "NA", "OC", "SA"};

enum { CONTINENT_COUNT = sizeof(CONTINENTS) / sizeof(CONTINENTS[0]) };

static bool is_upper(char c)
{
    return c >= 'A' && c <= 'Z';
}

/* never_assigned - codes that are nobody's country.
 *
 * source   ISO 3166-1: AA, QM-QZ, XA-XZ and ZZ are for private use; EU, UK and EL are reserved
 *          or other people's habit
 * departs  XK is taken as Kosovo, as the databases do
 */
static bool never_assigned(const char code[2])
{
    static const char *const others[] = {"AA", "EL", "EU", "UK", "ZZ"};

    if (code[0] == 'X')
        return code[1] != 'K';
    if (code[0] == 'Q' && code[1] >= 'M')
        return true;
    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
        if (memcmp(code, others[i], 2) == 0)
            return true;
    }
    return false;
}

static bool parse_country(const char *text, size_t len, char out_code[3])
{
    if (len != 2 || !is_upper(text[0]) || !is_upper(text[1]) || never_assigned(text))
        return false;
    memcpy(out_code, text, 2);
    out_code[2] = '\0';
    return true;
}

bool config_parse_country(const char *text, char out_code[3])
{
    return parse_country(text, strlen(text), out_code);
}

bool config_parse_continent(const char *text, char out_code[3])
{
    for (size_t i = 0; i < CONTINENT_COUNT; i++) {
        if (strcmp(text, CONTINENTS[i]) == 0) {
            memcpy(out_code, text, 3);
            return true;
        }
    }
    return false;
}

bool config_parse_subdivision(const char *text, char out_country[3], char out_code[4])
{
    const char *dash = strchr(text, '-');
    if (!dash)
        return false;
    size_t len = strlen(dash + 1);
    if (len < 1 || len > 3)
        return false;
    for (const char *c = dash + 1; *c != '\0'; c++) {
        if (!is_upper(*c) && !(*c >= '0' && *c <= '9'))
            return false;
    }
    if (!parse_country(text, (size_t)(dash - text), out_country))
        return false;
    memcpy(out_code, dash + 1, len + 1);
    return true;
}

bool config_parse_asn(const char *text, uint32_t *out_asn)
{
    uint64_t value;
    if (strncmp(text, "AS", 2) != 0 || !config_parse_uint(text + 2, &value) || value == 0 ||
        value > UINT32_MAX)
        return false;
    *out_asn = (uint32_t)value;
    return true;
}

const char *config_country_meant(const char *text, char buffer[3])
{
    if (strlen(text) != 2)
        return NULL;
    for (size_t i = 0; i < 2; i++)
        buffer[i] = (char)toupper((unsigned char)text[i]);
    buffer[2] = '\0';
    if (strcmp(buffer, "UK") == 0)
        return "GB";
    if (strcmp(buffer, "EL") == 0)
        return "GR";
    char code[3];
    return config_parse_country(buffer, code) && strcmp(buffer, text) != 0 ? buffer : NULL;
}

bool config_parse_network(struct config_reader *reader, const char *text,
                          const struct diag_place *place, struct ip_prefix *out_prefix)
{
    if (ip_prefix_parse(text, out_prefix))
        return true;
    config_error(reader, place, "'%.80s' is no network", text);

    char addr_text[IP_TEXT_MAX];
    const char *slash = strchr(text, '/');
    size_t len = slash ? (size_t)(slash - text) : 0;
    struct ip_addr addr;
    uint64_t bits;
    if (slash && len < sizeof(addr_text)) {
        memcpy(addr_text, text, len);
        addr_text[len] = '\0';
        if (ip_parse(addr_text, &addr) && config_parse_uint(slash + 1, &bits) &&
            bits <= ip_bits(addr.family)) {
            struct ip_prefix meant = {ip_masked(&addr, (unsigned)bits), (uint8_t)bits};
            char buffer[IP_TEXT_MAX];
            config_remedy(reader, "bits are set beyond the length: did you mean '%s'?",
                          ip_prefix_format(&meant, buffer));
            return false;
        }
    }
    config_remedy(reader, "write it as 192.0.2.0/24 or as 2001:db8::/32");
    return false;
}

bool config_read_networks(struct config_reader *reader, const struct config_node_entry *entry,
                          size_t min, size_t max, struct config_network_list *out_list)
{
    struct config_network_list list;
    if (!config_read_list(reader, entry, min, max, &list.items, &list.count))
        return false;
    list.networks = config_alloc(reader, list.count, sizeof(*list.networks));
    if (!list.networks)
        return false;
    for (size_t i = 0; i < list.count; i++) {
        const char *text;
        if (config_expect_text(reader, &list.items[i], &text))
            config_parse_network(reader, text, &list.items[i].value->place, &list.networks[i]);
    }
    *out_list = list;
    return true;
}

/* ---- the mapping of a place ---- */

struct location_draft {
    struct config_location location;
    char subdivision_country[3];
    struct diag_place subdivision_place;
    double capacity;
};

static void read_country(struct config_reader *reader, const struct config_node_entry *entry,
                         void *object)
{
    struct location_draft *draft = object;
    const char *text;
    if (!config_expect_text(reader, entry, &text) ||
        config_parse_country(text, draft->location.country))
        return;
    config_error(reader, &entry->value->place, "'%.80s' is no country", text);
    char buffer[3];
    const char *meant = config_country_meant(text, buffer);
    if (meant)
        config_remedy(reader, "did you mean '%s'?", meant);
    else
        config_remedy(reader, "write the two capital letters of ISO 3166-1, such as DE");
}

static void read_continent(struct config_reader *reader, const struct config_node_entry *entry,
                           void *object)
{
    struct location_draft *draft = object;
    int which = config_read_enum(reader, entry, CONTINENTS, CONTINENT_COUNT);
    if (which >= 0)
        config_parse_continent(CONTINENTS[which], draft->location.continent);
}

static void read_subdivision(struct config_reader *reader,
                             const struct config_node_entry *entry, void *object)
{
    struct location_draft *draft = object;
    const char *text;
    if (!config_expect_text(reader, entry, &text))
        return;
    draft->subdivision_place = entry->value->place;
    if (config_parse_subdivision(text, draft->subdivision_country, draft->location.subdivision))
        return;
    config_error(reader, &entry->value->place, "'%.80s' is no subdivision", text);
    config_remedy(reader, "write it as in ISO 3166-2: US-CA, FR-75, GB-ENG");
}

static void read_asn(struct config_reader *reader, const struct config_node_entry *entry,
                     void *object)
{
    struct location_draft *draft = object;
    const char *text;
    if (!config_expect_text(reader, entry, &text))
        return;
    uint64_t value;
    if (config_parse_asn(text, &draft->location.asn))
        return;
    if (config_parse_uint(text, &value) && value > 0 && value <= UINT32_MAX) {
        draft->location.asn = (uint32_t)value;
        return;
    }
    config_error(reader, &entry->value->place, "'%.80s' is no autonomous system", text);
    config_remedy(reader, "write it as AS64496");
}

static bool read_degrees(struct config_reader *reader, const struct config_node *node,
                         double limit, const char *what, double *out_degrees)
{
    double value;
    if (node->kind == CONFIG_NODE_SCALAR && config_parse_number(node->text, &value) &&
        value >= -limit && value <= limit) {
        *out_degrees = value;
        return true;
    }
    config_error(reader, &node->place, "the %s must be a number from -%.0f to %.0f", what,
                 limit, limit);
    config_remedy(reader, "write location: [latitude, longitude] in degrees, north and east "
                          "are positive");
    return false;
}

static void read_coordinates(struct config_reader *reader,
                             const struct config_node_entry *entry, void *object)
{
    struct location_draft *draft = object;
    const struct config_node *node = entry->value;
    if (node->kind != CONFIG_NODE_LIST || node->count != 2) {
        config_error(reader, &node->place, "'location' takes two numbers");
        config_remedy(reader, "write location: [latitude, longitude], such as [53.34, -6.26]");
        return;
    }
    double latitude = 0, longitude = 0;
    bool good = read_degrees(reader, node->entries[0].value, 90, "latitude", &latitude);
    if (!read_degrees(reader, node->entries[1].value, 180, "longitude", &longitude) || !good)
        return;
    draft->location.has_coordinates = true;
    draft->location.latitude = latitude;
    draft->location.longitude = longitude;
}

/* read_place - the mapping of a network or, where out_capacity is given, of a region. */
static bool read_place(struct config_reader *reader, const struct config_node_entry *entry,
                       struct config_location *out_location, double *out_capacity)
{
    static const struct config_field fields[] = {
        {.key = "country", .kind = CONFIG_FIELD_OTHER, .read = read_country},
        {.key = "continent", .kind = CONFIG_FIELD_OTHER, .read = read_continent},
        {.key = "subdivision", .kind = CONFIG_FIELD_OTHER, .read = read_subdivision},
        {.key = "asn", .kind = CONFIG_FIELD_OTHER, .read = read_asn},
        {.key = "location", .kind = CONFIG_FIELD_OTHER, .read = read_coordinates},
        {.key = "capacity", /* of regions alone: the last row */
         .kind = CONFIG_FIELD_NUMBER,
         .offset = offsetof(struct location_draft, capacity),
         .min = 1,
         .max = CONFIG_CAPACITY_MAX},
    };

    struct location_draft draft = {0};
    size_t count = sizeof(fields) / sizeof(fields[0]) - (out_capacity ? 0 : 1);
    if (!config_read_fields(reader, entry, fields, count, &draft))
        return false;
    struct config_location *location = &draft.location;
    if (location->country[0] == '\0')
        memcpy(location->country, draft.subdivision_country, sizeof(location->country));
    if (location->subdivision[0] != '\0' &&
        strcmp(location->country, draft.subdivision_country) != 0) {
        config_error(reader, &draft.subdivision_place, "the subdivision %s-%s is not in %s",
                     draft.subdivision_country, location->subdivision, location->country);
        config_remedy(reader, "leave one of the two out");
    }
    *out_location = *location;
    if (out_capacity)
        *out_capacity = draft.capacity;
    return true;
}

bool config_read_location(struct config_reader *reader, const struct config_node_entry *entry,
                          struct config_location *out_location)
{
    return read_place(reader, entry, out_location, NULL);
}

bool config_read_region(struct config_reader *reader, const struct config_node_entry *entry,
                        struct config_region *region)
{
    return read_place(reader, entry, &region->location, &region->capacity);
}

bool config_location_is_empty(const struct config_location *location)
{
    return location->country[0] == '\0' && location->continent[0] == '\0' &&
           location->asn == 0 && !location->has_coordinates;
}
