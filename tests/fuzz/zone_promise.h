/* zone_promise.h - what holds for every zone that loads, whatever the file said. */
#pragma once

#include "rhumb/zone.h"

/* zone_promise_check - names in canonical order, each with its parent, cut and wildcard as the
 * tree says; each found by its hash and by zone_lookup(); each RRset whole, and sound in the
 * eyes of the parser of the tests when it is sent; SOA and NS at the apex. */
void zone_promise_check(const struct zone *zone);

/* zone_promise_print - the zone as a master file in the generic form of RFC 3597: it must load
 * again, and be the same. On the heap, with its length. */
char *zone_promise_print(const struct zone *zone, size_t *out_len);

/* zone_promise_same - two zones have the same names and the same records. */
void zone_promise_same(const struct zone *a, const struct zone *b);
