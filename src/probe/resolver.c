/* resolver.c - when each name is looked up, and who is told.
 *
 *          due           room in the pool          done
 *   IDLE -------> READY ------------------> BUSY --------> told -> IDLE, due after the TTL
 *   in the heap   in the line               in the pool
 *
 * A name lives as long as entries ask for it, and then until its look-up has ended. Entries come
 * and go in callbacks: whoever is still to be told stands in a line, and leaves it when it goes.
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

enum { BUCKETS = 1024 };

struct resolver {
    uv_loop_t *loop;
    uv_timer_t timer; /* its close callback frees the resolver, unless look-ups are under way */
    struct resolver_pace pace;
    resolver_on_trouble on_trouble;
    void *ctx;
    struct due_heap heap;
    struct ring names[BUCKETS]; /* by hash */
    struct ring ready;          /* names */
    struct ring untold;         /* entries, in the line to be told */
    size_t entry_count, name_count, busy;
    bool closing, timer_closed;
};

struct name {
    struct ring in_names, in_ready;
    struct resolver *resolver;
    struct ring entries; /* never empty */
    struct due due;
    uint8_t wire[DNS_NAME_MAX]; /* lower */
    uv_work_t work;
    bool busy, removed; /* freed when it is removed and neither busy nor being told */
    bool troubled;
    unsigned failures;   /* in a row */
    struct lookup found; /* the pool's while busy */
    struct lookup_family known[2];
    struct ip_addr told[RESOLVER_ADDRESSES_MAX];
    size_t told_count;
};

struct resolver_entry {
    struct ring in_entries, in_untold;
    struct name *name;
    resolver_on_addresses on_addresses;
    void *ctx;
};

static void on_timer(uv_timer_t *timer);

