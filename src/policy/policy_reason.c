#include "rhumb/policy.h"

enum policy_reason policy_reason_of(const struct policy_answer *answer, bool is_pinned)
{
    if ((answer->flags & POLICY_ALL_DOWN) != 0)
        return POLICY_WHEN_ALL_DOWN;
    if ((answer->flags & POLICY_PIN_REFUSED) != 0)
        return POLICY_RESIDENCY;
    if (answer->outcome == POLICY_EMPTY)
        return POLICY_NOTHING;
    if (is_pinned)
        return POLICY_PINNED;
    if ((answer->flags & POLICY_FAILED_OVER) != 0)
        return POLICY_FAILOVER;
    return (answer->flags & POLICY_SHED) != 0 ? POLICY_LESS_WEIGHT : POLICY_FIRST;
}

const char *policy_reason_name(enum policy_reason reason)
{
    static const char *const NAMES[] = {
#define POLICY_REASON_TEXT(code, text) [code] = (text),
        POLICY_REASONS(POLICY_REASON_TEXT)
#undef POLICY_REASON_TEXT
    };
    return NAMES[reason];
}
