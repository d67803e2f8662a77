/* Random clients: by their address what the table says of each service, and what policy_select()
 * answers in some state of health. They come in address order, so that the databases and the
 * tables are read from the cache. */
#include <stdlib.h>

#include "rhumb/health_table.h"
#include "rhumb/rng.h"

#include "audit_walker.h"

enum { ARENA_BYTES = 1 << 30, MASS_CHANGE = 4096, NESTING_MAX = CONFIG_NESTING_MAX };

struct sampler {
    struct audit_walker *walker;
    struct rng rng;
    struct arena *arena;
    struct health_table health;
    size_t next_service; /* whose answer is looked at */
    bool failed;         /* out of memory */
};

/* What the sources say of a client. */
struct subject {
    enum ip_family family; /* of the address that counts */
    naive_number number;
    uint32_t place;
};

static naive_number random_number(struct rng *rng)
{
    naive_number high = rng_next(rng);
    return high << 64 | rng_next(rng);
}

static naive_number random_between(struct rng *rng, naive_number first, naive_number last)
{
    naive_number most = last - first, bits = most, offset;
    for (unsigned i = 1; i < 128; i *= 2)
        bits |= bits >> i;
    do /* half of the numbers with as many bits fit, at least */
        offset = random_number(rng) & bits;
    while (offset > most);
    return first + offset;
}

/* ---- the sources ---- */

static struct subject subject_of(struct sampler *sampler, const struct ip_addr *client)
{
    struct audit_walker *walker = sampler->walker;
    naive_number ignored;
    struct subject subject = {.family = (enum ip_family)client->family,
                              .number = naive_number_of(client)};
    if (subject.family == IP_V6 && naive_inner(subject.number, &subject.number))
        subject.family = IP_V4;
    const struct naive_network *network =
        naive_networks_find(&walker->geo.networks, subject.family, subject.number);
    subject.place =
        naive_geo_find(&walker->geo, subject.family, subject.number, network, &ignored);
    if (subject.place == NAIVE_NO_ID) {
        sampler->failed = true;
        subject.place = 0; /* the first one that was met */
    }
    return subject;
}

static uint16_t rule_of(const struct audit_walker *walker, struct audit_view *view,
                        const struct subject *subject)
{
    const struct naive_network *network =
        naive_networks_find(&view->rules.networks, subject->family, subject->number);
    return naive_rules_find(&view->rules, &walker->geo, subject->place, network);
}

static uint64_t allowed_of(const struct audit_walker *walker, struct audit_view *view,
                           const struct subject *subject)
{
    return naive_rules_allowed(&view->rules, rule_of(walker, view, subject));
}

/* has_address - is it one of those that the rules leave to the client, here or in a nested
 * service? */
static bool has_address(struct audit_walker *walker, uint16_t index,
                        const struct subject *subject, const struct ip_addr *addr,
                        unsigned depth)
{
    struct audit_view *view = &walker->views[index];
    const struct config_service *service = view->rules.service;
    uint64_t allowed = depth < NESTING_MAX ? allowed_of(walker, view, subject) : 0;
    for (; allowed != 0; allowed &= allowed - 1) {
        const struct config_service_region *region =
            &service->regions[__builtin_ctzll(allowed)];
        for (size_t i = 0; i < region->address_count; i++)
            if (ip_equal(&region->addresses[i], addr))
                return true;
        if (region->service != CONFIG_NONE &&
            has_address(walker, region->service, subject, addr, depth + 1))
            return true;
    }
    return false;
}

/* ---- health ---- */