static void arm(struct resolver *resolver)
{
    const struct due *first = due_heap_first(&resolver->heap);
    bool may_start = (!ring_is_empty(&resolver->ready) && resolver->busy < RESOLVER_AT_ONCE) ||
                     !ring_is_empty(&resolver->untold);
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

/* ---- telling ---- */

/* tell_untold - the whole line; callbacks may add to it, and take out. */
static void tell_untold(struct resolver *resolver)
{
    while (!ring_is_empty(&resolver->untold)) {
        struct resolver_entry *entry =
            CONTAINER_OF(resolver->untold.next, struct resolver_entry, in_untold);
        const struct name *name = entry->name;
        ring_remove(&entry->in_untold);
        entry->on_addresses(entry->ctx, name->told, name->told_count);
    }
}

/* tell_addresses - when they are others than before. No address at all is trouble, no news. */
static void tell_addresses(struct name *name, const struct ip_addr *addrs, size_t count)
{
    if (count == 0 ||
        (count == name->told_count && memcmp(addrs, name->told, count * sizeof(addrs[0])) == 0))
        return;
    memcpy(name->told, addrs, count * sizeof(addrs[0]));
    name->told_count = count;
    for (struct ring *r = name->entries.next; r != &name->entries; r = r->next) {
        struct resolver_entry *entry = CONTAINER_OF(r, struct resolver_entry, in_entries);
        ring_remove(&entry->in_untold);
        ring_append(&name->resolver->untold, &entry->in_untold);
    }
    tell_untold(name->resolver);
}

static void tell_trouble(struct name *name, const char *reason)
{
    char host[DNS_NAME_TEXT_MAX];
    if (name->troubled == (reason != NULL))
        return;
    name->troubled = reason != NULL;
    name->resolver->on_trouble(name->resolver->ctx, dns_name_to_text(name->wire, host), reason);
}

/* ---- one look-up ---- */

static void look_up(uv_work_t *work)
{
    struct name *name = (struct name *)work->data;
    lookup_host(name->wire, &name->found);
}

uint32_t resolver_retry_ms(const struct resolver_pace *pace, unsigned failures)
{
    uint64_t wait_ms = pace->first_retry_ms;
    for (unsigned i = 1; i < failures && wait_ms < pace->retry_ms; i++)
        wait_ms *= 2;
    return wait_ms < pace->retry_ms ? (uint32_t)wait_ms : pace->retry_ms;
}

/* wait_of - until the next look-up. */
static uint32_t wait_of(const struct name *name)
{
    const struct resolver_pace *pace = &name->resolver->pace;
    uint64_t ttl_ms = UINT64_C(1000) * name->found.ttl_s;
    if (name->told_count == 0)
        return pace->first_retry_ms;
    if (name->failures > 0)
        return resolver_retry_ms(pace, name->failures);
    if (ttl_ms < pace->least_ms)
        return pace->least_ms;
    return ttl_ms < pace->most_ms ? (uint32_t)ttl_ms : pace->most_ms;
}

/* on_looked_up - the callbacks may remove every entry, and so the name: it stays busy, and so
 * stays, until they have returned. */
static void on_looked_up(uv_work_t *work, int status)
{
    (void)status;
    struct name *name = (struct name *)work->data;
    struct resolver *resolver = name->resolver;
    if (!name->removed) {
        struct ip_addr addrs[RESOLVER_ADDRESSES_MAX];
        size_t count = lookup_merge(name->known, &name->found, addrs);
        const char *reason = name->found.reason;
        if (!reason && count == 0)
            reason = "the name has no address";
        name->failures = reason ? name->failures + 1 : 0;
        tell_addresses(name, addrs, count);
        if (!name->removed)
            tell_trouble(name, reason);
    }
    name->busy = false;
    resolver->busy--;
    if (name->removed) {
        free(name);
    } else {
        uv_update_time(resolver->loop);
        due_heap_put(&resolver->heap, &name->due, uv_now(resolver->loop) + wait_of(name));
    }
    arm(resolver);
    free_when_closed(resolver);
}

static void start(struct name *name)
{
    struct resolver *resolver = name->resolver;
    ring_remove(&name->in_ready);
    name->busy = true;
    resolver->busy++;
    uv_queue_work(resolver->loop, &name->work, look_up, on_looked_up);
}

static void on_timer(uv_timer_t *timer)
{
    struct resolver *resolver = (struct resolver *)timer->data;
    struct due *due;
    tell_untold(resolver);
    while ((due = due_heap_first(&resolver->heap)) && due->at_ms <= uv_now(resolver->loop)) {
        struct name *name = CONTAINER_OF(due, struct name, due);
        due_heap_remove(&resolver->heap, due);
        ring_append(&resolver->ready, &name->in_ready);
    }
    while (!ring_is_empty(&resolver->ready) && resolver->busy < RESOLVER_AT_ONCE)
        start(CONTAINER_OF(resolver->ready.next, struct name, in_ready));
    arm(resolver);
}

/* ---- names ---- */

/* parse_host - to wire form, lower, absolute with or without its final dot. */
static bool parse_host(const char *host, uint8_t out_wire[DNS_NAME_MAX])
{
    static const uint8_t root[] = {0};
    const char *reason;
    if (host[0] == '\0' || strcmp(host, "@") == 0)
        return false;
    size_t len = dns_name_from_text(host, strlen(host), root, out_wire, &reason);
    dns_name_lower(out_wire, len);
    return len > 1;
}

static struct ring *bucket_of(struct resolver *resolver, const uint8_t *wire)
{
    return &resolver->names[dns_name_hash(wire) % BUCKETS];
}

static struct name *find_name(struct resolver *resolver, const uint8_t *wire)
{
    struct ring *bucket = bucket_of(resolver, wire);
    for (struct ring *r = bucket->next; r != bucket; r = r->next) {
        struct name *name = CONTAINER_OF(r, struct name, in_names);
        if (dns_name_equal(name->wire, wire))
            return name;
    }
    return NULL;
}

/* name_new - due at once. NULL: out of memory. */
static struct name *name_new(struct resolver *resolver, const uint8_t wire[DNS_NAME_MAX])
{
    struct name *name = (struct name *)calloc(1, sizeof(*name));
    if (!name || due_heap_reserve(&resolver->heap, resolver->name_count + 1) != ERR_OK) {
        free(name);
        return NULL;
    }
    name->resolver = resolver;
    name->work.data = name;
    memcpy(name->wire, wire, DNS_NAME_MAX);
    ring_init(&name->entries);
    ring_init(&name->in_ready);
    ring_append(bucket_of(resolver, wire), &name->in_names);
    resolver->name_count++;
    uv_update_time(resolver->loop);
    due_heap_put(&resolver->heap, &name->due, uv_now(resolver->loop));
    return name;
}

static void name_remove(struct name *name)
{
    struct resolver *resolver = name->resolver;
    name->removed = true;
    if (!resolver->closing)
        tell_trouble(name, NULL);
    due_heap_remove(&resolver->heap, &name->due);
    ring_remove(&name->in_ready);
    ring_remove(&name->in_names);
    resolver->name_count--;
    if (!name->busy)
        free(name); /* else on_looked_up() does */
}

/* ---- entries ---- */

enum err resolver_add(struct resolver *resolver, const char *host,
                      resolver_on_addresses on_addresses, void *ctx,
                      struct resolver_entry **out_entry)
{
    uint8_t wire[DNS_NAME_MAX] = {0};
    if (!parse_host(host, wire))
        return ERR_INVALID;
    if (resolver->entry_count >= RESOLVER_ENTRIES_MAX)
        return ERR_LIMIT;
    struct resolver_entry *entry = (struct resolver_entry *)calloc(1, sizeof(*entry));
    struct name *name = find_name(resolver, wire);
    if (entry && !name)
        name = name_new(resolver, wire);
    if (!entry || !name) {
        free(entry);
        return ERR_NO_MEMORY;
    }
    *entry = (struct resolver_entry){.name = name, .on_addresses = on_addresses, .ctx = ctx};
    ring_init(&entry->in_untold);
    ring_append(&name->entries, &entry->in_entries);
    if (name->told_count > 0)
        ring_append(&resolver->untold, &entry->in_untold);
    resolver->entry_count++;
    arm(resolver);
    *out_entry = entry;
    return ERR_OK;
}

void resolver_remove(struct resolver_entry *entry)
{
    struct name *name = entry->name;
    name->resolver->entry_count--;
    ring_remove(&entry->in_entries);
    ring_remove(&entry->in_untold);
    free(entry);
    if (ring_is_empty(&name->entries))
        name_remove(name);
}

/* ---- the resolver ---- */

enum err resolver_new(uv_loop_t *loop, const struct resolver_pace *pace,
                      resolver_on_trouble on_trouble, void *ctx, struct resolver **out_resolver)
{
    struct resolver *resolver = (struct resolver *)calloc(1, sizeof(*resolver));
    if (!resolver)
        return ERR_NO_MEMORY;
    resolver->loop = loop;
    resolver->pace = *pace;
    resolver->on_trouble = on_trouble;
    resolver->ctx = ctx;
    for (size_t i = 0; i < BUCKETS; i++)
        ring_init(&resolver->names[i]);
    ring_init(&resolver->ready);
    ring_init(&resolver->untold);
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
    for (size_t i = 0; i < BUCKETS; i++)
        while (!ring_is_empty(&resolver->names[i])) {
            struct name *name = CONTAINER_OF(resolver->names[i].next, struct name, in_names);
            resolver_remove(
                CONTAINER_OF(name->entries.next, struct resolver_entry, in_entries));
        }
    uv_close((uv_handle_t *)&resolver->timer, on_timer_closed);
}
