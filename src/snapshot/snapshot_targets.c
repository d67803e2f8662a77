#include "snapshot_targets.h"

#include <stdlib.h>
#include <string.h>

#include "snapshot_question.h"

/* Sorted by key while in use: found by bisection, and the numbering does not depend on the
 * file's order. */

/* One use of a target by a service; many uses become one target. */
struct use {
    uint64_t question, key;
    struct ip_addr addr;
    uint16_t check, service;
};

static int compare_uses(const void *left, const void *right)
{
    const struct use *a = left, *b = right;
    if (a->key != b->key)
        return a->key < b->key ? -1 : 1;
    return (int)a->service - (int)b->service;
}

static size_t list_uses(const struct config *config, struct use *uses)
{
    size_t count = 0;
    for (size_t s = 0; s < config->service_count; s++) {
        const struct config_service *service = &config->services[s];
        const struct config_check *check = &config->checks[service->check];
        if (check->kind == CONFIG_CHECK_NONE)
            continue;
        for (size_t r = 0; r < service->region_count; r++) {
            const struct config_service_region *region = &service->regions[r];
            for (size_t a = 0; a < region->address_count; a++, count++) {
                if (!uses)
                    continue;
                uint64_t question = snapshot_question_of(check, &region->addresses[a]);
                uses[count] = (struct use){
                    .question = question,
                    .key = snapshot_key_of(question, check),
                    .addr = region->addresses[a],
                    .check = service->check,
                    .service = (uint16_t)s,
                };
            }
        }
    }
    return count;
}

/* merge - neighbours with one key become one target with the services of all. */
static void merge(const struct use *uses, size_t use_count, uint16_t *services,
                  struct snapshot *snapshot)
{
    size_t service_count = 0;
    for (size_t i = 0; i < use_count; i++) {
        bool fresh = i == 0 || uses[i].key != uses[i - 1].key;
        if (fresh)
            snapshot->targets[snapshot->target_count++] = (struct snapshot_target){
                .question = uses[i].question,
                .key = uses[i].key,
                .check = uses[i].check,
                .addr = uses[i].addr,
                .services = services + service_count,
            };
        struct snapshot_target *target = &snapshot->targets[snapshot->target_count - 1];
        if (fresh || uses[i].service != uses[i - 1].service) {
            services[service_count++] = uses[i].service;
            target->service_count++;
        }
    }
}

enum err snapshot_targets_build(const struct config *config, struct arena *arena,
                                struct snapshot *snapshot)
{
    size_t use_count = list_uses(config, NULL);
    struct use *uses = calloc(use_count + 1, sizeof(*uses));
    uint16_t *services = arena_alloc_array(arena, use_count, sizeof(*services));
    snapshot->targets = arena_alloc_array(arena, use_count, sizeof(*snapshot->targets));
    enum err err = uses && services && snapshot->targets ? ERR_OK : ERR_NO_MEMORY;
    if (err == ERR_OK) {
        list_uses(config, uses);
        qsort(uses, use_count, sizeof(*uses), compare_uses);
        merge(uses, use_count, services, snapshot);
    }
    free(uses);
    return err;
}

uint32_t snapshot_target_find(void *ctx, uint16_t check, const struct ip_addr *addr)
{
    const struct snapshot *snapshot = ctx;
    const struct config_check *config = &snapshot->config->checks[check];
    if (config->kind == CONFIG_CHECK_NONE)
        return POLICY_NO_TARGET;
    uint64_t key = snapshot_key_of(snapshot_question_of(config, addr), config);
    size_t low = 0, high = snapshot->target_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (snapshot->targets[middle].key < key)
            low = middle + 1;
        else
            high = middle;
    }
    return low < snapshot->target_count && snapshot->targets[low].key == key ? (uint32_t)low
                                                                             : POLICY_NO_TARGET;
}
