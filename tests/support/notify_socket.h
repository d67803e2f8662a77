/* notify_socket.h - a service manager's end of $NOTIFY_SOCKET. */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

/* notify_socket_open - bind to a path, or to "@name" in the abstract space, and set the variable. */
static inline int notify_socket_open(const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    size_t len = strlen(path);
    assert_true(len < sizeof(address.sun_path));
    memcpy(address.sun_path, path, len);
    if (path[0] == '@')
        address.sun_path[0] = '\0';
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    assert_true(fd >= 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&address,
                          (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len)),
                     0);
    assert_int_equal(setenv("NOTIFY_SOCKET", path, 1), 0);
    return fd;
}

/* notify_socket_next - the next message, "" when there is none. */
enum { NOTIFY_MAX = 256 };

static inline const char *notify_socket_next(int fd, char buffer[NOTIFY_MAX])
{
    ssize_t len = recv(fd, buffer, NOTIFY_MAX - 1, 0);
    buffer[len > 0 ? len : 0] = '\0';
    return buffer;
}

static inline void notify_socket_close(int fd)
{
    close(fd);
    unsetenv("NOTIFY_SOCKET");
}
