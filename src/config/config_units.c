#include "config_units.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { DIGITS_MAX = 18 }; /* any such number fits 63 bits */

struct unit {
    const char *name;
    uint64_t factor;
};

/* From the largest to the one everything is a multiple of. */
static const struct unit durations[] = {{"h", CONFIG_HOUR_MS},
                                        {"m", CONFIG_MINUTE_MS},
                                        {"s", CONFIG_SECOND_MS},
                                        {"ms", 1},
                                        {NULL, 0}};
static const struct unit sizes[] = {
    {"GiB", CONFIG_GIB}, {"MiB", 1024 * 1024}, {"KiB", 1024}, {"", 1}, {NULL, 0}};

static size_t digit_count(const char *text)
{
    return strspn(text, "0123456789");
}

/* parse_digits - the number text begins with; *out_rest is what follows. */
static bool parse_digits(const char *text, uint64_t *out_value, const char **out_rest)
{
    size_t digits = digit_count(text);
    if (digits == 0 || digits > DIGITS_MAX || (digits > 1 && text[0] == '0'))
        return false;
    uint64_t value = 0;
    for (size_t i = 0; i < digits; i++)
        value = value * 10 + (uint64_t)(text[i] - '0');
    *out_value = value;
    *out_rest = text + digits;
    return true;
}

bool config_parse_uint(const char *text, uint64_t *out_value)
{
    uint64_t value;
    const char *rest;
    if (!parse_digits(text, &value, &rest) || rest[0] != '\0')
        return false;
    *out_value = value;
    return true;
}

bool config_parse_number(const char *text, double *out_value)
{
    const char *at = text + (text[0] == '-');
    size_t whole = digit_count(at), fraction = 0;
    at += whole;
    if (at[0] == '.') {
        fraction = digit_count(at + 1);
        at += 1 + fraction;
        if (fraction == 0)
            return false;
    }
    if (at[0] != '\0' || whole == 0 || whole + fraction > DIGITS_MAX)
        return false;
    *out_value = strtod(text, NULL); /* the form was checked; nobody sets a locale */
    return true;
}

/* parse_with_unit - digits and one of the units. */
static bool parse_with_unit(const char *text, const struct unit *units, uint64_t *out_value)
{
    uint64_t value;
    const char *rest;
    if (!parse_digits(text, &value, &rest))
        return false;
    for (const struct unit *unit = units; unit->name; unit++) {
        if (strcmp(rest, unit->name) == 0)
            return !__builtin_mul_overflow(value, unit->factor, out_value);
    }
    return false;
}

bool config_parse_duration_ms(const char *text, uint64_t *out_ms)
{
    return parse_with_unit(text, durations, out_ms);
}

bool config_parse_size(const char *text, uint64_t *out_bytes)
{
    return parse_with_unit(text, sizes, out_bytes);
}

bool config_parse_share(const char *text, double *out_share)
{
    char number[DIGITS_MAX + 4];
    size_t len = strlen(text);
    bool percent = len > 0 && text[len - 1] == '%';
    len -= percent;
    if (len >= sizeof(number))
        return false;
    memcpy(number, text, len);
    number[len] = '\0';
    double value;
    if (!config_parse_number(number, &value))
        return false;
    *out_share = percent ? value / 100 : value;
    return true;
}

const char *config_format_duration(uint64_t ms, char buffer[CONFIG_DURATION_TEXT_MAX])
{
    const struct unit *unit = ms == 0 ? &durations[2] : durations; /* 0s */
    while (ms % unit->factor != 0)
        unit++;
    (void)snprintf(buffer, CONFIG_DURATION_TEXT_MAX, "%" PRIu64 "%s", ms / unit->factor,
                   unit->name);
    return buffer;
}

const char *config_format_size(uint64_t bytes, char buffer[CONFIG_SIZE_TEXT_MAX])
{
    const struct unit *unit = sizes;
    while (bytes % unit->factor != 0)
        unit++;
    (void)snprintf(buffer, CONFIG_SIZE_TEXT_MAX, "%" PRIu64 "%s", bytes / unit->factor,
                   unit->name);
    return buffer;
}
