/* config_units.h - numbers and units as the file writes them. Pure: text in, number out. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

enum {
    CONFIG_SECOND_MS = 1000,
    CONFIG_MINUTE_MS = 60 * CONFIG_SECOND_MS,
    CONFIG_HOUR_MS = 60 * CONFIG_MINUTE_MS,
    CONFIG_DAY_S = 24 * 60 * 60,
    CONFIG_DAY_MS = 24 * CONFIG_HOUR_MS,
    CONFIG_GIB = 1024 * 1024 * 1024,
};

/* config_parse_uint - decimal digits, at most 18, no sign and no leading zero (which YAML 1.1
 * would read as octal). */
bool config_parse_uint(const char *text, uint64_t *out_value);

/* config_parse_number - "-12", "3.5": an optional minus, digits, at most one point. */
bool config_parse_number(const char *text, double *out_value);

/* config_parse_duration_ms - "500ms", "10s", "5m", "1h". */
bool config_parse_duration_ms(const char *text, uint64_t *out_ms);

/* config_parse_size - "512" bytes, "64KiB", "16MiB", "1GiB". */
bool config_parse_size(const char *text, uint64_t *out_bytes);

/* config_parse_share - "0.5" or "50%" as 0.5. The range is the caller's business. */
bool config_parse_share(const char *text, double *out_share);

/* config_format_duration, config_format_size - the shortest exact form; returns buffer. */
enum { CONFIG_DURATION_TEXT_MAX = 32, CONFIG_SIZE_TEXT_MAX = 32 };

const char *config_format_duration(uint64_t ms, char buffer[CONFIG_DURATION_TEXT_MAX]);
const char *config_format_size(uint64_t bytes, char buffer[CONFIG_SIZE_TEXT_MAX]);
