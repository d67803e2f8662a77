/* traffic_kinds.h - the kinds of files that tell of traffic. Private to analysis/. */
#pragma once

#include <stdbool.h>

#include "rhumb/analysis_traffic.h"

struct traffic_file {
    const uint8_t *bytes;
    size_t len;
    const char *path;
    const struct snapshot *snapshot;
    struct diag_list *diags;
};

bool traffic_countries_is(const struct traffic_file *file);
WARN_UNUSED enum err traffic_countries_read(const struct traffic_file *file,
                                            struct traffic *traffic);

bool traffic_capture_is(const struct traffic_file *file);
WARN_UNUSED enum err traffic_capture_read(const struct traffic_file *file,
                                          struct traffic *traffic);

WARN_UNUSED enum err traffic_log_read(const struct traffic_file *file, struct traffic *traffic);

/* traffic_complain - something is no query: counted, and the first few named. */
void traffic_complain(const struct traffic_file *file, struct traffic *traffic,
                      const struct diag_place *place, const char *reason);

/* traffic_shipped - zones/geo/traffic.csv, as it was when the program was built. */
extern const unsigned char traffic_shipped[];
extern const size_t traffic_shipped_bytes;
