#include "loop_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void on_guard(uv_timer_t *guard)
{
    struct loop_fixture *fixture = (struct loop_fixture *)guard->data;
    fixture->guard_fired = uv_now(&fixture->loop) >= fixture->guard_ms;
}

void loop_fixture_open(struct loop_fixture *fixture, uint32_t max_in_flight,
                       uint32_t max_per_address)
{
    struct prober_limits limits = {
        .max_in_flight = max_in_flight > 0 ? max_in_flight : 256,
        .max_per_address = max_per_address > 0 ? max_per_address : 8,
    };
    *fixture = (struct loop_fixture){.guard_fired = false};
    assert_int_equal(uv_loop_init(&fixture->loop), 0);
    uv_timer_init(&fixture->loop, &fixture->guard);
    fixture->guard.data = fixture;
    fixture->guard_ms = uv_now(&fixture->loop) + GUARD_MS;
    uv_timer_start(&fixture->guard, on_guard, 1, 1);
    uv_unref((uv_handle_t *)&fixture->guard);
    assert_int_equal(prober_new(&fixture->loop, &limits, &fixture->prober), ERR_OK);
}

void loop_fixture_drain(struct loop_fixture *fixture)
{
    bool more = true;
    while (more && !fixture->guard_fired)
        more = uv_run(&fixture->loop, UV_RUN_ONCE) != 0;
    assert_false(fixture->guard_fired);
    uv_close((uv_handle_t *)&fixture->guard, NULL);
    uv_run(&fixture->loop, UV_RUN_DEFAULT);
    assert_int_equal(uv_loop_close(&fixture->loop), 0);
}

void loop_fixture_close(struct loop_fixture *fixture)
{
    prober_close(fixture->prober);
    loop_fixture_drain(fixture);
}

void loop_fixture_until(struct loop_fixture *fixture, const size_t *counter, size_t wanted)
{
    while (*counter < wanted && !fixture->guard_fired)
        uv_run(&fixture->loop, UV_RUN_ONCE);
    assert_false(fixture->guard_fired);
}

uint32_t seen_record(void *ctx, const struct probe_result *result)
{
    struct seen *seen = (struct seen *)ctx;
    uv_update_time(&seen->fixture->loop);
    if (seen->count < RESULTS_KEPT)
        seen->at_ms[seen->count] = uv_now(&seen->fixture->loop);
    seen->count++;
    seen->successes += result->outcome == HEALTH_SUCCESS;
    seen->failures += result->outcome == HEALTH_FAILURE;
    seen->own_faults += result->outcome == HEALTH_OWN_FAULT;
    seen->last = *result;
    return seen->delay_ms;
}

struct probe_result loop_fixture_ask(struct loop_fixture *fixture,
                                     const struct config_check *check)
{
    struct seen seen = {.fixture = fixture, .delay_ms = 60000};
    struct ip_addr addr = local_address("127.0.0.1");
    struct probe *probe;
    assert_int_equal(probe_add(fixture->prober, check, &addr, 0, 0, seen_record, &seen, &probe),
                     ERR_OK);
    loop_fixture_until(fixture, &seen.count, 1);
    probe_remove(probe);
    return seen.last;
}

struct ip_addr local_address(const char *text)
{
    struct ip_addr addr;
    assert_true(ip_parse(text, &addr));
    return addr;
}

struct config_check check_of(enum config_check_kind kind, uint16_t port)
{
    return (struct config_check){
        .kind = kind,
        .port = port,
        .verify = true,
        .interval_ms = 1000,
        .timeout_ms = 5000,
    };
}

void assert_times(const struct probe_result *result, unsigned parts)
{
    const struct probe_times *took = &result->took;
    assert_int_equal(took->connect_us > 0, (parts & TOOK_CONNECT) != 0);
    assert_int_equal(took->tls_us > 0, (parts & TOOK_TLS) != 0);
    assert_int_equal(took->answer_us > 0, (parts & TOOK_ANSWER) != 0);
    assert_true(took->total_us > 0);
    /* each is rounded up to a microsecond */
    assert_true((uint64_t)took->connect_us + took->tls_us + took->answer_us <=
                took->total_us + UINT64_C(3));
}
