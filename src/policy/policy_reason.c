#include "rhumb/policy.h"

enum policy_reason policy_reason_of(const struct policy_answer *answer)
{
    enum { TTL_ONLY = POLICY_SUSPECT | POLICY_UNSETTLED };

    unsigned flags = answer->flags & ~(unsigned)TTL_ONLY;
    if (flags == 0 && answer->outcome != POLICY_EMPTY)
        return POLICY_FIRST; /* nearly always */
    if ((flags & POLICY_ALL_DOWN) != 0)
        return POLICY_WHEN_ALL_DOWN;
    if ((flags & POLICY_PIN_REFUSED) != 0)
        return POLICY_RESIDENCY;
    if (answer->outcome == POLICY_EMPTY)
        return POLICY_NOTHING;
    if ((flags & POLICY_BY_PIN) != 0)
        return POLICY_PINNED;
    if ((flags & POLICY_RESERVE) != 0)
        return POLICY_FROM_RESERVE;
    return (flags & POLICY_FAILED_OVER) != 0 ? POLICY_FAILOVER : POLICY_LESS_WEIGHT;
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
