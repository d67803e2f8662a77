/* From the configuration to seats, in its order, and to targets, each once.
 *
 * Every seat with a check is one use of a target; a check made of others also uses those of its
 * parts. Sorted by key, equal uses lie side by side and become one target. So a target is found
 * by bisection, and its number does not depend on the file's order.
 */
#include "snapshot_targets.h"

#include <stdlib.h>

#include "snapshot_question.h"

enum { NO_SEAT = 0xffffffff };

struct use {
    uint64_t question, key;
    struct snapshot_asked asked;
    uint16_t check;
    uint32_t seat; /* NO_SEAT: used as a part */
};

struct use_list {
    const struct config *config;
    struct use *uses; /* NULL: only counted */
    size_t count;
};

static int compare_uses(const void *left, const void *right)
{
    const struct use *a = left, *b = right;
    if (a->key != b->key)
        return a->key < b->key ? -1 : 1;
    return (a->seat > b->seat) - (a->seat < b->seat);
}

/* ---- seats ---- */

static void put_seats(const struct config_service_region *region, struct snapshot_seat *seats)
{
    if (region->service != CONFIG_NONE) {
        seats[0].nested = region->service;
        return;
    }
    for (size_t i = 0; i < region->name_count; i++)
        seats[i].host = region->names[i];
    for (size_t i = 0; region->name_count == 0 && i < region->address_count; i++)
        seats[i].addr = &region->addresses[i];
}

static enum err build_seats(const struct config *config, struct arena *arena,
                            struct snapshot *snapshot)
{
    size_t count = 0;
    for (size_t s = 0; s < config->service_count; s++)
        for (size_t r = 0; r < config->services[s].region_count; r++)
            count += config_region_seat_count(&config->services[s].regions[r]);
    if (count >= NO_SEAT)
        return ERR_LIMIT;
    snapshot->seats = arena_alloc_array(arena, count, sizeof(*snapshot->seats));
    snapshot->service_seats =
        arena_alloc_array(arena, config->service_count + 1, sizeof(uint32_t));
    if (!snapshot->seats || !snapshot->service_seats)
        return ERR_NO_MEMORY;
    for (size_t s = 0; s < config->service_count; s++) {
        snapshot->service_seats[s] = (uint32_t)snapshot->seat_count;
        for (size_t r = 0; r < config->services[s].region_count; r++) {
            const struct config_service_region *region = &config->services[s].regions[r];
            struct snapshot_seat *seats = &snapshot->seats[snapshot->seat_count];
            size_t of_region = config_region_seat_count(region);
            for (size_t i = 0; i < of_region; i++)
                seats[i] = (struct snapshot_seat){.target = SNAPSHOT_NO_TARGET,
                                                  .service = (uint16_t)s,
                                                  .region = (uint8_t)r,
                                                  .nested = CONFIG_NONE};
            put_seats(region, seats);
            snapshot->seat_count += of_region;
        }
    }
    snapshot->service_seats[config->service_count] = (uint32_t)snapshot->seat_count;
    return ERR_OK;
}

/* ---- uses ---- */

static struct snapshot_asked asked_of(const struct snapshot_seat *seat)
{
    struct snapshot_asked asked = {.host = seat->host};
    if (seat->addr)
        asked.addr = *seat->addr;
    return asked;
}

static uint64_t key_of(const struct config *config, uint16_t check,
                       const struct snapshot_asked *asked, uint64_t *out_question)
{
    *out_question = snapshot_question_of(config, &config->checks[check], asked);
    return snapshot_key_of(*out_question, &config->checks[check]);
}

static void add_use(struct use_list *list, uint16_t check, const struct snapshot_asked *asked,
                    uint32_t seat)
{
    const struct config_check *config = &list->config->checks[check];
    if (list->uses) {
        struct use *use = &list->uses[list->count];
        *use = (struct use){.asked = *asked, .check = check, .seat = seat};
        use->key = key_of(list->config, check, asked, &use->question);
    }
    list->count++;
    for (size_t i = 0; config->kind == CONFIG_CHECK_PARTS && i < config->part_count; i++)
        add_use(list, config->parts[i], asked, NO_SEAT);
}

