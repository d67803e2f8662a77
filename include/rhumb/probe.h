/* probe.h - run checks on time and report each result.
 *
 * A prober lives on one uv loop (the control thread's) and is used on that thread only. It
 * knows how to ask one address; what a result means is the state machine's business: the
 * callback gets the result and says when to ask again. Everything is always under a deadline
 * (the check's timeout), and nothing blocks.
 *
 *   probe_add() -> first run after first_ms, or spread over the interval
 *     -> a place is free (max_in_flight in all, max_per_address)
 *     -> TCP or libcurl, under the deadline
 *     -> on_result() returns the delay -> timer -> ...
 *
 * Only literal addresses are probed; nothing is resolved. A failure of our own (EMFILE,
 * ENETUNREACH without a route, out of memory) is HEALTH_OWN_FAULT.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include <uv.h>

#include "rhumb/config.h"
#include "rhumb/err.h"
#include "rhumb/health_fsm.h"
#include "rhumb/ip.h"

struct prober;
struct probe;

enum { PROBE_REASON_MAX = 128 };

/* What the parts of a run have taken, in microseconds; 0: there was no such part, or the run did not
 * get to its end. */
struct probe_times {
    uint32_t connect_us; /* to the connection */
    uint32_t tls_us;     /* the handshake after it */
    uint32_t answer_us;  /* from then to the first byte of the answer */
    uint32_t total_us;   /* from start to end, whatever came of it; never 0 */
};

struct probe_result {
    enum health_outcome outcome;
    struct probe_times took;
    uint32_t rtt_us; /* connection and answer; with HEALTH_SUCCESS */
    uint8_t scale;   /* percent of its weight the target asks for: 100, or less by a metric */
    char reason[PROBE_REASON_MAX]; /* "status 200", "connection refused", "timeout after 500 ms
                                      in connect", "certificate has expired" ... */
};

/* probe_on_result - returns the milliseconds until the next run of this probe. It may call
 * probe_remove() on any probe, this one included (then the value is ignored). */
typedef uint32_t (*probe_on_result)(void *ctx, const struct probe_result *result);

struct prober_limits {
    uint32_t max_in_flight, max_per_address;
};

/* prober_new - SIGPIPE is ignored. The first one is made before other threads start: it
 * initialises libcurl, which reads the environment. */
WARN_UNUSED enum err prober_new(uv_loop_t *loop, const struct prober_limits *limits,
                                struct prober **out_prober);

/* prober_set_limits - after a reload. */
void prober_set_limits(struct prober *prober, const struct prober_limits *limits);

/* prober_set_max_commands - how many `command:` checks may run at once, beside max_in_flight;
 * until it is called, 16. Those over it wait, and their deadline begins when they start. */
void prober_set_max_commands(struct prober *prober, uint32_t max_commands);

/* prober_close - stop everything; the memory goes when the last handle has closed, on the loop.
 * No callback comes any more. May be called from within one. */
void prober_close(struct prober *prober);

/* probe_add - start probing addr as check says. The check is copied in full (a snapshot may go
 * while its probes stay).
 *
 * shape    first_ms: the first run after so long; UINT32_MAX: after spread % interval
 *          spread: any number, best a hash of what is probed; also seeds the jitter
 * owns     *out_probe belongs to the prober; probe_remove() or prober_close() ends it
 * returns  ERR_OK, ERR_NO_MEMORY, ERR_LIMIT (2^17 probes), ERR_INVALID (a check of kind none,
 *          an interval or timeout of 0, no address: a mistake of the caller)
 */
WARN_UNUSED enum err probe_add(struct prober *prober, const struct config_check *check,
                               const struct ip_addr *addr, uint64_t spread, uint32_t first_ms,
                               probe_on_result on_result, void *ctx, struct probe **out_probe);

/* probe_remove - no callback for it any more, a run in flight is cut. The object is freed by
 * the prober. */
void probe_remove(struct probe *probe);

/* prober_in_flight, prober_waiting - runs going on; runs due but over a limit. */
size_t prober_in_flight(const struct prober *prober);
size_t prober_waiting(const struct prober *prober);
