/* resolver.c - when each name is looked up, and who is told.
 *
 *          due           room in the pool          done
 *   IDLE -------> READY ------------------> BUSY --------> told -> IDLE, due after the TTL
 *   in the heap   in the line               in the pool
 */
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "rhumb/probe_resolver.h"

#include "due_heap.h"
#include "resolver_lookup.h"
#include "ring.h"

const struct resolver_pace RESOLVER_PACE = {
    .least_ms = 5000, .most_ms = 3600 * 1000, .retry_ms = 30000, .first_retry_ms = 5000};

struct resolver {
    uv_loop_t *loop;
    uv_timer_t timer; /* its close callback frees the resolver, unless look-ups are under way */
    struct resolver_pace pace;
    struct due_heap heap;
    struct ring entries, ready;
    size_t entry_count, busy;
    bool closing, timer_closed;
};

struct resolver_entry {
    struct ring in_entries, in_ready;
    struct resolver *resolver;
    struct due due;
    uint8_t name[DNS_NAME_MAX];
    resolver_on_addresses on_addresses;
    resolver_on_trouble on_trouble;
    void *ctx;
    uv_work_t work;
    bool busy, removed; /* freed when it is removed and neither busy nor being told */
    bool troubled;
    unsigned failures;   /* in a row */
    struct lookup found; /* the pool's while busy */
    struct lookup_family known[2];
    struct ip_addr told[RESOLVER_ADDRESSES_MAX];
    size_t told_count;
};

static void on_timer(uv_timer_t *timer);

static void arm(struct resolver *resolver)
{
    const struct due *first = due_heap_first(&resolver->heap);
    bool may_start = !ring_is_empty(&resolver->ready) && resolver->busy < RESOLVER_AT_ONCE;
    if (resolver->closing || (!first && !may_start))
        return;
    uv_update_time(resolver->loop);
    uint64_t now_ms = uv_now(resolver->loop);
    uint64_t wait_ms = may_start || first->at_ms < now_ms ? 0 : first->at_ms - now_ms;
    uv_timer_start(&resolver->timer, on_timer, wait_ms, 0);
}

static void free_when_closed(struct resolver *resolver)
{
    if (!resolver->timer_closed || resolver->busy > 0)
        return;
    due_heap_deinit(&resolver->heap);
    free(resolver);
}

/* ---- one look-up ---- */

static void look_up(uv_work_t *work)
{
    struct resolver_entry *entry = (struct resolver_entry *)work->data;
    lookup_host(entry->name, &entry->found);
}

uint32_t resolver_retry_ms(const struct resolver_pace *pace, unsigned failures)
{
    uint64_t wait_ms = pace->first_retry_ms;
    for (unsigned i = 1; i < failures && wait_ms < pace->retry_ms; i++)
        wait_ms *= 2;
    return wait_ms < pace->retry_ms ? (uint32_t)wait_ms : pace->retry_ms;
}

/* wait_of - until the next look-up. */
static uint32_t wait_of(const struct resolver_entry *entry)
{
    const struct resolver_pace *pace = &entry->resolver->pace;
    uint64_t ttl_ms = UINT64_C(1000) * entry->found.ttl_s;
    if (entry->told_count == 0)
        return pace->first_retry_ms;
    if (entry->failures > 0)
        return resolver_retry_ms(pace, entry->failures);
    if (ttl_ms < pace->least_ms)
        return pace->least_ms;
    return ttl_ms < pace->most_ms ? (uint32_t)ttl_ms : pace->most_ms;
}

/* tell_addresses - when they are others than before. No address at all is trouble, no news. */
static void tell_addresses(struct resolver_entry *entry, const struct ip_addr *addrs,
                           size_t count)
{
    if (count == 0 || (count == entry->told_count &&
                       memcmp(addrs, entry->told, count * sizeof(addrs[0])) == 0))
        return;
    memcpy(entry->told, addrs, count * sizeof(addrs[0]));
    entry->told_count = count;
    entry->on_addresses(entry->ctx, addrs, count);
}

static void tell_trouble(struct resolver_entry *entry, const char *reason)
{
    if (entry->troubled == (reason != NULL) || entry->removed)
        return;
    entry->troubled = reason != NULL;
    entry->on_trouble(entry->ctx, reason);
}

/* on_looked_up - the callbacks may remove this entry: it stays busy, and so stays, until they
 * have returned. */
