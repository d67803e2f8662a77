/* probe_resolver.h - the addresses behind host names, kept fresh, apart from the probes.
 *
 * A resolver lives on one uv loop and is used on that thread only; look-ups wait in libuv's
 * pool, a few at a time. Names are asked for in the DNS, as absolute names: /etc/hosts and
 * search lists are not what the clients of a CNAME see.
 *
 *   resolver_add() -> A and AAAA -> on_addresses(), when they differ from those told before
 *        ^                 |
 *        +-- after the ----+   fails: those told before stay; on_trouble(), once until it
 *         smallest TTL                works again
 *
 * Several entries may have one name. It is looked up, and its trouble told, once for all of them.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include <uv.h>

#include "rhumb/err.h"
#include "rhumb/ip.h"

struct resolver;
struct resolver_entry;

enum { RESOLVER_ADDRESSES_MAX = 16, RESOLVER_AT_ONCE = 2, RESOLVER_ENTRIES_MAX = 1 << 16 };

/* How long until a name is looked up again. */
struct resolver_pace {
    uint32_t least_ms, most_ms; /* bounds for a TTL */
    uint32_t retry_ms;          /* after many failures, while there are addresses */
    uint32_t first_retry_ms;    /* after the first of them, and while there are none */
};

extern const struct resolver_pace RESOLVER_PACE; /* 5 s, 1 h, 30 s, 5 s */

/* resolver_retry_ms - until the next look-up, after so many failures in a row (from 1) of a name
 * that has addresses: each wait is twice the one before, up to retry_ms. A name server that was
 * away for a moment is asked soon, one that is gone is left alone.
 *
 * source   RFC 9520 section 3.2: the delay between attempts should grow
 */
uint32_t resolver_retry_ms(const struct resolver_pace *pace, unsigned failures);

/* resolver_on_addresses - the addresses now: sorted, IPv4 first, no two alike, 1 to
 * RESOLVER_ADDRESSES_MAX; borrowed for the call. */
typedef void (*resolver_on_addresses)(void *ctx, const struct ip_addr *addrs, size_t count);

/* resolver_on_trouble - look-ups of host fail, and why; NULL: they work again, or nobody asks any
 * more. host: text with a final dot, borrowed for the call. */
typedef void (*resolver_on_trouble)(void *ctx, const char *host, const char *reason);

/* resolver_new - pace is copied. on_trouble may not call the resolver. ERR_OK, ERR_NO_MEMORY. */
WARN_UNUSED enum err resolver_new(uv_loop_t *loop, const struct resolver_pace *pace,
                                  resolver_on_trouble on_trouble, void *ctx,
                                  struct resolver **out_resolver);

/* resolver_close - no callback comes any more; memory goes on the loop, when the look-ups under
 * way have ended (each takes 8 s for a name server that does not answer). */
void resolver_close(struct resolver *resolver);

/* resolver_add - look host up, soon and again and again; what is known of it already is told soon.
 * The callback comes from the loop only, and may add and remove entries, or close the resolver.
 *
 * shape    host: text as in the configuration, with or without a final dot; copied
 * owns     *out_entry belongs to the resolver; resolver_remove() or resolver_close() ends it
 * returns  ERR_OK, ERR_NO_MEMORY, ERR_LIMIT (RESOLVER_ENTRIES_MAX), ERR_INVALID (no host name)
 */
WARN_UNUSED enum err resolver_add(struct resolver *resolver, const char *host,
                                  resolver_on_addresses on_addresses, void *ctx,
                                  struct resolver_entry **out_entry);

/* resolver_remove - no callback for it any more. With the last entry of a name its trouble ends. */
void resolver_remove(struct resolver_entry *entry);
