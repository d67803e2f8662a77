#include "net_socket.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    BACKLOG = 4096,                 /* the kernel cuts it to net.core.somaxconn */
    BUFFER_BYTES = 4 * 1024 * 1024, /* what a UDP socket may hold while its worker is busy */
};

struct option {
    int level, name, value;
};

/* set_options - 0, or the errno of the first that failed. */
static int set_options(int fd, const struct option *options, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const struct option *o = &options[i];
        if (setsockopt(fd, o->level, o->name, &o->value, sizeof(o->value)) != 0)
            return errno;
    }
    return 0;
}

#define SET_OPTIONS(fd, options)                                                               \
    set_options(fd, options, sizeof(options) / sizeof((options)[0]))

/* Beyond net.core.rmem_max only with CAP_NET_ADMIN; a smaller buffer works too. */
static void enlarge_buffers(int fd)
{
    static const struct option forced[] = {
        {SOL_SOCKET, SO_RCVBUFFORCE, BUFFER_BYTES},
        {SOL_SOCKET, SO_SNDBUFFORCE, BUFFER_BYTES},
    };
    static const struct option permitted[] = {
        {SOL_SOCKET, SO_RCVBUF, BUFFER_BYTES},
        {SOL_SOCKET, SO_SNDBUF, BUFFER_BYTES},
    };

    if (SET_OPTIONS(fd, forced) != 0)
        (void)SET_OPTIONS(fd, permitted);
}

/* On a wildcard socket the address a query was sent to comes with it, so that its answer can
 * leave from there. A socket bound to one address has no choice, and is spared the control
 * data.
 *
 * PMTUDISC_OMIT: answers are limited by size (`udp_size`), not by what somebody claims about
 * the path: a forged "fragmentation needed" must not make us send fragments, in which a forged
 * second half can be slipped in.
 * source   RFC 9715 section 3.1 and appendix A */
static int set_udp_options(int fd, const struct ip_addr *addr)
{
    static const struct ip_addr any = {0};
    bool is_v4 = addr->family == IP_V4;
    bool is_wildcard = memcmp(addr->bytes, any.bytes, sizeof(any.bytes)) == 0;
    const struct option options[] = {
        is_v4 ? (struct option){IPPROTO_IP, IP_PKTINFO, is_wildcard}
              : (struct option){IPPROTO_IPV6, IPV6_RECVPKTINFO, is_wildcard},
        is_v4 ? (struct option){IPPROTO_IP, IP_MTU_DISCOVER, IP_PMTUDISC_OMIT}
              : (struct option){IPPROTO_IPV6, IPV6_MTU_DISCOVER, IPV6_PMTUDISC_OMIT},
    };

    enlarge_buffers(fd);
    return SET_OPTIONS(fd, options);
}

/* Connections inherit TCP_NODELAY from the listener. SO_REUSEADDR: a restart need not wait for
 * the old connections' TIME_WAIT. */
static int set_tcp_options(int fd)
{
    static const struct option options[] = {
        {SOL_SOCKET, SO_REUSEADDR, 1},
        {IPPROTO_TCP, TCP_NODELAY, 1},
    };

    return SET_OPTIONS(fd, options);
}

static int set_up(int fd, const struct ip_addr *addr, uint16_t port,
                  enum net_transport transport)
{
    static const struct option shared[] = {{SOL_SOCKET, SO_REUSEPORT, 1}};
    static const struct option only_v6[] = {{IPPROTO_IPV6, IPV6_V6ONLY, 1}};

    int error = SET_OPTIONS(fd, shared);
    if (error == 0 && addr->family == IP_V6)
        error = SET_OPTIONS(fd, only_v6); /* [::] and 0.0.0.0 live side by side */
    if (error == 0)
        error = transport == NET_UDP ? set_udp_options(fd, addr) : set_tcp_options(fd);
    if (error != 0)
        return error;
    struct sockaddr_storage address;
    socklen_t len = ip_to_sockaddr(addr, port, &address);
    if (bind(fd, (const struct sockaddr *)&address, len) != 0)
        return errno;
    if (transport != NET_UDP && listen(fd, BACKLOG) != 0)
        return errno;
    return 0;
}

