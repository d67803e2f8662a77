/* health_service.h - one service as clients see it: the guard that decides, the words it
 * publishes, what there is to tell. Control thread only; see health_monitor.h for who calls.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "rhumb/err.h"
#include "rhumb/health_guard.h"
#include "rhumb/snapshot.h"

#include "event.h"

struct health_service {
    struct health_guard guard;
    uint32_t first_seat; /* of the snapshot's seats */
    bool is_due;         /* something changed: to be reviewed */
    bool unsettled;      /* it is, or a service inside it */
};

/* All services of one snapshot. */
struct health_services {
    struct snapshot *snapshot;   /* borrowed; its words are written */
    struct health_service *list; /* owned; by index of the service */
    struct health_seat *seats;   /* owned; by seat of the snapshot */
    uint32_t *due;               /* owned; indexes of those that are due */
    size_t due_count;
    uint32_t *nested; /* owned; the seats that are services */
    size_t nested_count;
    struct herald herald;
};

/* health_services_new - for a snapshot; what was known of services, regions and endpoints of the
 * same names goes on. old: NULL at first; not changed. NULL: out of memory. */
struct health_services *health_services_new(struct snapshot *snapshot,
                                            const struct health_services *old,
                                            const struct herald *herald);
void health_services_free(struct health_services *services);

/* health_services_set_seat - how a seat does now; its service becomes due when that is news. */
void health_services_set_seat(struct health_services *services, uint32_t seat,
                              const struct health_seat *now);

/* health_services_set_due - review this service. */
void health_services_set_due(struct health_services *services, size_t service);

/* health_services_review - decide for all that are due and publish; services that hold others
 * follow. */
void health_services_review(struct health_services *services, enum health_freeze freeze,
                            uint64_t now_ms);

/* health_services_report - a log line for each service, and one for each endpoint that is not
 * simply up: active and standby region, the last failover, forced and real state. */
void health_services_report(const struct health_services *services, uint64_t now_ms);

/* health_services_tick - what only waits for time becomes due. */
void health_services_tick(struct health_services *services);
