/* Exponential decay, computed when it is looked at: nothing runs meanwhile. */
#include <math.h>

#include "rhumb/health_fsm.h"

static const double PER_DOWN = 1000, PER_REVERSAL = 250;
static const double HOLD_ABOVE = 1250, CALM_BELOW = 750, DOUBT_ABOVE = 250;
static const double HALF_LIFE_MS = 120e3;
static const double CEILING = 24000; /* 750 * 2^5: five half-lives, 10 minutes, until calm */

double health_penalty_now(const struct health_penalty *penalty, uint64_t now_ms)
{
    uint64_t age_ms = now_ms > penalty->at_ms ? now_ms - penalty->at_ms : 0;
    return penalty->value > 0 ? penalty->value * exp2(-(double)age_ms / HALF_LIFE_MS) : 0;
}

static void add(struct health_penalty *penalty, double more, uint64_t now_ms)
{
    double value = health_penalty_now(penalty, now_ms) + more;
    *penalty =
        (struct health_penalty){.value = value < CEILING ? value : CEILING, .at_ms = now_ms};
}

void health_penalty_add_down(struct health_penalty *penalty, uint64_t now_ms)
{
    add(penalty, PER_DOWN, now_ms);
}

void health_penalty_add_reversal(struct health_penalty *penalty, uint64_t now_ms)
{
    add(penalty, PER_REVERSAL, now_ms);
}

bool health_penalty_holds(const struct health_penalty *penalty, uint64_t now_ms)
{
    return health_penalty_now(penalty, now_ms) > HOLD_ABOVE;
}

bool health_penalty_is_calm(const struct health_penalty *penalty, uint64_t now_ms)
{
    return health_penalty_now(penalty, now_ms) < CALM_BELOW;
}

bool health_penalty_is_doubt(const struct health_penalty *penalty, uint64_t now_ms)
{
    return health_penalty_now(penalty, now_ms) > DOUBT_ABOVE;
}
