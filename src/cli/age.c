#include "age.h"

#include <inttypes.h>
#include <stdio.h>

const char *age_format(uint64_t ms, char buffer[AGE_TEXT_MAX])
{
    static const struct {
        uint64_t seconds, part; /* part: of the unit below */
        char name, part_name;
    } units[] = {{24 * 3600, 3600, 'd', 'h'}, {3600, 60, 'h', 'm'}, {60, 1, 'm', 's'}};

    uint64_t seconds = ms / 1000;
    for (unsigned i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
        if (seconds < units[i].seconds)
            continue;
        uint64_t whole = seconds / units[i].seconds;
        uint64_t parts = seconds % units[i].seconds / units[i].part;
        (void)snprintf(buffer, AGE_TEXT_MAX,
                       parts > 0 ? "%" PRIu64 "%c %" PRIu64 "%c" : "%" PRIu64 "%c", whole,
                       units[i].name, parts, units[i].part_name);
        return buffer;
    }
    (void)snprintf(buffer, AGE_TEXT_MAX, "%" PRIu64 "s", seconds);
    return buffer;
}

const char *age_since(uint64_t then_ms, uint64_t now_ms, char buffer[AGE_TEXT_MAX])
{
    return age_format(now_ms > then_ms ? now_ms - then_ms : 0, buffer);
}
