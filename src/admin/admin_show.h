/* admin_show.h - pieces that several answers show alike. */
#pragma once

#include "admin_call.h"

/* admin_put_time - RFC 3339 in UTC; 0: null. */
void admin_put_time(struct json_put *json, const char *key, uint64_t wall_ms);

void admin_put_service(struct json_put *json, const struct monitor *monitor,
                       const struct snapshot *snapshot, size_t service);

void admin_put_override(struct json_put *json, const char *key, const struct override *entry);

/* admin_find_service - its index; SIZE_MAX: it was answered with 404. */
size_t admin_find_service(struct admin_call *call, const char *name);

static inline struct snapshot *admin_snapshot(const struct admin_call *call)
{
    return snapshot_current(call->admin->sources.slot);
}
