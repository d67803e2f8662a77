/* monitor_service.h - one service as clients see it: the guard that decides, the words it
 * publishes, what there is to tell. Control thread only; see monitor.h for who calls.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "rhumb/err.h"
#include "rhumb/event.h"
#include "rhumb/health_guard.h"
#include "rhumb/snapshot.h"

/* What was told of those that a rule keeps in the answers. */
struct frozen_told {
    size_t count; /* 0: nothing, or that it is over */
    enum health_freeze cause;
    uint64_t at_ms;
};

struct monitor_service {
    struct health_guard guard;
    struct frozen_told frozen;
    uint32_t first_seat; /* of the snapshot's seats */
    bool is_due;         /* something changed: to be reviewed */
    bool unsettled;      /* it is, or a service inside it */
};

/* All services of one snapshot. */
struct monitor_services {
    struct snapshot *snapshot;    /* borrowed; its words are written */
    struct monitor_service *list; /* owned; by index of the service */
    struct health_seat *seats;    /* owned; by seat of the snapshot */
    uint32_t *due;                /* owned; indexes of those that are due */
    size_t due_count;
    uint32_t *nested; /* owned; the seats that are services */
    size_t nested_count;
    struct herald herald;
};

/* monitor_services_new - for a snapshot; what was known of services, regions and endpoints of the
 * same names goes on. old: NULL at first; not changed. NULL: out of memory. */
struct monitor_services *monitor_services_new(struct snapshot *snapshot,
                                              const struct monitor_services *old,
                                              const struct herald *herald);
void monitor_services_free(struct monitor_services *services);

/* monitor_services_set_seat - how a seat does now; its service becomes due when that is news. */
void monitor_services_set_seat(struct monitor_services *services, uint32_t seat,
                               const struct health_seat *now);

/* monitor_services_set_due - review this service. */
void monitor_services_set_due(struct monitor_services *services, size_t service);

/* monitor_services_review - decide for all that are due and publish; services that hold others
 * follow. */
void monitor_services_review(struct monitor_services *services, enum health_freeze freeze,
                             uint64_t now_ms);

/* monitor_services_report - a log line for each service, and one for each endpoint that is not
 * simply up: active and standby region, the last failover, forced and real state. */
void monitor_services_report(const struct monitor_services *services, uint64_t now_ms);

/* monitor_services_tick - what only waits for time becomes due. */
void monitor_services_tick(struct monitor_services *services);
