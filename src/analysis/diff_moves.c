/* Who gets another region. For each service:
 *
 *   cells     (classes before and after, country) -> networks, addresses      class_cells.h
 *   outcomes  classes -> regions and shares, before and after                 outcome.h
 *   flow      two outcomes -> from, to, share
 *   rows      (country, from, to) -> sums of cells, by their flows
 *
 * Clients of a query log skip the cells: each is asked for itself.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "census.h"
#include "class_cells.h"
#include "country_space.h"
#include "diff_parts.h"
#include "outcome.h"

/* Below this a share is a rounding error: weights are 1..10000, percent of them, 8 levels. */
#define NOTHING 1e-12

/* One flow of a pair of outcomes. */
struct flow {
    uint16_t from, to;
    double share;
};

struct flows {
    struct flow list[OUTCOME_PARTS_MAX];
    size_t count;
    double moved;   /* their sum */
    bool reordered; /* nothing moves, but what stands behind the first choice does */
};

/* (country, from, to) of a row. */
struct row_key {
    uint32_t country;
    uint16_t from, to;
};

/* One service. */
struct mover {
    struct differ *differ;
    const struct country_space *space;
    uint16_t before, after; /* its index in both */
    struct label_set labels;
    struct outcome_view was, is;
    struct intern keys;    /* struct row_key */
    struct big_array rows; /* struct diff_weight */
    struct diff_service *out;
    struct outcome outcome_was, outcome_is; /* of the client asked last */
};

/* ---- from two outcomes to flows ---- */

static double share_of(const struct outcome *outcome, uint16_t label)
{
    for (size_t i = 0; i < outcome->count; i++)
        if (outcome->parts[i].label == label)
            return outcome->parts[i].share;
    return 0;
}

/* add_flows - what one region loses goes to those that gain, each its part. */
static void add_flows(struct mover *m, uint16_t from, double lost, double gained,
                      struct flows *flows)
{
    for (size_t i = 0; i < m->outcome_is.count; i++) {
        const struct outcome_part *part = &m->outcome_is.parts[i];
        double more = part->share - share_of(&m->outcome_was, part->label);
        if (more > NOTHING && flows->count < OUTCOME_PARTS_MAX)
            flows->list[flows->count++] =
                (struct flow){.from = from, .to = part->label, .share = lost * more / gained};
    }
}

static void find_flows(struct mover *m, struct flows *flows)
{
    flows->count = 0;
    flows->moved = 0;
    for (size_t i = 0; i < m->outcome_is.count; i++) {
        const struct outcome_part *part = &m->outcome_is.parts[i];
        double more = part->share - share_of(&m->outcome_was, part->label);
        flows->moved += more > NOTHING ? more : 0;
    }
    for (size_t i = 0; flows->moved > 0 && i < m->outcome_was.count; i++) {
        const struct outcome_part *part = &m->outcome_was.parts[i];
        double less = part->share - share_of(&m->outcome_is, part->label);
        if (less > NOTHING)
            add_flows(m, part->label, less, flows->moved, flows);
    }
}

/* ---- what stands behind the first choice ---- */

static struct policy_order order_of(const struct snapshot *snapshot, uint16_t service,
                                    const struct ip_addr *client)
{
    const struct policy_service *policy = &snapshot->policies.services[service];
    uint8_t len;
    return policy_class_get(policy,
                            policy->trie ? geo_trie_find(policy->trie, client, &len) : 0);
}

/* same_order - the same regions in the same groups, by name; what residency forbids is missing. */
static bool same_order(const struct mover *m, const struct ip_addr *client)
{
    const struct policy_region *was = m->differ->before->policies.services[m->before].regions;
    const struct policy_region *is = m->differ->after->policies.services[m->after].regions;
    struct policy_order a = order_of(m->differ->before, m->before, client);
    struct policy_order b = order_of(m->differ->after, m->after, client);
    bool same = a.region_count == b.region_count;
    for (uint8_t i = 0; same && i < a.region_count; i++)
        same = a.group_end[i] == b.group_end[i] &&
               strcmp(was[a.regions[i]].name, is[b.regions[i]].name) == 0;
    return same;
}

