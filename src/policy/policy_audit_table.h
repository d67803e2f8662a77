/* policy_audit_table.h - what of a compiled service can be judged without geography. Private to
 * policy/. */
#pragma once

#include "rhumb/policy.h"

/* policy_audit_table - are the regions those of the configuration, and the classes orders that
 * policy_select() can walk? NULL: they are; else what is wrong, and with which region
 * (POLICY_NO_REGION: none in particular). */
const char *policy_audit_table(const struct policy_service *service, size_t service_count,
                               uint8_t *out_region);
