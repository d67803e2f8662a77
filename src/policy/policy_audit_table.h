/* policy_audit_table.h - what of a compiled service can be judged without geography. Private to
 * policy/. */
#pragma once

#include "rhumb/policy.h"

struct policy_table_fault {
    const char *what; /* NULL: nothing is wrong */
    uint8_t region;   /* with which region; POLICY_NO_REGION: none in particular */
    bool unreadable;  /* policy_select() would read what there is not */
};

/* policy_audit_table - are the regions those of the configuration, and the classes orders that
 * policy_select() can walk? */
struct policy_table_fault policy_audit_table(const struct policy_service *service,
                                             size_t service_count);
