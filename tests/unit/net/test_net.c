#include <dirent.h>
#include <sys/resource.h>
#include <unistd.h>

#include "net_fixture.h"

static int open_descriptors(void)
{
    int count = 0;
    DIR *folder = opendir("/proc/self/fd");
    assert_non_null(folder);
    while (readdir(folder))
        count++;
    closedir(folder);
    return count;
}

static void errors_name_each_address_once(void **state)
{
    (void)state;
    struct config_listener listeners[3] = {{.port = 5311}, {.port = 0}, {.port = 5312}};
    assert_true(ip_parse("198.51.100.1", &listeners[0].addr)); /* RFC 5737: nobody's */
    assert_true(ip_parse("127.0.0.1", &listeners[1].addr));
    assert_true(ip_parse("203.0.113.1", &listeners[2].addr));
    const struct config_server server = {.listeners = listeners,
                                         .listener_count = 3,
                                         .workers = 4,
                                         .tcp_connections = 10,
                                         .tcp_idle_ms = 1000};
    struct diag_list *diags = diag_list_new();
    struct snapshot_slot *slot = snapshot_slot_new();
    struct net *net = NULL;
    int before = open_descriptors();
    struct net_options options = {.slot = slot};
    assert_int_equal(net_open(&server, &options, diags, &net), ERR_INVALID);
    assert_null(net);
    assert_int_equal(open_descriptors(), before); /* nothing stays open */
    assert_int_equal(diag_error_count(diags), 2);
    assert_non_null(strstr(diag_get(diags, 0)->message, "198.51.100.1:5311"));
    assert_non_null(strstr(diag_get(diags, 1)->message, "203.0.113.1:5312"));
    assert_non_null(diag_get(diags, 1)->remedy);
    diag_list_free(diags);
    snapshot_slot_free(slot);
}

static void without_a_number_there_is_a_worker_per_core(void **state)
{
    (void)state;
    struct net_fixture fixture;
    net_fixture_init(&fixture, "127.0.0.1");
    fixture.server.workers = 0;
    int before = open_descriptors();
    net_fixture_start(&fixture);
    assert_int_equal(net_worker_count(fixture.net), sysconf(_SC_NPROCESSORS_ONLN));
    net_fixture_stop(&fixture);
    assert_int_equal(open_descriptors(), before);
}

static void tcp_connections_are_cut_to_what_descriptors_allow(void **state)
{
    (void)state;
    struct net_fixture fixture;
    net_fixture_init(&fixture, "127.0.0.1");
    struct rlimit before, low;
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
    low = before;
    low.rlim_cur = 64;
    fixture.server.tcp_connections = 100;
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &low), 0);
    struct diag_list *diags = diag_list_new();
    assert_int_equal(net_fixture_open(&fixture, diags), ERR_OK);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
    assert_int_equal(diag_warning_count(diags), 1);
    assert_non_null(strstr(diag_get(diags, 0)->message, "takes 38 TCP connections"));
    assert_non_null(diag_get(diags, 0)->remedy);
    diag_list_free(diags);
    net_fixture_stop(&fixture);
}

static void a_loop_that_cannot_be_made_is_an_error(void **state)
{
    (void)state;
    struct net_fixture fixture;
    net_fixture_init(&fixture, "127.0.0.1");
    struct rlimit before, low;
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
    low = before;
    int next = dup(STDERR_FILENO), count = open_descriptors();
    close(next);
    low.rlim_cur = (rlim_t)next + 2; /* two sockets, and no more */
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &low), 0);
    struct diag_list *diags = diag_list_new();
    enum err err = net_fixture_open(&fixture, diags);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
    assert_int_equal(err, ERR_INVALID);
    assert_int_equal(diag_error_count(diags), 1);
    diag_list_free(diags);
    assert_int_equal(open_descriptors(), count - 1);
    snapshot_slot_free(fixture.slot);
}

/* libuv keeps two descriptors of the process from its first loop on: not what is counted. */
static int make_first_loop(void **state)
{
    (void)state;
    struct net_fixture fixture;
    net_fixture_init(&fixture, "127.0.0.1");
    net_fixture_start(&fixture);
    net_fixture_stop(&fixture);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(errors_name_each_address_once),
        cmocka_unit_test(without_a_number_there_is_a_worker_per_core),
        cmocka_unit_test(tcp_connections_are_cut_to_what_descriptors_allow),
        cmocka_unit_test(a_loop_that_cannot_be_made_is_an_error),
    };
    return cmocka_run_group_tests(tests, make_first_loop, NULL);
}
