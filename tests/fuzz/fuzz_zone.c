/* Zone text: whatever the file says, the loader ends with yes or with reasons; and a zone that
 * loads keeps zone_promise.h, with and without a steered name in it.
 *
 *   input   | steered (1) | text of the master file ...
 */
#include <stdio.h>
#include <stdlib.h>

#include "fuzz.h"
#include "zone_promise.h"

enum { ARENA_BYTES = 64 << 20, RECORDS_MAX = 500, PRINTED_RECORDS_MAX = 64 };

static const uint8_t steered_name[] = "\3www\7example\3com"; /* ends in the root's zero byte */
static char path[FUZZ_PATH_MAX]; /* $INCLUDE is relative to tests/data/zone */

static void set_up(void)
{
    (void)fuzz_data_path("zone/fuzz.zone", path);
}

/* One call of the loader. */
struct loaded {
    struct arena *arena;
    struct diag_list *diags;
    struct zone *zone;
    enum err err;
};

static void load(struct loaded *l, const char *text, size_t len, size_t steered_count)
{
    static const struct zone_limits limits = {.max_records = RECORDS_MAX};
    const struct zone_steered steered = {.name = steered_name, .binding = 7};
    *l = (struct loaded){.arena = arena_new(ARENA_BYTES), .diags = diag_list_new()};
    FUZZ_PROMISE(l->arena && l->diags, "there is memory");
    l->err = zone_load_text("example.com.", text, len, path, &steered, steered_count, &limits,
                            l->arena, l->diags, &l->zone);
    FUZZ_PROMISE(l->err == ERR_OK || l->err == ERR_INVALID, "it loads, or is refused");
    FUZZ_PROMISE((l->err == ERR_INVALID) == (diag_error_count(l->diags) > 0),
                 "it is refused exactly when there is an error to show");
    FUZZ_PROMISE((l->err == ERR_OK) == (l->zone != NULL), "a zone comes with success only");
}

static void unload(struct loaded *l)
{
    arena_free(l->arena);
    diag_list_free(l->diags);
}

static void check_steered(const struct zone *zone, size_t steered_count)
{
    const struct zone_node *node =
        zone_find_node(zone, steered_name, dns_name_hash(steered_name));
    if (steered_count > 0)
        FUZZ_PROMISE(node && node->binding == 7 && !zone_node_rrset(node, DNS_TYPE_A) &&
                         !zone_node_rrset(node, DNS_TYPE_AAAA) && !node->cut,
                     "a steered name exists, has no addresses and is above every cut");
    else
        FUZZ_PROMISE(!node || node->binding == ZONE_NOT_STEERED, "nothing else is steered");
}

/* print_and_reload - a zone is the same after it was written out. An empty node above others
 * comes back by itself; a steered one would not. */
static void print_and_reload(const struct zone *zone)
{
    size_t len = 0;
    char *text = zone_promise_print(zone, &len);
    struct loaded again;
    if (!text)
        return;
    load(&again, text, len, 0);
    if (!again.zone)
        diag_print_all(again.diags, stderr);
    FUZZ_PROMISE(again.zone, "a zone that was printed loads again");
    zone_promise_same(zone, again.zone);
    unload(&again);
    free(text);
}

static void run(const uint8_t *data, size_t size)
{
    struct loaded l;
    if (size == 0)
        return;
    size_t steered_count = data[0] & 1;
    load(&l, (const char *)data + 1, size - 1, steered_count);
    if (l.zone) {
        zone_promise_check(l.zone);
        check_steered(l.zone, steered_count);
        if (steered_count == 0 && l.zone->record_count <= PRINTED_RECORDS_MAX)
            print_and_reload(l.zone);
    }
    unload(&l);
}

const struct fuzz_harness fuzz_harness = {.limit_us = 50000, .set_up = set_up, .run = run};
