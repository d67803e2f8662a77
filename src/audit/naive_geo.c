#include "naive_geo.h"

#include <stdlib.h>
#include <string.h>

#include "rhumb/geo_place.h"

/* A finding: the number of the operator's network + 1, which databases it is as long as (one bit
 * each), and the record of each database. */
enum { FINDING_NETWORK, FINDING_WINS, FINDING_RECORDS };

/* ---- IPv4 inside IPv6 ---- */

#define NUMBER(high, low) ((naive_number)UINT64_C(high) << 64 | UINT64_C(low))

/* Where the IPv4 address lies: shift bits from the right, inverted or not. */
static const struct form {
    naive_number first;
    unsigned len, shift;
    bool inverted;
} forms[NAIVE_FORMS] = {
    {NUMBER(0, 0xffff00000000), 96, 0, false},     /* ::ffff:0:0/96, RFC 4291 section 2.5.5.2 */
    {NUMBER(0x0064ff9b00000000, 0), 96, 0, false}, /* 64:ff9b::/96, RFC 6052 section 2.1 */
    {NUMBER(0x2002000000000000, 0), 16, 80, false}, /* 2002::/16, RFC 3056 section 2 */
    {NUMBER(0x2001000000000000, 0), 32, 0, true},   /* 2001::/32, RFC 4380 section 4 */
};

bool naive_inner(naive_number number, naive_number *out_inner)
{
    for (unsigned i = 0; i < NAIVE_FORMS; i++) {
        const struct form *form = &forms[i];
        if (naive_first_in(IP_V6, number, form->len) != form->first)
            continue;
        uint32_t inner = (uint32_t)(number >> form->shift);
        *out_inner = form->inverted ? (uint32_t)~inner : inner;
        return true;
    }
    return false;
}

naive_number naive_outer(unsigned form, naive_number inner, naive_number noise)
{
    const struct form *to = &forms[form];
    naive_number bits = to->inverted ? (uint32_t) ~(uint32_t)inner : (uint32_t)inner;
    naive_number rest =
        naive_last_in(IP_V6, 0, to->len) & ~((naive_number)UINT32_MAX << to->shift);
    return to->first | bits << to->shift | (noise & rest);
}

enum err naive_ranges(struct naive_cuts *cuts)
{
    struct naive_networks ranges;
    enum err err = naive_networks_init(&ranges, NAIVE_FORMS);
    for (unsigned i = 0; i < NAIVE_FORMS && err == ERR_OK; i++) {
        struct ip_prefix prefix = {naive_addr_of(IP_V6, forms[i].first), (uint8_t)forms[i].len};
        naive_networks_add(&ranges, &prefix, i);
    }
    if (err == ERR_OK)
        err = naive_cuts_add(cuts, IP_V6, &ranges);
    naive_networks_deinit(&ranges);
    return err;
}

/* ---- sources ---- */

/* country_index - of two capital letters; NAIVE_COUNTRIES: it is none. */
static unsigned country_index(naive_code country)
{
    unsigned first = (country >> 8) - 'A', second = (country & 0xff) - 'A';
    return first < 26 && second < 26 ? first * 26 + second : NAIVE_COUNTRIES;
}

/* list_countries - the members of the European Union: its 27 states, and those parts of them that
 * have codes of their own and belong to it (Article 355 of the Treaty on its functioning). */
static void list_countries(struct naive_geo *geo)
{
    static const char members[][3] = {
        "AT", "BE", "BG", "CY", "CZ", "DE", "DK", "EE", "ES", "FI", "FR", "GR",
        "HR", "HU", "IE", "IT", "LT", "LU", "LV", "MT", "NL", "PL", "PT", "RO",
        "SE", "SI", "SK", "AX", "GF", "GP", "MF", "MQ", "RE", "YT",
    };

    for (size_t i = 0; i < sizeof(members) / sizeof(members[0]); i++)
        geo->in_union[country_index(naive_code_of(members[i]))] = true;
    for (unsigned i = 0; i < NAIVE_COUNTRIES; i++) {
        struct geo_place place = {.country = {(char)('A' + i / 26), (char)('A' + i % 26)}};
        geo_place_complete(&place);
        const char continent[3] = {place.continent[0], place.continent[1], '\0'};
        geo->continents[i] = naive_code_of(continent);
    }
}

