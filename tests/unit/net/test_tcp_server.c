#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "net_fixture.h"

/* PATIENT_MS: an idle time by which whoever kept still for a tenth of it gives way to a newcomer,
 * so that a test need not wait for long. */
enum { SLOTS = 8, PATIENT_MS = 500 };

static void start(struct net_fixture *fixture, uint32_t slots, uint32_t idle_ms)
{
    net_fixture_init(fixture, "127.0.0.1");
    fixture->server.tcp_connections = slots;
    fixture->server.tcp_idle_ms = idle_ms;
    net_fixture_start(fixture);
}

static uint64_t steady_ms(void)
{
    struct timespec now;
    assert_int_equal(clock_gettime(CLOCK_MONOTONIC, &now), 0);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

static int connect_to(const struct net_fixture *fixture)
{
    return client_new(fixture, "127.0.0.1", SOCK_STREAM);
}

/* connect_late - a socket made before descriptors ran out. */
static void connect_late(const struct net_fixture *fixture, int fd)
{
    struct sockaddr_in to = {.sin_family = AF_INET,
                             .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
                             .sin_port = htons(fixture->port)};
    assert_int_equal(connect(fd, (const struct sockaddr *)&to, sizeof(to)), 0);
}

static void the_most_quiet_gives_way_to_a_new_client(void **state)
{
    (void)state;
    struct net_fixture fixture;
    start(&fixture, SLOTS, 4 * PATIENT_MS);
    int clients[SLOTS];
    for (uint16_t i = 0; i < SLOTS; i++) {
        clients[i] = connect_to(&fixture);
        tcp_ask(clients[i], i);
    }
    tcp_ask(clients[0], 100); /* so the second is the most quiet */
    uint64_t before_ms = steady_ms();
    int late = connect_to(&fixture);
    tcp_ask(late, 101);
    assert_true(steady_ms() - before_ms > 4 * PATIENT_MS / 20); /* it has had its time */
    tcp_expect_closed(clients[1]);
    tcp_ask(late, 102);
    for (int i = 0; i < SLOTS; i++)
        close(clients[i]);
    close(late);
    net_fixture_stop(&fixture);
}

static void each_answer_says_how_long_its_connection_is_kept(void **state)
{
    (void)state;
    struct net_fixture fixture;
    start(&fixture, SLOTS, DEADLINE_MS);
    int clients[SLOTS];
    uint16_t told[SLOTS];
    for (int i = 0; i < SLOTS; i++) {
        clients[i] = connect_to(&fixture);
        struct request_seen seen = tcp_ask_seen(clients[i]);
        assert_int_equal(seen.transport, ANSWER_TCP);
        told[i] = seen.idle_100ms;
    }
    assert_int_equal(told[0], DEADLINE_MS / 100);
    assert_true(told[SLOTS - 2] < told[0] && told[SLOTS - 2] > 0);
    assert_int_equal(told[SLOTS - 1], 0); /* the next newcomer takes a slot */
    assert_int_equal(tcp_ask_seen(clients[0]).idle_100ms, 0);
    for (int i = 0; i < SLOTS; i++)
        close(clients[i]);
    net_fixture_stop(&fixture);
}

static void who_leaves_makes_room_at_once(void **state)
{
    (void)state;
    struct net_fixture fixture;
    start(&fixture, SLOTS, 1000 * DEADLINE_MS);
    int clients[SLOTS];
    for (uint16_t i = 0; i < SLOTS; i++) {
        clients[i] = connect_to(&fixture);
        tcp_ask(clients[i], i);
    }
    int late = connect_to(&fixture);
    uint8_t frame[64];
    tcp_send_all(late, frame, frame_put(frame, 99, 40));
    struct pollfd answered = {.fd = late, .events = POLLIN};
    assert_int_equal(poll(&answered, 1, 200), 0); /* nobody has kept still for long enough */
    close(clients[3]);
    tcp_expect_answer(late, 99, 40);
    assert_int_equal(net_fixture_totals(&fixture).tcp_evicted, 0);
    for (int i = 0; i < SLOTS; i++)
        if (i != 3)
            close(clients[i]);
    close(late);
    net_fixture_stop(&fixture);
}

static void a_network_crowds_out_nobody_but_itself(void **state)
{
    enum { CROWD = 40, PER_PREFIX = 3 };

    (void)state;
    struct net_fixture fixture;
    net_fixture_init(&fixture, "127.0.0.1");
    fixture.server.tcp_connections = SLOTS;
    fixture.server.tcp_per_prefix = PER_PREFIX;
    net_fixture_start(&fixture);
    int near = client_new_from(&fixture, "127.0.1.1", "127.0.0.1", SOCK_STREAM);
    int far = client_new_from(&fixture, "127.0.2.1", "127.0.0.1", SOCK_STREAM);
    tcp_ask(near, 1);
    tcp_ask(far, 2);
    int crowd[CROWD];
    for (uint16_t i = 0; i < CROWD; i++) { /* at once: no patience among neighbours */
        const char *source = i % 2 ? "127.0.3.1" : "127.0.3.254";
        crowd[i] = client_new_from(&fixture, source, "127.0.0.1", SOCK_STREAM);
        tcp_ask(crowd[i], i);
    }
    for (int i = 0; i < CROWD - PER_PREFIX; i++)
        tcp_expect_closed(crowd[i]);
    tcp_ask(near, 3);
    tcp_ask(far, 4);
    for (uint16_t i = CROWD - PER_PREFIX; i < CROWD; i++)
        tcp_ask(crowd[i], i);
    assert_int_equal(net_fixture_totals(&fixture).tcp_over_prefix, CROWD - PER_PREFIX);
    assert_int_equal(net_fixture_totals(&fixture).tcp_evicted, 0);
    for (int i = 0; i < CROWD; i++)
        close(crowd[i]);
    close(near);
    close(far);
    net_fixture_stop(&fixture);
}

static void everybody_who_asks_is_answered_among_silent_ones(void **state)
{
    enum { PAIRS = 150 };

    (void)state;
    struct net_fixture fixture;
    start(&fixture, SLOTS, PATIENT_MS);
    int silent[PAIRS];
    for (uint16_t i = 0; i < PAIRS; i++) {
        silent[i] = connect_to(&fixture);
        if (i % 3 == 1) /* half a length, half a message, nothing */
            tcp_send_all(silent[i], (const uint8_t *)"", 1);
        if (i % 3 == 2)
            tcp_send_all(silent[i], (const uint8_t *)"\0\x20xxxxx", 7);
        int client = connect_to(&fixture);
        tcp_ask(client, i);
        close(client);
    }
    assert_true(net_connections(fixture.net) <= SLOTS);
    for (int i = 0; i < PAIRS; i++)
        close(silent[i]);
    net_fixture_stop(&fixture);
}

static void a_query_that_waits_is_answered_before_its_slot_is_taken(void **state)
{
    enum { CROWD = 100 }; /* connected and asked before anybody looks */

    (void)state;
    struct net_fixture fixture;
    start(&fixture, SLOTS, DEADLINE_MS);
    int clients[CROWD];
    uint8_t frame[64];
    for (uint16_t i = 0; i < CROWD; i++) {
        clients[i] = connect_to(&fixture);
        tcp_send_all(clients[i], frame, frame_put(frame, i, 40));
    }
    for (uint16_t i = 0; i < CROWD; i++) {
        tcp_expect_answer(clients[i], i, 40);
        close(clients[i]);
    }
    net_fixture_stop(&fixture);
}

static void who_asks_nothing_is_closed(void **state)
{
    (void)state;
    struct net_fixture fixture;
    start(&fixture, SLOTS, 50);
    int silent = connect_to(&fixture), client = connect_to(&fixture);
    tcp_ask(client, 2);
    tcp_expect_closed(silent);
    tcp_expect_closed(client);
    close(client);
    close(silent);
    assert_int_equal(net_fixture_totals(&fixture).tcp_evicted, 0);
    assert_int_equal(net_fixture_totals(&fixture).tcp_too_slow, 0);
    net_fixture_stop(&fixture);
}

static void a_message_that_is_not_whole_in_time_closes(void **state)
{
    enum { TIME_MS = 200 };

    (void)state;
    struct net_fixture fixture;
    net_fixture_init(&fixture, "127.0.0.1");
    fixture.server.tcp_message_ms = TIME_MS;
    net_fixture_start(&fixture);
    int client = connect_to(&fixture);
    tcp_ask(client, 1);
    uint8_t frame[70000];
    size_t bytes = frame_put(frame, 1, 65535), next = 0;
    uint64_t begun_ms = steady_ms();
    struct pollfd closed = {.fd = client, .events = POLLIN};
    while (poll(&closed, 1, 5) == 0 && next < bytes) /* signs of life put nothing off */
        (void)send(client, frame + next++, 1, MSG_NOSIGNAL);
    assert_true(next < bytes);
    assert_true(steady_ms() - begun_ms >= TIME_MS / 2);
    tcp_expect_closed(client);
    assert_int_equal(net_fixture_totals(&fixture).tcp_too_slow, 1);
    close(client);
    net_fixture_stop(&fixture);
}

static void answers_that_are_not_taken_in_time_close(void **state)
{
    enum { ANSWERS = 200 };

    (void)state;
    struct net_fixture fixture;
    start(&fixture, SLOTS, 200);
    int client = connect_to(&fixture);
    uint8_t frames[ANSWERS * 14];
    for (size_t i = 0; i < ANSWERS; i++)
        frame_put(frames + i * 14, ID_OF_LARGE, 12);
    tcp_send_all(client, frames, sizeof(frames));
    client_wait(client, POLLIN);
    for (int i = 0; i < DEADLINE_MS && net_connections(fixture.net) > 0; i++)
        (void)poll(NULL, 0, 1);
    assert_int_equal(net_connections(fixture.net), 0);
    assert_int_equal(net_fixture_totals(&fixture).tcp_too_slow, 1);
    close(client);
    net_fixture_stop(&fixture);
}

/* highest_descriptor - the largest in use. */
static int highest_descriptor(void)
{
    int highest = 0;
    DIR *folder = opendir("/proc/self/fd");
    assert_non_null(folder);
    for (struct dirent *entry; (entry = readdir(folder));) {
        int fd = (int)strtol(entry->d_name, NULL, 10);
        if (fd > highest && fd != dirfd(folder))
            highest = fd;
    }
    closedir(folder);
    return highest;
}

static void limit_descriptors(rlim_t limit)
{
    struct rlimit rlimit;
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &rlimit), 0);
    rlimit.rlim_cur = limit;
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &rlimit), 0);
}

