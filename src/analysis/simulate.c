#include <stdlib.h>
#include <string.h>

#include "rhumb/analysis_simulate.h"

#include "census.h"
#include "class_cells.h"
#include "country_space.h"
#include "outcome.h"

enum { ARENA_SHIFT = 32 };

struct simulator {
    const struct simulation_input *in;
    struct diag_list *diags;
    struct simulation *out;
    struct country_space *space;
    double placed;          /* sum of the weights of countries that have networks */
    double *before, *after; /* loads of each region of each service, as shares of all queries */
    uint32_t *first_of;     /* index of the first region of a service in them */
};

/* One service while it is simulated. */
struct run {
    struct simulator *simulator;
    uint16_t index;
    double share; /* of all queries */
    struct label_set labels;
    struct outcome_view before, after;
    struct simulation_service *out;
    double *part_before, *part_after; /* by label, LABELS_MAX of them at most */
};

/* ---- asking ---- */

/* add_outcome - clients that are such a share of the service's queries. */
static void add_outcome(struct run *run, const struct outcome *outcome, double share,
                        double *parts, double *loads, double *all_down)
{
    for (size_t i = 0; i < outcome->count; i++) {
        const struct outcome_part *part = &outcome->parts[i];
        parts[part->label] += share * part->share;
        if (part->region != POLICY_NO_REGION)
            loads[run->simulator->first_of[part->service] + part->region] +=
                share * part->share * run->share;
    }
    *all_down += share * outcome->all_down;
}

static void add_clients(struct run *run, const struct outcome_question *question, double share)
{
    struct outcome outcome;
    outcome_of(&run->before, question, &outcome);
    add_outcome(run, &outcome, share, run->part_before, run->simulator->before,
                &run->out->all_down_before);
    outcome_of(&run->after, question, &outcome);
    add_outcome(run, &outcome, share, run->part_after, run->simulator->after,
                &run->out->all_down_after);
}

/* ---- by countries ---- */

static enum err refuse_unknown(struct run *run)
{
    diag_error(run->simulator->diags, NULL,
               "no source knows a country, and the answers of '%s' depend on it",
               run->out->name);
    diag_remedy(run->simulator->diags,
                "name a database in geo.databases, or give a query log: --traffic FILE");
    return ERR_INVALID;
}

static enum err ask_sets(struct run *run, const struct class_cells *cells)
{
    const struct simulator *simulator = run->simulator;
    size_t set_count = cells->sets.items.count;
    double *share_of = calloc(set_count + 1, sizeof(*share_of));
    if (!share_of)
        return ERR_NO_MEMORY;
    for (size_t i = 0; simulator->placed > 0 && i < cells->cells.count; i++) {
        const struct class_cell *cell = class_cells_get(cells, i);
        share_of[cell->set] += simulator->in->traffic->weights[cell->country] /
                               simulator->placed * country_space_part(simulator->space, cell);
    }
    if (!(simulator->placed > 0)) /* then every client is alike */
        share_of[0] = 1;
    for (size_t set = 0; set < set_count; set++) {
        const struct ip_addr *client = class_cells_client(cells, set);
        const struct outcome_question question = {
            .client = {.network = {.addr = *client, .len = (uint8_t)ip_bits(client->family)}},
            .pinned = POLICY_NO_REGION,
        };
        if (share_of[set] > 0)
            add_clients(run, &question, share_of[set]);
    }
    free(share_of);
    return ERR_OK;
}

static enum err run_countries(struct run *run)
{
    const struct snapshot *snapshot = run->simulator->in->snapshot;
    const struct class_side side = {snapshot, run->index};
    struct class_cells cells;
    enum err err = class_cells_build(&side, 1, snapshot, &cells);
    if (err != ERR_OK)
        return err;
    if (!(run->simulator->placed > 0) && cells.sets.items.count > 1)
        err = refuse_unknown(run);
    else
        err = ask_sets(run, &cells);
    class_cells_free(&cells);
    return err;
}

/* ---- by queries ---- */

static bool asks_for(const struct traffic_client *client, uint16_t service)
{
    return client->service == service || client->service == CONFIG_NONE;
}

static uint64_t count_queries(const struct traffic *traffic, uint16_t service)
{
    const uint64_t *counts = traffic->counts.items;
    uint64_t sum = 0;
    for (size_t i = 0; i < traffic->counts.count; i++)
        if (asks_for(intern_get(&traffic->clients, i), service))
            sum += counts[i];
    return sum;
}

static void run_queries(struct run *run)
{
    const struct traffic *traffic = run->simulator->in->traffic;
    const uint64_t *counts = traffic->counts.items;
    double all = (double)count_queries(traffic, run->index);
    for (size_t i = 0; i < traffic->counts.count; i++) {
        const struct traffic_client *client = intern_get(&traffic->clients, i);
        const struct outcome_question question = {
            .client = {.network = client->network, .is_ecs = client->is_ecs != 0},
            .family = client->family,
            .pinned = client->pinned,
            .sticky = client->sticky != 0,
        };
        if (asks_for(client, run->index))
            add_clients(run, &question, (double)counts[i] / all);
    }
}

