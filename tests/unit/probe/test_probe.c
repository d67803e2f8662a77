#include <semaphore.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cmocka.h>
#include <curl/curl.h>

#include "rhumb/probe.h"

#include "fake_server.h"
#include "loop_fixture.h"
#include "tls_server.h"

#define ANSWER_OK "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"

static const struct fake_script HOLD = {{NULL}, FAKE_HOLD};
static const struct fake_script SAY_OK = {{ANSWER_OK}, FAKE_HOLD};

static struct probe *add(struct seen *seen, const struct config_check *check,
                         const char *address, uint64_t spread, uint32_t first_ms)
{
    struct ip_addr addr = local_address(address);
    struct probe *probe;
    assert_int_equal(probe_add(seen->fixture->prober, check, &addr, spread, first_ms,
                               seen_record, seen, &probe),
                     ERR_OK);
    return probe;
}

static void first_runs_are_spread_over_the_interval(void **state)
{
    (void)state;

    static const struct {
        uint64_t spread;
        uint32_t first_ms;
        uint64_t expected_ms;
    } cases[] = {
        {0, UINT32_MAX, 0},
        {70, UINT32_MAX, 70},
        {1000000000000000120u, UINT32_MAX, 120},
        {UINT64_MAX, UINT32_MAX, UINT64_MAX % 200},
        {150, 0, 0},
        {150, 90, 90},
    };
    struct loop_fixture fixture;
    struct seen seen[6];
    size_t done = 0;
    loop_fixture_open(&fixture, 0, 0);
    struct config_check check = check_of(CONFIG_CHECK_TCP, closed_port());
    check.interval_ms = 200;
    uint64_t started_ms = uv_now(&fixture.loop);
    for (size_t i = 0; i < 6; i++) {
        seen[i] = (struct seen){.fixture = &fixture, .delay_ms = 60000};
        add(&seen[i], &check, "127.0.0.1", cases[i].spread, cases[i].first_ms);
    }
    for (size_t i = 0; i < 6; i++, done++)
        loop_fixture_until(&fixture, &seen[i].count, 1);
    for (size_t i = 0; i < 6; i++)
        assert_true(seen[i].at_ms[0] - started_ms >= cases[i].expected_ms);
    assert_true(seen[0].at_ms[0] <= seen[1].at_ms[0]); /* in the order of their times */
    assert_true(seen[1].at_ms[0] <= seen[5].at_ms[0]);
    assert_true(seen[5].at_ms[0] <= seen[2].at_ms[0]);
    loop_fixture_close(&fixture);
}

/* The delay is shortened by a part of it at most, never lengthened by us: what is more than
 * the delay is the machine's doing, so only the lower bound can be asserted. */
static void delays_are_obeyed_with_a_little_jitter(void **state)
{
    (void)state;

    enum { RUNS = 12, DELAY_MS = 40 };

    struct loop_fixture fixture;
    struct seen seen = {.fixture = &fixture, .delay_ms = DELAY_MS};
    loop_fixture_open(&fixture, 0, 0);
    struct config_check check = check_of(CONFIG_CHECK_TCP, closed_port());
    add(&seen, &check, "127.0.0.1", 7, 0);
    loop_fixture_until(&fixture, &seen.count, RUNS);
    for (size_t i = 1; i < RUNS; i++)
        assert_true(seen.at_ms[i] - seen.at_ms[i - 1] >= DELAY_MS - DELAY_MS / 20);
    loop_fixture_close(&fixture);
}

static void no_more_run_at_once_than_the_limit(void **state)
{
    (void)state;

    enum { PROBES = 30, LIMIT = 4 };

    struct loop_fixture fixture;
    struct fake_server server;
    struct seen seen = {.fixture = &fixture, .delay_ms = 60000};
    char address[16] = "127.0.0.1";
    loop_fixture_open(&fixture, LIMIT, 100);
    fake_server_open(&server, &fixture.loop, "0.0.0.0", SAY_OK);
    struct config_check check = check_of(CONFIG_CHECK_HTTP, server.port);
    for (size_t i = 0; i < PROBES; i++) {
        address[8] = (char)('1' + i % 8);
        add(&seen, &check, address, 0, 0);
    }
    size_t most_waiting = 0;
    while (seen.count < PROBES) {
        uv_run(&fixture.loop, UV_RUN_ONCE);
        assert_false(fixture.guard_fired);
        assert_true(prober_in_flight(fixture.prober) <= LIMIT);
        if (prober_waiting(fixture.prober) > most_waiting)
            most_waiting = prober_waiting(fixture.prober);
    }
    assert_int_equal(seen.successes, PROBES);
    assert_int_equal(prober_in_flight(fixture.prober), 0);
    assert_int_equal(prober_waiting(fixture.prober), 0);
    assert_true(most_waiting >= PROBES - LIMIT - 1);
    fake_server_close(&server);
    loop_fixture_close(&fixture);
}

