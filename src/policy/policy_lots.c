#include "policy_lots.h"

#include <stddef.h>

/* next_branch - the first possible one from `from` on; count when there is none. */
static unsigned next_branch(const uint32_t *weights, unsigned from, unsigned count)
{
    while (from < count && weights[from] == 0)
        from++;
    return from;
}

static unsigned likeliest(const uint32_t *weights, unsigned count)
{
    unsigned best = 0;
    for (unsigned i = 1; i < count; i++)
        if (weights[i] > weights[best])
            best = i;
    return best;
}

unsigned policy_lots_draw(struct policy_lots *lots, const uint32_t *weights, unsigned count)
{
    uint64_t sum = 0;
    for (unsigned i = 0; i < count; i++)
        sum += weights[i];
    if (lots->at >= POLICY_LOTS_MAX)
        return likeliest(weights, count);
    unsigned from = lots->at < lots->known ? lots->branches[lots->at].taken : 0;
    unsigned taken = next_branch(weights, from, count);
    unsigned after = next_branch(weights, taken + 1, count);
    lots->branches[lots->at].taken = (uint8_t)taken;
    lots->branches[lots->at].count = (uint8_t)(after < count ? count : taken + 1);
    lots->at++;
    lots->share *= (double)weights[taken] / (double)sum;
    return taken;
}

bool policy_lots_next(struct policy_lots *lots)
{
    lots->known = lots->at;
    while (lots->known > 0 &&
           lots->branches[lots->known - 1].taken + 1 >= lots->branches[lots->known - 1].count)
        lots->known--;
    if (lots->known == 0)
        return false;
    lots->branches[lots->known - 1].taken++;
    lots->at = 0;
    lots->share = 1;
    return true;
}

/* add_share - one line for each (service, region, all down). */
static size_t add_share(struct policy_share *shares, size_t count, size_t max,
                        const struct policy_answer *answer, double share)
{
    bool all_down = (answer->flags & POLICY_ALL_DOWN) != 0;
    for (size_t i = 0; i < count; i++) {
        struct policy_share *known = &shares[i];
        if (known->service == answer->service && known->region == answer->region &&
            known->all_down == all_down) {
            known->share += share;
            return count;
        }
    }
    if (count < max)
        shares[count++] = (struct policy_share){.service = answer->service,
                                                .region = answer->region,
                                                .all_down = all_down,
                                                .share = share};
    return count;
}

size_t policy_distribution(const struct policy_request *request,
                           struct policy_share *out_shares, size_t max)
{
    enum { RUNS_MAX = 1 << 14 };

    struct policy_lots lots = {.share = 1};
    double told = 0;
    size_t count = 0;
    unsigned runs = 0;
    do {
        struct policy_answer answer;
        policy_select_by_lots(request, &lots, &answer);
        count = add_share(out_shares, count, max, &answer, lots.share);
        told += lots.share;
    } while (policy_lots_next(&lots) && ++runs < RUNS_MAX);
    for (size_t i = 0; runs > 0 && i < count; i++)
        out_shares[i].share /= told; /* 1, but for rounding and for runs never made */
    return count;
}