static void randomise_seat(struct sampler *sampler, size_t seat, unsigned down_percent)
{
    static const enum health_state states[] = {HEALTH_UP, HEALTH_SUSPECT, HEALTH_RECOVERING};

    bool up = rng_below(&sampler->rng, 100) >= down_percent;
    enum health_state state = up ? states[rng_below(&sampler->rng, 3)] : HEALTH_DOWN;
    uint32_t scale = rng_below(&sampler->rng, 4) == 0 ? 1 + rng_below(&sampler->rng, 100)
                                                      : HEALTH_SCALE_FULL;
    health_table_set(
        &sampler->health, seat,
        (up ? HEALTH_WORD_USABLE : 0) | (state == HEALTH_SUSPECT ? HEALTH_WORD_SUSPECT : 0) |
            (uint32_t)state << HEALTH_WORD_STATE_SHIFT | scale << HEALTH_WORD_SCALE_SHIFT);
    health_table_set_rtt_us(&sampler->health, seat, rng_below(&sampler->rng, 200000));
}

/* change_health - a seat each time; now and then all of them, from all well to all down. */
static void change_health(struct sampler *sampler, uint32_t sample)
{
    static const unsigned down_percents[] = {0, 20, 50, 90, 100};
    size_t seats = sampler->health.seat_count;
    if (seats == 0)
        return;
    if (sample % MASS_CHANGE == 0) {
        unsigned down = down_percents[rng_below(&sampler->rng, 5)];
        for (size_t i = 0; i < seats; i++)
            randomise_seat(sampler, i, down);
        health_table_set_switches(&sampler->health,
                                  rng_below(&sampler->rng, 4) == 0 ? HEALTH_IGNORE_GEO : 0);
    }
    randomise_seat(sampler, rng_below(&sampler->rng, (uint32_t)seats), 50);
}

/* ---- answers ---- */

/* check_scope - everybody inside the ECS scope is under the same rules. */
static void check_scope(struct sampler *sampler, const struct policy_request *request,
                        const struct policy_answer *answer, const struct subject *subject)
{
    struct audit_walker *walker = sampler->walker;
    const struct ip_addr *client = &request->client.network.addr;
    enum ip_family family = (enum ip_family)client->family;
    naive_number number = naive_number_of(client);
    char text[IP_TEXT_MAX];
    struct ip_addr other = naive_addr_of(
        family, random_between(&sampler->rng, naive_first_in(family, number, answer->scope),
                               naive_last_in(family, number, answer->scope)));
    struct subject neighbour = subject_of(sampler, &other);
    const uint16_t services[] = {request->service, answer->service};
    for (int i = 0; i < 2; i++) {
        struct audit_view *view = &walker->views[services[i]];
        if (allowed_of(walker, view, subject) == allowed_of(walker, view, &neighbour))
            continue;
        audit_tell(walker, view, rule_of(walker, view, subject),
                   "the ECS scope /%u of clients in %s holds others, such as in %s",
                   answer->scope, ip_prefix_format(&request->client.network, text),
                   ip_format(&other, (char[IP_TEXT_MAX]){0}));
        return;
    }
}

static void check_answer(struct sampler *sampler, const struct policy_request *request,
                         const struct subject *subject)
{
    struct audit_walker *walker = sampler->walker;
    struct policy_answer answer;
    char client[IP_TEXT_MAX], text[IP_TEXT_MAX];
    policy_select(request, &sampler->rng, &answer);
    struct audit_view *asked = &walker->views[request->service];
    struct audit_view *view = &walker->views[answer.service];
    if (answer.region != POLICY_NO_REGION &&
        (allowed_of(walker, view, subject) >> answer.region & 1) == 0)
        audit_tell(walker, view, rule_of(walker, view, subject),
                   "a client in %s was sent to '%.80s' of '%.80s', which this rule forbids",
                   ip_prefix_format(&request->client.network, client),
                   view->service->regions[answer.region].name, view->service->name);
    for (uint16_t i = 0; i < answer.count; i++)
        if (!has_address(walker, request->service, subject, answer.addresses[i], 0))
            audit_tell(walker, asked, rule_of(walker, asked, subject),
                       "a client in %s was given %s by '%.80s', which this rule forbids",
                       ip_prefix_format(&request->client.network, client),
                       ip_format(answer.addresses[i], text), asked->service->name);
    if (request->client.is_ecs)
        check_scope(sampler, request, &answer, subject);
    walker->found.answers++;
}

/* ---- clients ---- */

