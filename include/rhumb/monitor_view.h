/* monitor_view.h - what the monitor knows, to be shown: services, their regions, endpoints,
 * targets. All texts are borrowed for this turn of the loop. Times are ms since 1970; 0: never.
 * Control thread only.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "rhumb/ip.h"
#include "rhumb/monitor.h"

/* The whole of it. */
struct monitor_view {
    bool frozen;        /* by the operator: nothing changes */
    bool suspects_self; /* most regions fail together: nothing leaves */
    bool ignores_geo, ignores_ecs;
    size_t target_count, target_down_count;
};

void monitor_view_get(const struct monitor *monitor, struct monitor_view *out_view);

enum monitor_condition {
    MONITOR_OK,       /* every endpoint answers */
    MONITOR_DEGRADED, /* some do not */
    MONITOR_FROZEN,   /* some fail and stay, because a rule keeps them */
    MONITOR_DARK,     /* none is usable: `when_all_down` answers */
};

const char *monitor_condition_name(enum monitor_condition condition);

struct monitor_service_view {
    const struct config_service *config;
    enum monitor_condition condition;
    const char *active, *standby; /* regions of a failover service; NULL: none */
    uint64_t failover_ms;         /* when active changed last */
    unsigned usable_regions;
    size_t endpoint_count, endpoint_in_count, frozen_count;
    bool dark_v4, dark_v6; /* it has endpoints of the family, and none is usable */
    bool unsettled;        /* TTLs are short */
};

/* By index of the service in the configuration. */
void monitor_service_get(const struct monitor *monitor, size_t service,
                         struct monitor_service_view *out_view);

struct monitor_region_view {
    const struct config_service_region *config;
    bool usable, lost, held;
    uint64_t lost_ms;
    size_t first_endpoint, endpoint_count; /* of the snapshot's seats */
};

void monitor_region_get(const struct monitor *monitor, size_t service, size_t region,
                        struct monitor_region_view *out_view);

struct monitor_endpoint_view {
    const struct ip_addr *address; /* NULL: a name, or a nested service */
    const char *name;              /* NULL: an address */
    const char *nested;            /* NULL: no service */
    const char *state;             /* by its probes: "up", "down" ...; "unchecked" */
    const char *forced;            /* "up", "down", "drain"; NULL: it is not */
    bool in;                       /* answers may name it */
    bool frozen;
    unsigned weight_percent; /* ramp and metric */
    uint64_t since_ms;       /* of state */
    const char *reason;      /* of the latest probe; "": none */
    uint32_t rtt_us;         /* 0: none yet */
    size_t target;           /* index for monitor_target_get(); SIZE_MAX: none */
};

/* By index of the snapshot's seats. */
void monitor_endpoint_get(const struct monitor *monitor, size_t seat,
                          struct monitor_endpoint_view *out_view);

struct monitor_target_view {
    uint64_t id;                   /* of its history */
    const struct ip_addr *address; /* NULL: a name */
    const char *name;
    const struct config_check *check;
    const char *state;
    uint64_t since_ms, heard_ms;
    uint32_t rtt_us;
    unsigned failures, successes; /* in a row */
    double penalty;
    const char *reason;
    const uint32_t *seats; /* borrowed from the snapshot */
    size_t seat_count;
};

/* By index of the snapshot's targets. */
void monitor_target_get(const struct monitor *monitor, size_t target,
                        struct monitor_target_view *out_view);
