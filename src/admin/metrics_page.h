/* metrics_page.h - the parts of the page. Private to admin/. */
#pragma once

#include "rhumb/metrics.h"

void metrics_put_traffic(struct text *out, const struct metrics_sources *sources);
void metrics_put_answers(struct text *out, const struct metrics_sources *sources);
void metrics_put_health(struct text *out, const struct metrics_sources *sources);
void metrics_put_process(struct text *out, const struct metrics_sources *sources);
