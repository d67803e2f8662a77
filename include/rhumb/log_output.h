/* log_output.h - the log of the process, to standard error: with time and level, as logfmt or JSON.
 *
 *     2026-08-01T12:00:00.123Z level=info event=reload generation=7
 *     {"time":"2026-08-01T12:00:00.123Z","level":"info","event":"reload","generation":7}
 */
#pragma once

#include <stdbool.h>

/* log_output_start - log_event() goes there from now on, as logfmt. Before any thread starts. */
void log_output_start(void);

/* log_output_set_json - or logfmt again. Any thread. */
void log_output_set_json(bool is_json);