static void on_looked_up(uv_work_t *work, int status)
{
    (void)status;
    struct resolver_entry *entry = (struct resolver_entry *)work->data;
    struct resolver *resolver = entry->resolver;
    if (!entry->removed) {
        struct ip_addr addrs[RESOLVER_ADDRESSES_MAX];
        size_t count = lookup_merge(entry->known, &entry->found, addrs);
        const char *reason = entry->found.reason;
        if (!reason && count == 0)
            reason = "the name has no address";
        entry->failures = reason ? entry->failures + 1 : 0;
        tell_addresses(entry, addrs, count);
        tell_trouble(entry, reason);
    }
    entry->busy = false;
    resolver->busy--;
    if (entry->removed) {
        free(entry);
    } else {
        uv_update_time(resolver->loop);
        due_heap_put(&resolver->heap, &entry->due, uv_now(resolver->loop) + wait_of(entry));
    }
    arm(resolver);
    free_when_closed(resolver);
}

static void start(struct resolver_entry *entry)
{
    struct resolver *resolver = entry->resolver;
    ring_remove(&entry->in_ready);
    entry->busy = true;
    resolver->busy++;
    uv_queue_work(resolver->loop, &entry->work, look_up, on_looked_up);
}

static void on_timer(uv_timer_t *timer)
{
    struct resolver *resolver = (struct resolver *)timer->data;
    struct due *due;
    while ((due = due_heap_first(&resolver->heap)) && due->at_ms <= uv_now(resolver->loop)) {
        struct resolver_entry *entry = CONTAINER_OF(due, struct resolver_entry, due);
        due_heap_remove(&resolver->heap, due);
        ring_append(&resolver->ready, &entry->in_ready);
    }
    while (!ring_is_empty(&resolver->ready) && resolver->busy < RESOLVER_AT_ONCE)
        start(CONTAINER_OF(resolver->ready.next, struct resolver_entry, in_ready));
    arm(resolver);
}

/* ---- entries ---- */

/* parse_host - to wire form, absolute with or without its final dot. */
static bool parse_host(const char *host, uint8_t out_name[DNS_NAME_MAX])
{
    static const uint8_t root[] = {0};
    const char *reason;
    return host[0] != '\0' && strcmp(host, "@") != 0 &&
           dns_name_from_text(host, strlen(host), root, out_name, &reason) > 1;
}

enum err resolver_add(struct resolver *resolver, const char *host,
                      resolver_on_addresses on_addresses, resolver_on_trouble on_trouble,
                      void *ctx, struct resolver_entry **out_entry)
{
    uint8_t name[DNS_NAME_MAX] = {0};
    if (!parse_host(host, name))
        return ERR_INVALID;
    if (resolver->entry_count >= RESOLVER_ENTRIES_MAX)
        return ERR_LIMIT;
    struct resolver_entry *entry = (struct resolver_entry *)calloc(1, sizeof(*entry));
    if (!entry || due_heap_reserve(&resolver->heap, resolver->entry_count + 1) != ERR_OK) {
        free(entry);
        return ERR_NO_MEMORY;
    }
    entry->resolver = resolver;
    entry->on_addresses = on_addresses;
    entry->on_trouble = on_trouble;
    entry->ctx = ctx;
    entry->work.data = entry;
    memcpy(entry->name, name, sizeof(name));
    ring_init(&entry->in_ready);
    ring_append(&resolver->entries, &entry->in_entries);
    resolver->entry_count++;
    uv_update_time(resolver->loop);
    due_heap_put(&resolver->heap, &entry->due, uv_now(resolver->loop));
    arm(resolver);
    *out_entry = entry;
    return ERR_OK;
}

void resolver_remove(struct resolver_entry *entry)
{
    struct resolver *resolver = entry->resolver;
    if (entry->removed)
        return;
    entry->removed = true;
    due_heap_remove(&resolver->heap, &entry->due);
    ring_remove(&entry->in_ready);
    ring_remove(&entry->in_entries);
    resolver->entry_count--;
    if (!entry->busy)
        free(entry); /* else on_looked_up() does */
}

/* ---- the resolver ---- */

enum err resolver_new(uv_loop_t *loop, const struct resolver_pace *pace,
                      struct resolver **out_resolver)
{
    struct resolver *resolver = (struct resolver *)calloc(1, sizeof(*resolver));
    if (!resolver)
        return ERR_NO_MEMORY;
    resolver->loop = loop;
    resolver->pace = *pace;
    ring_init(&resolver->entries);
    ring_init(&resolver->ready);
    uv_timer_init(loop, &resolver->timer);
    resolver->timer.data = resolver;
    *out_resolver = resolver;
    return ERR_OK;
}

static void on_timer_closed(uv_handle_t *handle)
{
    struct resolver *resolver = (struct resolver *)handle->data;
    resolver->timer_closed = true;
    free_when_closed(resolver);
}

void resolver_close(struct resolver *resolver)
{
    resolver->closing = true;
    for (struct ring *r = resolver->entries.next, *next; r != &resolver->entries; r = next) {
        next = r->next;
        resolver_remove(CONTAINER_OF(r, struct resolver_entry, in_entries));
    }
    uv_close((uv_handle_t *)&resolver->timer, on_timer_closed);
}
