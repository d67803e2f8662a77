/* policy_standing.h - how the regions of a service do at this moment, for one query, and how much
 * of their load they take. Private to policy/. Reads the health words; several reads may differ.
 *
 * members: regions, one bit each, as everywhere in policy/.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "policy_measure.h"
#include "policy_selection.h"

/* The endpoints of one region, those of one family, as health sees them now. */
struct policy_standing {
    unsigned total, up;
    unsigned scale; /* the highest of those that are up, percent; 0: none is */
    bool suspect;
};

/* How much of their weight the usable regions of a group take now. */
struct policy_shares {
    uint8_t scales[CONFIG_REGIONS_MAX]; /* by region, percent; of the members only */
    unsigned best;                      /* of them; 0: there are none */
    bool all_full;
};

static inline bool policy_is_up(const struct policy_selection *s, uint32_t seat)
{
    return (health_table_get(s->request->health, seat) & s->wanted) != 0;
}

static inline void policy_count_word(const struct policy_selection *s,
                                     struct policy_standing *standing, health_word word)
{
    bool up = (word & s->wanted) != 0;
    unsigned scale = health_word_scale(word);
    standing->up += up;
    standing->suspect |= (word & HEALTH_WORD_SUSPECT) != 0;
    if (up && scale > standing->scale)
        standing->scale = scale;
}

/* policy_standing_of - here, because every query asks it of several regions: called, it costs one
 * instruction in twenty of policy_select(). */
static inline struct policy_standing policy_standing_of(const struct policy_selection *s,
                                                        const struct policy_region *region)
{
    struct policy_standing standing = {0};
    if (region->nested != CONFIG_NONE || region->name_count > 0) {
        standing.total = region->name_count > 0 ? region->name_count : 1;
        for (unsigned i = 0; i < standing.total; i++)
            policy_count_word(s, &standing,
                              health_table_get(s->request->health, region->first_seat + i));
        return standing;
    }
    const struct policy_endpoint *list =
        policy_endpoints_of(region, s->request->family, &standing.total);
    for (unsigned i = 0; i < standing.total; i++)
        policy_count_word(s, &standing, health_table_get(s->request->health, list[i].seat));
    return standing;
}

/* policy_only_existing - of these regions those that have something to say for this family. A
 * nested one may: it is asked. */
uint64_t policy_only_existing(const struct policy_selection *s,
                              const struct policy_service *service, uint64_t members);

/* policy_only_usable - of these regions those of which so many endpoints are up that they are
 * usable; a nested one: that are worth asking. *shares must be empty, with all_full. */
uint64_t policy_only_usable(const struct policy_selection *s,
                            const struct policy_service *service, uint64_t members,
                            struct policy_shares *shares);

/* policy_is_shed - does this query fall into the part that a scale below 100 turns away? A sticky
 * client falls always or never; salt keeps its several choices apart. */
bool policy_is_shed(struct policy_selection *s, unsigned scale, uint64_t salt);