/* complete - what follows from the country. */
static void complete(const struct naive_geo *geo, struct naive_place *place)
{
    unsigned country = country_index(place->country);
    place->in_union = country < NAIVE_COUNTRIES && geo->in_union[country];
    if (place->continent == 0 && country < NAIVE_COUNTRIES)
        place->continent = geo->continents[country];
}

/* place_of - what the operator says, and with it what follows from it. */
static struct naive_place place_of(const struct naive_geo *geo,
                                   const struct config_location *location)
{
    struct naive_place place = {
        .country = naive_code_of(location->country),
        .continent = naive_code_of(location->continent),
        .subdivision = naive_code_of(location->subdivision),
        .asn = location->asn,
        .has_coordinates = location->has_coordinates,
    };
    complete(geo, &place);
    return place;
}

enum err naive_geo_open(struct naive_geo *geo, const struct config_geo *config,
                        struct diag_list *diags)
{
    *geo = (struct naive_geo){.config = config};
    list_countries(geo);
    naive_ids_init(&geo->findings, FINDING_RECORDS + config->database_count);
    naive_ids_init(&geo->places, NAIVE_PLACE_WORDS);
    enum err err = naive_networks_init(&geo->networks, config->network_count);
    for (size_t i = 0; i < config->network_count && err == ERR_OK; i++)
        naive_networks_add(&geo->networks, &config->networks[i].prefix, i);
    for (size_t i = 0; i < config->database_count && err == ERR_OK; i++) {
        const struct config_database *database = &config->databases[i];
        err = naive_db_open(database->path, &database->place, diags, &geo->databases[i]);
        geo->database_count += err == ERR_OK;
    }
    if (err == ERR_OK)
        naive_networks_sort(&geo->networks);
    return err;
}

void naive_geo_close(struct naive_geo *geo)
{
    for (size_t i = 0; i < geo->database_count; i++)
        naive_db_close(geo->databases[i]);
    naive_networks_deinit(&geo->networks);
    naive_ids_deinit(&geo->findings);
    naive_ids_deinit(&geo->places);
    free(geo->place_of);
    *geo = (struct naive_geo){0};
}

/* ---- merging ---- */

enum field { COUNTRY, CONTINENT, SUBDIVISION, COORDINATES, ASN };

/* knows - does a source know the field of a client in this country (0: none is known)? */
static bool knows(const struct naive_place *place, enum field field, naive_code country)
{
    bool same = place->country == country;
    bool other = place->country != 0 && !same;
    switch (field) {
    case COUNTRY: return place->country != 0;
    case CONTINENT: return place->continent != 0 && !other;
    case SUBDIVISION: return place->subdivision != 0 && place->country != 0 && same;
    case COORDINATES: return place->has_coordinates && !other;
    case ASN: return place->asn != 0;
    }
    return false;
}

/* What all sources say of one address. */
struct sources {
    struct naive_place databases[CONFIG_DATABASES_MAX]; /* all zero: nothing */
    unsigned lens[CONFIG_DATABASES_MAX];
    uint32_t key[FINDING_RECORDS + CONFIG_DATABASES_MAX]; /* of the finding */
    size_t count;
    struct naive_place network;
    int network_len; /* -1: none is around it */
};

/* winner - the first database that knows the field, unless the operator knows it of a network as
 * long or longer; NULL: nobody knows it. */