static void no_more_ask_one_address_than_the_limit(void **state)
{
    (void)state;

    enum { PROBES = 10, LIMIT = 2 };

    struct loop_fixture fixture;
    struct fake_server held, open;
    struct seen at_held = {.fixture = &fixture, .delay_ms = 60000};
    struct seen at_open = {.fixture = &fixture, .delay_ms = 60000};
    loop_fixture_open(&fixture, 100, LIMIT);
    fake_server_open(&held, &fixture.loop, "127.0.0.1", HOLD);
    fake_server_open(&open, &fixture.loop, "127.0.0.2", SAY_OK);
    struct config_check slow = check_of(CONFIG_CHECK_HTTP, held.port);
    struct config_check quick = check_of(CONFIG_CHECK_HTTP, open.port);
    slow.timeout_ms = 40;
    for (size_t i = 0; i < PROBES; i++)
        add(&at_held, &slow, "127.0.0.1", 0, 0);
    add(&at_open, &quick, "127.0.0.2", 0, 0);
    while (at_held.count < PROBES && !fixture.guard_fired) {
        uv_run(&fixture.loop, UV_RUN_ONCE);
        bool open_runs = at_open.count == 0;
        assert_true(prober_in_flight(fixture.prober) <= LIMIT + (size_t)open_runs);
        if (at_open.count == 0) /* the full address keeps nobody else waiting */
            assert_true(at_held.count <= LIMIT);
    }
    assert_int_equal(at_open.successes, 1);
    assert_int_equal(at_held.failures, PROBES);
    assert_int_equal(held.connections, PROBES);
    fake_server_close(&held);
    fake_server_close(&open);
    loop_fixture_close(&fixture);
}

static void raised_limits_let_waiting_probes_run(void **state)
{
    (void)state;
    struct loop_fixture fixture;
    struct fake_server server;
    struct seen seen = {.fixture = &fixture, .delay_ms = 60000};
    struct prober_limits limits = {.max_in_flight = 10, .max_per_address = 10};
    loop_fixture_open(&fixture, 1, 1);
    fake_server_open(&server, &fixture.loop, "127.0.0.1", HOLD);
    struct config_check check = check_of(CONFIG_CHECK_HTTP, server.port);
    check.timeout_ms = 60000;
    for (size_t i = 0; i < 5; i++)
        add(&seen, &check, "127.0.0.1", 0, 0);
    loop_fixture_until(&fixture, &server.connections, 1);
    assert_int_equal(prober_in_flight(fixture.prober), 1);
    assert_int_equal(prober_waiting(fixture.prober), 4);
    prober_set_limits(fixture.prober, &limits);
    loop_fixture_until(&fixture, &server.connections, 5);
    assert_int_equal(prober_waiting(fixture.prober), 0);
    assert_int_equal(seen.count, 0);
    fake_server_close(&server);
    loop_fixture_close(&fixture);
}

static void removed_probes_say_nothing_in_any_state(void **state)
{
    (void)state;

    static const enum config_check_kind kinds[] = {CONFIG_CHECK_TCP, CONFIG_CHECK_HTTP,
                                                   CONFIG_CHECK_HTTPS};

    for (size_t k = 0; k < 3; k++) {
        struct loop_fixture fixture;
        struct black_hole hole;
        struct seen seen = {.fixture = &fixture, .delay_ms = 1};
        loop_fixture_open(&fixture, 1, 1);
        black_hole_open(&hole);
        struct config_check check = check_of(kinds[k], hole.port);
        struct probe *running = add(&seen, &check, "127.0.0.1", 0, 0);
        struct probe *waiting = add(&seen, &check, "127.0.0.1", 0, 1);
        struct probe *planned = add(&seen, &check, "127.0.0.1", 0, 60000);
        while (prober_waiting(fixture.prober) < 1)
            uv_run(&fixture.loop, UV_RUN_ONCE);
        probe_remove(planned);
        probe_remove(waiting);
        assert_int_equal(prober_waiting(fixture.prober), 0);
        assert_int_equal(prober_in_flight(fixture.prober), 1);
        probe_remove(running);
        assert_int_equal(prober_in_flight(fixture.prober), 0);
        loop_fixture_close(&fixture);
        assert_int_equal(seen.count, 0);
        black_hole_close(&hole);
    }
}

