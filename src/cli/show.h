/* show.h - what the server has said, as tables for people. Each prints one answer of the admin API;
 * false: out of memory. */
#pragma once

#include <jansson.h>

#include "screen.h"

typedef bool show_fn(const struct screen *screen, const json_t *answer);

show_fn show_status, show_services, show_service, show_regions, show_targets, show_zones,
    show_overrides, show_history, show_explanation;

/* show_event - one line. */
void show_event(const struct screen *screen, const json_t *event);

/* show_changed - services that hold the region (NULL: any) and are called service (NULL: any): who
 * answers now, and who did before. Both are answers of /v1/services. */
bool show_changed(const struct screen *screen, const json_t *before, const json_t *now,
                  const char *service, const char *region);
