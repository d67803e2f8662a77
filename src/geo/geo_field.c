#include "geo_field.h"

#include <math.h>
#include <string.h>

static bool is_letter(char c)
{
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static char upper(char c)
{
    return c >= 'a' && c <= 'z' ? (char)(c & ~0x20) : c; /* ASCII */
}

void geo_field_country(struct geo_place *place, const char *text, size_t len)
{
    if (len != 2 || !is_letter(text[0]) || !is_letter(text[1]))
        return;
    place->country[0] = upper(text[0]);
    place->country[1] = upper(text[1]);
}

void geo_field_continent(struct geo_place *place, const char *text, size_t len)
{
    static const char codes[][3] = {"AF", "AN", "AS", "EU", "NA", "OC", "SA"};

    if (len != 2)
        return;
    char code[2] = {upper(text[0]), upper(text[1])};
    for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++) {
        if (memcmp(codes[i], code, sizeof(code)) == 0)
            memcpy(place->continent, code, sizeof(code));
    }
}

/* source  ISO 3166-2: one to three letters or digits behind the country */
void geo_field_subdivision(struct geo_place *place, const char *text, size_t len)
{
    if (len == 0 || len > sizeof(place->subdivision))
        return;
    char code[sizeof(place->subdivision)] = {0};
    for (size_t i = 0; i < len; i++) {
        if (!is_letter(text[i]) && !is_digit(text[i]))
            return;
        code[i] = upper(text[i]);
    }
    memcpy(place->subdivision, code, sizeof(code));
}

void geo_field_asn(struct geo_place *place, uint64_t asn)
{
    if (asn <= UINT32_MAX)
        place->asn = (uint32_t)asn;
}

void geo_field_asn_text(struct geo_place *place, const char *text, size_t len)
{
    enum { DIGITS_MAX = 10 };

    if (len >= 2 && upper(text[0]) == 'A' && upper(text[1]) == 'S') {
        text += 2;
        len -= 2;
    }
    if (len == 0 || len > DIGITS_MAX)
        return;
    uint64_t asn = 0;
    for (size_t i = 0; i < len; i++) {
        if (!is_digit(text[i]))
            return;
        asn = asn * 10 + (uint64_t)(text[i] - '0');
    }
    geo_field_asn(place, asn);
}

void geo_field_coordinates(struct geo_place *place, double latitude, double longitude)
{
    if (!isfinite(latitude) || !isfinite(longitude) || fabs(latitude) > 90.0 ||
        fabs(longitude) > 180.0)
        return;
    place->latitude = (float)latitude;
    place->longitude = (float)longitude;
    place->flags |= GEO_HAS_COORDINATES;
}

bool geo_field_any(const struct geo_place *place)
{
    return place->country[0] != '\0' || place->continent[0] != '\0' || place->asn > 0 ||
           (place->flags & GEO_HAS_COORDINATES) != 0;
}