/* ---- rows ---- */

static void add_weight(struct diff_weight *sum, const struct diff_weight *weight, double share)
{
    sum->networks += weight->networks;
    sum->v4 += weight->v4 * share;
    sum->v6 += weight->v6 * share;
    sum->traffic += weight->traffic * share;
}

/* add_clients - clients of one country, that are so many, flow like this. */
static void add_clients(struct mover *m, const struct flows *flows, uint32_t country,
                        const struct diff_weight *weight)
{
    enum err err = ERR_OK;
    if (flows->count == 0 && flows->reordered)
        add_weight(&m->out->reordered, weight, 1);
    if (flows->count > 0)
        add_weight(&m->out->moved, weight, flows->moved);
    for (size_t i = 0; i < flows->count && err == ERR_OK; i++) {
        const struct flow *flow = &flows->list[i];
        const struct row_key key = {.country = country, .from = flow->from, .to = flow->to};
        uint32_t at;
        err = intern_put(&m->keys, &key, &at);
        if (err == ERR_OK && at == m->rows.count)
            err = big_array_add(&m->rows, &(struct diff_weight){0});
        if (err == ERR_OK)
            add_weight((struct diff_weight *)m->rows.items + at, weight, flow->share);
    }
    if (err != ERR_OK)
        m->differ->err = err;
}

/* ---- by address space, and by weights of countries ---- */

static struct diff_weight weigh_cell(const struct mover *m, const struct class_cell *cell,
                                     double all_weights)
{
    const struct traffic *traffic = m->differ->traffic;
    bool counts = !m->space->known || cell->country != POLICY_COUNTRY_UNKNOWN;
    struct diff_weight weight = {
        .networks = cell->networks,
        .v4 = counts && m->space->v4 > 0 ? cell->v4 / m->space->v4 : 0,
        .v6 = counts && m->space->v6 > 0 ? cell->v6 / m->space->v6 : 0,
    };
    if (all_weights > 0)
        weight.traffic =
            traffic->weights[cell->country] / all_weights * country_space_part(m->space, cell);
    return weight;
}

/* Cells by set: first_of[set] and next_of[cell] are numbers of cells + 1; 0: no more. */
struct chains {
    uint32_t *first_of, *next_of;
};

static bool chain_cells(const struct class_cells *cells, struct chains *out)
{
    out->first_of = calloc(cells->sets.items.count + 1, sizeof(*out->first_of));
    out->next_of = calloc(cells->cells.count + 1, sizeof(*out->next_of));
    if (!out->first_of || !out->next_of)
        return false;
    for (size_t i = cells->cells.count; i > 0; i--) {
        uint32_t *first = &out->first_of[class_cells_get(cells, i - 1)->set];
        out->next_of[i - 1] = *first;
        *first = (uint32_t)i;
    }
    return true;
}

/* move_set - the clients of one set flow alike, whatever their country. */
static void move_set(struct mover *m, const struct class_cells *cells,
                     const struct chains *chains, size_t set, double all_weights)
{
    struct flows flows;
    const struct ip_addr *client = class_cells_client(cells, set);
    const struct outcome_question question = {
        .client = {.network = {.addr = *client, .len = (uint8_t)ip_bits(client->family)}},
        .pinned = POLICY_NO_REGION,
    };
    outcome_of(&m->was, &question, &m->outcome_was);
    outcome_of(&m->is, &question, &m->outcome_is);
    find_flows(m, &flows);
    flows.reordered = flows.count == 0 && !same_order(m, client);
    if (flows.count == 0 && !flows.reordered)
        return; /* as most do */
    for (uint32_t i = chains->first_of[set]; i > 0; i = chains->next_of[i - 1]) {
        const struct class_cell *cell = class_cells_get(cells, i - 1);
        struct diff_weight weight = weigh_cell(m, cell, all_weights);
        add_clients(m, &flows, cell->country, &weight);
    }
}

