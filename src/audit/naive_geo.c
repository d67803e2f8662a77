#include "naive_geo.h"

#include "rhumb/geo_place.h"

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

/* is_member - of the European Union: its 27 states, and those parts of them that have codes of
 * their own and are part of the Union (Article 355 of its Treaty). */
static bool is_member(const char *country)
{
    static const char members[] = "AT BE BG CY CZ DE DK EE ES FI FR GR HR HU IE IT LT LU LV MT "
                                  "NL PL PT RO SE SI SK AX GF GP MF MQ RE YT ";
    const char *at = members;
    for (; *at != '\0'; at += 3)
        if (strncmp(at, country, 2) == 0)
            return true;
    return false;
}

/* complete - what follows from the country. */
static void complete(struct naive_place *place)
{
    struct geo_place known = {0};
    place->in_union = place->country[0] != '\0' && is_member(place->country);
    if (place->continent[0] != '\0')
        return;
    memcpy(known.country, place->country, sizeof(known.country));
    geo_place_complete(&known);
    memcpy(place->continent, known.continent, sizeof(known.continent));
}

/* place_of - what the operator says, and with it what follows from it. */
static struct naive_place place_of(const struct config_location *location)
{
    struct naive_place place = {.asn = location->asn,
                                .has_coordinates = location->has_coordinates};
    memcpy(place.country, location->country, sizeof(place.country));
    memcpy(place.continent, location->continent, sizeof(place.continent));
    memcpy(place.subdivision, location->subdivision, sizeof(place.subdivision));
    complete(&place);
    return place;
}

enum err naive_geo_open(struct naive_geo *geo, const struct config_geo *config,
                        struct diag_list *diags)
{
    *geo = (struct naive_geo){.config = config};
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
    *geo = (struct naive_geo){0};
}

/* ---- merging ---- */

enum field { COUNTRY, CONTINENT, SUBDIVISION, COORDINATES, ASN };

/* knows - does a source know the field of a client in this country ("": none is known)? */
static bool knows(const struct naive_place *place, enum field field, const char *country)
{
    bool same = strcmp(place->country, country) == 0;
    bool other = place->country[0] != '\0' && !same;
    switch (field) {
    case COUNTRY: return place->country[0] != '\0';
    case CONTINENT: return place->continent[0] != '\0' && !other;
    case SUBDIVISION: return place->subdivision[0] != '\0' && place->country[0] != '\0' && same;
    case COORDINATES: return place->has_coordinates && !other;
    case ASN: return place->asn != 0;
    }
    return false;
}

/* What all sources say of one address. */
struct sources {
    const struct naive_place *databases[CONFIG_DATABASES_MAX]; /* NULL: nothing */
    unsigned lens[CONFIG_DATABASES_MAX];
    size_t count;
    struct naive_place network;
    int network_len; /* -1: none is around it */
};

/* winner - the first database that knows the field, unless the operator knows it of a network as
 * long or longer; NULL: nobody knows it. */
static const struct naive_place *winner(const struct sources *sources, enum field field,
                                        const char *country)
{
    bool operator_knows = sources->network_len >= 0 && knows(&sources->network, field, country);
    for (size_t i = 0; i < sources->count; i++) {
        const struct naive_place *place = sources->databases[i];
        if (!place || !knows(place, field, country))
            continue;
        return operator_knows && sources->network_len >= (int)sources->lens[i]
                   ? &sources->network
                   : place;
    }
    return operator_knows ? &sources->network : NULL;
}

static struct naive_place merge(const struct naive_geo *geo, const struct sources *sources)
{
    struct naive_place place = {0};
    const struct naive_place *from = winner(sources, COUNTRY, "");
    if (from)
        memcpy(place.country, from->country, sizeof(place.country));
    from = winner(sources, CONTINENT, place.country);
    if (from)
        memcpy(place.continent, from->continent, sizeof(place.continent));
    from = winner(sources, SUBDIVISION, place.country);
    if (from)
        memcpy(place.subdivision, from->subdivision, sizeof(place.subdivision));
    place.has_coordinates = winner(sources, COORDINATES, place.country) != NULL;
    if (place.country[0] == '\0' && place.continent[0] == '\0' && !place.has_coordinates) {
        struct naive_place fallback = place_of(&geo->config->fallback);
        if (fallback.country[0] != '\0' || fallback.continent[0] != '\0' ||
            fallback.has_coordinates || fallback.asn != 0)
            place = fallback;
    }
    from = winner(sources, ASN, place.country);
    if (from)
        place.asn = from->asn;
    complete(&place);
    return place;
}

struct naive_place naive_geo_find(struct naive_geo *geo, enum ip_family family,
                                  naive_number number, const struct naive_network *network,
                                  naive_number *out_last)
{
    struct sources sources = {.count = geo->database_count, .network_len = -1};
    *out_last = naive_last_of(family);
    for (size_t i = 0; i < geo->database_count; i++) {
        sources.databases[i] =
            naive_db_ask(geo->databases[i], family, number, &sources.lens[i]);
        naive_number last = naive_last_in(family, number, sources.lens[i]);
        if (last < *out_last)
            *out_last = last;
    }
    if (network) {
        sources.network = place_of(&geo->config->networks[network->index].location);
        sources.network_len = network->len;
    }
    return merge(geo, &sources);
}

struct naive_place naive_geo_fallback(const struct naive_geo *geo)
{
    struct sources nothing = {.network_len = -1};
    return merge(geo, &nothing);
}
