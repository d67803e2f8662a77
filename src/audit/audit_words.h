/* audit_words.h - what both forms of a report say in words. Private to audit/. */
#pragma once

#include "rhumb/audit_report.h"

enum { AUDIT_WORDS_MAX = 512 };

/* audit_end_format - "eu-west", or "eu-west of inner" where a nested service has it. */
const char *audit_end_format(const struct audit_report *report, size_t service,
                             const struct audit_end *end, char buffer[AUDIT_WORDS_MAX]);

/* audit_who_format - "EU-union", "US-CA", "AS64496" ...: as the configuration writes it. */
const char *audit_who_format(const struct config_matcher *who, char buffer[AUDIT_WORDS_MAX]);

/* audit_names_walk - every steered name of a service, as text with its final dot; region: of a
 * pinned one, else NULL. */
typedef void (*audit_on_name)(void *ctx, const char *name, const char *region);
void audit_names_walk(const struct snapshot *snapshot, uint16_t service, audit_on_name on_name,
                      void *ctx);
