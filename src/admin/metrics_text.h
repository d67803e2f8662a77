/* metrics_text.h - samples in Prometheus' text format. Pure.
 *
 *     metrics_family(out, "rhumb_zone_serial", METRICS_GAUGE, "Serial of the zone's SOA.");
 *     metrics_begin(&sample, out, "rhumb_zone_serial");      # HELP rhumb_zone_serial Serial ...
 *     metrics_label(&sample, "zone", "example.com.");        # TYPE rhumb_zone_serial gauge
 *     metrics_uint(&sample, 7);                              rhumb_zone_serial{zone="example.com."} 7
 *
 * All samples of a family stand together behind its head.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "rhumb/text.h"

enum metrics_kind { METRICS_COUNTER, METRICS_GAUGE, METRICS_HISTOGRAM };

/* metrics_family - name and help hold nothing that needs escaping. */
void metrics_family(struct text *out, const char *name, enum metrics_kind kind,
                    const char *help);

/* A sample under way. */
struct metrics_sample {
    struct text *out;
    bool has_labels;
};

void metrics_begin(struct metrics_sample *sample, struct text *out, const char *name);
void metrics_label(struct metrics_sample *sample, const char *key, const char *value);

/* Its value, and its end. */
void metrics_uint(struct metrics_sample *sample, uint64_t value);
void metrics_real(struct metrics_sample *sample, double value);

/* A family of one sample without labels. */
void metrics_one(struct text *out, const char *name, enum metrics_kind kind, const char *help,
                 uint64_t value);
void metrics_one_real(struct text *out, const char *name, enum metrics_kind kind,
                      const char *help, double value);

/* metrics_labelled - a sample with one label. */
void metrics_labelled(struct text *out, const char *name, const char *key, const char *value,
                      uint64_t count);
