/* The home of ldns: what fields a type has, and the conversion of one field. ldns sees text of
 * the operator's files only, one word (or the words of one field) at a time, already checked
 * for what it gets wrong. Its wire parser, its tokenizer and its zone reader are not used. */
#include <stdbool.h> /* before ldns, which else makes bool a signed char */
#include <string.h>
#include <strings.h>

#include <ldns/ldns.h>

#include "rhumb/dns_type.h"

#include "zone_rdata.h"

/* Index: enum ldns_enum_rdf_type. Those that are not here are opaque. */
static const uint8_t fields[] = {
    [LDNS_RDF_TYPE_DNAME] = ZONE_FIELD_NAME,
    [LDNS_RDF_TYPE_INT8] = ZONE_FIELD_U8,
    [LDNS_RDF_TYPE_INT16] = ZONE_FIELD_U16,
    [LDNS_RDF_TYPE_INT32] = ZONE_FIELD_U32,
    [LDNS_RDF_TYPE_A] = ZONE_FIELD_A,
    [LDNS_RDF_TYPE_AAAA] = ZONE_FIELD_AAAA,
    [LDNS_RDF_TYPE_STR] = ZONE_FIELD_STRING,
    [LDNS_RDF_TYPE_APL] = ZONE_FIELD_APL,
    [LDNS_RDF_TYPE_B64] = ZONE_FIELD_BASE64,
    [LDNS_RDF_TYPE_HEX] = ZONE_FIELD_HEX,
    [LDNS_RDF_TYPE_NSEC] = ZONE_FIELD_BITMAP,
    [LDNS_RDF_TYPE_TYPE] = ZONE_FIELD_TYPE,
    [LDNS_RDF_TYPE_CERT_ALG] = ZONE_FIELD_CERT_TYPE,
    [LDNS_RDF_TYPE_ALG] = ZONE_FIELD_ALGORITHM,
    [LDNS_RDF_TYPE_TIME] = ZONE_FIELD_TIME,
    [LDNS_RDF_TYPE_PERIOD] = ZONE_FIELD_PERIOD,
    [LDNS_RDF_TYPE_HIP] = ZONE_FIELD_HIP,
    [LDNS_RDF_TYPE_LOC] = ZONE_FIELD_LOC,
    [LDNS_RDF_TYPE_IPSECKEY] = ZONE_FIELD_IPSECKEY,
    [LDNS_RDF_TYPE_NSEC3_SALT] = ZONE_FIELD_SALT,
    [LDNS_RDF_TYPE_NSEC3_NEXT_OWNER] = ZONE_FIELD_NEXT_HASH,
    [LDNS_RDF_TYPE_ILNP64] = ZONE_FIELD_ILNP64,
    [LDNS_RDF_TYPE_EUI48] = ZONE_FIELD_EUI48,
    [LDNS_RDF_TYPE_EUI64] = ZONE_FIELD_EUI64,
    [LDNS_RDF_TYPE_TAG] = ZONE_FIELD_TAG,
    [LDNS_RDF_TYPE_LONG_STR] = ZONE_FIELD_LONG_STRING,
    [LDNS_RDF_TYPE_CERTIFICATE_USAGE] = ZONE_FIELD_TLSA_USAGE,
    [LDNS_RDF_TYPE_SELECTOR] = ZONE_FIELD_TLSA_SELECTOR,
    [LDNS_RDF_TYPE_MATCHING_TYPE] = ZONE_FIELD_TLSA_MATCHING,
    [LDNS_RDF_TYPE_SVCPARAMS] = ZONE_FIELD_SVCPARAMS,
};

/* Types that ldns does not know, or describes wrongly (DSYNC: RFC 9859 section 2.1). */
static const struct shape {
    uint16_t type;
    char name[ZONE_TYPE_TEXT_MAX];
    uint8_t count;
    bool repeats; /* the last field, any number of times */
    uint8_t fields[4];
} shapes[] = {
    {22, "NSAP", 1, false, {ZONE_FIELD_OPAQUE}},
    {23, "NSAP-PTR", 1, false, {ZONE_FIELD_NAME}},
    {40, "SINK", 1, false, {ZONE_FIELD_OPAQUE}},
    {56, "NINFO", 1, true, {ZONE_FIELD_STRING}},
    {66, "DSYNC", 4, false, {ZONE_FIELD_TYPE, ZONE_FIELD_U8, ZONE_FIELD_U16, ZONE_FIELD_NAME}},
    {258, "AVC", 1, true, {ZONE_FIELD_STRING}},
    {260, "AMTRELAY", 1, false, {ZONE_FIELD_OPAQUE}},
    {261, "RESINFO", 1, true, {ZONE_FIELD_STRING}},
    {262, "WALLET", 1, true, {ZONE_FIELD_STRING}},
};

