/* What steering promises, whatever the configuration, the health and the client:
 *
 *   residency   no answer leaves the regions that a client may get
 *   presence    no answer is empty unless `empty` was chosen, or nothing of the family exists
 *   scope       every client inside the ECS scope gets the same answer, whatever it sends, and
 *               none of them falls under another residency rule
 *   health      what is answered was up, unless nothing was: then the answer says so
 *   ttl         is the one that the rules of steering.md section 3 give
 *   audit       what was compiled passes its audit, and a region slipped into one leaf does not
 *
 * Each case makes a configuration from its seed, compiles it, and asks it in random states of
 * health. RHUMB_SEED is the seed of the first case, RHUMB_CASES their number; a failure prints
 * what to set to see it alone.
 */
#include <errno.h>
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "rhumb/policy_audit.h"

#include "policy_world.h"
#include "slip.h"
#include "steering_config.h"
#include "steering_model.h"

enum { CASES = 800, HEALTHS = 3, CLIENTS = 12, NEIGHBOURS = 6 };

struct trial {
    uint64_t seed;
    struct steering_config config;
    struct world world;
    struct rng rng; /* what happens to the configuration: not what it is made from */
    struct policy_request request;
    struct model model;
    uint64_t regions; /* those of the service that may answer: residency and pin */
    bool sheds;       /* scales below 100 turn queries away */
    struct policy_answer answer;
};

/* What was seen over all cases: a test that never meets a branch proves nothing about it. */
struct tally {
    unsigned asked, all_down, reserve, empty, alias, suspect, unsettled, refused, two, nested,
        neighbours, other_rule, long_scope, sheds, no_geo, audited, undone, slipped;
};

static struct tally tally;

/* ---- telling ----------------------------------------------------------------------------- */

static void print_health(const struct trial *t)
{
    for (size_t i = 0; i < t->world.seat_count; i++) {
        char text[IP_TEXT_MAX];
        const struct world_seat *seat = &t->world.seats[i];
        health_word word = health_table_get(&t->world.health, i);
        fprintf(stderr, "#   s%u region %u %s %s%s %u %%\n", seat->service, seat->region,
                seat->addr   ? ip_format(seat->addr, text)
                : seat->name ? seat->name
                             : "nested",
                health_state_name(health_word_state(word)),
                (word & HEALTH_WORD_USABLE) != 0 ? "" : " out", health_word_scale(word));
    }
    fprintf(stderr, "# switches %u\n", health_table_switches(&t->world.health));
}

static void print_trial(const struct trial *t, const char *promise)
{
    char client[IP_TEXT_MAX], text[IP_TEXT_MAX];
    const struct policy_request *request = &t->request;
    const struct policy_answer *answer = &t->answer;
    fprintf(stderr, "# broken: %s\n# again: RHUMB_SEED=%" PRIu64 " RHUMB_CASES=1\n%s\n",
            promise, t->seed, text_get(&t->config.yaml));
    print_health(t);
    fprintf(stderr, "# asked: s%u pinned %u sticky %d IPv%d client %s%s\n", request->service,
            request->pinned, request->sticky, request->family,
            ip_prefix_format(&request->client.network, client),
            request->client.is_ecs ? " (ECS)" : "");
    fprintf(stderr,
            "# answer: outcome %d service %u region %u group %u flags %u ttl %u scope %u\n",
            answer->outcome, answer->service, answer->region, answer->group, answer->flags,
            answer->ttl_s, answer->scope);
    for (uint16_t i = 0; i < answer->count; i++)
        fprintf(stderr, "#   %s\n", ip_format(answer->addresses[i], text));
}

static void promise_that(const struct trial *t, bool kept, const char *promise)
{
    if (kept)
        return;
    print_trial(t, promise);
    fail_msg("%s (RHUMB_SEED=%" PRIu64 " RHUMB_CASES=1)", promise, t->seed);
}

/* ---- the promises ------------------------------------------------------------------------ */

static void check_residency(const struct trial *t)
{
    const struct policy_answer *answer = &t->answer;
    uint16_t service = t->request.service;
    if (answer->outcome == POLICY_EMPTY)
        return;
    promise_that(t,
                 model_reaches(&t->model, service, t->regions, answer->service, answer->region),
                 "the region answered is allowed");
    for (uint16_t i = 0; i < answer->count; i++)
        promise_that(t, model_find(&t->model, service, t->regions, answer->addresses[i], false),
                     "every address belongs to an allowed region");
}

