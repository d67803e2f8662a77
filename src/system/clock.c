#include "rhumb/clock.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

uint64_t clock_monotonic_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    /* An hour more, so that "long ago" can be subtracted soon after the machine has started. */
    return ((uint64_t)now.tv_sec + 3600) * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

uint64_t clock_monotonic_us(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

uint64_t clock_wall_s(void)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (uint64_t)now.tv_sec;
}

uint32_t clock_wall_coarse_s(void)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME_COARSE, &now);
    return (uint32_t)now.tv_sec;
}

uint64_t clock_wall_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

uint64_t clock_wall_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME_COARSE, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

const char *clock_format(uint64_t wall_ms, char buffer[CLOCK_TEXT_MAX])
{
    struct tm parts;
    time_t seconds = (time_t)(wall_ms / 1000);
    gmtime_r(&seconds, &parts);
    size_t len = strftime(buffer, CLOCK_TEXT_MAX, "%Y-%m-%dT%H:%M:%S", &parts);
    snprintf(buffer + len, CLOCK_TEXT_MAX - len, ".%03uZ", (unsigned)(wall_ms % 1000));
    return buffer;
}

const char *clock_wall_format(char buffer[CLOCK_TEXT_MAX])
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return clock_format((uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000, buffer);
}

/* read_fraction - ".123" behind the seconds, to the millisecond; false when a digit is missing. */
static bool read_fraction(const char **at, unsigned *out_ms)
{
    unsigned ms = 0, weight = 100;
    if (**at != '.')
        return true;
    const char *digit = *at + 1;
    for (; *digit >= '0' && *digit <= '9'; digit++, weight /= 10)
        ms += (unsigned)(*digit - '0') * weight;
    if (digit == *at + 1)
        return false;
    *at = digit;
    *out_ms = ms;
    return true;
}

bool clock_parse(const char *text, uint64_t *out_wall_ms)
{
    struct tm parts = {0}, again;
    unsigned ms = 0;
    const char *at = strptime(text, "%Y-%m-%dT%H:%M:%S", &parts);
    /* strptime is lax: one digit where there must be two, signs, blanks */
    if (!at || at - text != 19 || strspn(text, "0123456789-T:") < 19 ||
        !read_fraction(&at, &ms) || strcmp(at, "Z") != 0)
        return false;
    again = parts;
    time_t seconds = timegm(&again);
    if (seconds < 0 || again.tm_mday != parts.tm_mday || again.tm_min != parts.tm_min)
        return false; /* 30 February, second 60 */
    *out_wall_ms = (uint64_t)seconds * 1000 + ms;
    return true;
}