/* fill_gaps - use up every descriptor below limit; returns how many. */
static size_t fill_gaps(int *fds, size_t max)
{
    size_t count = 0;
    while (count < max && (fds[count] = dup(STDERR_FILENO)) >= 0)
        count++;
    assert_true(count < max);
    return count;
}

static void without_descriptors_the_most_idle_gives_way_or_all_wait(void **state)
{
    enum { CLIENTS = 3, GAPS_MAX = 4096 };

    (void)state;
    struct net_fixture fixture;
    start(&fixture, SLOTS, PATIENT_MS * 4);
    struct rlimit before;
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
    int clients[CLIENTS], gaps[GAPS_MAX];
    for (int i = 0; i < CLIENTS; i++)
        assert_true((clients[i] = socket(AF_INET, SOCK_STREAM, 0)) >= 0);
    rlim_t limit = (rlim_t)highest_descriptor() + 1;
    limit_descriptors(limit);
    size_t gap_count = fill_gaps(gaps, GAPS_MAX);

    connect_late(&fixture, clients[0]); /* nobody can be evicted: it waits */
    uint8_t frame[64];
    tcp_send_all(clients[0], frame, frame_put(frame, 1, 40));
    struct pollfd answered = {.fd = clients[0], .events = POLLIN};
    struct rusage usage[2];
    assert_int_equal(getrusage(RUSAGE_SELF, &usage[0]), 0);
    assert_int_equal(poll(&answered, 1, 300), 0);
    assert_int_equal(getrusage(RUSAGE_SELF, &usage[1]), 0);
    long switches = usage[1].ru_nvcsw - usage[0].ru_nvcsw;
    long busy_us = (usage[1].ru_utime.tv_sec - usage[0].ru_utime.tv_sec +
                    usage[1].ru_stime.tv_sec - usage[0].ru_stime.tv_sec) *
                       1000000 +
                   usage[1].ru_utime.tv_usec - usage[0].ru_utime.tv_usec +
                   usage[1].ru_stime.tv_usec - usage[0].ru_stime.tv_usec;
    assert_true(busy_us < 150000 && switches < 1000); /* it does not spin meanwhile */

    limit_descriptors(limit + 1); /* one is free again */
    tcp_expect_answer(clients[0], 1, 40);
    connect_late(&fixture, clients[1]); /* now the first can be evicted */
    tcp_ask(clients[1], 2);
    tcp_expect_closed(clients[0]);
    connect_late(&fixture, clients[2]);
    tcp_ask(clients[2], 3);
    tcp_expect_closed(clients[1]);
    assert_int_equal(net_fixture_totals(&fixture).tcp_evicted, 2);

    assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
    for (size_t i = 0; i < gap_count; i++)
        close(gaps[i]);
    for (int i = 0; i < CLIENTS; i++)
        close(clients[i]);
    net_fixture_stop(&fixture);
}

