/* querylog_socket.h - frames to whoever listens at a Unix socket: frame streams, the transport of
 * dnstap. Every function may wait, without end when the reader does not read.
 *
 * source   farsightsec.github.io/fstrm, "Frame Streams"
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <sys/uio.h>

struct querylog_socket;

/* querylog_socket_open - connect, and agree that dnstap is spoken. NULL: errno says why, or is 0. */
struct querylog_socket *querylog_socket_open(const char *path);

/* querylog_socket_write - all of count frames; false: the connection is of no use any more. */
bool querylog_socket_write(struct querylog_socket *socket, const struct iovec *frames,
                           size_t count);

/* querylog_socket_close - say good-bye when the reader still listens. NULL is fine. */
void querylog_socket_close(struct querylog_socket *socket);
