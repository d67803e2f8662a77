/* clock.h - the two clocks; nothing below this floor reads one. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/* clock_monotonic_ms - never steps; for intervals. Starts well above 0. */
uint64_t clock_monotonic_ms(void);

/* clock_monotonic_us - since the machine has started, as the service manager counts it. */
uint64_t clock_monotonic_us(void);

/* clock_wall_s - seconds since 1970; for people and ages of files. */
uint64_t clock_wall_s(void);

/* clock_wall_coarse_s - the same, some milliseconds old at most, at the price of a memory read: for
 * workers. Wraps in 2106, as the time in a DNS cookie does. */
uint32_t clock_wall_coarse_s(void);

/* clock_wall_ns - nanoseconds since 1970; any thread. */
uint64_t clock_wall_ns(void);

/* clock_wall_ms - ms since 1970, and never ahead of the times the kernel gives to files. */
uint64_t clock_wall_ms(void);

enum { CLOCK_TEXT_MAX = 32 };

/* clock_format - wall_ms since 1970 as "2026-08-01T12:00:00.123Z"; returns buffer. */
const char *clock_format(uint64_t wall_ms, char buffer[CLOCK_TEXT_MAX]);

/* clock_wall_format - now, in the same form. */
const char *clock_wall_format(char buffer[CLOCK_TEXT_MAX]);

/* clock_parse - the same back: "2026-08-01T12:00:00Z", with or without a fraction of a second,
 * which counts to the millisecond. UTC only, years 1970 to 9999. False when it is none. */
bool clock_parse(const char *text, uint64_t *out_wall_ms);
