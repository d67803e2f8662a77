#include <errno.h>
#include <netinet/tcp.h>
#include <unistd.h>

#include "../../../src/net/net_socket.h"
#include "net_fixture.h"

static int option_of(int fd, int level, int name)
{
    int value = -1;
    socklen_t len = sizeof(value);
    assert_int_equal(getsockopt(fd, level, name, &value, &len), 0);
    return value;
}

static int open_socket(const char *address, enum net_transport transport)
{
    struct ip_addr addr;
    int fd = -1;
    assert_true(ip_parse(address, &addr));
    assert_int_equal(net_socket_open(&addr, 0, transport, &fd), 0);
    return fd;
}

static void udp_sockets_tell_the_address_asked_and_ignore_path_mtu(void **state)
{
    (void)state;
    int fd = open_socket("127.0.0.1", NET_UDP);
    assert_int_equal(option_of(fd, IPPROTO_IP, IP_PKTINFO), 0); /* it has one address only */
    assert_int_equal(option_of(fd, IPPROTO_IP, IP_MTU_DISCOVER), IP_PMTUDISC_OMIT);
    assert_int_equal(option_of(fd, SOL_SOCKET, SO_REUSEPORT), 1);
    close(fd);
    fd = open_socket("0.0.0.0", NET_UDP);
    assert_int_equal(option_of(fd, IPPROTO_IP, IP_PKTINFO), 1);
    close(fd);
    if (!net_fixture_has_ipv6())
        return;
    fd = open_socket("::", NET_UDP);
    assert_int_equal(option_of(fd, IPPROTO_IPV6, IPV6_RECVPKTINFO), 1);
    close(fd);
    fd = open_socket("::1", NET_UDP);
    assert_int_equal(option_of(fd, IPPROTO_IPV6, IPV6_RECVPKTINFO), 0);
    assert_int_equal(option_of(fd, IPPROTO_IPV6, IPV6_MTU_DISCOVER), IPV6_PMTUDISC_OMIT);
    assert_int_equal(option_of(fd, IPPROTO_IPV6, IPV6_V6ONLY), 1);
    close(fd);
}

static void tcp_sockets_listen_and_do_not_delay(void **state)
{
    (void)state;
    int fd = open_socket("127.0.0.1", NET_TCP);
    assert_int_equal(option_of(fd, SOL_SOCKET, SO_ACCEPTCONN), 1);
    assert_int_equal(option_of(fd, IPPROTO_TCP, TCP_NODELAY), 1);
    assert_int_equal(option_of(fd, SOL_SOCKET, SO_REUSEPORT), 1);
    close(fd);
}

static void failures_come_back_as_errno(void **state)
{
    (void)state;
    struct ip_addr addr;
    int fd = -1, taken = socket(AF_INET, SOCK_STREAM, 0);
    struct sockaddr_in any = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof(any);
    assert_int_equal(bind(taken, (const struct sockaddr *)&any, len), 0);
    assert_int_equal(listen(taken, 1), 0);
    assert_int_equal(getsockname(taken, (struct sockaddr *)&any, &len), 0);
    assert_true(ip_parse("127.0.0.1", &addr));
    assert_int_equal(net_socket_open(&addr, ntohs(any.sin_port), NET_TCP, &fd), EADDRINUSE);
    close(taken);
    assert_true(ip_parse("203.0.113.1", &addr)); /* RFC 5737: nobody's */
    assert_int_equal(net_socket_open(&addr, 0, NET_UDP, &fd), EADDRNOTAVAIL);
    assert_int_equal(net_socket_open(&addr, 0, NET_TCP, &fd), EADDRNOTAVAIL);
    assert_int_equal(fd, -1);
}

static void every_failure_is_told_with_reason_and_remedy(void **state)
{
    static const struct {
        const char *address;
        int error;
        const char *message, *remedy; /* a part of it; NULL: none */
    } cases[] = {
        {"127.0.0.1", EACCES, "cannot bind 127.0.0.1:53 (UDP): permission denied",
         "CAP_NET_BIND_SERVICE"},
        {"::1", EADDRINUSE, "cannot bind [::1]:53 (UDP): the address is in use", "ss -lnutp"},
        {"192.0.2.1", EADDRNOTAVAIL,
         "cannot bind 192.0.2.1:53 (UDP): this machine has no such address", "interface"},
        {"::", EAFNOSUPPORT, "cannot bind [::]:53 (UDP): this machine has no IPv6",
         "leave IPv6"},
        {"fe80::1", EINVAL, "cannot bind [fe80::1]:53 (UDP): the address needs an interface",
         "[::]"},
        {"::", EMFILE, "cannot bind [::]:53 (UDP): too many open files", "ulimit"},
        {"::", ENFILE, "cannot bind [::]:53 (UDP): too many open files on this machine",
         "file-max"},
        {"::", EIO, "cannot bind [::]:53 (UDP): Input/output error", NULL},
    };

    (void)state;
    struct diag_list *diags = diag_list_new();
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct config_listener listener = {
            .port = 53, .place = {.file = "rhumb.yaml", .line = 3, .column = 7}};
        assert_true(ip_parse(cases[i].address, &listener.addr));
        net_socket_report(diags, &listener, NET_UDP, cases[i].error);
        const struct diag *diag = diag_get(diags, i);
        assert_string_equal(diag->message, cases[i].message);
        assert_int_equal(diag->place.line, 3);
        assert_int_equal(diag->remedy != NULL, cases[i].remedy != NULL);
        if (cases[i].remedy)
            assert_non_null(strstr(diag->remedy, cases[i].remedy));
    }
    diag_list_free(diags);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(udp_sockets_tell_the_address_asked_and_ignore_path_mtu),
        cmocka_unit_test(tcp_sockets_listen_and_do_not_delay),
        cmocka_unit_test(failures_come_back_as_errno),
        cmocka_unit_test(every_failure_is_told_with_reason_and_remedy),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
