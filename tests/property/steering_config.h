/* steering_config.h - random configurations and clients for test_steering.c.
 *
 * Networks come from a few bases, so that geo.networks, `serves:` and `residency:` nest in each
 * other and clients fall into them. A configuration is always valid: what config_load() would
 * refuse is not made.
 */
#pragma once

#include "rhumb/ip.h"
#include "rhumb/policy.h"
#include "rhumb/rng.h"
#include "rhumb/text.h"

enum { STEERING_BASES = 6, STEERING_POINTS_MAX = 256 };

struct steering_config {
    struct rng rng;
    struct ip_addr bases[2][STEERING_BASES];    /* IPv4, IPv6 */
    struct ip_addr points[STEERING_POINTS_MAX]; /* first and last address of every network */
    size_t point_count;
    struct text yaml;
};

void steering_config_init(struct steering_config *config, uint64_t seed);
void steering_config_deinit(struct steering_config *config);

/* steering_random_client - IPv4 or IPv6, also in a transition form; a source address, or an ECS
 * network of any length. */
struct policy_client steering_random_client(struct steering_config *config);

/* steering_random_inside - an address that begins with the first len bits of addr: any, one
 * that differs right behind them, or a point. */
struct ip_addr steering_random_inside(struct steering_config *config,
                                      const struct ip_addr *addr, unsigned len);
