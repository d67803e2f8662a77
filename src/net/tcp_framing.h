/* tcp_framing.h - from bytes in any slices to DNS messages (RFC 1035 section 4.2.2).
 *
 *   stream   | length (2) | message | length (2) | message | ...
 *
 *   small    | handed out | messages not yet handed out ... | room ... |
 *                     start ^                           end ^
 *   large    | length and first part of one message | room for exactly the rest of it |
 *
 * Pure: no socket, no allocation. A connection reads into its own small buffer, which holds
 * every usual query and dozens of pipelined ones. A message that is longer needs a large
 * buffer, which is lent by the caller for just that message.
 *
 *   room = tcp_framing_room(); read into it; tcp_framing_fill();
 *   while (tcp_framing_next() == TCP_FRAMING_MESSAGE) ...
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    TCP_LENGTH_BYTES = 2,
    TCP_MESSAGE_MIN = 12, /* a header; less is not DNS */
    TCP_FRAME_MAX = TCP_LENGTH_BYTES + 65535,
};

enum tcp_framing_step {
    TCP_FRAMING_MESSAGE,     /* one is handed out */
    TCP_FRAMING_MORE,        /* read more: there is room */
    TCP_FRAMING_NEEDS_LARGE, /* tcp_framing_lend() a large buffer, then read more */
    TCP_FRAMING_BAD,         /* a length below 12: close; stays so */
};

struct tcp_framing {
    uint8_t *small; /* borrowed for good */
    size_t small_bytes;
    uint8_t *large; /* borrowed from tcp_framing_lend() to tcp_framing_reclaim(); or NULL */
    size_t start, end;
};

/* tcp_framing_init - small_bytes: at least TCP_LENGTH_BYTES + TCP_MESSAGE_MIN. */
void tcp_framing_init(struct tcp_framing *framing, uint8_t *small, size_t small_bytes);

/* tcp_framing_room - where the next bytes go; never without room after TCP_FRAMING_MORE. Moves
 * what is left over to the front: messages handed out before are gone. */
uint8_t *tcp_framing_room(struct tcp_framing *framing, size_t *out_bytes);

/* tcp_framing_fill - bytes were put there. */
void tcp_framing_fill(struct tcp_framing *framing, size_t bytes);

/* tcp_framing_next - the next whole message, borrowed until tcp_framing_room() or
 * tcp_framing_reclaim(). */
enum tcp_framing_step tcp_framing_next(struct tcp_framing *framing, const uint8_t **out_message,
                                       size_t *out_bytes);

/* tcp_framing_lend - a buffer of at least TCP_FRAME_MAX bytes for the message that needs it. */
void tcp_framing_lend(struct tcp_framing *framing, uint8_t *large);

/* tcp_framing_reclaim - true: the large buffer was lent, its message was handed out and is done
 * with; it is the caller's again. */
bool tcp_framing_reclaim(struct tcp_framing *framing);

/* tcp_framing_is_empty - nothing of a message has come in. */
bool tcp_framing_is_empty(const struct tcp_framing *framing);
