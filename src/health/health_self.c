#include "rhumb/health_self.h"

enum { PERMILLE = 1000 };

/* settle - does the region fail, as its counts are now? since: when that began, if it does. */
static void settle(struct health_self_region *region, uint64_t since_ms)
{
    bool fails = region->failing > 0 && 2 * (uint64_t)region->failing >= region->targets;
    if (!fails)
        region->began_ms = 0;
    else if (region->began_ms == 0)
        region->began_ms = since_ms > 0 ? since_ms : 1; /* 0 would say "works" */
}

void health_self_count(struct health_self *self, size_t region, uint64_t began_ms)
{
    struct health_self_region *counted = &self->regions[region];
    counted->targets++;
    counted->failing += began_ms > 0;
    settle(counted, began_ms);
}

void health_self_began(struct health_self *self, size_t region, uint64_t now_ms)
{
    self->regions[region].failing++;
    settle(&self->regions[region], now_ms);
}

void health_self_ended(struct health_self *self, size_t region)
{
    self->regions[region].failing--;
    settle(&self->regions[region], 0);
}

size_t health_self_failing(const struct health_self *self, size_t *out_of)
{
    size_t failing = 0;
    *out_of = 0;
    for (size_t i = 0; i < self->region_count; i++) {
        *out_of += self->regions[i].targets > 0;
        failing += self->regions[i].began_ms > 0;
    }
    return failing;
}

/* failing_together - of them those that began within the window. */
static size_t failing_together(const struct health_self *self, uint64_t now_ms)
{
    size_t recent = 0;
    for (size_t i = 0; i < self->region_count; i++) {
        uint64_t began_ms = self->regions[i].began_ms;
        recent += began_ms > 0 && now_ms < began_ms + HEALTH_SELF_WINDOW_MS;
    }
    return recent;
}

/* is_alike - do so many of those that worked fail together? Once we are suspicious, so many must
 * go on failing: one region more that works is proof that it is not us. */
static bool is_alike(const struct health_self *self, uint32_t permille, uint64_t now_ms)
{
    size_t regions, failing = health_self_failing(self, &regions);
    if (self->suspicious) /* they do not stay recent, but they are still the same ones */
        return failing * PERMILLE >= regions * permille;
    size_t recent = failing_together(self, now_ms);
    size_t worked = regions - (failing - recent);
    return worked >= HEALTH_SELF_REGIONS_MIN && recent * PERMILLE >= worked * permille;
}

bool health_self_review(struct health_self *self, uint32_t permille, uint64_t now_ms)
{
    uint64_t age_ms = now_ms > self->since_ms ? now_ms - self->since_ms : 0;
    bool suspicious = permille > 0 && is_alike(self, permille, now_ms) &&
                      !(self->suspicious && age_ms >= HEALTH_SELF_LONGEST_MS);
    if (suspicious != self->suspicious)
        self->since_ms = now_ms;
    self->suspicious = suspicious;
    return suspicious;
}
