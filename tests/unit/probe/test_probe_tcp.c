#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#include <curl/curl.h>

#include "fake_server.h"
#include "loop_fixture.h"
#include "probe_tcp.h"

static void an_open_port_is_a_success_with_a_round_trip(void **state)
{
    (void)state;
    struct loop_fixture fixture;
    struct fake_server server;
    loop_fixture_open(&fixture, 0, 0);
    fake_server_open(&server, &fixture.loop, "127.0.0.1",
                     (struct fake_script){.ending = FAKE_HOLD});
    struct config_check check = check_of(CONFIG_CHECK_TCP, server.port);
    struct probe_result result = loop_fixture_ask(&fixture, &check);
    assert_int_equal(result.outcome, HEALTH_SUCCESS);
    assert_string_equal(result.reason, "connected");
    assert_in_range(result.rtt_us, 1, 5000000);
    fake_server_close(&server);
    loop_fixture_close(&fixture);
}

static void a_closed_port_is_refused(void **state)
{
    (void)state;
    struct loop_fixture fixture;
    loop_fixture_open(&fixture, 0, 0);
    struct config_check check = check_of(CONFIG_CHECK_TCP, closed_port());
    struct probe_result result = loop_fixture_ask(&fixture, &check);
    assert_int_equal(result.outcome, HEALTH_FAILURE);
    assert_string_equal(result.reason, "connection refused");
    assert_int_equal(result.rtt_us, 0);
    loop_fixture_close(&fixture);
}

static void a_black_hole_times_out_and_is_a_failure(void **state)
{
    (void)state;
    struct loop_fixture fixture;
    struct black_hole hole;
    loop_fixture_open(&fixture, 0, 0);
    black_hole_open(&hole);
    struct config_check check = check_of(CONFIG_CHECK_TCP, hole.port);
    check.timeout_ms = 60;
    uint64_t started_ns = uv_hrtime();
    struct probe_result result = loop_fixture_ask(&fixture, &check);
    assert_int_equal(result.outcome, HEALTH_FAILURE);
    assert_string_equal(result.reason, "timeout after 60 ms in connect");
    assert_true(uv_hrtime() - started_ns >= 60 * UINT64_C(1000000));
    black_hole_close(&hole);
    loop_fixture_close(&fixture);
}

/* TCP has no route to a group, on any machine: the nearest thing to having no route at all. */
static void an_address_without_a_route_is_our_own_fault(void **state)
{
    (void)state;
    static const char *const groups[] = {"224.0.0.1", "ff02::1"};
    for (size_t i = 0; i < 2; i++) {
        uv_loop_t loop;
        struct probe_result result = {.outcome = HEALTH_SUCCESS};
        struct ip_addr addr = local_address(groups[i]);
        assert_int_equal(uv_loop_init(&loop), 0);
        assert_null(tcp_run_start(&loop, &addr, 80, NULL, NULL, &result));
        assert_int_equal(result.outcome, HEALTH_OWN_FAULT);
        assert_int_equal(strncmp(result.reason, "own fault: ", 11), 0);
        assert_int_equal(uv_loop_close(&loop), 0);
    }
}

static void a_cancelled_run_says_nothing_and_leaves_nothing(void **state)
{
    (void)state;
    uv_loop_t loop;
    struct black_hole hole;
    struct probe_result result;
    struct ip_addr addr = local_address("127.0.0.1");
    black_hole_open(&hole);
    assert_int_equal(uv_loop_init(&loop), 0);
    struct tcp_run *run = tcp_run_start(&loop, &addr, hole.port, NULL, NULL, &result);
    assert_non_null(run);
    tcp_run_cancel(run);
    uv_run(&loop, UV_RUN_DEFAULT);
    assert_int_equal(uv_loop_close(&loop), 0);
    black_hole_close(&hole);
}

int main(void)
{
    curl_global_init(CURL_GLOBAL_DEFAULT);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_open_port_is_a_success_with_a_round_trip),
        cmocka_unit_test(a_closed_port_is_refused),
        cmocka_unit_test(a_black_hole_times_out_and_is_a_failure),
        cmocka_unit_test(an_address_without_a_route_is_our_own_fault),
        cmocka_unit_test(a_cancelled_run_says_nothing_and_leaves_nothing),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    curl_global_cleanup();
    return failed;
}