/* client_of - a source address, an ECS network of the whole length, or a shorter one: bits that
 * are not told are zero. Addresses in transition forms are told whole. */
static struct policy_client client_of(struct sampler *sampler, enum ip_family family,
                                      naive_number number)
{
    unsigned len = ip_bits(family), way = rng_below(&sampler->rng, 4);
    naive_number ignored;
    if (way == 0 && (family == IP_V4 || !naive_inner(number, &ignored)))
        len = family == IP_V4 ? 24 : 56;
    struct policy_client client = {.is_ecs = way < 2};
    client.network.len = (uint8_t)len;
    client.network.addr = naive_addr_of(family, naive_first_in(family, number, len));
    return client;
}

static void check_client(struct sampler *sampler, struct policy_client client)
{
    struct audit_walker *walker = sampler->walker;
    size_t services = walker->snapshot->config->service_count;
    struct subject subject = subject_of(sampler, &client.network.addr);
    for (size_t s = 0; s < services; s++) {
        struct audit_view *view = &walker->views[s];
        audit_judge_address(walker, view, subject.family, subject.number,
                            rule_of(walker, view, &subject));
    }
    walker->found.samples++;
    if (services == 0)
        return;
    uint16_t asked = (uint16_t)(sampler->next_service++ % services);
    const struct config_service *service = &walker->snapshot->config->services[asked];
    struct policy_request request = {
        .set = &walker->snapshot->policies,
        .health = &sampler->health,
        .service = asked,
        .pinned = POLICY_NO_REGION,
        .sticky = service->sticky,
        .family = rng_below(&sampler->rng, 2) == 0 ? IP_V4 : IP_V6,
        .client = client,
    };
    if (rng_below(&sampler->rng, 8) == 0)
        request.pinned = (uint8_t)rng_below(&sampler->rng, (uint32_t)service->region_count);
    check_answer(sampler, &request, &subject);
}

/* sample_number - number i of count. Of IPv4 one in each of count equal parts, and of four one in a
 * transition form; IPv6 is almost empty, so there it is one in each of count parts of the list
 * of stretches. */
static naive_number sample_number(struct sampler *sampler, uint32_t i, uint32_t count,
                                  enum ip_family *out_family)
{
    const struct audit_walker *walker = sampler->walker;
    *out_family = walker->family;
    if (walker->family == IP_V4) {
        naive_number space = (naive_number)UINT32_MAX + 1;
        naive_number number =
            random_between(&sampler->rng, space * i / count, space * (i + 1) / count - 1);
        if (i % 4 != 0)
            return number;
        *out_family = IP_V6;
        return naive_outer(rng_below(&sampler->rng, NAIVE_FORMS), number,
                           random_number(&sampler->rng));
    }
    size_t first = (size_t)((naive_number)walker->stretch_count * i / count);
    size_t behind = (size_t)((naive_number)walker->stretch_count * (i + 1) / count);
    size_t chosen = first + (behind > first ? rng_next(&sampler->rng) % (behind - first) : 0);
    naive_number last = chosen + 1 < walker->stretch_count ? walker->stretches[chosen + 1] - 1
                                                           : naive_last_of(IP_V6);
    return random_between(&sampler->rng, walker->stretches[chosen], last);
}

enum err audit_sample(struct audit_walker *walker, uint64_t seed, uint32_t samples)
{
    struct sampler sampler = {.walker = walker, .arena = arena_new(ARENA_BYTES)};
    if (!sampler.arena)
        return ERR_NO_MEMORY;
    rng_init(&sampler.rng, seed);
    enum err err = health_table_init(&sampler.health, walker->snapshot->seat_count,
                                     walker->snapshot->config->service_count, sampler.arena);
    for (uint32_t i = 0; i < samples && err == ERR_OK; i++) {
        enum ip_family family;
        naive_number number = sample_number(&sampler, i, samples, &family);
        change_health(&sampler, i);
        check_client(&sampler, client_of(&sampler, family, number));
    }
    arena_free(sampler.arena);
    return sampler.failed ? ERR_NO_MEMORY : err;
}
