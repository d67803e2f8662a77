#include "monitor_memory.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "rhumb/hash.h"

enum { HEX_DIGITS = 16, COUNT_MAX = 1000 };

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

static void put_hex(struct text *out, uint64_t number)
{
    char digits[HEX_DIGITS];
    for (int i = HEX_DIGITS - 1; i >= 0; i--, number >>= 4)
        digits[i] = "0123456789abcdef"[number & 15];
    text_put(out, digits, sizeof(digits));
}

/* put_string - as JSON; bytes that are no UTF-8 would make the whole text unreadable. */
static void put_string(struct text *out, const char *value)
{
    text_put(out, "\"", 1);
    for (const unsigned char *c = (const unsigned char *)value; *c != '\0'; c++) {
        char escaped[] = {'\\', (char)*c};
        if (*c == '"' || *c == '\\')
            text_put(out, escaped, 2);
        else
            text_put(out, *c < ' ' || *c > '~' ? "?" : &escaped[1], 1);
    }
    text_put(out, "\"", 1);
}

/* is_plain - well, with nothing to remember of worse days. */
static bool is_plain(const struct machine *machine, uint64_t now_ms)
{
    return machine->fsm.state == HEALTH_UP && machine->fsm.failures == 0 &&
           machine->scale == HEALTH_SCALE_FULL &&
           health_penalty_now(&machine->fsm.penalty, now_ms) < 1;
}

static void put_machine(const struct machine *machine, const struct monitor_moment *now,
                        struct text *out)
{
    text_put(out, "{\"question\":\"", 13);
    put_hex(out, machine->question);
    text_printf(out,
                "\",\"state\":\"%s\",\"since\":%" PRIu64 ",\"penalty\":%.1f,\"failures\":%u,"
                "\"successes\":%u,\"rtt_us\":%u,\"scale\":%u,\"reason\":",
                health_state_name(machine->fsm.state), to_wall(now, machine->fsm.since_ms),
                health_penalty_now(&machine->fsm.penalty, now->steady_ms),
                machine->fsm.failures, machine->fsm.successes, machine->fsm.rtt_us,
                machine->scale);
    put_string(out, machine->reason);
    text_put(out, "}", 1);
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
static void put_out(const struct monitor_services *services, struct text *out)
{
    const char *between = "\n\"";
    for (size_t i = 0; i < services->snapshot->seat_count; i++) {
        const struct health_seat *seat = &services->seats[i];
        if (seat->in || seat->force != HEALTH_FORCE_NONE)
            continue;
        text_put(out, between, strlen(between));
        put_hex(out, hash_of_seat(services->snapshot, i));
        between = "\",\n\"";
    }
    text_printf(out, "%s", between[0] == '"' ? "\"" : "");
}

static void put_regions(const struct monitor_services *services,
                        const struct monitor_moment *now, struct text *out)
{
    const struct config *config = services->snapshot->config;
    const char *between = "\n";
    for (size_t s = 0; s < config->service_count; s++) {
        const struct health_guard *guard = &services->list[s].guard;
        for (uint8_t r = 0; r < guard->region_count; r++) {
            const struct health_region *region = &guard->regions[r];
            if (!region->lost)
                continue;
            text_printf(out, "%s{\"service\":", between);
            put_string(out, config->services[s].name);
            text_printf(out, ",\"region\":");
            put_string(out, config->services[s].regions[r].name);
            text_printf(out, ",\"lost\":%" PRIu64 ",\"well\":%" PRIu64 "}",
                        to_wall(now, region->lost_ms),
                        region->well_since_ms > 0 ? to_wall(now, region->well_since_ms) : 0);
            between = ",\n";
        }
    }
}

void monitor_memory_put(const struct machine_set *machines,
                        const struct monitor_services *services, const struct health_self *self,
                        const struct monitor_moment *now, struct text *out)
{
    const char *between = "\n\"";
    text_printf(out, "{\"written\":%" PRIu64 ",\n\"up\":[", now->wall_ms);
    for (size_t i = 0; i < machines->count; i++) {
        if (!is_plain(machines->list[i], now->steady_ms))
            continue;
        text_put(out, between, strlen(between));
        put_hex(out, machines->list[i]->question);
        between = "\",\n\"";
    }
    text_printf(out, "%s],\n\"targets\":[", between[0] == '"' ? "\"" : "");
    between = "\n";
    for (size_t i = 0; i < machines->count; i++) {
        const struct machine *machine = machines->list[i];
        if (is_plain(machine, now->steady_ms) || machine->fsm.state == HEALTH_UNKNOWN)
            continue;
        text_put(out, between, strlen(between));
        put_machine(machine, now, out);
        between = ",\n";
    }
    text_printf(out, "],\n\"out\":[");
    put_out(services, out);
    text_printf(out, "],\n\"suspicious\":%" PRIu64 ",\n\"regions\":[",
                self->suspicious ? to_wall(now, self->since_ms) : 0);
    put_regions(services, now, out);
    text_printf(out, "]}\n");
}

/* ---- reading ---- */

static uint64_t number_of(const json_t *object, const char *key, uint64_t most)
{
    json_int_t value = json_integer_value(json_object_get(object, key));
    if (value < 0)
        return 0;
    return (uint64_t)value < most ? (uint64_t)value : most;
}

static bool parse_question(const json_t *text, uint64_t *out_question)
{
    const char *digits = json_string_value(text);
    if (!digits || strlen(digits) != HEX_DIGITS ||
        strspn(digits, "0123456789abcdef") != HEX_DIGITS)
        return false;
    *out_question = strtoull(digits, NULL, HEX_DIGITS);
    return true;
}

static bool parse_machine(const json_t *object, const struct monitor_moment *now,
                          struct machine_memory *memory)
{
    const char *state = json_string_value(json_object_get(object, "state"));
    const char *reason = json_string_value(json_object_get(object, "reason"));
    double penalty = json_number_value(json_object_get(object, "penalty"));
    if (!state || !parse_question(json_object_get(object, "question"), &memory->question) ||
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

static int compare_memories(const void *left, const void *right)
{
    const struct machine_memory *a = left, *b = right;
    return (a->question > b->question) - (a->question < b->question);
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
        if (!parse_question(json_array_get(up, i), &one->question))
            continue;
        one->fsm = (struct health_machine){
            .state = HEALTH_UP, .successes = 1, .since_ms = now->steady_ms};
        one->scale = HEALTH_SCALE_FULL;
        memory->machine_count++;
    }
    for (size_t i = 0; i < json_array_size(targets); i++)
        memory->machine_count += parse_machine(json_array_get(targets, i), now,
                                               &memory->machines[memory->machine_count]);
    qsort(memory->machines, memory->machine_count, sizeof(*memory->machines), compare_memories);
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
            parse_question(json_array_get(out, i), &memory->out[memory->out_count]);
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