static const struct shape *find_shape(uint16_t type)
{
    for (size_t i = 0; i < sizeof(shapes) / sizeof(shapes[0]); i++)
        if (shapes[i].type == type)
            return &shapes[i];
    return NULL;
}

uint16_t zone_rdata_type(const char *text, size_t len)
{
    char name[ZONE_TYPE_TEXT_MAX];
    if (len == 0 || len >= sizeof(name))
        return 0;
    memcpy(name, text, len);
    name[len] = '\0';
    uint16_t type = dns_type_parse(name);
    if (type != 0 || strncasecmp(name, "TYPE", 4) == 0)
        return type; /* ldns would take TYPE12x for TYPE12 */
    for (size_t i = 0; i < sizeof(shapes) / sizeof(shapes[0]); i++)
        if (strcasecmp(shapes[i].name, name) == 0)
            return shapes[i].type;
    return (uint16_t)ldns_get_rr_type_by_name(name);
}

/* descriptor - what ldns knows about the type; NULL: nothing (it answers an entry without a
 * name, of another type). */
static const ldns_rr_descriptor *descriptor(uint16_t type)
{
    const ldns_rr_descriptor *d = ldns_rr_descript(type);
    return d && d->_type == (ldns_rr_type)type && d->_name ? d : NULL;
}

const char *zone_rdata_type_name(uint16_t type, char buffer[ZONE_TYPE_TEXT_MAX])
{
    const struct shape *shape = find_shape(type);
    const ldns_rr_descriptor *d = descriptor(type);
    if (shape)
        return shape->name;
    if (d && strlen(d->_name) < ZONE_TYPE_TEXT_MAX)
        return d->_name;
    return dns_type_name(type, buffer);
}

bool zone_rdata_fields(uint16_t type, size_t *out_min, size_t *out_max)
{
    const struct shape *shape = find_shape(type);
    const ldns_rr_descriptor *d = descriptor(type);
    if (shape) {
        *out_min = shape->count;
        *out_max = shape->repeats ? SIZE_MAX : shape->count;
    } else if (d) {
        *out_min = ldns_rr_descriptor_minimum(d);
        *out_max = ldns_rr_descriptor_maximum(d);
    }
    return shape || d;
}

enum zone_field zone_rdata_field(uint16_t type, size_t idx)
{
    const struct shape *shape = find_shape(type);
    const ldns_rr_descriptor *d = descriptor(type);
    if (shape)
        return (enum zone_field)shape->fields[idx < shape->count ? idx : shape->count - 1u];
    if (!d)
        return ZONE_FIELD_OPAQUE;
    size_t theirs = (size_t)ldns_rr_descriptor_field_type(d, idx);
    return theirs < sizeof(fields) ? (enum zone_field)fields[theirs] : ZONE_FIELD_OPAQUE;
}

_Static_assert((int)LDNS_RDF_TYPE_NONE == 0, "fields[0] is no field");

/* their_type - the rdf type by which ldns converts a field of ours; NONE: it does not. */
static ldns_rdf_type their_type(enum zone_field field)
{
    size_t i = field == ZONE_FIELD_OPAQUE ? 0 : sizeof(fields) - 1;
    while (i > 0 && fields[i] != (uint8_t)field)
        i--;
    return (ldns_rdf_type)i;
}

long zone_field_convert(enum zone_field field, char *text, uint8_t *out, size_t capacity)
{
    ldns_rdf_type type = their_type(field);
    ldns_rdf *rdf = type == LDNS_RDF_TYPE_NONE ? NULL : ldns_rdf_new_frm_str(type, text);
    if (!rdf)
        return -1;
    size_t len = ldns_rdf_size(rdf);
    if (len > 0 && len <= capacity)
        memcpy(out, ldns_rdf_data(rdf), len);
    ldns_rdf_deep_free(rdf);
    return (long)len;
}