static void move_cells(struct mover *m, double all_weights)
{
    const struct class_side sides[] = {{m->differ->before, m->before},
                                       {m->differ->after, m->after}};
    struct class_cells cells;
    struct chains chains = {0};
    enum err err = class_cells_build(sides, 2, m->differ->after, &cells);
    if (err != ERR_OK) {
        m->differ->err = err;
        return;
    }
    if (!chain_cells(&cells, &chains))
        m->differ->err = ERR_NO_MEMORY;
    for (size_t set = 0; set < cells.sets.items.count && m->differ->err == ERR_OK; set++)
        move_set(m, &cells, &chains, set, all_weights);
    free(chains.first_of);
    free(chains.next_of);
    class_cells_free(&cells);
}

/* ---- by queries ---- */

/* pin_before - the same region by its name; false: it was not there. */
static bool pin_before(const struct mover *m, struct outcome_question *question)
{
    const struct policy_service *was = &m->differ->before->policies.services[m->before];
    const struct policy_service *is = &m->differ->after->policies.services[m->after];
    if (question->pinned == POLICY_NO_REGION)
        return true;
    for (uint8_t r = 0; r < was->region_count; r++) {
        if (strcmp(was->regions[r].name, is->regions[question->pinned].name) == 0) {
            question->pinned = r;
            return true;
        }
    }
    return false;
}

static void move_client(struct mover *m, const struct traffic_client *client, double share)
{
    struct flows flows;
    struct outcome_question question = {
        .client = {.network = client->network, .is_ecs = client->is_ecs != 0},
        .family = client->family,
        .pinned = client->pinned,
        .sticky = client->sticky != 0,
    };
    const struct diff_weight weight = {.traffic = share};
    outcome_of(&m->is, &question, &m->outcome_is);
    if (!pin_before(m, &question))
        return; /* a new name: nobody asked for it */
    outcome_of(&m->was, &question, &m->outcome_was);
    find_flows(m, &flows);
    flows.reordered = false;
    add_clients(m, &flows, policy_country(&m->differ->after->policies, &question.client),
                &weight);
}

static void move_queries(struct mover *m)
{
    const struct traffic *traffic = m->differ->traffic;
    const uint64_t *counts = traffic->counts.items;
    for (size_t i = 0; i < traffic->counts.count; i++) {
        const struct traffic_client *client = intern_get(&traffic->clients, i);
        if (client->service == m->after || client->service == CONFIG_NONE)
            m->out->queries += counts[i];
    }
    for (size_t i = 0; i < traffic->counts.count && m->differ->err == ERR_OK; i++) {
        const struct traffic_client *client = intern_get(&traffic->clients, i);
        if (client->service == m->after || client->service == CONFIG_NONE)
            move_client(m, client, (double)counts[i] / (double)m->out->queries);
    }
}

/* ---- the table ---- */

static double size_of(const struct diff_weight *weight)
{
    return weight->traffic > 0 ? 10 + weight->traffic : weight->v4 + weight->v6;
}

static int by_size(const void *left, const void *right)
{
    const struct diff_move *a = left, *b = right;
    double x = size_of(&a->weight), y = size_of(&b->weight);
    if (x != y)
        return x < y ? 1 : -1;
    int order = strcmp(a->country, b->country);
    if (order == 0)
        order = strcmp(a->from, b->from);
    return order != 0 ? order : strcmp(a->to, b->to);
}

