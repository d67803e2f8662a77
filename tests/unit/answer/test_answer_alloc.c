/* A query allocates nothing: malloc() and its relatives are replaced in this program and count.
 * A sanitizer replaces them itself, so with one there is nothing to see: exit status 77. */
#include <errno.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "../../support/answer_corpus.h"

enum { QUERIES = 100000, SKIPPED = 77, MALFORMED_EVERY = 7 };

#ifndef __has_feature
#define __has_feature(x) 0
#endif

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__) ||                           \
    __has_feature(address_sanitizer) || __has_feature(thread_sanitizer) ||                     \
    __has_feature(memory_sanitizer)

int main(void)
{
    puts("skipped: a sanitizer has taken malloc()");
    return SKIPPED;
}

#else

static struct {
    atomic_bool on;
    atomic_uint calls;
} counter;

static void count(void)
{
    if (atomic_load(&counter.on))
        atomic_fetch_add(&counter.calls, 1);
}

/* What glibc calls its own functions. */
void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *block, size_t size);
void *__libc_memalign(size_t alignment, size_t size);
void __libc_free(void *block);

void *malloc(size_t size)
{
    count();
    return __libc_malloc(size);
}

void *calloc(size_t members, size_t size)
{
    count();
    return __libc_calloc(members, size);
}

void *realloc(void *block, size_t size)
{
    count();
    return __libc_realloc(block, size);
}

void *aligned_alloc(size_t alignment, size_t size)
{
    count();
    return __libc_memalign(alignment, size);
}

int posix_memalign(void **out_block, size_t alignment, size_t size)
{
    count();
    *out_block = __libc_memalign(alignment, size);
    return *out_block ? 0 : ENOMEM;
}

void free(void *block)
{
    count();
    __libc_free(block);
}

/* counter_works - else zero would prove nothing. The pointer is volatile, so that no compiler
 * takes the pair away. */
static bool counter_works(void)
{
    atomic_store(&counter.on, true);
    void *volatile block = malloc(100);
    free(block);
    atomic_store(&counter.on, false);
    return atomic_exchange(&counter.calls, 0) == 2;
}

static uint64_t sum(const struct answer_counters *counters)
{
    return atomic_load(&counters->noerror) + atomic_load(&counters->nodata) +
           atomic_load(&counters->nxdomain) + atomic_load(&counters->referral) +
           atomic_load(&counters->refused);
}

int main(void)
{
    static uint8_t buffer[DNS_MESSAGE_MAX];
    static struct answer_worker worker;
    struct snapshot *snapshot = answer_fixture_new();
    if (!snapshot || !counter_works())
        return 1;
    struct rng rng;
    rng_init(&rng, 1);
    struct answer_counts *counts = answer_counts_new();
    if (!counts)
        return 1;
    answer_worker_init(&worker, &(struct answer_worker_options){.seed = 1, .counts = counts});
    for (unsigned i = 0; i < QUERIES; i++) {
        struct corpus_query query;
        corpus_query_make(&rng, (enum corpus_kind)(i % CORPUS_KINDS), &query);
        if (i % MALFORMED_EVERY == 0)
            corpus_packet_mutate(&rng, &query.packet);
        struct answer_request request = {
            .packet = query.packet.bytes,
            .packet_bytes = query.packet.len,
            .client = query.client,
            .transport = query.transport,
        };
        atomic_store(&counter.on, true);
        answer_query(snapshot, &worker, &request, buffer, sizeof(buffer));
        atomic_store(&counter.on, false);
    }
    unsigned calls = atomic_load(&counter.calls);
    uint64_t answered = sum(&worker.counters), steered = atomic_load(&worker.counters.steered);
    uint64_t malformed = atomic_load(&worker.counters.formerr);
    printf("%d queries: %ju answered, %ju steered, %ju malformed: %u allocations\n", QUERIES,
           (uintmax_t)answered, (uintmax_t)steered, (uintmax_t)malformed, calls);
    answer_counts_free(counts);
    snapshot_free(snapshot);
    bool mixed = answered > QUERIES / 2 && steered > QUERIES / 10 && malformed > QUERIES / 100;
    return calls == 0 && mixed ? 0 : 1;
}

#endif
