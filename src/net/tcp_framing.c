#include "tcp_framing.h"

#include <string.h>

#include "rhumb/require.h"

void tcp_framing_init(struct tcp_framing *framing, uint8_t *small, size_t small_bytes)
{
    REQUIRE(small_bytes >= TCP_LENGTH_BYTES + TCP_MESSAGE_MIN);
    *framing = (struct tcp_framing){.small = small, .small_bytes = small_bytes};
}

static uint8_t *current(const struct tcp_framing *framing)
{
    return framing->large ? framing->large : framing->small;
}

/* frame_bytes - length field and message of the frame at start, whose length field is in. */
static size_t frame_bytes(const struct tcp_framing *framing)
{
    const uint8_t *length = current(framing) + framing->start;
    return TCP_LENGTH_BYTES + ((size_t)length[0] << 8 | length[1]);
}

uint8_t *tcp_framing_room(struct tcp_framing *framing, size_t *out_bytes)
{
    if (framing->large) {
        /* Only the rest of this message, so that the buffer is free again behind it. */
        *out_bytes = frame_bytes(framing) - framing->end;
        return framing->large + framing->end;
    }
    size_t left = framing->end - framing->start;
    if (framing->start > 0 && left > 0)
        memmove(framing->small, framing->small + framing->start, left);
    framing->start = 0;
    framing->end = left;
    *out_bytes = framing->small_bytes - left;
    return framing->small + left;
}

void tcp_framing_fill(struct tcp_framing *framing, size_t bytes)
{
    framing->end += bytes;
}

enum tcp_framing_step tcp_framing_next(struct tcp_framing *framing, const uint8_t **out_message,
                                       size_t *out_bytes)
{
    size_t have = framing->end - framing->start;
    if (have < TCP_LENGTH_BYTES)
        return TCP_FRAMING_MORE;
    size_t frame = frame_bytes(framing);
    if (frame < TCP_LENGTH_BYTES + TCP_MESSAGE_MIN)
        return TCP_FRAMING_BAD;
    if (!framing->large && frame > framing->small_bytes)
        return TCP_FRAMING_NEEDS_LARGE;
    if (have < frame)
        return TCP_FRAMING_MORE;
    *out_message = current(framing) + framing->start + TCP_LENGTH_BYTES;
    *out_bytes = frame - TCP_LENGTH_BYTES;
    framing->start += frame;
    return TCP_FRAMING_MESSAGE;
}

void tcp_framing_lend(struct tcp_framing *framing, uint8_t *large)
{
    REQUIRE(!framing->large);
    size_t have = framing->end - framing->start;
    memcpy(large, framing->small + framing->start, have);
    framing->large = large;
    framing->start = 0;
    framing->end = have;
}

bool tcp_framing_reclaim(struct tcp_framing *framing)
{
    if (!framing->large || framing->start < framing->end)
        return false;
    framing->large = NULL;
    framing->start = framing->end = 0;
    return true;
}

bool tcp_framing_is_empty(const struct tcp_framing *framing)
{
    return framing->start == framing->end;
}