static void check_shape(const struct trial *t)
{
    const struct policy_answer *answer = &t->answer;
    const struct config_service *service = &t->world.config->services[answer->service];
    promise_that(t, (answer->count > 0) == (answer->outcome == POLICY_ADDRESSES),
                 "addresses come with that outcome only");
    promise_that(t, (answer->region == POLICY_NO_REGION) == (answer->outcome == POLICY_EMPTY),
                 "an answer has a region");
    if (answer->outcome == POLICY_ALIAS)
        promise_that(t, service->regions[answer->region].name_count > 0,
                     "an alias comes from a region of names");
    for (uint16_t i = 0; i < answer->count; i++) {
        promise_that(t, answer->addresses[i]->family == t->request.family,
                     "addresses are of the family asked for");
        for (uint16_t j = 0; j < i; j++)
            promise_that(t, !ip_equal(answer->addresses[i], answer->addresses[j]),
                         "no address stands twice");
    }
}

static void check_presence(const struct trial *t)
{
    uint16_t service = t->request.service;
    bool exists = model_exists(&t->model, service, t->regions);
    if (!exists)
        promise_that(t, t->answer.outcome == POLICY_EMPTY, "nothing comes from nothing");
    if (t->answer.outcome == POLICY_EMPTY)
        promise_that(t, !exists || model_may_be_empty(&t->model, service, t->regions),
                     "an answer is empty only where that was chosen");
}

/* check_health - what is in reserve is taken where nothing else is usable, level by level, and
 * before anything that is down. */
static void check_health(const struct trial *t)
{
    const struct policy_answer *answer = &t->answer;
    struct model model = t->model;
    uint16_t service = t->request.service;
    bool all_down = (answer->flags & POLICY_ALL_DOWN) != 0;
    bool reserve = (answer->flags & POLICY_RESERVE) != 0;
    bool exists = model_exists(&model, service, t->regions);
    bool usable = model_is_usable(&model, service, t->regions);
    model.takes_reserve = true;
    bool with_reserve = model_is_usable(&model, service, t->regions);
    promise_that(t, all_down == (exists && !with_reserve), "all down is said when it is so");
    if (!model_nests(&model, service, t->regions))
        promise_that(t, reserve == (with_reserve && !usable),
                     "what is in reserve is used when nothing else is left");
    else if (!all_down)
        promise_that(t, reserve || !exists || usable, "and said to be so");
    model.takes_reserve = reserve;
    for (uint16_t i = 0; i < answer->count && !all_down; i++)
        promise_that(t, model_find(&model, service, t->regions, answer->addresses[i], true),
                     "every address answered is up");
}

/* has_suspect - is an endpoint of the region suspect, of the family asked for? */
static bool has_suspect(const struct trial *t, const struct config_service *service,
                        size_t region)
{
    const struct config_service_region *config = &service->regions[region];
    bool suspect = false;
    for (size_t i = 0; i < config->address_count; i++)
        if (config->addresses[i].family == t->request.family)
            suspect = suspect || (model_word(&t->model, t->request.service, region, i) &
                                  HEALTH_WORD_SUSPECT) != 0;
    return suspect;
}

/* any_suspect - also in a region that may be the runner-up. */
static bool any_suspect(const struct trial *t, const struct config_service *service)
{
    for (size_t i = 0; i < service->region_count; i++)
        if ((t->regions >> i & 1) != 0 && has_suspect(t, service, i))
            return true;
    return false;
}

static uint32_t smaller(uint32_t a, uint32_t b)
{
    return a < b ? a : b;
}

/* check_flat_ttl - exactly, where no other service had a say. */
static void check_flat_ttl(const struct trial *t, const struct config_service *service)
{
    const struct policy_answer *answer = &t->answer;
    uint32_t expected = service->ttl.stable_s;
    bool unsettled = health_table_service(&t->world.health, t->request.service) != 0;
    bool suspect = (answer->flags & POLICY_SUSPECT) != 0;
    if (unsettled)
        expected = smaller(expected, service->ttl.unsettled_s);
    if (suspect)
        expected = smaller(expected, service->ttl.suspect_s);
    promise_that(t, answer->ttl_s == expected, "the TTL is the lowest that applies");
    promise_that(t, ((answer->flags & POLICY_UNSETTLED) != 0) == unsettled,
                 "unsettled is said when it is so");
    if (answer->outcome != POLICY_ADDRESSES)
        return;
    if (has_suspect(t, service, answer->region))
        promise_that(t, suspect, "suspect is said when the region answered is");
    else if (service->answers < 2)
        promise_that(t, !suspect, "suspect is said of the region answered only");
    else
        promise_that(t, !suspect || any_suspect(t, service), "suspect is said when it is so");
}

