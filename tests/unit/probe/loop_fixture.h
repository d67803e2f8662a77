/* loop_fixture.h - a loop with one prober, a guard against hanging, and recorded results.
 *
 * Nothing here sleeps: the loop runs until the expected results have come. The guard fails the
 * test when they do not come in time; it is generous because sanitizers are slow. It ticks
 * every millisecond, so that uv_run(UV_RUN_ONCE) never blocks long after what was waited for.
 */
#pragma once

#include <uv.h>

#include "rhumb/probe.h"

enum { GUARD_MS = 30000, RESULTS_KEPT = 64 };

struct loop_fixture {
    uv_loop_t loop;
    uv_timer_t guard;
    uint64_t guard_ms; /* when it fires, in the loop's time */
    bool guard_fired;
    struct prober *prober; /* NULL once closed */
};

/* The results of one probe, or of many together. */
struct seen {
    struct loop_fixture *fixture;
    size_t count, successes, failures, own_faults;
    struct probe_result last;
    uint64_t at_ms[RESULTS_KEPT]; /* of the first results */
    uint32_t delay_ms;            /* what on_result returns */
};

/* loop_fixture_open - limits of 0 mean 256 in all and 8 per address. */
void loop_fixture_open(struct loop_fixture *fixture, uint32_t max_in_flight,
                       uint32_t max_per_address);

/* loop_fixture_close - close the prober and assert that nothing is left on the loop. */
void loop_fixture_close(struct loop_fixture *fixture);

/* loop_fixture_drain - run until no handle but the guard is left, then close the loop. */
void loop_fixture_drain(struct loop_fixture *fixture);

/* loop_fixture_until - run until *counter is at least wanted. */
void loop_fixture_until(struct loop_fixture *fixture, const size_t *counter, size_t wanted);

/* seen_record - a probe_on_result; ctx is a struct seen. */
uint32_t seen_record(void *ctx, const struct probe_result *result);

/* loop_fixture_ask - add check against 127.0.0.1, run it once, remove it; the result. */
struct probe_result loop_fixture_ask(struct loop_fixture *fixture,
                                     const struct config_check *check);

/* assert_times - exactly these parts of the run were timed, and they fit into the whole. */
enum { TOOK_CONNECT = 1 << 0, TOOK_TLS = 1 << 1, TOOK_ANSWER = 1 << 2 };

void assert_times(const struct probe_result *result, unsigned parts);

/* local_address - "127.0.0.1" and the like as an address. */
struct ip_addr local_address(const char *text);

/* check_of - a check with short times; the rest is zero. */
struct config_check check_of(enum config_check_kind kind, uint16_t port);
