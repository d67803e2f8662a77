/* zone_text.h - the small values of a master file: numbers, TTLs, escaped strings.
 *
 * Pure functions over (text, length); none needs a zero byte at the end.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* zone_text_number - decimal digits only, at most max. */
bool zone_text_number(const char *text, size_t len, uint64_t max, uint64_t *out_value);

/* zone_text_ttl - "300", or with units "1h30m", "2W" (w d h m s, each with its number).
 *
 * returns  ZONE_TTL_OK; ZONE_TTL_MALFORMED ("5x", "1h30"); ZONE_TTL_TOO_BIG (RFC 2181
 *          section 8: 31 bits)
 */
enum zone_ttl { ZONE_TTL_OK, ZONE_TTL_MALFORMED, ZONE_TTL_TOO_BIG };

#define ZONE_TTL_MAX UINT32_C(0x7fffffff)
enum zone_ttl zone_text_ttl(const char *text, size_t len, uint32_t *out_ttl_s);

/* zone_text_period - the same for the 32-bit times of a SOA, which may use the top bit. */
enum zone_ttl zone_text_period(const char *text, size_t len, uint32_t *out_s);

/* zone_text_unescape - resolve \X and \DDD into at most capacity bytes (at least one).
 *
 * returns  the length, or -1: malformed escape, -2: longer than capacity
 */
enum { ZONE_UNESCAPE_MALFORMED = -1, ZONE_UNESCAPE_TOO_LONG = -2 };

long zone_text_unescape(const char *text, size_t len, uint8_t *to, size_t capacity);

/* zone_text_class - "IN", "CH", "HS", "CLASS1" ...; 0: it is no class. */
uint16_t zone_text_class(const char *text, size_t len);

/* zone_text_hex_digit - 0..15, or -1. */
int zone_text_hex_digit(char c);
