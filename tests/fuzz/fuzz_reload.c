/* Reload while answering: the input is a list of steps. Snapshots are compiled, published, pinned
 * and retired, health changes, queries are asked; each answer is one that the snapshot asked
 * gives, whatever was published since it was pinned.
 *
 *   step   | bits 0-2 what | bits 3-7 with what |
 *     0 load variant   1 pin   2 unpin   3-4 set the health of a seat   5-7 ask
 */
#include <stdlib.h>
#include <string.h>

#include "rhumb/answer.h"
#include "rhumb/require.h"

#include "fuzz.h"
#include "reload_world.h"

enum { STEPS_MAX = 64, LOADS_MAX = 8 };

struct play {
    struct snapshot_slot *slot;
    unsigned variant, pinned_variant; /* what is published; what is pinned */
    const struct snapshot *pinned;    /* NULL: none */
    struct snapshot *retired[LOADS_MAX];
    unsigned retired_count, loads;
    uint64_t generation;
};

static void set_up(void)
{
    reload_world_open();
    snapshot_reader_join();
}

/* retire_all - nobody has pinned them any more. */
static void retire_all(struct play *p)
{
    while (p->retired_count > 0)
        snapshot_retire(p->retired[--p->retired_count]);
}

/* load - publish a variant; a broken one leaves everything as it is. */
static void load(struct play *p, unsigned variant)
{
    if (p->loads == LOADS_MAX)
        return;
    p->loads++;
    struct snapshot *fresh = reload_world_compile(variant);
    FUZZ_PROMISE((fresh != NULL) == (variant < RELOAD_GOOD_VARIANTS),
                 "a broken variant is refused, a good one taken");
    if (!fresh)
        return;
    struct snapshot *current = snapshot_current(p->slot);
    struct snapshot *old = snapshot_publish(p->slot, fresh);
    FUZZ_PROMISE(old == current, "what was published before is handed back");
    FUZZ_PROMISE(fresh->generation == ++p->generation, "generations are counted");
    p->variant = variant;
    if (old)
        p->retired[p->retired_count++] = old;
    if (!p->pinned)
        retire_all(p);
}

static void pin(struct play *p)
{
    if (p->pinned)
        return;
    p->pinned = snapshot_pin(p->slot);
    FUZZ_PROMISE(p->pinned == snapshot_current(p->slot), "what is pinned is what is published");
    p->pinned_variant = p->variant;
}

static void unpin(struct play *p)
{
    if (!p->pinned)
        return;
    p->pinned = NULL;
    snapshot_unpin();
    retire_all(p);
}

/* set_health - of one seat of the published snapshot: up, suspect, down, down and suspect. */
static void set_health(struct play *p, unsigned with)
{
    static const health_word words[] = {HEALTH_WORD_ALWAYS_UP,
                                        HEALTH_WORD_ALWAYS_UP | HEALTH_WORD_SUSPECT, 0,
                                        HEALTH_WORD_SUSPECT};
    struct snapshot *current = snapshot_current(p->slot);
    if (current->seat_count > 0)
        health_table_set(&current->health, (with >> 2) % current->seat_count, words[with & 3]);
}

static void ask(struct play *p, unsigned question)
{
    bool was_pinned = p->pinned != NULL;
    pin(p);
    reload_world_ask(p->pinned, p->pinned_variant, question);
    if (!was_pinned)
        unpin(p);
}

static void step(struct play *p, unsigned what, unsigned with)
{
    switch (what) {
    case 0: load(p, with % RELOAD_VARIANTS); break;
    case 1: pin(p); break;
    case 2: unpin(p); break;
    case 3:
    case 4: set_health(p, with); break;
    default: ask(p, with); break;
    }
}

static void run(const uint8_t *data, size_t size)
{
    struct play p = {.slot = snapshot_slot_new()};
    uint64_t failures = check_failures();
    FUZZ_PROMISE(p.slot, "there is memory");
    load(&p, 0);
    for (size_t i = 0; i < size && i < STEPS_MAX; i++)
        step(&p, data[i] & 7, data[i] >> 3);
    unpin(&p);
    snapshot_slot_free(p.slot);
    FUZZ_PROMISE(check_failures() == failures, "nothing is found broken inside");
}

const struct fuzz_harness fuzz_harness = {.limit_us = 200000, .set_up = set_up, .run = run};
