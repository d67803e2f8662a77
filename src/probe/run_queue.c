#include "run_queue.h"

#include <stdlib.h>

#include "rhumb/hash.h"
#include "rhumb/require.h"

enum { BUCKET_COUNT = 4096 }; /* chains stay short up to some ten thousand addresses */

struct run_address {
    struct run_address *next; /* in its bucket */
    struct ip_addr addr;
    size_t slot_count;
    uint32_t running;
    struct ring waiting; /* of struct run_slot */
    struct ring in_ready;
};

enum err run_queue_init(struct run_queue *queue, uint32_t max_in_flight,
                        uint32_t max_per_address)
{
    struct run_address **buckets =
        (struct run_address **)calloc(BUCKET_COUNT, sizeof(*buckets));
    if (!buckets)
        return ERR_NO_MEMORY;
    *queue = (struct run_queue){.buckets = buckets};
    ring_init(&queue->ready);
    run_queue_set_limits(queue, max_in_flight, max_per_address);
    return ERR_OK;
}

void run_queue_deinit(struct run_queue *queue)
{
    for (size_t i = 0; i < BUCKET_COUNT; i++)
        REQUIRE(queue->buckets[i] == NULL);
    free(queue->buckets);
    queue->buckets = NULL;
}

/* update_ready - stand in the ready line exactly while somebody waits and there is room. */
static void update_ready(struct run_queue *queue, struct run_address *address)
{
    bool belongs =
        !ring_is_empty(&address->waiting) && address->running < queue->max_per_address;
    bool stands = !ring_is_empty(&address->in_ready);
    if (belongs && !stands)
        ring_append(&queue->ready, &address->in_ready);
    else if (!belongs && stands)
        ring_remove(&address->in_ready);
}

void run_queue_set_limits(struct run_queue *queue, uint32_t max_in_flight,
                          uint32_t max_per_address)
{
    queue->max_in_flight = max_in_flight > 0 ? max_in_flight : 1;
    queue->max_per_address = max_per_address > 0 ? max_per_address : 1;
    for (size_t i = 0; i < BUCKET_COUNT; i++)
        for (struct run_address *a = queue->buckets[i]; a; a = a->next)
            update_ready(queue, a);
}

static struct run_address **bucket_of(struct run_queue *queue, const struct ip_addr *addr)
{
    uint64_t hash = hash_bytes(HASH_SEED, addr->bytes, sizeof(addr->bytes));
    return &queue->buckets[hash % BUCKET_COUNT];
}

static struct run_address *find_or_add(struct run_queue *queue, const struct ip_addr *addr)
{
    struct run_address **bucket = bucket_of(queue, addr);
    for (struct run_address *a = *bucket; a; a = a->next)
        if (ip_equal(&a->addr, addr))
            return a;
    struct run_address *fresh = (struct run_address *)calloc(1, sizeof(*fresh));
    if (!fresh)
        return NULL;
    fresh->addr = *addr;
    ring_init(&fresh->waiting);
    ring_init(&fresh->in_ready);
    fresh->next = *bucket;
    *bucket = fresh;
    return fresh;
}

static void free_address(struct run_queue *queue, struct run_address *address)
{
    struct run_address **link = bucket_of(queue, &address->addr);
    while (*link != address)
        link = &(*link)->next;
    *link = address->next;
    free(address);
}

enum err run_queue_join(struct run_queue *queue, struct run_slot *slot,
                        const struct ip_addr *addr)
{
    struct run_address *address = find_or_add(queue, addr);
    if (!address)
        return ERR_NO_MEMORY;
    address->slot_count++;
    *slot = (struct run_slot){.address = address, .state = RUN_IDLE};
    ring_init(&slot->in_line);
    return ERR_OK;
}

void run_queue_leave(struct run_queue *queue, struct run_slot *slot)
{
    struct run_address *address = slot->address;
    if (slot->state == RUN_RUNNING)
        run_queue_end(queue, slot);
    if (slot->state == RUN_WAITING) {
        ring_remove(&slot->in_line);
        queue->waiting--;
        update_ready(queue, address);
    }
    slot->state = RUN_IDLE;
    slot->address = NULL;
    if (--address->slot_count == 0)
        free_address(queue, address);
}

void run_queue_wait(struct run_queue *queue, struct run_slot *slot)
{
    REQUIRE(slot->state == RUN_IDLE);
    slot->state = RUN_WAITING;
    ring_append(&slot->address->waiting, &slot->in_line);
    queue->waiting++;
    update_ready(queue, slot->address);
}

bool run_queue_has_next(const struct run_queue *queue)
{
    return queue->in_flight < queue->max_in_flight && !ring_is_empty(&queue->ready);
}

struct run_slot *run_queue_next(struct run_queue *queue)
{
    if (!run_queue_has_next(queue))
        return NULL;
    struct run_address *address = CONTAINER_OF(queue->ready.next, struct run_address, in_ready);
    struct run_slot *slot = CONTAINER_OF(address->waiting.next, struct run_slot, in_line);
    ring_remove(&slot->in_line);
    ring_remove(&address->in_ready); /* to the end of the line, when it still belongs there */
    slot->state = RUN_RUNNING;
    address->running++;
    queue->waiting--;
    queue->in_flight++;
    update_ready(queue, address);
    return slot;
}

void run_queue_end(struct run_queue *queue, struct run_slot *slot)
{
    REQUIRE(slot->state == RUN_RUNNING);
    slot->state = RUN_IDLE;
    slot->address->running--;
    queue->in_flight--;
    update_ready(queue, slot->address);
}
