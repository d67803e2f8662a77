/* policy_world.h - a configuration compiled into policies, with its geography and health, for
 * tests.
 *
 * Geography comes from geo.networks alone. Each address that has a check is a target; all are
 * up until world_set() says otherwise. The checks of a world are never probed.
 */
#pragma once

#include "rhumb/config.h"
#include "rhumb/geo_map.h"
#include "rhumb/health_table.h"
#include "rhumb/policy.h"

enum { WORLD_TARGETS_MAX = 512 };

enum world_health { WORLD_UP, WORLD_SUSPECT, WORLD_DOWN };

struct world {
    struct arena *arena;
    const struct config *config;
    struct ip_prefix *marks;
    size_t mark_count;
    struct geo_map *map;
    struct policy_set set;
    struct health_table health;
    struct ip_addr targets[WORLD_TARGETS_MAX];
    size_t target_count;
    struct rng rng;
    struct policy_answer answer; /* of world_ask() */
};

/* world_init - from the text of a config file; fails the test when it has errors. */
void world_init(struct world *world, const char *yaml);
void world_deinit(struct world *world);

uint16_t world_service(const struct world *world, const char *name);
uint8_t world_region(const struct world *world, const char *service, const char *region);

/* world_set - the health of every target with this address. */
void world_set(struct world *world, const char *addr, enum world_health health);
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