static void check_ttl(const struct trial *t)
{
    const struct config *config = t->world.config;
    const struct config_service *own = &config->services[t->request.service];
    if (!model_nests(&t->model, t->request.service, t->regions)) {
        check_flat_ttl(t, own);
        return;
    }
    bool known = false;
    for (size_t i = 0; i < config->service_count; i++) {
        const struct config_ttl *ttl = &config->services[i].ttl;
        known = known || t->answer.ttl_s == ttl->stable_s ||
                t->answer.ttl_s == ttl->suspect_s || t->answer.ttl_s == ttl->unsettled_s;
    }
    promise_that(t, known, "the TTL is a configured one");
    promise_that(t, t->answer.ttl_s <= own->ttl.stable_s, "nesting only lowers the TTL");
}

static bool is_same(const struct policy_answer *a, const struct policy_answer *b)
{
    if (a->outcome != b->outcome || a->service != b->service || a->region != b->region ||
        a->group != b->group || a->flags != b->flags || a->ttl_s != b->ttl_s ||
        a->scope != b->scope || a->count != b->count || a->alias != b->alias)
        return false;
    return memcmp(a->addresses, b->addresses, a->count * sizeof(a->addresses[0])) == 0;
}

/* check_neighbour - a client inside the scope, with the same chance, gets the same. */
static void check_neighbour(struct trial *t, const struct rng *chance)
{
    const struct config_service *service = &t->world.config->services[t->request.service];
    const struct ip_prefix *network = &t->request.client.network;
    unsigned scope = t->answer.scope, bits = ip_bits(network->addr.family);
    struct policy_request request = t->request;
    struct ip_addr addr = steering_random_inside(&t->config, &network->addr, scope);
    unsigned len = bits, least = scope > 0 ? scope : 1;
    if (rng_below(&t->rng, 2) == 0)
        len = least + rng_below(&t->rng, bits - least + 1);
    request.client.network = (struct ip_prefix){ip_masked(&addr, len), (uint8_t)len};

    struct policy_answer answer;
    struct rng same = *chance;
    policy_select(&request, &same, &answer);
    if (!is_same(&answer, &t->answer)) {
        char text[IP_TEXT_MAX];
        fprintf(stderr, "# neighbour: %s\n", ip_prefix_format(&request.client.network, text));
        promise_that(t, false, "the ECS scope is honest");
    }
    if (t->request.pinned != POLICY_NO_REGION || service->residency_count == 0)
        return;
    request.client.network = (struct ip_prefix){addr, (uint8_t)bits};
    struct ip_addr inner = model_addr(&request.client);
    promise_that(t,
                 model_rule(t->world.config, service, &inner) ==
                     model_rule(t->world.config, service, &t->model.addr),
                 "no residency boundary lies inside the scope");
}

static void check_scope(struct trial *t, const struct rng *chance)
{
    if (!t->request.client.is_ecs)
        return;
    promise_that(t, t->answer.scope <= ip_bits(t->request.client.network.addr.family),
                 "the scope has no more bits than the family");
    for (unsigned i = 0; i < NEIGHBOURS; i++)
        check_neighbour(t, chance);
    tally.neighbours += NEIGHBOURS;
    tally.long_scope += t->answer.scope > t->request.client.network.len;
}

/* Without geography only residency and sticky clients may tell two networks apart. */
static void check_ignored_geo(const struct trial *t)
{
    const struct config_service *service = &t->world.config->services[t->request.service];
    if (health_table_switches(&t->world.health) == 0 || t->request.sticky ||
        service->residency_count > 0 || model_nests(&t->model, t->request.service, t->regions))
        return;
    promise_that(t, t->answer.scope == 0, "geography that is switched off has no scope");
}