/* ---- one service ---- */

static enum err keep_parts(struct run *run)
{
    struct simulation_service *out = run->out;
    out->parts =
        arena_alloc_array(run->simulator->out->arena, run->labels.count, sizeof(*out->parts));
    if (!out->parts)
        return ERR_NO_MEMORY;
    for (size_t i = 0; i < run->labels.count; i++) {
        size_t label = i + 1 < run->labels.count ? i + 1 : LABEL_NONE; /* "(none)" comes last */
        if (label == LABEL_NONE && run->part_before[0] <= 0 && run->part_after[0] <= 0)
            continue;
        out->parts[out->part_count++] =
            (struct simulation_part){.label = run->labels.names[label],
                                     .before = run->part_before[label],
                                     .after = run->part_after[label]};
    }
    return ERR_OK;
}

static enum err open_run(struct run *run)
{
    const struct simulation_input *in = run->simulator->in;
    enum err err = label_set_init(&run->labels, run->simulator->out->arena);
    if (err == ERR_OK)
        err =
            outcome_view_init(&run->before, in->snapshot, in->before, run->index, &run->labels);
    if (err == ERR_OK)
        err = outcome_view_init(&run->after, in->snapshot, in->after, run->index, &run->labels);
    run->part_before = calloc(run->labels.count + 1, sizeof(double));
    run->part_after = calloc(run->labels.count + 1, sizeof(double));
    if (err == ERR_OK && (!run->part_before || !run->part_after))
        err = ERR_NO_MEMORY;
    return err;
}

static enum err run_service(struct simulator *simulator, uint16_t index, double share,
                            double qps)
{
    const struct simulation_input *in = simulator->in;
    struct simulation *out = simulator->out;
    struct run run = {.simulator = simulator,
                      .index = index,
                      .share = share,
                      .out = &out->services[out->service_count++]};
    *run.out = (struct simulation_service){
        .name = in->snapshot->config->services[index].name, .share = share, .qps = qps};
    enum err err = open_run(&run);
    if (err == ERR_OK && in->traffic->kind == TRAFFIC_QUERIES)
        run_queries(&run);
    else if (err == ERR_OK)
        err = run_countries(&run);
    if (err == ERR_OK)
        err = keep_parts(&run);
    free(run.part_before);
    free(run.part_after);
    return err;
}

/* ---- all services ---- */

/* weigh_services - how much each of them is asked, in any unit: as the operator says, as the log
 * counts, else all alike. The sum; 0: nobody is asked. */
static double weigh_services(const struct simulator *simulator, double *weights)
{
    const struct simulation_input *in = simulator->in;
    const struct config *config = in->snapshot->config;
    struct census_service census[CONFIG_SERVICES_MAX];
    double sum = 0;
    census_services(in->snapshot, NULL, census);
    for (size_t s = 0; s < config->service_count; s++) {
        bool wanted = in->wanted ? in->wanted[s] : census_is_asked(config, census, s);
        weights[s] = 0;
        if (!wanted)
            continue;
        if (in->traffic->kind == TRAFFIC_QUERIES)
            weights[s] = (double)count_queries(in->traffic, (uint16_t)s);
        else
            weights[s] = 1;
        if (in->qps_of && weights[s] > 0)
            weights[s] = in->qps_of[s];
        sum += weights[s];
    }
    return sum;
}

static enum err run_all(struct simulator *simulator)
{
    const struct simulation_input *in = simulator->in;
    size_t count = in->snapshot->config->service_count;
    double weights[CONFIG_SERVICES_MAX];
    double sum = weigh_services(simulator, weights);
    if (!(sum > 0)) {
        diag_error(simulator->diags, NULL, "none of the services is asked for anything");
        diag_remedy(simulator->diags,
                    "--service and --qps must name services that clients ask, "
                    "and a query log must have queries for them");
        return ERR_INVALID;
    }
    double qps = in->qps_of ? sum : in->qps;
    simulator->out->has_qps = qps > 0;
    enum err err = ERR_OK;
    for (size_t s = 0; s < count && err == ERR_OK; s++)
        if (weights[s] > 0)
            err = run_service(simulator, (uint16_t)s, weights[s] / sum, qps * weights[s] / sum);
    return err;
}

/* ---- capacities ---- */

static struct simulation_place *add_place(struct simulator *simulator, const char *name,
                                          double capacity)
{
    struct simulation_place *place = &simulator->out->places[simulator->out->place_count++];
    *place = (struct simulation_place){.name = name, .capacity = capacity};
    return place;
}

static void add_load(const struct simulator *simulator, struct simulation_place *place,
                     size_t service, size_t region)
{
    size_t at = simulator->first_of[service] + region;
    place->before += simulator->before[at];
    place->after += simulator->after[at];
}