static void add_uses(struct use_list *list, const struct snapshot *snapshot)
{
    list->count = 0;
    for (size_t i = 0; i < snapshot->seat_count; i++) {
        const struct snapshot_seat *seat = &snapshot->seats[i];
        uint16_t check = list->config->services[seat->service].check;
        struct snapshot_asked asked = asked_of(seat);
        if (list->config->checks[check].kind != CONFIG_CHECK_NONE &&
            seat->nested == CONFIG_NONE)
            add_use(list, check, &asked, (uint32_t)i);
    }
}

/* ---- targets ---- */

/* merge - neighbours with one key become one target with the seats of all. */
static void merge(const struct use_list *list, uint32_t *seats, struct snapshot *snapshot)
{
    size_t seat_count = 0;
    for (size_t i = 0; i < list->count; i++) {
        const struct use *use = &list->uses[i];
        if (i == 0 || use->key != use[-1].key)
            snapshot->targets[snapshot->target_count++] = (struct snapshot_target){
                .question = use->question,
                .key = use->key,
                .check = use->check,
                .addr = use->asked.addr,
                .host = use->asked.host,
                .seats = seats + seat_count,
            };
        struct snapshot_target *target = &snapshot->targets[snapshot->target_count - 1];
        if (use->seat == NO_SEAT)
            continue;
        seats[seat_count++] = use->seat;
        target->seat_count++;
        snapshot->seats[use->seat].target = (uint32_t)snapshot->target_count - 1;
    }
}

static uint32_t find_key(const struct snapshot *snapshot, uint64_t key)
{
    size_t low = 0, high = snapshot->target_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (snapshot->targets[middle].key < key)
            low = middle + 1;
        else
            high = middle;
    }
    bool found = low < snapshot->target_count && snapshot->targets[low].key == key;
    return found ? (uint32_t)low : SNAPSHOT_NO_TARGET;
}

static enum err link_parts(const struct config *config, struct arena *arena,
                           struct snapshot *snapshot)
{
    for (size_t i = 0; i < snapshot->target_count; i++) {
        struct snapshot_target *target = &snapshot->targets[i];
        const struct config_check *check = &config->checks[target->check];
        const struct snapshot_asked asked = {.addr = target->addr, .host = target->host};
        uint64_t question;
        if (check->kind != CONFIG_CHECK_PARTS)
            continue;
        uint32_t *parts = arena_alloc_array(arena, check->part_count, sizeof(*parts));
        if (!parts)
            return ERR_NO_MEMORY;
        for (size_t p = 0; p < check->part_count; p++)
            parts[p] = find_key(snapshot, key_of(config, check->parts[p], &asked, &question));
        target->parts = parts;
        target->part_count = check->part_count;
    }
    return ERR_OK;
}

enum err snapshot_targets_build(const struct config *config, struct arena *arena,
                                struct snapshot *snapshot)
{
    struct use_list list = {.config = config};
    enum err err = build_seats(config, arena, snapshot);
    if (err != ERR_OK)
        return err;
    add_uses(&list, snapshot);
    uint32_t *seats = arena_alloc_array(arena, list.count, sizeof(*seats));
    snapshot->targets = arena_alloc_array(arena, list.count, sizeof(*snapshot->targets));
    list.uses = calloc(list.count + 1, sizeof(*list.uses));
    if (list.uses && seats && snapshot->targets) {
        add_uses(&list, snapshot);
        qsort(list.uses, list.count, sizeof(*list.uses), compare_uses);
        merge(&list, seats, snapshot);
        err = link_parts(config, arena, snapshot);
    } else {
        err = ERR_NO_MEMORY;
    }
    free(list.uses);
    return err;
}

uint32_t snapshot_target_find(const struct snapshot *snapshot, uint16_t check,
                              const struct ip_addr *addr)
{
    const struct snapshot_asked asked = {.addr = *addr};
    uint64_t question;
    return find_key(snapshot, key_of(snapshot->config, check, &asked, &question));
}