/* What a callback may do: remove itself, remove others, add, close the prober. */
struct meddler {
    struct seen seen;
    struct probe *own, *other, *added;
    struct config_check check;
    bool closes;
};

static uint32_t meddle(void *ctx, const struct probe_result *result)
{
    struct meddler *meddler = (struct meddler *)ctx;
    struct ip_addr addr = local_address("127.0.0.1");
    seen_record(&meddler->seen, result);
    if (meddler->closes) {
        prober_close(meddler->seen.fixture->prober);
        return 1;
    }
    if (meddler->other)
        probe_remove(meddler->other);
    meddler->other = NULL;
    assert_int_equal(probe_add(meddler->seen.fixture->prober, &meddler->check, &addr, 0, 60000,
                               seen_record, &meddler->seen, &meddler->added),
                     ERR_OK);
    probe_remove(meddler->own);
    return 1;
}

static void callbacks_may_remove_and_add_probes(void **state)
{
    (void)state;

    static const enum config_check_kind kinds[] = {CONFIG_CHECK_TCP, CONFIG_CHECK_HTTP};

    static const uint32_t timeouts_ms[] = {5000, 30}; /* ended by an answer, by the deadline */
    for (size_t k = 0; k < 4; k++) {
        struct loop_fixture fixture;
        struct fake_server server;
        struct black_hole hole;
        struct seen others = {.fixture = &fixture, .delay_ms = 1};
        struct ip_addr addr = local_address("127.0.0.1");
        loop_fixture_open(&fixture, 0, 0);
        fake_server_open(&server, &fixture.loop, "127.0.0.1", SAY_OK);
        black_hole_open(&hole);
        struct meddler meddler = {.seen = {.fixture = &fixture}};
        meddler.check = check_of(kinds[k % 2], k < 2 ? server.port : hole.port);
        meddler.check.timeout_ms = timeouts_ms[k / 2];
        struct config_check slow = check_of(kinds[k % 2], hole.port);
        meddler.other = add(&others, &slow, "127.0.0.1", 0, 0); /* in flight when removed */
        assert_int_equal(probe_add(fixture.prober, &meddler.check, &addr, 0, 0, meddle,
                                   &meddler, &meddler.own),
                         ERR_OK);
        loop_fixture_until(&fixture, &meddler.seen.count, 1);
        assert_int_equal(others.count, 0);
        fake_server_close(&server);
        loop_fixture_close(&fixture);
        assert_int_equal(meddler.seen.count, 1);
        black_hole_close(&hole);
    }
}

static void a_callback_may_close_the_prober(void **state)
{
    (void)state;

    static const enum config_check_kind kinds[] = {CONFIG_CHECK_TCP, CONFIG_CHECK_HTTP};

    for (size_t k = 0; k < 2; k++) {
        struct loop_fixture fixture;
        struct fake_server server;
        struct meddler meddler = {.seen = {.fixture = &fixture}, .closes = true};
        struct ip_addr addr = local_address("127.0.0.1");
        struct probe *probe;
        loop_fixture_open(&fixture, 0, 0);
        fake_server_open(&server, &fixture.loop, "127.0.0.1", SAY_OK);
        meddler.check = check_of(kinds[k], server.port);
        for (size_t i = 0; i < 5; i++)
            assert_int_equal(probe_add(fixture.prober, &meddler.check, &addr, 0, 0, meddle,
                                       &meddler, &probe),
                             ERR_OK);
        loop_fixture_until(&fixture, &meddler.seen.count, 1);
        fake_server_close(&server);
        loop_fixture_drain(&fixture);
        assert_int_equal(meddler.seen.count, 1);
    }
}

static void closing_cuts_runs_in_flight_and_leaves_nothing(void **state)
{
    (void)state;
    struct loop_fixture fixture;
    struct fake_server server;
    struct seen seen = {.fixture = &fixture};
    loop_fixture_open(&fixture, 0, 0);
    fake_server_open(&server, &fixture.loop, "127.0.0.1", HOLD);
    struct config_check http = check_of(CONFIG_CHECK_HTTP, server.port);
    struct config_check https = check_of(CONFIG_CHECK_HTTPS, server.port);
    https.verify = false; /* the machine may have no authorities to verify by */
    for (size_t i = 0; i < 4; i++)
        add(&seen, i % 2 ? &http : &https, "127.0.0.1", 0, 0);
    loop_fixture_until(&fixture, &server.connections, 4);
    assert_int_equal(prober_in_flight(fixture.prober), 4);
    fake_server_close(&server);
    loop_fixture_close(&fixture); /* asserts that uv_loop_close() succeeds */
    assert_int_equal(seen.count, 0);
}

