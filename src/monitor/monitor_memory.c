#include "monitor_memory.h"

#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "rhumb/hash.h"
#include "rhumb/json_put.h"

enum { COUNT_MAX = 1000 };

static const char HEX[] = "0123456789abcdef";

/* ---- clocks ---- */

static uint64_t to_wall(const struct monitor_moment *now, uint64_t steady_ms)
{
    uint64_t age_ms = now->steady_ms > steady_ms ? now->steady_ms - steady_ms : 0;
    return now->wall_ms > age_ms ? now->wall_ms - age_ms : 0;
}

/* to_steady - at least 1, because 0 says "never"; what lies ahead, by a clock that was wrong
 * then or is now, is now. */
static uint64_t to_steady(const struct monitor_moment *now, uint64_t wall_ms)
{
    uint64_t age_ms = now->wall_ms > wall_ms ? now->wall_ms - wall_ms : 0;
    return now->steady_ms > age_ms ? now->steady_ms - age_ms : 1;
}

/* ---- writing ---- */

enum { HEX_DIGITS = 16, NAME_DIGITS = 2 * HEX_DIGITS + 1, NAME_TEXT_MAX = NAME_DIGITS + 1 };

static void write_hex(uint64_t number, char digits[HEX_DIGITS])
{
    for (int i = HEX_DIGITS - 1; i >= 0; i--, number >>= 4)
        digits[i] = HEX[number & 15];
}

/* put_target - which one it is: its question, and its pace in the key. */
static void put_target(struct json_put *json, const char *key, const struct machine *machine)
{
    char name[NAME_TEXT_MAX] = {[HEX_DIGITS] = '/'};
    write_hex(machine->question, name);
    write_hex(machine->key, name + HEX_DIGITS + 1);
    json_put_string(json, key, name);
}

/* begin_line - of a list: one entry a line. */
static void begin_line(struct json_put *json)
{
    text_put(json->out, "\n", 1);
}

/* is_plain - well, with nothing to remember of worse days. */
static bool is_plain(const struct machine *machine, uint64_t now_ms)
{
    return machine->fsm.state == HEALTH_UP && machine->fsm.failures == 0 &&
           machine->scale == HEALTH_SCALE_FULL &&
           health_penalty_now(&machine->fsm.penalty, now_ms) < 1;
}

static void put_machine(struct json_put *json, const struct machine *machine,
                        const struct monitor_moment *now)
{
    const struct health_machine *fsm = &machine->fsm;
    begin_line(json);
    json_put_begin(json, NULL, '{');
    put_target(json, "target", machine);
    json_put_string(json, "state", health_state_name(fsm->state));
    json_put_uint(json, "since", to_wall(now, fsm->since_ms));
    json_put_real(json, "penalty", health_penalty_now(&fsm->penalty, now->steady_ms), 1);
    json_put_uint(json, "failures", fsm->failures);
    json_put_uint(json, "successes", fsm->successes);
    json_put_uint(json, "rtt_us", fsm->rtt_us);
    json_put_uint(json, "scale", machine->scale);
    json_put_string(json, "reason", machine->reason);
    json_put_end(json, '}');
}

/* hash_of_seat - the same in the next process: an endpoint of a region of a service, by name. */
static uint64_t hash_of_seat(const struct snapshot *snapshot, size_t index)
{
    const struct snapshot_seat *seat = &snapshot->seats[index];
    const struct config_service *service = &snapshot->config->services[seat->service];
    const char *region = service->regions[seat->region].name;
    uint64_t hash = hash_bytes(HASH_SEED, service->name, strlen(service->name) + 1);
    hash = hash_bytes(hash, region, strlen(region) + 1);
    if (seat->addr)
        hash = hash_bytes(hash, seat->addr, sizeof(*seat->addr));
    return seat->host ? hash_bytes(hash, seat->host, strlen(seat->host) + 1) : hash;
}