/* A failover is the first usable region of the order, those of weight 0 behind the others. */
static void check_failover(const struct trial *t)
{
    uint16_t index = t->request.service;
    const struct config_service *service = &t->world.config->services[index];
    if (service->policy != CONFIG_POLICY_FAILOVER || (t->answer.flags & POLICY_ALL_DOWN) != 0 ||
        model_nests(&t->model, index, t->regions) || t->answer.outcome == POLICY_EMPTY ||
        (t->answer.flags & POLICY_RESERVE) != 0 || t->sheds)
        return;
    for (size_t i = 0; i < service->region_count; i++) {
        uint8_t region = service->order[i];
        if (region == t->answer.region)
            break;
        if (service->regions[region].weight > 0)
            promise_that(t,
                         !model_is_usable(&t->model, index, t->regions & UINT64_C(1) << region),
                         "a failover passes over what is down only");
    }
}

/* ---- cases ------------------------------------------------------------------------------- */

/* randomise_health - each seat by itself, also of one address in two services: the rules of a
 * service and an operator can make them differ. */
static void randomise_health(struct trial *t)
{
    static const unsigned down_percents[] = {0, 20, 50, 90, 100};

    unsigned down = down_percents[rng_below(&t->rng, 5)];
    t->sheds = rng_below(&t->rng, 3) == 0;
    for (size_t i = 0; i < t->world.seat_count; i++) {
        unsigned at = rng_below(&t->rng, 100);
        unsigned scale = t->sheds ? 1 + rng_below(&t->rng, 100) : HEALTH_SCALE_FULL;
        enum world_health health = at < down / 4                  ? WORLD_RESERVE
                                   : at < down                    ? WORLD_DOWN
                                   : rng_below(&t->rng, 100) < 20 ? WORLD_SUSPECT
                                                                  : WORLD_UP;
        health_table_set(&t->world.health, i, world_word(health, scale));
        health_table_set_rtt_us(&t->world.health, i,
                                rng_below(&t->rng, 3) == 0 ? 0 : rng_below(&t->rng, 60000));
    }
    health_table_set_switches(&t->world.health,
                              rng_below(&t->rng, 4) == 0 ? HEALTH_IGNORE_GEO : 0);
    for (size_t i = 0; i < t->world.config->service_count; i++)
        world_set_unsettled(&t->world, t->world.config->services[i].name,
                            rng_below(&t->rng, 3) == 0);
}

static void randomise_request(struct trial *t)
{
    const struct config *config = t->world.config;
    uint16_t index = (uint16_t)rng_below(&t->rng, (uint32_t)config->service_count);
    const struct config_service *service = &config->services[index];
    uint8_t pinned = POLICY_NO_REGION;
    if (rng_below(&t->rng, 6) == 0)
        pinned = (uint8_t)rng_below(&t->rng, (uint32_t)service->region_count);
    t->request = (struct policy_request){
        .set = &t->world.set,
        .health = &t->world.health,
        .service = index,
        .pinned = pinned,
        .sticky = service->sticky,
        .family = rng_below(&t->rng, 2) == 0 ? IP_V4 : IP_V6,
        .client = steering_random_client(&t->config),
    };
    t->model = (struct model){.world = &t->world,
                              .family = t->request.family,
                              .addr = model_addr(&t->request.client)};
    t->regions = model_allowed(config, service, &t->model.addr);
    if (pinned != POLICY_NO_REGION && (t->regions >> pinned & 1) != 0)
        t->regions = UINT64_C(1) << pinned;
}

static void count(const struct trial *t)
{
    const struct policy_answer *answer = &t->answer;
    tally.asked++;
    tally.all_down += (answer->flags & POLICY_ALL_DOWN) != 0;
    tally.reserve += (answer->flags & POLICY_RESERVE) != 0;
    tally.suspect += (answer->flags & POLICY_SUSPECT) != 0;
    tally.unsettled += (answer->flags & POLICY_UNSETTLED) != 0;
    tally.refused += (answer->flags & POLICY_PIN_REFUSED) != 0;
    tally.empty += answer->outcome == POLICY_EMPTY;
    tally.alias += answer->outcome == POLICY_ALIAS;
    tally.nested += answer->service != t->request.service;
    tally.two += answer->outcome == POLICY_ADDRESSES &&
                 t->world.config->services[answer->service].answers > 1;
    tally.sheds += t->sheds;
    tally.no_geo += health_table_switches(&t->world.health) != 0;
    tally.other_rule +=
        model_rule(t->world.config, &t->world.config->services[t->request.service],
                   &t->model.addr) > 0;
}

static void ask(struct trial *t)
{
    randomise_request(t);
    struct rng chance = t->rng, used = chance;
    policy_select(&t->request, &used, &t->answer);
    rng_next(&t->rng);
    check_shape(t);
    check_residency(t);
    check_presence(t);
    check_health(t);
    check_ttl(t);
    check_failover(t);
    check_ignored_geo(t);
    check_scope(t, &chance);
    count(t);
}