static void add_region(struct simulator *simulator, uint16_t index)
{
    const struct config *config = simulator->in->snapshot->config;
    struct simulation_place *place =
        add_place(simulator, config->regions[index].name, config->regions[index].capacity);
    for (size_t s = 0; s < config->service_count; s++)
        for (size_t r = 0; r < config->services[s].region_count; r++)
            if (config->services[s].regions[r].region == index)
                add_load(simulator, place, s, r);
}

static enum err add_service_places(struct simulator *simulator, size_t s)
{
    const struct config_service *service = &simulator->in->snapshot->config->services[s];
    for (size_t r = 0; r < service->region_count; r++) {
        if (!(service->regions[r].capacity > 0))
            continue;
        const char *name = arena_printf(simulator->out->arena, "%s/%s", service->name,
                                        service->regions[r].name);
        if (!name)
            return ERR_NO_MEMORY;
        add_load(simulator, add_place(simulator, name, service->regions[r].capacity), s, r);
    }
    return ERR_OK;
}

static double all_qps(const struct simulation *out)
{
    double qps = 0;
    for (size_t s = 0; s < out->service_count; s++)
        qps += out->services[s].qps;
    return qps;
}

static enum err weigh_places(struct simulator *simulator)
{
    struct simulation *out = simulator->out;
    const struct config *config = simulator->in->snapshot->config;
    size_t most = config->region_count;
    for (size_t s = 0; s < config->service_count; s++)
        most += config->services[s].region_count;
    out->places = arena_alloc_array(out->arena, most, sizeof(*out->places));
    enum err err = out->places ? ERR_OK : ERR_NO_MEMORY;
    for (size_t r = 0; r < config->region_count && err == ERR_OK; r++)
        if (config->regions[r].capacity > 0)
            add_region(simulator, (uint16_t)r);
    for (size_t s = 0; s < config->service_count && err == ERR_OK; s++)
        err = add_service_places(simulator, s);
    double qps = all_qps(out);
    for (size_t i = 0; i < out->place_count && out->has_qps; i++) {
        out->places[i].before *= qps;
        out->places[i].after *= qps;
        out->overloaded =
            out->overloaded || out->places[i].after > out->places[i].capacity * (1 + 1e-9);
    }
    return err;
}

double simulation_full_at(double capacity, double load_share)
{
    return load_share > 1e-12 ? capacity / load_share : 0;
}

/* ---- the door ---- */

static enum err prepare(struct simulator *simulator)
{
    const struct simulation_input *in = simulator->in;
    struct simulation *out = simulator->out;
    const struct policy_set *set = &in->snapshot->policies;
    uint32_t regions = 0;
    out->traffic_kind = in->traffic->kind;
    out->queries = in->traffic->queries;
    out->steered = in->traffic->steered;
    out->elsewhere = in->traffic->elsewhere;
    out->unreadable = in->traffic->unreadable;
    simulator->first_of =
        arena_alloc_array(out->arena, set->service_count, sizeof(*simulator->first_of));
    out->services = arena_alloc_array(out->arena, set->service_count, sizeof(*out->services));
    if (!simulator->first_of || !out->services)
        return ERR_NO_MEMORY;
    for (size_t s = 0; s < set->service_count; s++) {
        simulator->first_of[s] = regions;
        regions += set->services[s].region_count;
    }
    simulator->before = arena_alloc_array(out->arena, regions, sizeof(double));
    simulator->after = arena_alloc_array(out->arena, regions, sizeof(double));
    simulator->space = arena_alloc(out->arena, sizeof(*simulator->space));
    if (!simulator->before || !simulator->after || !simulator->space)
        return ERR_NO_MEMORY;
    if (in->traffic->kind != TRAFFIC_COUNTRIES)
        return ERR_OK;
    enum err err = country_space_measure(in->snapshot, simulator->space);
    if (err == ERR_OK)
        simulator->placed = country_space_placed(simulator->space, in->traffic, &out->unplaced);
    return err;
}

enum err analysis_simulate(const struct simulation_input *input, struct diag_list *diags,
                           struct simulation **out_simulation)
{
    struct arena *arena = arena_new((size_t)1 << ARENA_SHIFT);
    struct simulation *out = arena ? arena_alloc(arena, sizeof(*out)) : NULL;
    if (!out) {
        arena_free(arena);
        return ERR_NO_MEMORY;
    }
    out->arena = arena;
    struct simulator simulator = {.in = input, .diags = diags, .out = out};
    enum err err = prepare(&simulator);
    if (err == ERR_OK)
        err = run_all(&simulator);
    if (err == ERR_OK)
        err = weigh_places(&simulator);
    if (err != ERR_OK) {
        arena_free(arena);
        return err;
    }
    *out_simulation = out;
    return ERR_OK;
}

void simulation_free(struct simulation *simulation)
{
    if (simulation)
        arena_free(simulation->arena); /* it lies in it */
}