/* put_out - what an operator forces is in a file of its own. */
static void put_out(struct json_put *json, const struct monitor_services *services)
{
    json_put_begin(json, "out", '[');
    for (size_t i = 0; i < services->snapshot->seat_count; i++) {
        const struct health_seat *seat = &services->seats[i];
        char digits[HEX_DIGITS + 1] = {0};
        if (seat->in || health_seat_force(seat) != HEALTH_FORCE_NONE)
            continue;
        write_hex(hash_of_seat(services->snapshot, i), digits);
        begin_line(json);
        json_put_string(json, NULL, digits);
    }
    json_put_end(json, ']');
}

static void put_region(struct json_put *json, const struct config_service *service,
                       const struct health_guard *guard, uint8_t index,
                       const struct monitor_moment *now)
{
    const struct health_region *region = &guard->regions[index];
    begin_line(json);
    json_put_begin(json, NULL, '{');
    json_put_string(json, "service", service->name);
    json_put_string(json, "region", service->regions[index].name);
    json_put_uint(json, "lost", to_wall(now, region->lost_ms));
    json_put_uint(json, "well",
                  region->well_since_ms > 0 ? to_wall(now, region->well_since_ms) : 0);
    json_put_end(json, '}');
}

static void put_regions(struct json_put *json, const struct monitor_services *services,
                        const struct monitor_moment *now)
{
    const struct config *config = services->snapshot->config;
    json_put_begin(json, "regions", '[');
    for (size_t s = 0; s < config->service_count; s++) {
        const struct health_guard *guard = &services->list[s].guard;
        for (uint8_t r = 0; r < guard->region_count; r++)
            if (guard->regions[r].lost)
                put_region(json, &config->services[s], guard, r, now);
    }
    json_put_end(json, ']');
}

static void put_machines(struct json_put *json, const struct machine_set *machines,
                         const struct monitor_moment *now)
{
    json_put_begin(json, "up", '[');
    for (size_t i = 0; i < machines->count; i++) {
        if (!is_plain(machines->list[i], now->steady_ms))
            continue;
        begin_line(json);
        put_target(json, NULL, machines->list[i]);
    }
    json_put_end(json, ']');
    json_put_begin(json, "targets", '[');
    for (size_t i = 0; i < machines->count; i++) {
        const struct machine *machine = machines->list[i];
        if (!is_plain(machine, now->steady_ms) && machine->fsm.state != HEALTH_UNKNOWN)
            put_machine(json, machine, now);
    }
    json_put_end(json, ']');
}

void monitor_memory_put(const struct machine_set *machines,
                        const struct monitor_services *services, const struct health_self *self,
                        const struct monitor_moment *now, struct text *out)
{
    struct json_put json;
    json_put_init(&json, out);
    json_put_begin(&json, NULL, '{');
    json_put_uint(&json, "written", now->wall_ms);
    put_machines(&json, machines, now);
    put_out(&json, services);
    json_put_uint(&json, "suspicious", self->suspicious ? to_wall(now, self->since_ms) : 0);
    put_regions(&json, services, now);
    json_put_end(&json, '}');
    text_put(out, "\n", 1);
}

/* ---- reading ---- */

static uint64_t number_of(const json_t *object, const char *key, uint64_t most)
{
    json_int_t value = json_integer_value(json_object_get(object, key));
    if (value < 0)
        return 0;
    return (uint64_t)value < most ? (uint64_t)value : most;
}

static bool parse_hex(const char *digits, uint64_t *out_number)
{
    *out_number = 0;
    for (int i = 0; i < HEX_DIGITS; i++) {
        const char *digit = digits[i] ? strchr(HEX, digits[i]) : NULL;
        if (!digit)
            return false;
        *out_number = *out_number << 4 | (uint64_t)(digit - HEX);
    }
    return true;
}

static bool parse_hash(const json_t *text, uint64_t *out_hash)
{
    return json_string_length(text) == HEX_DIGITS &&
           parse_hex(json_string_value(text), out_hash);
}

