/* admin_world.h - a whole admin API for a fuzzer: the real server on a Unix socket, with a real
 * snapshot, monitor, history and overrides; what the process lends (reload, diff, metrics) is
 * answered in the next turn of the loop.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

void admin_world_open(void);

/* admin_world_send - bytes as a client would send them on a connection of its own, in pieces of
 * this size (0: at once), and then its end. Until the server has closed, or has nothing more to
 * do for it: half a request, an event stream.
 *
 * returns  what came back; borrowed until the next call
 */
const char *admin_world_send(const uint8_t *bytes, size_t len, size_t piece, size_t *out_len);

/* admin_world_reset - what was forced is not any more, and nobody listens. */
void admin_world_reset(void);
