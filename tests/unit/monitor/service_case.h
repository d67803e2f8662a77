/* service_case.h - what the tests of services share: two regions, three endpoints. */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "service_bed.h"

enum { MINUTE_MS = 60000 };

#define CHECKED "check: web, ttl: {settle: 0s}"
#define EU      "eu: {addresses: [192.0.2.1, 192.0.2.2]}"
#define US      "us: {addresses: [192.0.2.3]}"

#define PLAIN  "  a: {" CHECKED ", regions: {" EU ", " US "}}\n"
#define MANUAL "  a: {" CHECKED ", failback: manual, regions: {" EU ", " US "}}\n"
#define FAILOVER                                                                               \
    "  a: {" CHECKED ", policy: failover, order: [eu, us], regions: {" EU ", " US "}}\n"

static inline void review(struct service_bed *bed)
{
    service_bed_review(bed, HEALTH_FREEZE_NONE);
}

/* get_well - every endpoint of a in eu and us is up, and that has been reviewed. */
static inline void get_well(struct service_bed *bed)
{
    service_bed_set_all(bed, "a", "eu", HEALTH_UP);
    service_bed_set_all(bed, "a", "us", HEALTH_UP);
    review(bed);
}

static inline void open_well(struct service_bed *bed, const char *services)
{
    service_bed_open(bed, services);
    get_well(bed);
}

static inline void take_down(struct service_bed *bed, const char *region)
{
    service_bed_set_all(bed, "a", region, HEALTH_DOWN);
    review(bed);
}

static inline bool is_usable(const struct service_bed *bed, const char *service,
                             const char *region, size_t nth)
{
    return service_bed_word(bed, service, region, nth) & HEALTH_WORD_USABLE;
}

static inline bool is_unsettled(const struct service_bed *bed, const char *service)
{
    size_t index = (size_t)(service_bed_service(bed, service) - bed->services->list);
    return health_table_service(&bed->snapshot->health, index) == HEALTH_SERVICE_UNSETTLED;
}
