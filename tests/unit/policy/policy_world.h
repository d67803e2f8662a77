/* policy_world.h - a configuration compiled into policies, with its geography and health, for
 * tests.
 *
 * Geography comes from geo.networks alone. Every seat is up until the test says otherwise; those
 * of services without a check stay it, whatever world_set() is told. Nothing is ever probed.
 */
#pragma once

#include "rhumb/config.h"
#include "rhumb/geo_map.h"
#include "rhumb/health_table.h"
#include "rhumb/policy.h"

enum { WORLD_SEATS_MAX = 1024 };

enum world_health { WORLD_UP, WORLD_SUSPECT, WORLD_DOWN, WORLD_RESERVE };

/* One endpoint's place in one service; numbered as the health table is. */
struct world_seat {
    const struct ip_addr *addr; /* NULL: a name or a nested service */
    const char *name;           /* NULL: an address or a nested service */
    uint16_t service;
    uint8_t region;
    bool checked;
};

struct world {
    struct arena *arena;
    const struct config *config;
    struct ip_prefix *marks;
    size_t mark_count;
    struct geo_map *map;
    struct policy_set set;
    struct health_table health;
    struct world_seat seats[WORLD_SEATS_MAX];
    size_t seat_count;
    struct rng rng;
    struct policy_answer answer; /* of world_ask() */
};

/* world_init - from the text of a config file; fails the test when it has errors. */
void world_init(struct world *world, const char *yaml);
void world_deinit(struct world *world);

uint16_t world_service(const struct world *world, const char *name);
uint8_t world_region(const struct world *world, const char *service, const char *region);

/* world_first_seat - of a region; its other addresses or names follow. */
size_t world_first_seat(const struct world *world, uint16_t service, uint8_t region);

/* world_word - what the health table says of a seat in this state, at this scale. */
health_word world_word(enum world_health health, unsigned scale);

/* world_set - the health of every checked seat with this address or name. */
void world_set(struct world *world, const char *endpoint, enum world_health health);
void world_set_scaled(struct world *world, const char *endpoint, enum world_health health,
                      unsigned scale);

/* world_set_region - the same for the seats of one region of one service. */
void world_set_region(struct world *world, const char *service, const char *region,
                      enum world_health health, unsigned scale);
void world_set_rtt(struct world *world, const char *addr, uint32_t rtt_us);
void world_set_unsettled(struct world *world, const char *service, bool unsettled);

/* world_client - "192.0.2.1": a source address; "192.0.2.0/24": an ECS network. */
struct policy_client world_client(const char *text);

struct policy_request world_request(const struct world *world, const char *service,
                                    enum ip_family family, const char *client);

/* world_ask - policy_select() into world->answer, which is also returned. sticky as the service
 * says. */
const struct policy_answer *world_ask(struct world *world, const char *service,
                                      enum ip_family family, const char *client);

/* world_addresses - the addresses of an answer, sorted, with spaces between. Returns buffer. */
const char *world_addresses(const struct policy_answer *answer, char *buffer, size_t size);
