/* snapshot_publish.c - the one pointer, and when the snapshot behind it may be freed.
 *
 *   control     exchange the pointer ------------------> old snapshot, nobody finds it any more
 *   workers     ...pin (online) load, answer, unpin (offline)... once per wake-up
 *   any thread  retire: wait until each worker was offline or fresh once, then free
 *
 * The qsbr flavour of liburcu: a reader that is offline delays nobody, so a worker goes offline
 * whenever it may sleep. The pointer itself is a C11 atomic and not rcu_dereference(): thread
 * sanitizer understands the former and reports the latter on correct code.
 */
#include <stdatomic.h>
#include <stdlib.h>

#include <urcu/urcu-qsbr.h>

#include "rhumb/require.h"
#include "rhumb/snapshot.h"

#if defined(__SANITIZE_THREAD__)
#define HAS_THREAD_SANITIZER 1
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define HAS_THREAD_SANITIZER 1
#endif
#endif

/* liburcu is not instrumented, so the sanitizer cannot see that a grace period orders the last
 * read before the free. These two say exactly that, and nothing more: without the wait in
 * snapshot_retire() the race is still reported. */
#ifdef HAS_THREAD_SANITIZER
void __tsan_release(void *address); // NOLINT(bugprone-reserved-identifier): the sanitizer's
void __tsan_acquire(void *address); // NOLINT(bugprone-reserved-identifier): own names

static char grace_period; /* only its address is used */

static void reader_is_done(void)
{
    __tsan_release(&grace_period);
}

static void readers_were_done(void)
{
    __tsan_acquire(&grace_period);
}
#else
static void reader_is_done(void)
{
}

static void readers_were_done(void)
{
}
#endif

struct snapshot_slot {
    _Atomic(struct snapshot *) current;
    uint64_t generation; /* of the snapshot published last; control thread only */
};

struct snapshot_slot *snapshot_slot_new(void)
{
    return calloc(1, sizeof(struct snapshot_slot));
}

void snapshot_slot_free(struct snapshot_slot *slot)
{
    if (!slot)
        return;
    snapshot_free(snapshot_current(slot));
    free(slot);
}

void snapshot_reader_join(void)
{
    urcu_qsbr_register_thread();
    urcu_qsbr_thread_offline(); /* registering leaves it online: the first grace period would
                                   last until the first packet */
}

void snapshot_reader_leave(void)
{
    REQUIRE(!urcu_qsbr_read_ongoing());
    urcu_qsbr_unregister_thread();
}

const struct snapshot *snapshot_pin(struct snapshot_slot *slot)
{
    REQUIRE(!urcu_qsbr_read_ongoing()); /* the inner unpin would end the outer section */
    urcu_qsbr_thread_online();
    return atomic_load_explicit(&slot->current, memory_order_acquire);
}

void snapshot_unpin(void)
{
    REQUIRE(urcu_qsbr_read_ongoing());
    reader_is_done();
    urcu_qsbr_thread_offline();
}

struct snapshot *snapshot_publish(struct snapshot_slot *slot, struct snapshot *fresh)
{
    fresh->generation = ++slot->generation;
    return atomic_exchange_explicit(&slot->current, fresh, memory_order_acq_rel);
}

struct snapshot *snapshot_current(struct snapshot_slot *slot)
{
    return atomic_load_explicit(&slot->current, memory_order_acquire);
}

void snapshot_retire(struct snapshot *old)
{
    if (!old)
        return;
    urcu_qsbr_synchronize_rcu();
    readers_were_done();
    snapshot_free(old);
}