static void a_prober_without_probes_closes_too(void **state)
{
    (void)state;
    struct loop_fixture fixture;
    loop_fixture_open(&fixture, 0, 0);
    loop_fixture_close(&fixture);
}

static void impossible_checks_are_refused(void **state)
{
    (void)state;
    struct loop_fixture fixture;
    struct seen seen = {.fixture = &fixture};
    struct ip_addr addr = local_address("127.0.0.1"), none = {0};
    struct config_check good = check_of(CONFIG_CHECK_TCP, 80);
    struct config_check bad[3] = {good, good, good};
    struct probe *probe;
    bad[0].kind = CONFIG_CHECK_NONE;
    bad[1].interval_ms = 0;
    bad[2].timeout_ms = 0;
    loop_fixture_open(&fixture, 0, 0);
    for (size_t i = 0; i < 3; i++)
        assert_int_equal(
            probe_add(fixture.prober, &bad[i], &addr, 0, 0, seen_record, &seen, &probe),
            ERR_INVALID);
    assert_int_equal(probe_add(fixture.prober, &good, &none, 0, 0, seen_record, &seen, &probe),
                     ERR_INVALID);
    loop_fixture_close(&fixture);
}

static void there_is_a_ceiling_for_probes(void **state)
{
    (void)state;

    enum { CEILING = 1 << 17 };

    struct loop_fixture fixture;
    struct seen seen = {.fixture = &fixture};
    struct config_check check = check_of(CONFIG_CHECK_TCP, 80);
    struct ip_addr addr = {.family = IP_V4, .bytes = {127}};
    struct probe *probe = NULL;
    enum err err = ERR_OK;
    size_t added = 0;
    loop_fixture_open(&fixture, 0, 0);
    for (; err == ERR_OK; added++) {
        addr.bytes[3] = (uint8_t)added;
        err = probe_add(fixture.prober, &check, &addr, 0, 60000, seen_record, &seen, &probe);
    }
    assert_int_equal(err, ERR_LIMIT);
    assert_int_equal(added - 1, CEILING);
    probe_remove(probe); /* one less: one more may come */
    add(&seen, &check, "127.0.0.1", 0, 60000);
    loop_fixture_close(&fixture);
}

/* The lowest free descriptor; the limit set to it means that no more can be had. */
static rlim_t lowest_free_descriptor(void)
{
    int fd = dup(STDERR_FILENO);
    assert_true(fd >= 0);
    close(fd);
    return (rlim_t)fd;
}

static void running_out_of_descriptors_is_our_own_fault_and_passes(void **state)
{
    (void)state;
    struct loop_fixture fixture;
    struct fake_server server;
    struct rlimit before, none;
    struct seen tcp = {.fixture = &fixture, .delay_ms = 5};
    struct seen http = {.fixture = &fixture, .delay_ms = 5};
    loop_fixture_open(&fixture, 0, 0);
    fake_server_open(&server, &fixture.loop, "127.0.0.1", SAY_OK);
    struct config_check tcp_check = check_of(CONFIG_CHECK_TCP, server.port);
    struct config_check http_check = check_of(CONFIG_CHECK_HTTP, server.port);
    add(&tcp, &tcp_check, "127.0.0.1", 0, 0);
    add(&http, &http_check, "127.0.0.1", 0, 0);
    loop_fixture_until(&fixture, &tcp.successes, 1);
    loop_fixture_until(&fixture, &http.successes, 1);

    while (prober_in_flight(fixture.prober) > 0 || server.open > 0)
        uv_run(&fixture.loop, UV_RUN_ONCE);
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
    none = before;
    none.rlim_cur = lowest_free_descriptor();
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
    loop_fixture_until(&fixture, &tcp.own_faults, 3);
    loop_fixture_until(&fixture, &http.own_faults, 3);
    assert_string_equal(tcp.last.reason, "own fault: out of file descriptors");
    assert_string_equal(http.last.reason, "own fault: out of file descriptors");

    assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
    loop_fixture_until(&fixture, &tcp.successes, tcp.successes + 3);
    loop_fixture_until(&fixture, &http.successes, http.successes + 3);
    assert_int_equal(tcp.failures + http.failures, 0);
    fake_server_close(&server);
    loop_fixture_close(&fixture);
}