static void wait_until_all_have_left(const struct net_fixture *fixture)
{
    for (int i = 0; i < DEADLINE_MS && net_connections(fixture->net) > 0; i++)
        (void)poll(NULL, 0, 1);
    assert_int_equal(net_connections(fixture->net), 0);
}

static void draining_finishes_what_was_asked(void **state)
{
    enum { ANSWERS = 200 };

    (void)state;
    struct net_fixture fixture;
    start(&fixture, SLOTS, DEADLINE_MS);
    int idle = connect_to(&fixture), half = connect_to(&fixture), slow = connect_to(&fixture);
    uint8_t frame[64];
    size_t bytes = frame_put(frame, 7, 40);
    tcp_ask(idle, 1);
    tcp_ask(half, 2);
    tcp_send_all(half, frame, 20);
    uint8_t large[ANSWERS * 14];
    for (size_t i = 0; i < ANSWERS; i++)
        frame_put(large + i * 14, ID_OF_LARGE, 12);
    tcp_send_all(slow, large, sizeof(large));
    client_wait(slow, POLLIN);
    net_drain(fixture.net);
    net_drain(fixture.net);
    tcp_expect_closed(idle);
    tcp_send_all(half, frame + 20, bytes - 20);
    tcp_expect_answer(half, 7, 40);
    tcp_expect_closed(half);
    for (int i = 0; i < ANSWERS; i++)
        tcp_expect_answer(slow, ID_OF_LARGE, LARGE_BYTES);
    tcp_expect_closed(slow);
    wait_until_all_have_left(&fixture);
    int udp = client_new(&fixture, "127.0.0.1", SOCK_DGRAM);
    assert_int_equal(send(udp, frame + 2, 40, 0), 40); /* UDP goes on */
    udp_expect_answer(udp, 7, 40);
    int refused = socket(AF_INET, SOCK_STREAM, 0);
    struct sockaddr_in to = {.sin_family = AF_INET,
                             .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
                             .sin_port = htons(fixture.port)};
    assert_int_equal(connect(refused, (const struct sockaddr *)&to, sizeof(to)), -1);
    assert_int_equal(errno, ECONNREFUSED);
    close(refused);
    close(udp);
    close(idle);
    close(half);
    close(slow);
    net_fixture_stop(&fixture);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_most_quiet_gives_way_to_a_new_client),
        cmocka_unit_test(each_answer_says_how_long_its_connection_is_kept),
        cmocka_unit_test(who_leaves_makes_room_at_once),
        cmocka_unit_test(a_network_crowds_out_nobody_but_itself),
        cmocka_unit_test(everybody_who_asks_is_answered_among_silent_ones),
        cmocka_unit_test(a_query_that_waits_is_answered_before_its_slot_is_taken),
        cmocka_unit_test(who_asks_nothing_is_closed),
        cmocka_unit_test(a_message_that_is_not_whole_in_time_closes),
        cmocka_unit_test(answers_that_are_not_taken_in_time_close),
        cmocka_unit_test(without_descriptors_the_most_idle_gives_way_or_all_wait),
        cmocka_unit_test(draining_finishes_what_was_asked),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
