#include "stream.h"

#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tls.h"

enum stream_status stream_read_clear(struct stream *stream, uint8_t *bytes, size_t room,
                                     size_t *out_count)
{
    ssize_t count = recv(stream->fd, bytes, room, MSG_DONTWAIT);
    if (count > 0) {
        *out_count = (size_t)count;
        return STREAM_OK;
    }
    if (count == 0)
        return STREAM_END;
    return errno == EAGAIN || errno == EINTR ? STREAM_WAIT : STREAM_BROKEN;
}

enum stream_status stream_greet(struct stream *stream)
{
    return stream->tls ? tls_handshake(stream->tls, &stream->wants_write) : STREAM_OK;
}

enum stream_status stream_read(struct stream *stream, uint8_t *bytes, size_t room,
                               size_t *out_count)
{
    if (stream->tls)
        return tls_read(stream->tls, bytes, room, out_count, &stream->wants_write);
    return stream_read_clear(stream, bytes, room, out_count);
}

bool stream_has_more(const struct stream *stream)
{
    return stream->tls && tls_has_more(stream->tls);
}

enum stream_status stream_write(struct stream *stream, const uint8_t *bytes, size_t count,
                                size_t *out_count)
{
    if (stream->tls)
        return tls_write(stream->tls, bytes, count, out_count);
    ssize_t sent = send(stream->fd, bytes, count, MSG_DONTWAIT | MSG_NOSIGNAL);
    *out_count = sent > 0 ? (size_t)sent : 0;
    if (sent >= 0)
        return *out_count == count ? STREAM_OK : STREAM_WAIT;
    bool later = errno == EAGAIN || errno == EINTR || errno == ENOBUFS;
    return later ? STREAM_WAIT : STREAM_BROKEN;
}

void stream_close(struct stream *stream, bool abort)
{
    if (abort) {
        const struct linger reset = {.l_onoff = 1, .l_linger = 0};
        (void)setsockopt(stream->fd, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset));
    }
    if (stream->tls)
        tls_session_free(stream->tls, !abort);
    close(stream->fd);
}
