#include "admin_listen.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "rhumb/ip.h"

enum { BACKLOG = 64, SOCKET_MODE = 0660 };

static int complain(struct diag_list *diags, const struct config_admin_listener *listener,
                    int error, const char *remedy)
{
    char buffer[128], address[IP_TEXT_MAX];
    const char *reason = strerror_r(error, buffer, sizeof(buffer));
    if (listener->path)
        diag_error(diags, &listener->place, "cannot listen on %s: %s", listener->path, reason);
    else
        diag_error(diags, &listener->place, "cannot listen on %s port %u: %s",
                   ip_format(&listener->addr, address), listener->port, reason);
    diag_remedy(diags, "%s", remedy);
    return -1;
}

/* is_served - does somebody accept on this path? */
static bool is_served(const struct sockaddr_un *address)
{
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return true;
    bool refused = connect(fd, (const struct sockaddr *)address, sizeof(*address)) != 0 &&
                   errno == ECONNREFUSED;
    close(fd);
    return !refused;
}

static int bind_unix(const struct sockaddr_un *address)
{
    struct stat status;
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return -1;
    if (lstat(address->sun_path, &status) == 0 && S_ISSOCK(status.st_mode) &&
        !is_served(address))
        (void)unlink(address->sun_path);
    /* nobody can connect before it listens, so its mode may come in between */
    if (bind(fd, (const struct sockaddr *)address, sizeof(*address)) == 0 &&
        chmod(address->sun_path, SOCKET_MODE) == 0 && listen(fd, BACKLOG) == 0)
        return fd;
    int error = errno;
    close(fd);
    errno = error;
    return -1;
}

static int open_unix(const struct config_admin_listener *listener, struct diag_list *diags,
                     struct admin_socket_file *out_file)
{
    struct stat status;
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    size_t len = strlen(listener->path);
    if (len >= sizeof(address.sun_path))
        return complain(diags, listener, ENAMETOOLONG, "name a shorter path");
    memcpy(address.sun_path, listener->path, len + 1);
    int fd = bind_unix(&address);
    if (fd >= 0 && lstat(listener->path, &status) == 0) {
        memcpy(out_file->path, listener->path, len + 1);
        out_file->device = status.st_dev;
        out_file->inode = status.st_ino;
    }
    if (fd >= 0)
        return fd;
    return complain(diags, listener, errno,
                    errno == EADDRINUSE ? "another server listens there: give each its own path"
                                        : "its folder must be there, and writable for rhumb");
}

static int open_address(const struct config_admin_listener *listener, struct diag_list *diags)
{
    static const int on = 1;

    struct sockaddr_storage address;
    socklen_t len = ip_to_sockaddr(&listener->addr, listener->port, &address);
    int fd = socket(address.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return complain(diags, listener, errno, "too many open files?");
    (void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
    if (address.ss_family == AF_INET6)
        (void)setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on));
    if (bind(fd, (const struct sockaddr *)&address, len) == 0 && listen(fd, BACKLOG) == 0)
        return fd;
    int error = errno;
    close(fd);
    return complain(diags, listener, error,
                    error == EADDRINUSE ? "something else listens there: choose another port"
                                        : "admin: {listen: [unix:/run/rhumb/admin.sock]}");
}

int admin_listen_open(const struct config_admin_listener *listener, struct diag_list *diags,
                      struct admin_socket_file *out_file)
{
    *out_file = (struct admin_socket_file){.path = ""};
    return listener->path ? open_unix(listener, diags, out_file)
                          : open_address(listener, diags);
}

void admin_listen_forget(const struct admin_socket_file *file)
{
    struct stat status;
    if (file->path[0] != '\0' && lstat(file->path, &status) == 0 &&
        status.st_dev == file->device && status.st_ino == file->inode)
        (void)unlink(file->path);
}
