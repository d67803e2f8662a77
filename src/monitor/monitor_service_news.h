/* monitor_service_news.h - what a review of a service has changed, in words. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "monitor_service.h"

/* What was so before a review, to tell what is new after it. */
struct service_before {
    bool reviewed, dark;
    uint8_t dark_families;
    uint8_t active;
    uint64_t lost, held; /* regions, one bit each */
};

struct service_before service_look(const struct health_guard *guard);

/* service_tell - of the service with this index, which has just been reviewed. */
void service_tell(struct monitor_services *services, size_t index,
                  const struct service_before *before, enum health_freeze freeze,
                  uint64_t now_ms);

/* service_tell_usable - the alarms that it is dark, or dark for a family, are over. */
void service_tell_usable(const struct herald *herald, const char *service, bool dark,
                         unsigned dark_families, const char *reason);

/* service_region_name - HEALTH_NO_REGION is "none". */
const char *service_region_name(const struct config_service *config, uint8_t region);
