#include <stdlib.h>

#include "audit_walker.h"

/* ---- opening ---- */

/* list_cuts - wherever a network of the operator begins or ends, the rule may change. */
static enum err list_cuts(struct audit_walker *walker)
{
    enum err err = naive_cuts_add(&walker->cuts, walker->family, &walker->geo.networks);
    for (size_t s = 0; s < walker->snapshot->config->service_count && err == ERR_OK; s++)
        err = naive_cuts_add(&walker->cuts, walker->family, &walker->views[s].rules.networks);
    if (err == ERR_OK && walker->family == IP_V6)
        err = naive_ranges(&walker->cuts);
    naive_cuts_sort(&walker->cuts);
    return err;
}

enum err audit_walker_open(struct audit_walker *walker, const struct snapshot *snapshot,
                           enum ip_family family, struct diag_list *diags)
{
    const struct config *config = snapshot->config;
    *walker = (struct audit_walker){.snapshot = snapshot, .family = family, .diags = diags};
    walker->views = calloc(config->service_count + 1, sizeof(*walker->views));
    enum err err =
        walker->views ? naive_geo_open(&walker->geo, &config->geo, diags) : ERR_NO_MEMORY;
    for (size_t s = 0; s < config->service_count && err == ERR_OK; s++) {
        struct audit_view *view = &walker->views[s];
        view->service = &snapshot->policies.services[s];
        view->leaves_max =
            view->service->trie ? 2 * geo_trie_leaf_count(view->service->trie) : 0;
        err = naive_rules_init(&view->rules, &config->services[s]);
    }
    return err == ERR_OK ? list_cuts(walker) : err;
}

void audit_walker_close(struct audit_walker *walker)
{
    for (size_t s = 0; walker->views && s < walker->snapshot->config->service_count; s++)
        naive_rules_deinit(&walker->views[s].rules);
    free(walker->views);
    free(walker->stretches);
    naive_cuts_deinit(&walker->cuts);
    naive_geo_close(&walker->geo);
}

/* ---- walking ---- */

/* Where the walk stands. */
struct stand {
    naive_number at;
    size_t next_cut;
    const struct naive_network *network; /* of the operator, around it */
    bool running;                        /* each view has a run that begins before */
};

/* end_runs - the next address is of another kind, or there is none. */
static void end_runs(struct audit_walker *walker, struct stand *stand, naive_number last)
{
    for (size_t s = 0; s < walker->snapshot->config->service_count && stand->running; s++) {
        struct audit_view *view = &walker->views[s];
        audit_judge_run(walker, view, view->first, last, view->rule);
    }
    stand->running = false;
}

/* cross - the networks around the address, when it lies at a cut or behind one. */
static void cross(struct audit_walker *walker, struct stand *stand)
{
    bool crossed = stand->at == 0;
    for (;
         stand->next_cut < walker->cuts.count && walker->cuts.at[stand->next_cut] <= stand->at;
         stand->next_cut++)
        crossed = true;
    if (!crossed)
        return;
    stand->network = naive_networks_find(&walker->geo.networks, walker->family, stand->at);
    for (size_t s = 0; s < walker->snapshot->config->service_count; s++) {
        struct audit_view *view = &walker->views[s];
        view->network = naive_networks_find(&view->rules.networks, walker->family, stand->at);
    }
}

/* last_before_cut - the last address before the next cut. */
static naive_number last_before_cut(const struct audit_walker *walker,
                                    const struct stand *stand)
{
    return stand->next_cut < walker->cuts.count ? walker->cuts.at[stand->next_cut] - 1
                                                : naive_last_of(walker->family);
}

/* begin_runs - each view whose rule is another one than before has a new run from here on. */
static void begin_runs(struct audit_walker *walker, const struct stand *stand, uint32_t place)
{
    for (size_t s = 0; s < walker->snapshot->config->service_count; s++) {
        struct audit_view *view = &walker->views[s];
        uint16_t rule = naive_rules_find(&view->rules, &walker->geo, place, view->network);
        if (stand->running && rule == view->rule)
            continue;
        if (stand->running)
            audit_judge_run(walker, view, view->first, stand->at - 1, view->rule);
        view->first = stand->at;
        view->rule = rule;
    }
}

static enum err keep_stretch(struct audit_walker *walker, naive_number first)
{
    if (walker->stretch_count == walker->stretch_capacity) {
        size_t capacity = walker->stretch_capacity > 0 ? walker->stretch_capacity * 2 : 1024;
        naive_number *stretches = realloc(walker->stretches, capacity * sizeof(*stretches));
        if (!stretches)
            return ERR_NO_MEMORY;
        walker->stretches = stretches;
        walker->stretch_capacity = capacity;
    }
    walker->stretches[walker->stretch_count++] = first;
    return ERR_OK;
}

/* pass_stretch - *out_last: the last address that is like the one where the walk stands. */
static enum err pass_stretch(struct audit_walker *walker, struct stand *stand,
                             naive_number *out_last)
{
    naive_number inner, before_cut = last_before_cut(walker, stand);
    if (walker->family == IP_V6 && naive_inner(stand->at, &inner)) {
        /* these clients are looked up as the IPv4 address inside; a range ends at a cut, or is
         * cut in pieces, each of which is one again */
        end_runs(walker, stand, stand->at - 1);
        *out_last = before_cut;
        return ERR_OK;
    }
    uint32_t place =
        naive_geo_find(&walker->geo, walker->family, stand->at, stand->network, out_last);
    if (place == NAIVE_NO_ID)
        return ERR_NO_MEMORY;
    if (before_cut < *out_last)
        *out_last = before_cut;
    begin_runs(walker, stand, place);
    stand->running = true;
    walker->found.stretches++;
    return keep_stretch(walker, stand->at);
}

enum err audit_walk(struct audit_walker *walker)
{
    struct stand stand = {0};
    for (;;) {
        naive_number last;
        cross(walker, &stand);
        enum err err = pass_stretch(walker, &stand, &last);
        if (err != ERR_OK)
            return err;
        if (last == naive_last_of(walker->family))
            break;
        stand.at = last + 1;
    }
    end_runs(walker, &stand, naive_last_of(walker->family));
    return ERR_OK;
}
