/* querylog_line.h - a record as a line of text: docs/logs.md has the fields. Pure. */
#pragma once

#include <stddef.h>

#include "rhumb/answer_record.h"
#include "rhumb/config.h"

enum { QUERYLOG_LINE_MAX = 4096 }; /* a name takes at most 2046 bytes of it */

/* querylog_line - with its line feed, which is the only one; returns how many bytes. */
size_t querylog_line(const struct answer_record_view *record, enum config_log_format format,
                     char buffer[QUERYLOG_LINE_MAX]);

/* querylog_facts - what dnstap has no field for, as logfmt, without line feed. */
size_t querylog_facts(const struct answer_record_view *record, char buffer[QUERYLOG_LINE_MAX]);
