/* traffic_file.h - the file behind --traffic. */
#pragma once

#include "rhumb/analysis_traffic.h"
#include "rhumb/diag.h"
#include "rhumb/err.h"

/* traffic_file_read - path: a file; "-": standard input; "countries": what the program carries.
 * Returns as traffic_read(); a file that cannot be read is an ERR_INVALID with a diagnostic. */
WARN_UNUSED enum err traffic_file_read(const char *path, const struct snapshot *snapshot,
                                       struct diag_list *diags, struct traffic *traffic);
