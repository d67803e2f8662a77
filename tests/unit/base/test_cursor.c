#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "rhumb/cursor.h"

static const uint8_t bytes[] = {0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x07, 0xff};

static void a_reader_goes_through_its_bytes(void **state)
{
    (void)state;
    struct reader r = reader_init(bytes, sizeof(bytes));
    assert_int_equal(reader_left(&r), 8);
    assert_int_equal(reader_u8(&r), 0x01);
    assert_int_equal(reader_u16(&r), 0x0203);
    assert_int_equal(reader_u32(&r), 0x04050607);
    assert_int_equal(reader_offset(&r), 7);
    assert_ptr_equal(reader_take(&r, 0), bytes + 7);
    assert_ptr_equal(reader_take(&r, 1), bytes + 7);
    assert_ptr_equal(reader_take(&r, 0), bytes + 8); /* nothing, at the end */
    assert_int_equal(reader_left(&r), 0);
    assert_false(r.failed);
}

/* Each step with each number of bytes left below what it wants. */
static void a_reader_past_the_end_moves_nothing_and_stays_failed(void **state)
{
    (void)state;

    static const size_t wants[] = {1, 2, 4, 5};

    for (size_t w = 0; w < 4; w++) {
        for (size_t len = 0; len < wants[w]; len++) {
            struct reader r = reader_init(bytes, len);
            switch (wants[w]) {
            case 1: assert_int_equal(reader_u8(&r), 0); break;
            case 2: assert_int_equal(reader_u16(&r), 0); break;
            case 4: assert_int_equal(reader_u32(&r), 0); break;
            default: assert_null(reader_take(&r, 5)); break;
            }
            assert_true(r.failed);
            assert_int_equal(reader_offset(&r), 0);
            assert_int_equal(reader_u8(&r), 0); /* there may be one, but not any more */
            assert_null(reader_take(&r, 0));
            assert_int_equal(reader_offset(&r), 0);
        }
    }
    struct reader r = reader_init(bytes, sizeof(bytes));
    assert_null(reader_take(&r, SIZE_MAX));
    assert_true(r.failed);
}

static void a_writer_fills_its_buffer_to_the_byte(void **state)
{
    (void)state;
    uint8_t buffer[10];
    memset(buffer, 0xee, sizeof(buffer));
    struct writer w = writer_init(buffer, 9);
    writer_u8(&w, 0x01);
    writer_u16(&w, 0x0203);
    writer_u32(&w, 0x04050607);
    writer_bytes(&w, "ab", 2);
    writer_bytes(&w, NULL, 0);
    assert_false(w.failed);
    assert_int_equal(writer_len(&w), 9);
    assert_int_equal(writer_left(&w), 0);
    assert_memory_equal(buffer,
                        "\x01\x02\x03\x04\x05\x06\x07"
                        "ab\xee",
                        10);
}

static void a_writer_past_the_end_writes_nothing_and_stays_failed(void **state)
{
    (void)state;

    static const size_t wants[] = {1, 2, 4, 5};

    for (size_t i = 0; i < 4; i++) {
        for (size_t capacity = 0; capacity < wants[i]; capacity++) {
            uint8_t buffer[8];
            memset(buffer, 0xee, sizeof(buffer));
            struct writer w = writer_init(buffer, capacity);
            switch (wants[i]) {
            case 1: writer_u8(&w, 1); break;
            case 2: writer_u16(&w, 1); break;
            case 4: writer_u32(&w, 1); break;
            default: writer_bytes(&w, "abcde", 5); break;
            }
            assert_true(w.failed);
            writer_u8(&w, 1); /* it may fit, but a gap must not be */
            assert_null(writer_reserve(&w, 0));
            assert_int_equal(writer_len(&w), 0);
            for (size_t b = 0; b < sizeof(buffer); b++)
                assert_int_equal(buffer[b], 0xee);
        }
    }
    uint8_t buffer[4];
    struct writer w = writer_init(buffer, sizeof(buffer));
    assert_null(writer_reserve(&w, SIZE_MAX));
    assert_true(w.failed);
}

/* How a record that does not fit is dropped, and the ones before it kept. */
static void a_rewound_writer_writes_again(void **state)
{
    (void)state;
    uint8_t buffer[4];
    struct writer w = writer_init(buffer, sizeof(buffer));
    writer_u16(&w, 0x0102);
    size_t mark = writer_len(&w);
    writer_u8(&w, 0x03);
    writer_u16(&w, 0x0405);
    assert_true(w.failed);
    writer_rewind(&w, mark);
    assert_false(w.failed);
    assert_int_equal(writer_len(&w), 2);
    writer_u16(&w, 0x0607);
    assert_false(w.failed);
    assert_memory_equal(buffer, "\x01\x02\x06\x07", 4);
    writer_rewind(&w, 0);
    assert_int_equal(writer_left(&w), 4);
}

static void numbers_are_stored_in_network_order(void **state)
{
    (void)state;
    uint8_t buffer[4];
    store_u16(buffer, 0xfffe);
    assert_memory_equal(buffer, "\xff\xfe", 2);
    store_u32(buffer, 0x80ff0102);
    assert_memory_equal(buffer, "\x80\xff\x01\x02", 4);
    struct reader r = reader_init(buffer, 4);
    assert_true(reader_u32(&r) == UINT32_C(0x80ff0102));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_reader_goes_through_its_bytes),
        cmocka_unit_test(a_reader_past_the_end_moves_nothing_and_stays_failed),
        cmocka_unit_test(a_writer_fills_its_buffer_to_the_byte),
        cmocka_unit_test(a_writer_past_the_end_writes_nothing_and_stays_failed),
        cmocka_unit_test(a_rewound_writer_writes_again),
        cmocka_unit_test(numbers_are_stored_in_network_order),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
