/* analysis_simulate.h - which region gets how much of each service's queries, in two states of
 * health, and whether it can carry that.
 *
 *     snapshot, traffic, health before and after -> analysis_simulate() -> struct simulation
 *                              -> simulation_put_text(), _put_json(), _put_svg()
 *
 * Asked is the policy itself. By countries each service gets its clients as the weights say, spread
 * inside a country by IPv4 space (by IPv6 space where it has no other); A and AAAA count half each
 * where the service has both. By queries each client gets what it asked for.
 *
 * A *load* is what a region carries: in queries a second when the rate is given, else as a share
 * of all queries. `capacity:` of a region counts what all services send there, `capacity:` of a
 * service's region what comes to that, from whatever service it stands in.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "rhumb/analysis_traffic.h"
#include "rhumb/diag.h"
#include "rhumb/err.h"
#include "rhumb/health_table.h"
#include "rhumb/snapshot.h"
#include "rhumb/text.h"

struct simulation_input {
    const struct snapshot *snapshot;
    const struct traffic *traffic;
    const struct health_table *before, *after;
    double qps;           /* of all services together; 0: not said */
    const double *qps_of; /* by service, 0: none of it; NULL: not said. Not both */
    const bool *wanted;   /* by service; NULL: all that clients ask for */
};

/* Where queries of one service go. */
struct simulation_part {
    const char *label;    /* "eu-west", "inner/eu-west", "(none)": an empty answer */
    double before, after; /* shares of the service */
};

struct simulation_service {
    const char *name;
    double share;                           /* of all queries */
    double qps;                             /* 0: not said */
    double all_down_before, all_down_after; /* shares that `when_all_down` decides */
    struct simulation_part *parts;          /* as the configuration lists them */
    size_t part_count;
};

/* Something with a capacity. */
struct simulation_place {
    const char *name; /* "eu-west": the region, for all services; "app/eu-west": of one */
    double capacity;
    double before, after; /* loads */
};

struct simulation {
    struct arena *arena;
    enum traffic_kind traffic_kind;
    bool has_qps;
    double unplaced; /* share of the weights of countries that no network belongs to */
    uint64_t queries, steered, elsewhere, unreadable; /* as in struct traffic */
    struct simulation_service *services;
    size_t service_count;
    struct simulation_place *places;
    size_t place_count;
    bool overloaded; /* with a rate: some place has more than its capacity after */
};

/* analysis_simulate - ERR_OK (*out is the caller's); ERR_INVALID (diags: no service is asked, no
 * country is known); ERR_NO_MEMORY; ERR_LIMIT. */
WARN_UNUSED enum err analysis_simulate(const struct simulation_input *input,
                                       struct diag_list *diags, struct simulation **out);
void simulation_free(struct simulation *simulation);

/* simulation_full_at - the rate of all queries at which a place is full; 0: it never is. */
double simulation_full_at(double capacity, double load_share);

void simulation_put_text(const struct simulation *simulation, struct text *out);
void simulation_put_json(const struct simulation *simulation, struct text *out);

/* simulation_put_svg - bars before and after for each region, an axis, capacities as marks. */
void simulation_put_svg(const struct simulation *simulation, struct text *out);