static int make_socket(const struct ip_addr *addr, enum net_transport transport)
{
    int type = transport == NET_UDP ? SOCK_DGRAM : SOCK_STREAM;
    return socket(addr->family == IP_V4 ? AF_INET : AF_INET6,
                  type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
}

int net_socket_probe(const struct ip_addr *addr, uint16_t port, enum net_transport transport)
{
    static const struct option tcp[] = {
        {SOL_SOCKET, SO_REUSEADDR, 1}}; /* TIME_WAIT is no owner */
    static const struct option only_v6[] = {{IPPROTO_IPV6, IPV6_V6ONLY, 1}};

    int fd = make_socket(addr, transport);
    if (fd < 0)
        return errno;
    int error = transport != NET_UDP ? SET_OPTIONS(fd, tcp) : 0;
    if (error == 0 && addr->family == IP_V6)
        error = SET_OPTIONS(fd, only_v6);
    struct sockaddr_storage address;
    socklen_t len = ip_to_sockaddr(addr, port, &address);
    if (error == 0 && bind(fd, (const struct sockaddr *)&address, len) != 0)
        error = errno;
    close(fd);
    return error;
}

int net_socket_open(const struct ip_addr *addr, uint16_t port, enum net_transport transport,
                    int *out_fd)
{
    int fd = make_socket(addr, transport);
    if (fd < 0)
        return errno;
    int error = set_up(fd, addr, port, transport);
    if (error != 0) {
        close(fd);
        return error;
    }
    *out_fd = fd;
    return 0;
}

const char *net_socket_name(const struct config_listener *listener,
                            char buffer[NET_SOCKET_NAME_MAX])
{
    char address[IP_TEXT_MAX];
    ip_format(&listener->addr, address);
    bool v6 = listener->addr.family == IP_V6;
    snprintf(buffer, NET_SOCKET_NAME_MAX, v6 ? "[%s]:%u" : "%s:%u", address, listener->port);
    return buffer;
}

static const struct {
    int error;
    const char *reason, *remedy;
} failures[] = {
    {EACCES, "permission denied",
     "start as root, give CAP_NET_BIND_SERVICE, or choose a port above 1023"},
    {EADDRINUSE, "the address is in use",
     "stop the other server there (`ss -lnutp` names it), or listen on other addresses"},
    {EADDRNOTAVAIL, "this machine has no such address",
     "correct the address, or give it to an interface before rhumb starts"},
    {EAFNOSUPPORT, "this machine has no IPv6", "leave IPv6 addresses out of the listeners"},
    {EINVAL, "the address needs an interface",
     "link-local addresses are not supported: listen on [::]"},
    {EMFILE, "too many open files", "raise the limit (ulimit -n, LimitNOFILE=)"},
    {ENFILE, "too many open files on this machine", "raise fs.file-max"},
};

void net_socket_report(struct diag_list *diags, const struct config_listener *listener,
                       enum net_transport transport, int error)
{
    static const char *const protocols[] = {
        [NET_UDP] = "UDP", [NET_TCP] = "TCP", [NET_TLS] = "TLS"};

    char name[NET_SOCKET_NAME_MAX], text[128];
    const char *protocol = protocols[transport];
    net_socket_name(listener, name);
    for (size_t i = 0; i < sizeof(failures) / sizeof(failures[0]); i++) {
        if (failures[i].error != error)
            continue;
        diag_error(diags, &listener->place, "cannot bind %s (%s): %s", name, protocol,
                   failures[i].reason);
        diag_remedy(diags, "%s", failures[i].remedy);
        return;
    }
    diag_error(diags, &listener->place, "cannot bind %s (%s): %s", name, protocol,
               strerror_r(error, text, sizeof(text)));
}
