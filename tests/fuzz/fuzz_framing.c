/* TCP framing: however a stream is sliced, the messages that come out are those a reader finds
 * who has the whole stream before him.
 *
 *   input   | buffer (1) | tail (1) | slices (1) | size of each slice ... | stream ...
 *
 *   buffer  small buffer: 14 bytes and this many more
 *   tail    that many times 300 bytes follow the stream, so that short inputs have messages of
 *           up to 65535 bytes
 *   slices  are taken in turn; a slice of 0 is as many as there is room for
 */
#include <stdlib.h>
#include <string.h>

#include "rhumb/cursor.h"

#include "../../src/net/tcp_framing.h"
#include "fuzz.h"

enum {
    SMALL_MIN = TCP_LENGTH_BYTES + TCP_MESSAGE_MIN,
    TAIL_STEP = 300,
    TAIL_BYTE = 0x2a,
    STREAM_MAX = 1 << 17
};

static uint8_t *large, *stream_memory;

static void set_up(void)
{
    large = malloc(TCP_FRAME_MAX);
    stream_memory = malloc(STREAM_MAX);
    if (!large || !stream_memory)
        exit(1);
}

struct stream {
    const uint8_t *bytes;
    size_t len;
    size_t found; /* where the naive reader is */
};

/* naive_next - the next message, by arithmetic on the whole stream. */
static enum tcp_framing_step naive_next(struct stream *s, const uint8_t **out, size_t *out_len)
{
    const uint8_t *at = s->bytes + s->found;
    size_t left = s->len - s->found;
    if (left < 2)
        return TCP_FRAMING_MORE;
    size_t len = (size_t)at[0] << 8 | at[1];
    if (len < 12)
        return TCP_FRAMING_BAD;
    if (left - 2 < len)
        return TCP_FRAMING_MORE;
    *out = at + 2;
    *out_len = len;
    s->found += 2 + len;
    return TCP_FRAMING_MESSAGE;
}

static void check_message(struct stream *s, const uint8_t *message, size_t len)
{
    const uint8_t *want;
    size_t want_len;
    FUZZ_PROMISE(naive_next(s, &want, &want_len) == TCP_FRAMING_MESSAGE,
                 "no message that is not in the stream");
    FUZZ_PROMISE(len == want_len && memcmp(message, want, len) == 0,
                 "each message as it is in the stream");
}

/* take_all - as a connection does; returns the step that ended it. */
static enum tcp_framing_step take_all(struct tcp_framing *framing, struct stream *s)
{
    const uint8_t *message;
    size_t len;
    enum tcp_framing_step step;
    while ((step = tcp_framing_next(framing, &message, &len)) == TCP_FRAMING_MESSAGE) {
        check_message(s, message, len);
        (void)tcp_framing_reclaim(framing);
    }
    return step;
}

/* feed - the whole stream in slices; returns the last step. */
static enum tcp_framing_step feed(struct tcp_framing *framing, struct stream *s,
                                  const uint8_t *slices, size_t slice_count)
{
    enum tcp_framing_step step = TCP_FRAMING_MORE;
    for (size_t done = 0, i = 0; done < s->len && step != TCP_FRAMING_BAD; i++) {
        size_t room, slice = slice_count > 0 ? slices[i % slice_count] : 0;
        uint8_t *to = tcp_framing_room(framing, &room);
        FUZZ_PROMISE(room > 0, "there is room after MORE and after a large buffer was lent");
        size_t count = slice > 0 && slice < room ? slice : room;
        count = count < s->len - done ? count : s->len - done;
        memcpy(to, s->bytes + done, count);
        tcp_framing_fill(framing, count);
        done += count;
        step = take_all(framing, s);
        if (step == TCP_FRAMING_NEEDS_LARGE)
            tcp_framing_lend(framing, large);
    }
    return step;
}

static void check_end(struct tcp_framing *framing, struct stream *s, enum tcp_framing_step step)
{
    const uint8_t *message;
    size_t len;
    enum tcp_framing_step want = naive_next(s, &message, &len);
    FUZZ_PROMISE(want != TCP_FRAMING_MESSAGE, "every message of the stream comes out");
    FUZZ_PROMISE((step == TCP_FRAMING_BAD) == (want == TCP_FRAMING_BAD),
                 "a length that is too short is seen, and nothing else is bad");
    if (step == TCP_FRAMING_BAD)
        FUZZ_PROMISE(tcp_framing_next(framing, &message, &len) == TCP_FRAMING_BAD,
                     "bad stays bad");
    else
        FUZZ_PROMISE(tcp_framing_is_empty(framing) == (s->found == s->len),
                     "it is empty exactly when nothing is left of the stream");
}

/* put_stream - at the end of its memory, so that a sanitizer sees each step beyond. */
static const uint8_t *put_stream(const struct reader *in, size_t tail)
{
    uint8_t *bytes = stream_memory + STREAM_MAX - (reader_left(in) + tail);
    memcpy(bytes, in->pos, reader_left(in));
    memset(bytes + reader_left(in), TAIL_BYTE, tail);
    return bytes;
}

static void run(const uint8_t *data, size_t size)
{
    struct reader in = reader_init(data, size);
    size_t small_bytes = SMALL_MIN + (size_t)reader_u8(&in);
    size_t tail = (size_t)reader_u8(&in) * TAIL_STEP;
    size_t slice_count = reader_u8(&in);
    const uint8_t *slices = reader_take(&in, slice_count);
    if (!slices || reader_left(&in) + tail > STREAM_MAX)
        return;
    uint8_t *small = malloc(small_bytes); /* of exactly that size, for the sanitizer */
    FUZZ_PROMISE(small, "there is memory");
    struct tcp_framing framing;
    struct stream s = {.bytes = put_stream(&in, tail), .len = reader_left(&in) + tail};
    tcp_framing_init(&framing, small, small_bytes);
    check_end(&framing, &s, feed(&framing, &s, slices, slice_count));
    free(small);
}

const struct fuzz_harness fuzz_harness = {.limit_us = 50000, .set_up = set_up, .run = run};
