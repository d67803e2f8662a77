/* In a network of its own, where the test may say who pings. Not run where that is not allowed. */
#include <fcntl.h>
#include <net/if.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>
#include <curl/curl.h>

#include "loop_fixture.h"

static const char RANGE[] = "/proc/sys/net/ipv4/ping_group_range";

static bool set_range(const char *range)
{
    int fd = open(RANGE, O_WRONLY | O_CLOEXEC);
    bool good = fd >= 0 && write(fd, range, strlen(range)) == (ssize_t)strlen(range);
    if (fd >= 0)
        close(fd);
    return good;
}

static bool raise_loopback(void)
{
    struct ifreq request = {.ifr_name = "lo", .ifr_flags = IFF_UP};
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    bool good = fd >= 0 && ioctl(fd, SIOCSIFFLAGS, &request) == 0;
    if (fd >= 0)
        close(fd);
    return good;
}

static struct probe_result ping(const char *address, uint32_t timeout_ms)
{
    struct loop_fixture fixture;
    struct seen seen = {.fixture = &fixture, .delay_ms = 60000};
    struct ip_addr addr = local_address(address);
    struct config_check check = check_of(CONFIG_CHECK_ICMP, 0);
    struct probe *probe;
    check.timeout_ms = timeout_ms;
    loop_fixture_open(&fixture, 0, 0);
    assert_int_equal(probe_add(fixture.prober, &check, &addr, 0, 0, seen_record, &seen, &probe),
                     ERR_OK);
    loop_fixture_until(&fixture, &seen.count, 1);
    loop_fixture_close(&fixture);
    return seen.last;
}

static void who_may_not_ping_is_told_the_remedy(void **state)
{
    (void)state;
    static const char *const addresses[] = {"127.0.0.1", "::1"};
    assert_true(set_range("1 0"));
    for (size_t i = 0; i < 2; i++) {
        struct probe_result result = ping(addresses[i], 5000);
        assert_int_equal(result.outcome, HEALTH_OWN_FAULT);
        assert_non_null(strstr(result.reason, "net.ipv4.ping_group_range"));
    }
}

static void an_echo_comes_back(void **state)
{
    (void)state;
    static const char *const addresses[] = {"127.0.0.1", "127.9.9.9", "::1"};
    assert_true(set_range("0 2147483647"));
    for (size_t i = 0; i < 3; i++) {
        struct probe_result result = ping(addresses[i], 5000);
        assert_string_equal(result.reason, "echo reply");
        assert_int_equal(result.outcome, HEALTH_SUCCESS);
        assert_in_range(result.rtt_us, 1, 5000000);
    }
}

static void no_route_is_our_own_fault(void **state)
{
    (void)state;
    assert_true(set_range("0 2147483647"));
    struct probe_result result = ping("192.0.2.1", 5000);
    assert_int_equal(result.outcome, HEALTH_OWN_FAULT);
    assert_string_equal(result.reason, "own fault: no route to that network");
}

static void many_pings_at_once_do_not_take_each_others_replies(void **state)
{
    (void)state;

    enum { PINGS = 50 };

    struct loop_fixture fixture;
    struct seen seen = {.fixture = &fixture, .delay_ms = 60000};
    struct config_check check = check_of(CONFIG_CHECK_ICMP, 0);
    assert_true(set_range("0 2147483647"));
    loop_fixture_open(&fixture, PINGS, PINGS);
    for (unsigned i = 0; i < PINGS; i++) {
        struct ip_addr addr = local_address("127.0.0.1");
        struct probe *probe;
        addr.bytes[3] = (uint8_t)(1 + i);
        assert_int_equal(
            probe_add(fixture.prober, &check, &addr, 0, 0, seen_record, &seen, &probe), ERR_OK);
    }
    loop_fixture_until(&fixture, &seen.count, PINGS);
    assert_int_equal(seen.successes, PINGS);
    loop_fixture_close(&fixture);
}

int main(void)
{
    if (unshare(CLONE_NEWNET) != 0 || !set_range("1 0") || !raise_loopback()) {
        printf("1..0 # SKIP no network namespace of our own here\n");
        return 0;
    }
    curl_global_init(CURL_GLOBAL_DEFAULT);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(who_may_not_ping_is_told_the_remedy),
        cmocka_unit_test(an_echo_comes_back),
        cmocka_unit_test(no_route_is_our_own_fault),
        cmocka_unit_test(many_pings_at_once_do_not_take_each_others_replies),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    curl_global_cleanup();
    return failed;
}