/* stall - once the server has been asked, keep the loop from turning until the answer lies in
 * our socket and the deadline is past; a check handle comes right before the timers. */
struct stall {
    uv_check_t check;
    sem_t gate;
    struct tls_server server;
    uint64_t until_ns;
    bool done;
};

static void on_check(uv_check_t *check)
{
    struct stall *stall = (struct stall *)check->data;
    if (stall->done || atomic_load(&stall->server.asked) == 0)
        return;
    sem_post(&stall->gate);
    while (uv_hrtime() < stall->until_ns || atomic_load(&stall->server.answered) == 0)
        ;
    stall->done = true;
}

static void time_that_our_loop_has_lost_is_not_held_against_a_target(void **state)
{
    (void)state;
    struct loop_fixture fixture;
    struct stall stall = {.done = false};
    struct seen seen = {.fixture = &fixture, .delay_ms = 60000};
    loop_fixture_open(&fixture, 0, 0);
    assert_int_equal(sem_init(&stall.gate, 0, 0), 0);
    tls_server_start(&stall.server, NULL, ANSWER_OK, &stall.gate);
    struct config_check check = check_of(CONFIG_CHECK_HTTP, stall.server.port);
    check.timeout_ms = 150;
    stall.check.data = &stall;
    stall.until_ns = uv_hrtime() + UINT64_C(200) * 1000000;
    uv_check_init(&fixture.loop, &stall.check);
    uv_check_start(&stall.check, on_check);
    add(&seen, &check, "127.0.0.1", 0, 0);
    loop_fixture_until(&fixture, &seen.count, 1);
    assert_true(stall.done);
    assert_string_equal(seen.last.reason, "status 200");
    uv_close((uv_handle_t *)&stall.check, NULL);
    tls_server_stop(&stall.server);
    loop_fixture_close(&fixture);
    sem_destroy(&stall.gate);
}

static void a_thousand_probes_all_get_their_turn(void **state)
{
    (void)state;

    enum { PROBES = 1000, RUNS = 2 };

    static struct seen seen[PROBES];
    struct loop_fixture fixture;
    struct fake_server server;
    loop_fixture_open(&fixture, 64, 8);
    fake_server_open(&server, &fixture.loop, "0.0.0.0", SAY_OK);
    struct config_check http = check_of(CONFIG_CHECK_HTTP, server.port);
    struct config_check tcp = check_of(CONFIG_CHECK_TCP, server.port);
    http.timeout_ms = tcp.timeout_ms = 20000;
    for (size_t i = 0; i < PROBES; i++) {
        char address[16];
        snprintf(address, sizeof(address), "127.0.%zu.%zu", i / 250, i % 250 + 1);
        seen[i] = (struct seen){.fixture = &fixture, .delay_ms = 100};
        add(&seen[i], i % 2 ? &http : &tcp, address, i * 7919, UINT32_MAX);
    }
    for (size_t i = 0; i < PROBES; i++)
        loop_fixture_until(&fixture, &seen[i].count, RUNS);
    for (size_t i = 0; i < PROBES; i++)
        assert_int_equal(seen[i].successes, seen[i].count);
    fake_server_close(&server);
    loop_fixture_close(&fixture);
}

int main(void)
{
    signal(SIGPIPE, SIG_IGN);
    curl_global_init(CURL_GLOBAL_DEFAULT);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(first_runs_are_spread_over_the_interval),
        cmocka_unit_test(delays_are_obeyed_with_a_little_jitter),
        cmocka_unit_test(no_more_run_at_once_than_the_limit),
        cmocka_unit_test(no_more_ask_one_address_than_the_limit),
        cmocka_unit_test(raised_limits_let_waiting_probes_run),
        cmocka_unit_test(removed_probes_say_nothing_in_any_state),
        cmocka_unit_test(callbacks_may_remove_and_add_probes),
        cmocka_unit_test(a_callback_may_close_the_prober),
        cmocka_unit_test(closing_cuts_runs_in_flight_and_leaves_nothing),
        cmocka_unit_test(a_prober_without_probes_closes_too),
        cmocka_unit_test(impossible_checks_are_refused),
        cmocka_unit_test(there_is_a_ceiling_for_probes),
        cmocka_unit_test(running_out_of_descriptors_is_our_own_fault_and_passes),
        cmocka_unit_test(time_that_our_loop_has_lost_is_not_held_against_a_target),
        cmocka_unit_test(a_thousand_probes_all_get_their_turn),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    curl_global_cleanup();
    return failed;
}
