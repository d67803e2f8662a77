/* config_check_nesting.c - does a service contain itself through `service:` of its regions, and
 * is the work of a query bounded?
 *
 * A depth-first walk over all services, each entered once. The stack is the path from where the
 * walk began, so a region that leads back into it closes a loop, and the path prints it.
 */
#include "rhumb/text.h"

#include "config_check.h"

enum state { UNSEEN, ON_PATH, DONE };

struct step {
    uint16_t service;
    size_t next_region;
};

struct walk {
    struct config_reader *reader;
    const struct config *config;
    uint8_t *states;  /* enum state by service */
    uint8_t *heights; /* levels of services by service, itself included; at most the maximum
                         + 1 */
    uint32_t *visits; /* by service: regions a query may look at; at most the maximum + 1 */
    struct step *path;
    size_t path_len;
};

/* refuse_loop - region, of the service at the end of the path, leads back to service. */
static void refuse_loop(const struct walk *walk, const struct config_service_region *region,
                        uint16_t service)
{
    enum { LOOP_TEXT_MAX = 600 };

    size_t start = walk->path_len;
    while (walk->path[start - 1].service != service)
        start--;
    struct text loop;
    text_init(&loop, LOOP_TEXT_MAX);
    for (size_t i = start - 1; i < walk->path_len; i++)
        text_printf(&loop, "%s -> ", walk->config->services[walk->path[i].service].name);
    text_printf(&loop, "%s", walk->config->services[service].name);
    config_error(walk->reader, &region->place, "services contain each other in a loop: %s%s",
                 text_get(&loop), loop.failed ? "..." : "");
    config_remedy(walk->reader, "give one of these regions addresses: instead of service:");
    text_deinit(&loop);
}

static void enter(struct walk *walk, uint16_t service)
{
    walk->states[service] = ON_PATH;
    walk->heights[service] = 1;
    walk->path[walk->path_len++] = (struct step){.service = service};
}

/* count_visits - the regions that a query looks at when nothing answers: each of the service's
 * own, and behind it those of a nested service twice, as they are and as if they were up. Two
 * ways to one nested service count as two: the query goes both. */
static uint32_t count_visits(const struct walk *walk, const struct config_service *service)
{
    uint64_t visits = service->region_count;
    for (size_t i = 0; i < service->region_count; i++) {
        if (service->regions[i].service != CONFIG_NONE)
            visits += UINT64_C(2) * walk->visits[service->regions[i].service];
    }
    return visits > CONFIG_VISITS_MAX ? CONFIG_VISITS_MAX + 1 : (uint32_t)visits;
}

static void check_visits(struct walk *walk, uint16_t service)
{
    const struct config_service *wide = &walk->config->services[service];
    walk->visits[service] = count_visits(walk, wide);
    if (walk->visits[service] <= CONFIG_VISITS_MAX)
        return;
    config_error(
        walk->reader, &wide->place,
        "the service '%s' nests too widely: a query might look at more than %d regions",
        wide->name, CONFIG_VISITS_MAX);
    config_remedy(walk->reader, "nest fewer levels, or fewer regions in each");
    walk->visits[service] = 0; /* say it once, not again for all that contain this one */
}

static void leave(struct walk *walk)
{
    uint16_t service = walk->path[--walk->path_len].service;
    walk->states[service] = DONE;
    check_visits(walk, service);
    if (walk->heights[service] > CONFIG_NESTING_MAX) {
        const struct config_service *deep = &walk->config->services[service];
        config_error(walk->reader, &deep->place, "the service '%s' nests deeper than %d levels",
                     deep->name, CONFIG_NESTING_MAX);
        walk->heights[service] = 0; /* say it once, not again for all that contain this one */
    }
}

/* step_forward - one region further at the end of the path. */
static void step_forward(struct walk *walk)
{
    struct step *step = &walk->path[walk->path_len - 1];
    const struct config_service *service = &walk->config->services[step->service];
    if (step->next_region == service->region_count) {
        leave(walk);
        return;
    }
    const struct config_service_region *region = &service->regions[step->next_region];
    uint16_t nested = region->service;
    if (nested != CONFIG_NONE && walk->states[nested] == UNSEEN) {
        enter(walk, nested); /* comes back to this region when it is done */
        return;
    }
    if (nested != CONFIG_NONE && walk->states[nested] == ON_PATH)
        refuse_loop(walk, region, nested);
    if (nested != CONFIG_NONE && walk->states[nested] == DONE &&
        walk->heights[step->service] < walk->heights[nested] + 1)
        walk->heights[step->service] = (uint8_t)(walk->heights[nested] + 1);
    step->next_region++;
}

void config_check_nesting(struct config_reader *reader, const struct config *config)
{
    size_t count = config->service_count;
    struct walk walk = {.reader = reader, .config = config};
    walk.states = config_alloc(reader, count, sizeof(*walk.states));
    walk.heights = config_alloc(reader, count, sizeof(*walk.heights));
    walk.visits = config_alloc(reader, count, sizeof(*walk.visits));
    walk.path = config_alloc(reader, count, sizeof(*walk.path));
    if (!walk.states || !walk.heights || !walk.visits || !walk.path)
        return;
    for (size_t i = 0; i < count; i++) {
        if (walk.states[i] != UNSEEN)
            continue;
        enter(&walk, (uint16_t)i);
        while (walk.path_len > 0)
            step_forward(&walk);
    }
}