static bool parse_target(const json_t *text, struct machine_memory *memory)
{
    const char *name = json_string_value(text);
    return json_string_length(text) == NAME_DIGITS && name[HEX_DIGITS] == '/' &&
           parse_hex(name, &memory->question) && parse_hex(name + HEX_DIGITS + 1, &memory->key);
}

static bool parse_machine(const json_t *object, const struct monitor_moment *now,
                          struct machine_memory *memory)
{
    const char *state = json_string_value(json_object_get(object, "state"));
    const char *reason = json_string_value(json_object_get(object, "reason"));
    double penalty = json_number_value(json_object_get(object, "penalty"));
    if (!state || !parse_target(json_object_get(object, "target"), memory) ||
        !health_state_parse(state, &memory->fsm.state))
        return false;
    memory->fsm.since_ms = to_steady(now, number_of(object, "since", UINT64_MAX));
    memory->fsm.failures = (uint32_t)number_of(object, "failures", COUNT_MAX);
    memory->fsm.successes =
        memory->fsm.failures > 0 ? 0 : (uint32_t)number_of(object, "successes", COUNT_MAX);
    memory->fsm.rtt_us = (uint32_t)number_of(object, "rtt_us", UINT32_MAX);
    memory->fsm.penalty = (struct health_penalty){
        .value = penalty > 0 && penalty < 1e6 ? penalty : 0, .at_ms = now->steady_ms};
    memory->scale = HEALTH_SCALE_FULL;
    if (json_object_get(object, "scale"))
        memory->scale = (uint8_t)number_of(object, "scale", HEALTH_SCALE_FULL);
    strncpy(memory->reason, reason ? reason : "", sizeof(memory->reason) - 1);
    return memory->fsm.state != HEALTH_UNKNOWN;
}

static bool parse_machines(const json_t *root, const struct monitor_moment *now,
                           struct monitor_memory *memory)
{
    const json_t *up = json_object_get(root, "up"), *targets = json_object_get(root, "targets");
    size_t most = json_array_size(up) + json_array_size(targets);
    memory->machines = calloc(most + 1, sizeof(*memory->machines));
    if (!memory->machines)
        return false;
    for (size_t i = 0; i < json_array_size(up); i++) {
        struct machine_memory *one = &memory->machines[memory->machine_count];
        if (!parse_target(json_array_get(up, i), one))
            continue;
        one->fsm = (struct health_machine){
            .state = HEALTH_UP, .successes = 1, .since_ms = now->steady_ms};
        one->scale = HEALTH_SCALE_FULL;
        memory->machine_count++;
    }
    for (size_t i = 0; i < json_array_size(targets); i++)
        memory->machine_count += parse_machine(json_array_get(targets, i), now,
                                               &memory->machines[memory->machine_count]);
    qsort(memory->machines, memory->machine_count, sizeof(*memory->machines),
          machine_memory_compare);
    return true;
}

static bool parse_regions(const json_t *root, const struct monitor_moment *now,
                          struct monitor_memory *memory)
{
    const json_t *regions = json_object_get(root, "regions");
    memory->regions = calloc(json_array_size(regions) + 1, sizeof(*memory->regions));
    if (!memory->regions)
        return false;
    for (size_t i = 0; i < json_array_size(regions); i++) {
        const json_t *object = json_array_get(regions, i);
        uint64_t well = number_of(object, "well", UINT64_MAX);
        struct monitor_memory_region region = {
            .service = json_string_value(json_object_get(object, "service")),
            .region = json_string_value(json_object_get(object, "region")),
            .lost_ms = to_steady(now, number_of(object, "lost", UINT64_MAX)),
            .well_ms = well > 0 ? to_steady(now, well) : 0,
        };
        if (region.service && region.region)
            memory->regions[memory->region_count++] = region;
    }
    return true;
}

static int compare_hashes(const void *left, const void *right)
{
    uint64_t a = *(const uint64_t *)left, b = *(const uint64_t *)right;
    return (a > b) - (a < b);
}

