#include "health_standing.h"

enum { PERMILLE = 1000 };

void health_standing_add(struct health_standing *standing, unsigned families, unsigned up)
{
    for (unsigned f = 0; f < HEALTH_FAMILIES; f++) {
        standing->total[f] += families >> f & 1;
        standing->up[f] += families >> f & up >> f & 1;
    }
}

void health_standing_move(struct health_standing *standing, unsigned families, bool up)
{
    for (unsigned f = 0; f < HEALTH_FAMILIES; f++)
        if ((families >> f & 1) != 0)
            standing->up[f] = up ? standing->up[f] + 1 : standing->up[f] - 1;
}

unsigned health_standing_enough(const struct health_standing *standing,
                                uint16_t min_up_permille)
{
    unsigned enough = 0;
    for (unsigned f = 0; f < HEALTH_FAMILIES; f++)
        if (standing->up[f] > 0 && (uint64_t)standing->up[f] * PERMILLE >=
                                       (uint64_t)min_up_permille * standing->total[f])
            enough |= 1u << f;
    return enough;
}

/* How many of a service's regions have something of some families, and are usable for it. */
struct count {
    size_t have, usable;
};

static struct count count_regions(const struct health_standing *regions, size_t count,
                                  uint16_t min_up_permille, unsigned families)
{
    struct count counted = {0};
    for (size_t i = 0; i < count; i++) {
        bool has = false;
        for (unsigned f = 0; f < HEALTH_FAMILIES; f++)
            has = has || ((families >> f & 1) != 0 && regions[i].total[f] > 0);
        counted.have += has;
        counted.usable +=
            (health_standing_enough(&regions[i], min_up_permille) & families) != 0;
    }
    return counted;
}

bool health_standing_breaks_floor(const struct health_standing *regions, size_t count,
                                  uint16_t min_up_permille, uint16_t min_usable, size_t index,
                                  unsigned families)
{
    if (min_usable == 0 || families == 0)
        return false;
    unsigned left = health_standing_enough(&regions[index], min_up_permille) & ~families;
    struct count all = count_regions(regions, count, min_up_permille, HEALTH_V4 | HEALTH_V6);
    if (left == 0 && all.usable <= min_usable)
        return true;
    for (unsigned f = 0; f < HEALTH_FAMILIES; f++) {
        if ((families >> f & 1) == 0)
            continue;
        struct count one = count_regions(regions, count, min_up_permille, 1u << f);
        size_t missing = all.have - one.have;
        size_t floor = min_usable > missing ? min_usable - missing : 1;
        if (one.usable <= floor)
            return true;
    }
    return false;
}
