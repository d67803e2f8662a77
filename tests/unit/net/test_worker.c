#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <unistd.h>

#include "net_fixture.h"

static void what_never_started_can_be_stopped(void **state)
{
    (void)state;
    struct net_fixture fixture;
    net_fixture_init(&fixture, "127.0.0.1");
    struct diag_list *diags = diag_list_new();
    assert_int_equal(net_fixture_open(&fixture, diags), ERR_OK);
    assert_int_equal(diag_error_count(diags), 0);
    diag_list_free(diags);
    net_drain(fixture.net);
    assert_int_equal(net_connections(fixture.net), 0);
    net_fixture_stop(&fixture);
    net_stop(NULL);
}

static void queries_that_came_before_the_start_are_answered(void **state)
{
    (void)state;
    struct net_fixture fixture;
    net_fixture_init(&fixture, "127.0.0.1");
    struct diag_list *diags = diag_list_new();
    assert_int_equal(net_fixture_open(&fixture, diags), ERR_OK);
    diag_list_free(diags);
    int udp = client_new(&fixture, "127.0.0.1", SOCK_DGRAM);
    int tcp = client_new(&fixture, "127.0.0.1", SOCK_STREAM);
    uint8_t frame[64];
    tcp_send_all(tcp, frame, frame_put(frame, 3, 40));
    assert_int_equal(send(udp, frame + 2, 40, 0), 40);
    assert_null(snapshot_publish(fixture.slot, net_fixture_snapshot()));
    assert_int_equal(net_start(fixture.net), ERR_OK);
    udp_expect_answer(udp, 3, 40);
    tcp_expect_answer(tcp, 3, 40);
    close(udp);
    close(tcp);
    net_fixture_stop(&fixture);
}

static void several_workers_share_an_address_and_are_counted_together(void **state)
{
    enum { CLIENTS = 64, WORKERS = 3 };

    (void)state;
    struct net_fixture fixture;
    net_fixture_init(&fixture, "127.0.0.1");
    fixture.server.workers = WORKERS;
    net_fixture_start(&fixture);
    assert_int_equal(net_worker_count(fixture.net), WORKERS);
    for (uint16_t i = 0; i < CLIENTS; i++) {
        int udp = client_new(&fixture, "127.0.0.1", SOCK_DGRAM);
        int tcp = client_new(&fixture, "127.0.0.1", SOCK_STREAM);
        uint8_t query[64];
        assert_int_equal(send(udp, query, query_put(query, i, 40), 0), 40);
        udp_expect_answer(udp, i, 40);
        tcp_ask(tcp, i);
        close(udp);
        close(tcp);
    }
    struct net_totals totals = net_fixture_totals(&fixture);
    assert_int_equal(totals.queries, 2 * CLIENTS);
    assert_int_equal(totals.tcp_accepted, CLIENTS);
    assert_int_equal(totals.tcp_queries, CLIENTS);
    net_fixture_stop(&fixture);
}

struct load {
    const struct net_fixture *fixture;
    atomic_bool stop;
};

static void *ask_on(void *arg)
{
    struct load *load = arg;
    int udp = client_new(load->fixture, "127.0.0.1", SOCK_DGRAM);
    int tcp = client_new(load->fixture, "127.0.0.1", SOCK_STREAM);
    uint8_t query[64];
    for (uint16_t id = 0; !atomic_load(&load->stop); id++) {
        assert_int_equal(send(udp, query, query_put(query, id, 40), 0), 40);
        udp_expect_answer(udp, id, 40);
        tcp_ask(tcp, id);
    }
    close(udp);
    close(tcp);
    return NULL;
}

static void snapshots_change_under_load(void **state)
{
    enum { PUBLICATIONS = 500 };

    (void)state;
    struct net_fixture fixture;
    net_fixture_init(&fixture, "127.0.0.1");
    fixture.server.workers = 2;
    net_fixture_start(&fixture);
    struct load load = {.fixture = &fixture};
    pthread_t thread;
    assert_int_equal(pthread_create(&thread, NULL, ask_on, &load), 0);
    for (int i = 0; i < PUBLICATIONS; i++)
        snapshot_retire(snapshot_publish(fixture.slot, net_fixture_snapshot()));
    atomic_store(&load.stop, true);
    assert_int_equal(pthread_join(thread, NULL), 0);
    net_fixture_stop(&fixture);
}

static void stopping_closes_open_connections(void **state)
{
    (void)state;
    struct net_fixture fixture;
    net_fixture_init(&fixture, "127.0.0.1");
    net_fixture_start(&fixture);
    int client = client_new(&fixture, "127.0.0.1", SOCK_STREAM);
    tcp_ask(client, 1);
    net_fixture_stop(&fixture);
    tcp_expect_closed(client);
    close(client);
}

static atomic_int signalled; /* the thread that ran the handler got the signal */
static pthread_t main_thread;

static void on_signal(int number)
{
    (void)number;
    atomic_store(&signalled, pthread_equal(pthread_self(), main_thread) ? 1 : 2);
}

static void signals_go_to_the_control_thread(void **state)
{
    (void)state;
    struct net_fixture fixture;
    net_fixture_init(&fixture, "127.0.0.1");
    main_thread = pthread_self();
    assert_true(signal(SIGUSR1, on_signal) != SIG_ERR);
    net_fixture_start(&fixture);
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGUSR1);
    assert_int_equal(pthread_sigmask(SIG_BLOCK, &set, NULL), 0);
    assert_int_equal(kill(getpid(), SIGUSR1), 0); /* a worker would take it now if it could */
    int client = client_new(&fixture, "127.0.0.1", SOCK_STREAM);
    tcp_ask(client, 1);
    close(client);
    assert_int_equal(atomic_load(&signalled), 0);
    assert_int_equal(pthread_sigmask(SIG_UNBLOCK, &set, NULL), 0);
    assert_int_equal(atomic_load(&signalled), 1);
    net_fixture_stop(&fixture);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_never_started_can_be_stopped),
        cmocka_unit_test(queries_that_came_before_the_start_are_answered),
        cmocka_unit_test(several_workers_share_an_address_and_are_counted_together),
        cmocka_unit_test(snapshots_change_under_load),
        cmocka_unit_test(stopping_closes_open_connections),
        cmocka_unit_test(signals_go_to_the_control_thread),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