static bool parse_out(const json_t *root, struct monitor_memory *memory)
{
    const json_t *out = json_object_get(root, "out");
    memory->out = calloc(json_array_size(out) + 1, sizeof(*memory->out));
    if (!memory->out)
        return false;
    for (size_t i = 0; i < json_array_size(out); i++)
        memory->out_count +=
            parse_hash(json_array_get(out, i), &memory->out[memory->out_count]);
    qsort(memory->out, memory->out_count, sizeof(*memory->out), compare_hashes);
    return true;
}

bool monitor_memory_parse(const char *text, size_t len, const struct monitor_moment *now,
                          struct monitor_memory *out_memory)
{
    *out_memory = (struct monitor_memory){0};
    json_t *root = json_loadb(text, len, JSON_REJECT_DUPLICATES, NULL);
    uint64_t written_ms = number_of(root, "written", UINT64_MAX);
    struct monitor_memory memory = {.document = root};
    if (written_ms == 0) {
        json_decref(root);
        return false;
    }
    memory.age_ms = now->wall_ms > written_ms ? now->wall_ms - written_ms : 0;
    if (memory.age_ms <= MONITOR_MEMORY_AGE_MAX_MS && parse_machines(root, now, &memory) &&
        parse_regions(root, now, &memory) && parse_out(root, &memory)) {
        uint64_t suspicious_ms = number_of(root, "suspicious", UINT64_MAX);
        memory.suspicious_ms = suspicious_ms > 0 ? to_steady(now, suspicious_ms) : 0;
        *out_memory = memory;
        return true;
    }
    out_memory->age_ms = memory.age_ms;
    memory.age_ms = 0;
    monitor_memory_deinit(&memory);
    return false;
}

void monitor_memory_deinit(struct monitor_memory *memory)
{
    free(memory->machines);
    free(memory->regions);
    free(memory->out);
    json_decref(memory->document);
    *memory = (struct monitor_memory){0};
}

/* lose - the region was lost, and what it had in the answers with it. */
static void lose(struct health_guard *guard, uint8_t index,
                 const struct monitor_memory_region *saved)
{
    struct health_region *region = &guard->regions[index];
    region->usable = false;
    region->lost = true;
    region->lost_ms = saved->lost_ms;
    region->well_since_ms = saved->well_ms;
    for (size_t i = 0; i < guard->seat_count; i++)
        if (guard->seats[i].region == index)
            guard->seats[i].in = false;
}

static void apply_region(const struct monitor_memory_region *saved,
                         struct monitor_services *services)
{
    const struct config *config = services->snapshot->config;
    for (size_t s = 0; s < config->service_count; s++) {
        const struct config_service *service = &config->services[s];
        if (strcmp(service->name, saved->service) != 0)
            continue;
        for (uint8_t r = 0; r < service->region_count; r++)
            if (strcmp(service->regions[r].name, saved->region) == 0)
                lose(&services->list[s].guard, r, saved);
    }
}

/* apply_seats - who was out is out, and has spent its part of the budget; nobody's next word is
 * the first. */
static void apply_seats(const struct monitor_memory *memory, struct monitor_services *services,
                        uint64_t now_ms)
{
    for (size_t i = 0; i < services->snapshot->seat_count; i++) {
        struct health_seat *seat = &services->seats[i];
        uint64_t hash = hash_of_seat(services->snapshot, i);
        if (services->snapshot->seats[i].target == SNAPSHOT_NO_TARGET)
            continue;
        seat->known = true;
        if (memory->out_count == 0 ||
            !bsearch(&hash, memory->out, memory->out_count, sizeof(hash), compare_hashes))
            continue;
        seat->in = false;
        seat->removed_ms = now_ms;
    }
}

void monitor_memory_apply(const struct monitor_memory *memory,
                          struct monitor_services *services, uint64_t now_ms)
{
    if (memory->document)
        apply_seats(memory, services, now_ms);
    for (size_t i = 0; i < memory->region_count; i++)
        apply_region(&memory->regions[i], services);
}
