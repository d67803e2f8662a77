#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "rhumb/snapshot.h"

/* The double of snapshot.c: a snapshot here is one block, spoiled before it is freed, so that a
 * reader that still looks sees it even without a sanitizer. */
static atomic_uint freed_count;

static struct snapshot *snapshot_make(void)
{
    struct snapshot *snapshot = calloc(1, sizeof(*snapshot));
    assert_non_null(snapshot);
    return snapshot;
}

void snapshot_free(struct snapshot *snapshot)
{
    if (!snapshot)
        return;
    atomic_fetch_add(&freed_count, 1);
    memset(snapshot, 0xdb, sizeof(*snapshot));
    free(snapshot);
}

static void generations_count_from_one(void **state)
{
    (void)state;
    struct snapshot_slot *slot = snapshot_slot_new();
    assert_non_null(slot);
    assert_null(snapshot_current(slot));
    struct snapshot *first = snapshot_make(), *second = snapshot_make();
    assert_null(snapshot_publish(slot, first));
    assert_int_equal(first->generation, 1);
    assert_ptr_equal(snapshot_publish(slot, second), first);
    assert_int_equal(second->generation, 2);
    assert_ptr_equal(snapshot_current(slot), second);
    snapshot_retire(first);
    snapshot_slot_free(slot);
}

static void nothing_is_freed_twice_or_never(void **state)
{
    (void)state;
    atomic_store(&freed_count, 0);
    snapshot_slot_free(NULL);
    snapshot_retire(NULL);
    snapshot_slot_free(snapshot_slot_new()); /* nothing was published */
    assert_int_equal(atomic_load(&freed_count), 0);
    struct snapshot_slot *slot = snapshot_slot_new();
    assert_null(snapshot_publish(slot, snapshot_make()));
    snapshot_retire(snapshot_publish(slot, snapshot_make()));
    assert_int_equal(atomic_load(&freed_count), 1);
    snapshot_slot_free(slot);
    assert_int_equal(atomic_load(&freed_count), 2);
}

static void *retire(void *old)
{
    snapshot_retire(old);
    return NULL;
}

/* retire() would never return if a reader that only joined, or unpinned, were waited for. */
static void a_reader_at_rest_delays_nobody(void **state)
{
    (void)state;
    struct snapshot_slot *slot = snapshot_slot_new();
    assert_null(snapshot_publish(slot, snapshot_make()));
    snapshot_reader_join();
    pthread_t thread;
    struct snapshot *old = snapshot_publish(slot, snapshot_make());
    assert_int_equal(pthread_create(&thread, NULL, retire, old), 0);
    assert_int_equal(pthread_join(thread, NULL), 0);
    assert_int_equal(snapshot_pin(slot)->generation, 2);
    snapshot_unpin();
    old = snapshot_publish(slot, snapshot_make());
    assert_int_equal(pthread_create(&thread, NULL, retire, old), 0);
    assert_int_equal(pthread_join(thread, NULL), 0);
    snapshot_reader_leave();
    snapshot_slot_free(slot);
}

/* dies - does misuse end the process? Tried in a child. */
static int dies(void (*misuse)(struct snapshot_slot *slot), struct snapshot_slot *slot)
{
    fflush(NULL);
    pid_t child = fork();
    if (child == 0) {
        close(STDERR_FILENO);
        snapshot_reader_join();
        misuse(slot);
        _exit(0);
    }
    int status = 0;
    assert_int_equal(waitpid(child, &status, 0), child);
    return !WIFEXITED(status) || WEXITSTATUS(status) != 0;
}

static void pin_twice(struct snapshot_slot *slot)
{
    (void)snapshot_pin(slot);
    (void)snapshot_pin(slot);
}

static void unpin_unpinned(struct snapshot_slot *slot)
{
    (void)slot;
    snapshot_unpin();
}

static void leave_pinned(struct snapshot_slot *slot)
{
    (void)snapshot_pin(slot);
    snapshot_reader_leave();
}

static void pin_once(struct snapshot_slot *slot)
{
    (void)snapshot_pin(slot);
    snapshot_unpin();
    snapshot_reader_leave();
}

static void unpaired_pins_abort(void **state)
{
    (void)state;
    struct snapshot_slot *slot = snapshot_slot_new();
    assert_null(snapshot_publish(slot, snapshot_make()));
    assert_true(dies(pin_twice, slot));
    assert_true(dies(unpin_unpinned, slot));
    assert_true(dies(leave_pinned, slot));
    assert_false(dies(pin_once, slot));
    snapshot_slot_free(slot);
}

enum { READERS = 2, PUBLICATIONS = 5000, MARK = 7 };

struct race {
    struct snapshot_slot *slot;
    atomic_bool stop;
    atomic_uint ready, torn;
};

static void *read_on(void *arg)
{
    struct race *race = arg;
    uint64_t last = 0;
    snapshot_reader_join();
    atomic_fetch_add(&race->ready, 1);
    while (!atomic_load_explicit(&race->stop, memory_order_relaxed)) {
        const struct snapshot *snapshot = snapshot_pin(race->slot);
        for (int look = 0; look < 20; look++)
            if (snapshot->binding_count != snapshot->target_count + MARK)
                atomic_fetch_add(&race->torn, 1);
        if (snapshot->generation < last)
            atomic_fetch_add(&race->torn, 1);
        last = snapshot->generation;
        snapshot_unpin();
    }
    snapshot_reader_leave();
    return NULL;
}

static struct snapshot *snapshot_make_marked(size_t n)
{
    struct snapshot *snapshot = snapshot_make();
    snapshot->target_count = n;
    snapshot->binding_count = n + MARK;
    return snapshot;
}

static void readers_never_see_a_freed_or_torn_snapshot(void **state)
{
    (void)state;
    atomic_store(&freed_count, 0);
    struct race race = {.slot = snapshot_slot_new()};
    assert_null(snapshot_publish(race.slot, snapshot_make_marked(0)));
    pthread_t readers[READERS];
    for (int i = 0; i < READERS; i++)
        assert_int_equal(pthread_create(&readers[i], NULL, read_on, &race), 0);
    while (atomic_load(&race.ready) < READERS)
        sched_yield();
    for (size_t n = 1; n <= PUBLICATIONS; n++)
        snapshot_retire(snapshot_publish(race.slot, snapshot_make_marked(n)));
    atomic_store(&race.stop, true);
    for (int i = 0; i < READERS; i++)
        assert_int_equal(pthread_join(readers[i], NULL), 0);
    assert_int_equal(atomic_load(&race.torn), 0);
    assert_int_equal(atomic_load(&freed_count), PUBLICATIONS);
    snapshot_slot_free(race.slot);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(generations_count_from_one),
        cmocka_unit_test(nothing_is_freed_twice_or_never),
        cmocka_unit_test(a_reader_at_rest_delays_nobody),
        cmocka_unit_test(unpaired_pins_abort),
        cmocka_unit_test(readers_never_see_a_freed_or_torn_snapshot),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
