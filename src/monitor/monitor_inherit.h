/* monitor_inherit.h - what services know goes on after a reload: by the names of services and
 * regions, and by who the endpoints are.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "monitor_service.h"

/* Services of a configuration, to be found by name. */
struct service_names {
    const struct config *config;          /* borrowed */
    const struct config_service **sorted; /* owned */
};

enum { SERVICE_GONE = UINT16_MAX };

/* service_names_init - false: out of memory, and nothing to deinit. */
bool service_names_init(struct service_names *names, const struct config *config);
void service_names_deinit(struct service_names *names);

/* service_names_find - the index of the service with the name of wanted; SERVICE_GONE: none. */
size_t service_names_find(const struct service_names *names,
                          const struct config_service *wanted);

/* monitor_is_same_endpoint - within one region. */
bool monitor_is_same_endpoint(const struct snapshot_seat *a, const struct snapshot_seat *b);

/* monitor_inherit - fresh, which is new, knows what old knows. False: out of memory. */
bool monitor_inherit(struct monitor_services *fresh, const struct monitor_services *old);
