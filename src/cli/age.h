/* age.h - spans of time for people: "45s", "3m 12s", "2h 5m", "3d 4h". Pure. */
#pragma once

#include <stdint.h>

enum { AGE_TEXT_MAX = 32 };

/* age_format - the two largest units; returns buffer. */
const char *age_format(uint64_t ms, char buffer[AGE_TEXT_MAX]);

/* age_since - from then to now; a moment that is to come, by another clock, is "0s". */
const char *age_since(uint64_t then_ms, uint64_t now_ms, char buffer[AGE_TEXT_MAX]);