/* audit - ERR_OK, or ERR_INVALID: *out_undone, by the configuration itself, whose nested services
 * undo a rule. */
static enum err audit(struct trial *t, bool *out_undone)
{
    struct policy_audit audit;
    struct diag_list *diags = diag_list_new();
    assert_non_null(diags);
    enum err err = policy_audit(t->world.config, t->world.map, &t->world.set, diags, &audit);
    *out_undone = err == ERR_INVALID;
    for (size_t i = 0; i < diag_count(diags); i++) {
        const char *message = diag_get(diags, i)->message;
        *out_undone = *out_undone &&
                      (strstr(message, "' inside '") || strstr(message, " more faults of"));
    }
    diag_list_free(diags);
    return err;
}

/* check_audit - at the end of a case: the table is spoiled. */
static void check_audit(struct trial *t)
{
    bool undone;
    enum err err = audit(t, &undone);
    promise_that(t, err == ERR_OK || undone, "a compiled set passes its audit");
    tally.audited += err == ERR_OK;
    tally.undone += undone;
    for (int tries = 0; tries < 16 && err == ERR_OK; tries++) {
        randomise_request(t);
        const struct config_service *service = &t->world.config->services[t->request.service];
        uint8_t region = (uint8_t)rng_below(&t->rng, (uint32_t)service->region_count);
        if ((model_allowed(t->world.config, service, &t->model.addr) >> region & 1) != 0)
            continue;
        slip_region(&t->world.set.services[t->request.service], &t->model.addr, region);
        err = audit(t, &undone);
        promise_that(t, err == ERR_INVALID && !undone, "a slipped region is found");
        tally.slipped++;
    }
}

static void run_case(struct trial *t, uint64_t seed)
{
    t->seed = seed;
    steering_config_init(&t->config, seed);
    assert_false(t->config.yaml.failed);
    rng_init(&t->rng, seed ^ UINT64_C(0x5deece66d));
    world_init(&t->world, text_get(&t->config.yaml));
    for (int h = 0; h < HEALTHS; h++) {
        randomise_health(t);
        for (int c = 0; c < CLIENTS; c++)
            ask(t);
    }
    check_audit(t);
    world_deinit(&t->world);
    steering_config_deinit(&t->config);
}

static uint64_t number_from(const char *variable, uint64_t otherwise)
{
    const char *text = getenv(variable);
    if (!text || text[0] == '\0')
        return otherwise;
    char *end;
    errno = 0;
    uint64_t value = strtoull(text, &end, 10);
    if (errno != 0 || *end != '\0')
        fail_msg("%s=%s is no number", variable, text);
    return value;
}

static void every_promise_is_kept(void **state)
{
    (void)state;
    uint64_t seed = number_from("RHUMB_SEED", 1), cases = number_from("RHUMB_CASES", CASES);
    static struct trial trial; /* a failure leaves it as it is: no leak hides the message */
    printf("# RHUMB_SEED=%" PRIu64 " RHUMB_CASES=%" PRIu64 "\n", seed, cases);
    for (uint64_t i = 0; i < cases; i++)
        run_case(&trial, seed + i);
    printf("# asked %u: all down %u, reserve %u, empty %u, alias %u, nested %u, two %u, "
           "suspect %u, "
           "unsettled %u, pin refused %u, residency %u, neighbours %u, scope longer %u, "
           "audited %u, undone %u, slipped %u\n",
           tally.asked, tally.all_down, tally.reserve, tally.empty, tally.alias, tally.nested,
           tally.two, tally.suspect, tally.unsettled, tally.refused, tally.other_rule,
           tally.neighbours, tally.long_scope, tally.audited, tally.undone, tally.slipped);
    if (cases < CASES)
        return;
    const unsigned seen[] = {
        tally.all_down,   tally.reserve, tally.empty,     tally.alias,   tally.nested,
        tally.two,        tally.suspect, tally.unsettled, tally.refused, tally.other_rule,
        tally.long_scope, tally.sheds,   tally.no_geo};
    for (size_t i = 0; i < sizeof(seen) / sizeof(seen[0]); i++)
        assert_true(seen[i] > tally.asked / 500);
    assert_true(tally.audited > CASES / 2);
    assert_true(tally.undone > CASES / 100);
    assert_true(tally.slipped > CASES / 10);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_promise_is_kept),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
