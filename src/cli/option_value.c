#include "option_value.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "rhumb/clock.h"
#include "rhumb/dns_type.h"

enum { DIGITS_MAX = 18 }; /* any such number fits 63 bits */

/* ---- durations ---- */

static uint64_t unit_seconds(char unit)
{
    switch (unit) {
    case 's': return 1;
    case 'm': return 60;
    case 'h': return 60 * 60;
    case 'd': return 24 * 60 * 60;
    default: return 0;
    }
}

bool option_duration_parse(const char *text, uint64_t *out_s)
{
    uint64_t sum = 0;
    do {
        uint64_t number = 0;
        size_t digits = strspn(text, "0123456789");
        if (digits == 0 || digits > DIGITS_MAX / 2)
            return false;
        for (size_t i = 0; i < digits; i++)
            number = number * 10 + (uint64_t)(text[i] - '0');
        uint64_t unit = unit_seconds(text[digits]);
        if (unit == 0)
            return false;
        sum += number * unit;
        text += digits + 1;
    } while (*text != '\0');
    if (sum == 0)
        return false;
    *out_s = sum;
    return true;
}

/* ---- the others ---- */

static bool is_number(const char *text)
{
    size_t digits = strspn(text, "0123456789");
    return digits > 0 && digits <= DIGITS_MAX && text[digits] == '\0';
}

static bool store_count(const char *text, uint64_t max, uint64_t *out_count)
{
    char *end;
    errno = 0;
    unsigned long long count = strtoull(text, &end, 10);
    if (*text < '0' || *text > '9' || *end != '\0' || errno != 0 || count > max)
        return false;
    *out_count = count;
    return true;
}

static bool is_choice(const char *text, const char *const *choices)
{
    for (; *choices; choices++)
        if (strcmp(text, *choices) == 0)
            return true;
    return false;
}

static bool store_place(const char *text, struct options_place *out_place)
{
    struct ip_addr address;
    size_t len = strcspn(text, "/");
    if (len == 0 || len >= sizeof(out_place->region) ||
        (text[len] == '/' && !ip_parse(text + len + 1, &address)))
        return false;
    memcpy(out_place->region, text, len);
    out_place->region[len] = '\0';
    out_place->address = text[len] == '/' ? text + len + 1 : NULL;
    return true;
}

static bool store_network(const char *text, struct options_network *out_network)
{
    if (!ip_prefix_parse(text, &out_network->prefix))
        return false;
    out_network->text = text;
    out_network->has_length = strchr(text, '/') != NULL;
    return true;
}

bool option_value_store(const struct command_value *value, const char *text,
                        struct options *options, const char **out_expected)
{
    void *at = (char *)options + value->at;
    uint64_t time_ms;
    bool ok = true;
    *out_expected = "a text that is not empty";
    switch (value->kind) {
    case VALUE_NONE: *(bool *)at = true; return true;
    case VALUE_PLACE:
        *out_expected = "a region, or REGION/ADDRESS as eu-west/192.0.2.7";
        return store_place(text, at);
    case VALUE_NETWORK:
        *out_expected = "an address or a network (bits beyond the length must be zero)";
        return store_network(text, at);
    case VALUE_DURATION:
        *out_expected = "a duration such as 90s, 30m, 2h, 1d or 1h30m";
        return option_duration_parse(text, at);
    case VALUE_COUNT:
        *out_expected = "a number in its range";
        return store_count(text, value->max, at);
    case VALUE_NUMBER:
        *out_expected = "a number";
        ok = is_number(text);
        break;
    case VALUE_TIME:
        *out_expected = "a time in UTC such as 2026-08-01T12:00:00Z";
        ok = clock_parse(text, &time_ms);
        break;
    case VALUE_TYPE:
        *out_expected = "a record type such as A, AAAA or TYPE65";
        ok = dns_type_parse(text) != 0;
        break;
    case VALUE_CHOICE:
        *out_expected = value->name;
        ok = is_choice(text, value->choices);
        break;
    case VALUE_COMMAND:
        *out_expected = "a command; 'rhumb help' lists them";
        ok = command_find(text) != NULL;
        break;
    case VALUE_TEXT:
    case VALUE_FILE:
    case VALUE_ADDRESS:
    case VALUE_NAME:
    case VALUE_SERVICE:
    case VALUE_REGION:
    case VALUE_TARGET: break;
    }
    if (ok && *text != '\0')
        *(const char **)at = text;
    return ok && *text != '\0';
}