static const struct naive_place *winner(const struct sources *sources, enum field field,
                                        naive_code country)
{
    bool operator_knows = sources->network_len >= 0 && knows(&sources->network, field, country);
    for (size_t i = 0; i < sources->count; i++) {
        const struct naive_place *place = &sources->databases[i];
        if (!knows(place, field, country))
            continue;
        return operator_knows && sources->network_len >= (int)sources->lens[i]
                   ? &sources->network
                   : place;
    }
    return operator_knows ? &sources->network : NULL;
}

static bool is_somewhere(const struct naive_place *place)
{
    return place->country != 0 || place->continent != 0 || place->has_coordinates;
}

static struct naive_place merge(const struct naive_geo *geo, const struct sources *sources)
{
    static const struct naive_place nothing;
    struct naive_place place = {0};
    const struct naive_place *from = winner(sources, COUNTRY, 0);
    place.country = from ? from->country : 0;
    from = winner(sources, CONTINENT, place.country);
    place.continent = from ? from->continent : 0;
    from = winner(sources, SUBDIVISION, place.country);
    place.subdivision = from ? from->subdivision : 0;
    place.has_coordinates = winner(sources, COORDINATES, place.country) != NULL;
    if (!is_somewhere(&place)) {
        struct naive_place fallback = place_of(geo, &geo->config->fallback);
        place = is_somewhere(&fallback) || fallback.asn != 0 ? fallback : nothing;
    }
    from = winner(sources, ASN, place.country);
    if (from)
        place.asn = from->asn;
    complete(geo, &place);
    return place;
}

/* judge - the place of a finding that was not met before. */
static uint32_t judge(struct naive_geo *geo, struct sources *sources,
                      const struct naive_network *network)
{
    for (size_t i = 0; i < sources->count; i++)
        if (sources->key[FINDING_RECORDS + i] != 0)
            sources->databases[i] =
                naive_db_record(geo->databases[i], sources->key[FINDING_RECORDS + i]);
    if (network) {
        sources->network = place_of(geo, &geo->config->networks[network->index].location);
        sources->network_len = network->len;
    }
    struct naive_place place = merge(geo, sources);
    return naive_ids_find(&geo->places, (const uint32_t *)&place);
}

/* keep_place - place is that of the finding that was added last. */
static enum err keep_place(struct naive_geo *geo, uint32_t place)
{
    if (geo->findings.capacity > geo->place_of_capacity) {
        uint32_t *place_of = realloc(geo->place_of, geo->findings.capacity * sizeof(*place_of));
        if (!place_of)
            return ERR_NO_MEMORY;
        geo->place_of = place_of;
        geo->place_of_capacity = geo->findings.capacity;
    }
    geo->place_of[geo->findings.count - 1] = place;
    return ERR_OK;
}

uint32_t naive_geo_find(struct naive_geo *geo, enum ip_family family, naive_number number,
                        const struct naive_network *network, naive_number *out_last)
{
    struct sources sources;
    sources.key[FINDING_NETWORK] = network ? network->index + 1 : 0;
    sources.key[FINDING_WINS] = 0;
    *out_last = naive_last_of(family);
    for (size_t i = 0; i < geo->database_count; i++) {
        unsigned len;
        sources.key[FINDING_RECORDS + i] =
            naive_db_ask(geo->databases[i], family, number, &len);
        naive_number last = naive_last_in(family, number, len);
        sources.lens[i] = len;
        if (network && network->len >= len)
            sources.key[FINDING_WINS] |= UINT32_C(1) << i;
        if (last < *out_last)
            *out_last = last;
    }
    size_t known = geo->findings.count;
    uint32_t finding = naive_ids_find(&geo->findings, sources.key);
    if (finding == NAIVE_NO_ID || finding < known)
        return finding == NAIVE_NO_ID ? NAIVE_NO_ID : geo->place_of[finding];
    memset(sources.databases, 0, sizeof(sources.databases));
    sources.count = geo->database_count;
    sources.network_len = -1;
    uint32_t place = judge(geo, &sources, network);
    return keep_place(geo, place) == ERR_OK ? place : NAIVE_NO_ID;
}
