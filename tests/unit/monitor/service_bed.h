/* service_bed.h - the services of a real configuration, without machines: a test says how their
 * endpoints do, and what time it is. What is told goes into the log of app_fixture.h.
 */
#pragma once

#include "../../support/app_fixture.h"
#include "../../support/temp_folder.h"
#include "monitor_service.h"

struct service_bed {
    struct temp_folder folder;
    struct snapshot *snapshot;
    struct monitor_services *services;
    uint64_t now_ms;
};

/* service_bed_open - with these services, of the regions eu, us and ap, checked by `web`; settle
 * is 0. Nothing is reviewed yet. */
void service_bed_open(struct service_bed *bed, const char *services);
void service_bed_close(struct service_bed *bed);

/* service_bed_compile - another snapshot of the bed's. */
struct snapshot *service_bed_compile(const struct service_bed *bed, const char *services);

/* service_bed_reload - to other services; what is known goes on. */
void service_bed_reload(struct service_bed *bed, const char *services);

/* service_bed_service, service_bed_region - by name; the test fails without one. */
struct monitor_service *service_bed_service(const struct service_bed *bed, const char *service);
struct health_region *service_bed_region(const struct service_bed *bed, const char *service,
                                         const char *region);

/* service_bed_seat - the nth endpoint of a region, in the order of the configuration. */
uint32_t service_bed_seat(const struct service_bed *bed, const char *service,
                          const char *region, size_t nth);

/* service_bed_word - what is published of it. */
health_word service_bed_word(const struct service_bed *bed, const char *service,
                             const char *region, size_t nth);

/* service_bed_set - one endpoint; or, with service_bed_set_all(), every one of a region. */
void service_bed_set(struct service_bed *bed, uint32_t seat, enum health_state state);
void service_bed_set_all(struct service_bed *bed, const char *service, const char *region,
                         enum health_state state);

/* service_bed_override - what this file says is put on the seats, and reviewed a second later; log
 * lines from before are forgotten. */
void service_bed_override(struct service_bed *bed, const char *file);

/* service_bed_review - a second later; log lines from before are forgotten. */
void service_bed_review(struct service_bed *bed, enum health_freeze freeze);
