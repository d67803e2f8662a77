/* member.h - members of what the server has said, as a person reads them. A member that is missing
 * or null, or of another type than expected, is NULL, 0, false or an empty list: a newer or older
 * server is shown as far as it is understood. Texts are borrowed from the object. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <jansson.h>

#include "age.h"
#include "screen.h"

const char *member_text(const json_t *object, const char *name);
uint64_t member_number(const json_t *object, const char *name);
double member_real(const json_t *object, const char *name);
bool member_true(const json_t *object, const char *name);

/* member_has - it is there, and not null. */
bool member_has(const json_t *object, const char *name);

/* member_age - how long ago a time is; NULL: it is none. */
const char *member_age(const json_t *object, const char *name, uint64_t now_ms,
                       char buffer[AGE_TEXT_MAX]);

/* member_time - "2026-08-01 12:00:00Z" of "2026-08-01T12:00:00.123Z"; NULL: it is none. */
enum { MEMBER_TIME_MAX = 24 };

const char *member_time(const json_t *object, const char *name, char buffer[MEMBER_TIME_MAX]);

/* member_ms - a time in ms since 1970; 0: it is none. */
uint64_t member_ms(const json_t *object, const char *name);

/* member_condition - of a service: "degraded", or "degraded, IPv6 dark". */
enum { MEMBER_CONDITION_MAX = 64 };

const char *member_condition(const json_t *service, char buffer[MEMBER_CONDITION_MAX]);

/* member_state_tone - green for what is well, red for what is down, yellow between them. */
enum tone member_state_tone(const char *state);