static void keep_rows(struct mover *m)
{
    struct diff_service *out = m->out;
    out->move_count = m->rows.count;
    out->moves =
        arena_alloc_array(m->differ->diff->arena, out->move_count, sizeof(*out->moves));
    if (!out->moves) {
        m->differ->err = ERR_NO_MEMORY;
        return;
    }
    for (size_t i = 0; i < out->move_count; i++) {
        const struct row_key *key = intern_get(&m->keys, i);
        struct diff_move *move = &out->moves[i];
        const char *country = policy_country_name((uint16_t)key->country, move->country);
        if (country != move->country)
            (void)snprintf(move->country, sizeof(move->country), "%s", country);
        move->from = m->labels.names[key->from];
        move->to = m->labels.names[key->to];
        move->weight = ((const struct diff_weight *)m->rows.items)[i];
    }
    qsort(out->moves, out->move_count, sizeof(*out->moves), by_size);
}

/* ---- services ---- */

static enum err open_views(struct mover *m)
{
    struct differ *differ = m->differ;
    enum err err = label_set_init(&m->labels, differ->diff->arena);
    if (err == ERR_OK)
        err =
            outcome_view_init(&m->was, differ->before, &differ->was_up, m->before, &m->labels);
    if (err == ERR_OK)
        err = outcome_view_init(&m->is, differ->after, &differ->is_up, m->after, &m->labels);
    return err;
}

static void move_service(struct differ *differ, const struct country_space *space,
                         double all_weights, uint16_t before, uint16_t after)
{
    enum { ROWS_MAX = 1 << 24 };

    struct mover *m = calloc(1, sizeof(*m));
    if (!m) {
        differ->err = ERR_NO_MEMORY;
        return;
    }
    m->differ = differ;
    m->space = space;
    m->before = before;
    m->after = after;
    m->out = &differ->diff->services[differ->diff->service_count++];
    m->out->name = differ->after->policies.services[after].name;
    intern_init(&m->keys, sizeof(struct row_key), ROWS_MAX);
    big_array_init(&m->rows, sizeof(struct diff_weight), ROWS_MAX);
    enum err err = open_views(m);
    if (err != ERR_OK)
        differ->err = err;
    if (differ->err == ERR_OK)
        move_cells(m, all_weights);
    if (differ->err == ERR_OK && differ->traffic && differ->traffic->kind == TRAFFIC_QUERIES)
        move_queries(m);
    if (differ->err == ERR_OK)
        keep_rows(m);
    intern_deinit(&m->keys);
    big_array_deinit(&m->rows);
    free(m);
}

static void move_all(struct differ *differ, const struct country_space *space)
{
    const struct config *before = differ->before->config, *after = differ->after->config;
    struct census_service was[CONFIG_SERVICES_MAX], is[CONFIG_SERVICES_MAX];
    double all_weights = 0;
    if (differ->traffic && differ->traffic->kind == TRAFFIC_COUNTRIES)
        all_weights = country_space_placed(space, differ->traffic, &differ->diff->unplaced);
    census_services(differ->before, NULL, was);
    census_services(differ->after, NULL, is);
    for (size_t s = 0; s < after->service_count && differ->err == ERR_OK; s++) {
        const struct config_service *same =
            census_service_named(before, after->services[s].name);
        if (same && (census_is_asked(after, is, s) ||
                     census_is_asked(before, was, (size_t)(same - before->services))))
            move_service(differ, space, all_weights, (uint16_t)(same - before->services),
                         (uint16_t)s);
    }
}

void diff_moves(struct differ *differ)
{
    struct diff *diff = differ->diff;
    struct country_space *space = calloc(1, sizeof(*space));
    diff->services = arena_alloc_array(diff->arena, differ->after->config->service_count,
                                       sizeof(*diff->services));
    enum err err =
        space && diff->services ? country_space_measure(differ->after, space) : ERR_NO_MEMORY;
    if (err == ERR_OK) {
        diff->has_space = space->known;
        move_all(differ, space);
    } else {
        differ->err = err;
    }
    free(space);
}
