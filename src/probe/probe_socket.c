#include "probe_socket.h"

#include <errno.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include "probe_reason.h"

struct ip_addr probe_source_for(const struct config_probe_source *source,
                                const struct ip_addr *addr)
{
    return addr->family == IP_V4 ? source->v4 : source->v6;
}

/* bind_to - the port is left to connect(), which can use one port for many peers. */
static int bind_to(int fd, const struct ip_addr *source)
{
    struct sockaddr_storage storage;
    socklen_t len = ip_to_sockaddr(source, 0, &storage);
    int on = 1;
    setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof(on));
    if (bind(fd, (const struct sockaddr *)&storage, len) == 0)
        return 0;
    return errno == EADDRNOTAVAIL ? PROBE_ERRNO_SOURCE : errno;
}

int probe_socket_open(int family, int type, int protocol, const struct ip_addr *source,
                      int *out_errno)
{
    int fd = socket(family, type | SOCK_NONBLOCK | SOCK_CLOEXEC, protocol);
    if (fd < 0) {
        *out_errno = errno;
        return -1;
    }
    int code = source->family == IP_NONE ? 0 : bind_to(fd, source);
    if (code == 0)
        return fd;
    close(fd);
    *out_errno = code;
    return -1;
}
