#include "cert_end.h"

#include "probe_reason.h"

enum { SECONDS_PER_DAY = 86400 };

bool cert_end_judge(const struct cert_end *when, uint32_t min_days,
                    struct probe_result *out_result)
{
    int64_t left_s = when->end_s - when->now_s;
    long long left_days = left_s / SECONDS_PER_DAY;
    if (min_days == 0)
        return true;
    if (when->end_s == 0)
        probe_result_set(out_result, HEALTH_FAILURE, "certificate's end cannot be read");
    else if (left_s <= 0)
        probe_result_set(out_result, HEALTH_FAILURE, "certificate expired");
    else if (left_s < (int64_t)min_days * SECONDS_PER_DAY)
        probe_result_set(out_result, HEALTH_FAILURE,
                         "certificate expires in %lld day%s, expected at least %u", left_days,
                         left_days == 1 ? "" : "s", min_days);
    else
        return true;
    return false;
}
