#include "querylog_socket.h"

#include <errno.h>
#include <fstrm.h>

static const char CONTENT_TYPE[] = "protobuf:dnstap.Dnstap";

/* The struct is the library's own: nobody but this file looks inside. */
static struct fstrm_writer *writer_of(struct querylog_socket *socket)
{
    return (struct fstrm_writer *)socket;
}

static struct fstrm_writer *make(const char *path)
{
    struct fstrm_writer *writer = NULL;
    struct fstrm_writer_options *options = fstrm_writer_options_init();
    struct fstrm_unix_writer_options *unix_options = fstrm_unix_writer_options_init();
    fstrm_unix_writer_options_set_socket_path(unix_options, path);
    if (fstrm_writer_options_add_content_type(options, CONTENT_TYPE,
                                              sizeof(CONTENT_TYPE) - 1) == fstrm_res_success)
        writer = fstrm_unix_writer_init(unix_options, options);
    fstrm_unix_writer_options_destroy(&unix_options);
    fstrm_writer_options_destroy(&options);
    return writer;
}

struct querylog_socket *querylog_socket_open(const char *path)
{
    struct fstrm_writer *writer = make(path);
    errno = 0;
    if (writer && fstrm_writer_open(writer) == fstrm_res_success)
        return (struct querylog_socket *)writer;
    int error = errno;
    if (writer)
        (void)fstrm_writer_destroy(&writer);
    errno = error;
    return NULL;
}

bool querylog_socket_write(struct querylog_socket *socket, const struct iovec *frames,
                           size_t count)
{
    return fstrm_writer_writev(writer_of(socket), frames, (int)count) == fstrm_res_success;
}

void querylog_socket_close(struct querylog_socket *socket)
{
    struct fstrm_writer *writer = writer_of(socket);
    if (writer)
        (void)fstrm_writer_destroy(&writer);
}
