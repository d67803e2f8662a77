#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "../../../src/net/tcp_framing.h"

enum { SMALL_BYTES = 256, STREAM_MAX = 400000 };

/* A stream of messages; each is filled with its number, so that a mix-up shows. */
static const size_t message_sizes[] = {
    12,
    13,
    40,
    40,
    40,
    SMALL_BYTES - 2, /* just fits */
    SMALL_BYTES - 1, /* just does not */
    12,
    65535,
    65535,
    17,
    3000,
    12,
};

enum { MESSAGES = sizeof(message_sizes) / sizeof(message_sizes[0]) };

static size_t put_stream(uint8_t *stream)
{
    size_t used = 0;
    for (size_t i = 0; i < MESSAGES; i++) {
        stream[used++] = (uint8_t)(message_sizes[i] >> 8);
        stream[used++] = (uint8_t)message_sizes[i];
        memset(stream + used, (int)i, message_sizes[i]);
        used += message_sizes[i];
    }
    return used;
}

/* Memory of the exact size, so that a sanitizer sees every step beyond. */
struct buffers {
    uint8_t *small, *large, *stream;
};

static int set_up(void **state)
{
    struct buffers *buffers = malloc(sizeof(*buffers));
    *buffers = (struct buffers){malloc(SMALL_BYTES), malloc(TCP_FRAME_MAX), malloc(STREAM_MAX)};
    *state = buffers;
    return 0;
}

static int tear_down(void **state)
{
    struct buffers *buffers = *state;
    free(buffers->small);
    free(buffers->large);
    free(buffers->stream);
    free(buffers);
    return 0;
}

static void check_message(const uint8_t *message, size_t bytes, size_t number)
{
    assert_true(number < MESSAGES);
    assert_int_equal(bytes, message_sizes[number]);
    for (size_t i = 0; i < bytes; i++)
        if (message[i] != number)
            fail_msg("message %zu is spoiled at %zu", number, i);
}

/* take_messages - all that are whole now; returns the step that ended it. */
static enum tcp_framing_step take_messages(struct tcp_framing *framing, size_t *number)
{
    const uint8_t *message;
    size_t bytes;
    enum tcp_framing_step step;
    while ((step = tcp_framing_next(framing, &message, &bytes)) == TCP_FRAMING_MESSAGE) {
        check_message(message, bytes, (*number)++);
        (void)tcp_framing_reclaim(framing);
    }
    return step;
}

static void messages_come_out_whole_however_they_are_sliced(void **state)
{
    static const size_t slices[] = {1, 2, 3, 7, 13, 100, 255, 256, 257, 4096, STREAM_MAX};

    struct buffers *buffers = *state;
    size_t stream_bytes = put_stream(buffers->stream);
    for (size_t s = 0; s < sizeof(slices) / sizeof(slices[0]); s++) {
        struct tcp_framing framing;
        tcp_framing_init(&framing, buffers->small, SMALL_BYTES);
        size_t number = 0, done = 0;
        while (done < stream_bytes) {
            size_t room;
            uint8_t *to = tcp_framing_room(&framing, &room);
            assert_true(room > 0);
            size_t count = room < slices[s] ? room : slices[s];
            count = count < stream_bytes - done ? count : stream_bytes - done;
            memcpy(to, buffers->stream + done, count);
            tcp_framing_fill(&framing, count);
            done += count;
            if (take_messages(&framing, &number) == TCP_FRAMING_NEEDS_LARGE)
                tcp_framing_lend(&framing, buffers->large);
        }
        assert_int_equal(number, MESSAGES);
        assert_true(tcp_framing_is_empty(&framing));
        assert_null(framing.large);
    }
}

static void give(struct tcp_framing *framing, const void *bytes, size_t count)
{
    size_t room;
    uint8_t *to = tcp_framing_room(framing, &room);
    assert_true(room >= count);
    memcpy(to, bytes, count);
    tcp_framing_fill(framing, count);
}

static void a_length_below_a_header_is_bad_and_stays_bad(void **state)
{
    struct buffers *buffers = *state;
    for (uint8_t length = 0; length < TCP_MESSAGE_MIN; length++) {
        struct tcp_framing framing;
        const uint8_t *message;
        size_t bytes;
        tcp_framing_init(&framing, buffers->small, SMALL_BYTES);
        const uint8_t field[] = {0, length};
        give(&framing, field, 1);
        assert_int_equal(tcp_framing_next(&framing, &message, &bytes), TCP_FRAMING_MORE);
        give(&framing, field + 1, 1);
        assert_int_equal(tcp_framing_next(&framing, &message, &bytes), TCP_FRAMING_BAD);
        assert_int_equal(tcp_framing_next(&framing, &message, &bytes), TCP_FRAMING_BAD);
    }
}

static void messages_before_a_bad_length_are_handed_out(void **state)
{
    struct buffers *buffers = *state;
    struct tcp_framing framing;
    tcp_framing_init(&framing, buffers->small, SMALL_BYTES);
    const uint8_t stream[16] = {[1] = 12, [15] = 3};
    give(&framing, stream, sizeof(stream));
    size_t number = 0;
    assert_int_equal(take_messages(&framing, &number), TCP_FRAMING_BAD);
    assert_int_equal(number, 1);
}

static void a_large_buffer_is_needed_only_for_its_message(void **state)
{
    struct buffers *buffers = *state;
    struct tcp_framing framing;
    const uint8_t *message;
    size_t bytes, room;
    tcp_framing_init(&framing, buffers->small, SMALL_BYTES);
    const uint8_t head[] = {0x10, 0x00, 1, 2, 3};
    give(&framing, head, sizeof(head));
    assert_int_equal(tcp_framing_next(&framing, &message, &bytes), TCP_FRAMING_NEEDS_LARGE);
    assert_false(tcp_framing_reclaim(&framing));
    tcp_framing_lend(&framing, buffers->large);
    assert_int_equal(tcp_framing_next(&framing, &message, &bytes), TCP_FRAMING_MORE);
    assert_false(tcp_framing_reclaim(&framing));
    tcp_framing_room(&framing, &room);
    assert_int_equal(room, 0x1000 - 3); /* the rest of it, and nothing of the next */
    memset(buffers->large + sizeof(head), 4, room);
    tcp_framing_fill(&framing, room);
    assert_int_equal(tcp_framing_next(&framing, &message, &bytes), TCP_FRAMING_MESSAGE);
    assert_int_equal(bytes, 0x1000);
    assert_memory_equal(message, head + 2, 3);
    assert_true(tcp_framing_reclaim(&framing));
    assert_false(tcp_framing_reclaim(&framing));
    assert_true(tcp_framing_is_empty(&framing));
    assert_int_equal(tcp_framing_next(&framing, &message, &bytes), TCP_FRAMING_MORE);
}

static void part_of_a_message_is_not_empty(void **state)
{
    struct buffers *buffers = *state;
    struct tcp_framing framing;
    tcp_framing_init(&framing, buffers->small, SMALL_BYTES);
    assert_true(tcp_framing_is_empty(&framing));
    give(&framing, "", 1);
    assert_false(tcp_framing_is_empty(&framing));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(messages_come_out_whole_however_they_are_sliced, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_length_below_a_header_is_bad_and_stays_bad, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(messages_before_a_bad_length_are_handed_out, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_large_buffer_is_needed_only_for_its_message, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(part_of_a_message_is_not_empty, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
