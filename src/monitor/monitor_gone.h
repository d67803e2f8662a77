/* monitor_gone.h - what a reload has taken out of the configuration, so that no alarm stays open
 * about something that is no more.
 */
#pragma once

#include "rhumb/event.h"

#include "monitor_inherit.h"
#include "monitor_machines.h"
#include "monitor_service.h"

/* Before a reload and after it. */
struct monitor_gone {
    const struct herald *herald;
    const struct machine_set *old_machines, *machines; /* fresh ones are built already */
    const struct monitor_services *old_services, *services;
};

/* monitor_gone_tell - the end of what is open about services, endpoints and names that are gone; a
 * warning of regions that waited for their fail-back, and whose names are not there any more. */
void monitor_gone_tell(const struct monitor_gone *gone);
