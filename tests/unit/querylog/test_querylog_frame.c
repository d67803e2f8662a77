/* Frames, read by a decoder of the test's own: it knows the encoding, not what wrote it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "querylog_frame.h"
#include "record_case.h"

static const char WWW[] = "\3www\7example\3com";

struct piece {
    const uint8_t *bytes; /* of a field of bytes; NULL: a number */
    uint64_t value;       /* the number, or how many bytes */
    bool is_there;
};

struct message {
    struct piece fields[20]; /* by number */
};

static uint64_t take_varint(const uint8_t **at, const uint8_t *end)
{
    uint64_t value = 0;
    for (unsigned shift = 0;; shift += 7) {
        assert_true(*at < end && shift < 64);
        uint8_t byte = *(*at)++;
        value |= (uint64_t)(byte & 0x7f) << shift;
        if (byte < 0x80)
            return value;
    }
}

static struct message decode(const uint8_t *bytes, size_t len)
{
    struct message message = {0};
    const uint8_t *at = bytes, *end = bytes + len;
    while (at < end) {
        uint64_t key = take_varint(&at, end);
        assert_in_range(key >> 3, 1, 19);
        struct piece *piece = &message.fields[key >> 3];
        assert_false(piece->is_there); /* none of ours is repeated */
        piece->is_there = true;
        switch (key & 7) {
        case 0: piece->value = take_varint(&at, end); break;
        case 2:
            piece->value = take_varint(&at, end);
            assert_true(piece->value <= (size_t)(end - at));
            piece->bytes = at;
            at += piece->value;
            break;
        case 5:
            assert_true(end - at >= 4);
            piece->value = (uint64_t)at[0] | (uint64_t)at[1] << 8 | (uint64_t)at[2] << 16 |
                           (uint64_t)at[3] << 24;
            at += 4;
            break;
        default: fail_msg("wire type %u", (unsigned)(key & 7));
        }
    }
    return message;
}

static struct message part(const struct message *message, unsigned field)
{
    assert_true(message->fields[field].is_there && message->fields[field].bytes);
    return decode(message->fields[field].bytes, message->fields[field].value);
}

static void assert_number(const struct message *message, unsigned field, uint64_t value)
{
    assert_true(message->fields[field].is_there);
    assert_int_equal(message->fields[field].value, value);
}

static void assert_bytes(const struct message *message, unsigned field, const void *bytes,
                         size_t len)
{
    assert_true(message->fields[field].is_there);
    assert_int_equal(message->fields[field].value, len);
    assert_memory_equal(message->fields[field].bytes, bytes, len);
}

/* frame_of - to be freed with *out_bytes. */
static struct message frame_of(const struct answer_record_view *record, uint8_t **out_bytes)
{
    const struct querylog_sender sender = {.identity = "pop-1", .version = "rhumb 9"};
    *out_bytes = malloc(querylog_frame_max(record));
    size_t len = querylog_frame(record, &sender, *out_bytes);
    assert_in_range(len, 1, querylog_frame_max(record));
    return decode(*out_bytes, len);
}

static void a_response_has_what_dnstap_asks_for(void **state)
{
    (void)state;
    uint8_t *bytes;
    struct answer_record_view record = a_record(WWW);
    record.head.client_port = 53535;
    struct message frame = frame_of(&record, &bytes), message = part(&frame, 14);
    assert_bytes(&frame, 1, "pop-1", 5);
    assert_bytes(&frame, 2, "rhumb 9", 7);
    assert_number(&frame, 15, 1);
    assert_number(&message, 1, 2); /* AUTH_RESPONSE */
    assert_number(&message, 2, 1); /* INET */
    assert_number(&message, 3, 1); /* UDP */
    assert_bytes(&message, 4, "\xc0\x00\x02\x00", 4);
    assert_number(&message, 6, 53535);
    assert_number(&message, 8, 1785585600);
    assert_number(&message, 9, 123456789);
    assert_bytes(&message, 11, "\7example\3com", 13);
    assert_number(&message, 12, 1785585600);
    assert_number(&message, 13, 123456789 + 4250);
    assert_bytes(&message, 14, "a message of ours", 17);
    struct message policy = part(&message, 15);
    assert_bytes(&policy, 1, "first", 5);
    assert_bytes(&policy, 2, "app/eu-west", 11);
    assert_number(&policy, 3, 6); /* LOCAL_DATA */
    free(bytes);
}

static void what_is_not_told_is_left_out(void **state)
{
    (void)state;
    uint8_t *bytes;
    struct answer_record_view record = a_record(WWW);
    record.head.client = (struct ip_prefix){0};
    record.head.is_steered = false;
    record.head.service_bytes = record.head.region_bytes = record.head.zone_bytes = 0;
    record.head.transport = ANSWER_TLS;
    record.head.family = IP_V6;
    struct message frame = frame_of(&record, &bytes), message = part(&frame, 14);
    assert_number(&message, 2, 2);
    assert_number(&message, 3, 3); /* DOT */
    assert_false(message.fields[4].is_there);
    assert_false(message.fields[6].is_there);
    assert_false(message.fields[11].is_there);
    assert_false(message.fields[15].is_there);
    free(bytes);
}

static void a_query_that_gets_nothing_is_a_query(void **state)
{
    (void)state;
    uint8_t *bytes;
    struct answer_record_view record = a_record(WWW);
    record.head.fate = ANSWER_LIMITED;
    record.head.is_steered = false;
    record.head.service_bytes = record.head.region_bytes = 0;
    record.head.response_bytes = record.head.message_bytes = 0;
    struct message frame = frame_of(&record, &bytes), message = part(&frame, 14);
    assert_number(&message, 1, 1); /* AUTH_QUERY */
    assert_false(message.fields[12].is_there);
    assert_false(message.fields[14].is_there);
    struct message policy = part(&message, 15);
    assert_bytes(&policy, 1, "rate_limit", 10);
    assert_number(&policy, 3, 4); /* DROP */
    record.head.response_bytes = record.head.message_bytes = 17;
    free(bytes);
    frame = frame_of(&record, &bytes);
    message = part(&frame, 14);
    policy = part(&message, 15);
    assert_number(&policy, 3, 5); /* TRUNCATE */
    free(bytes);
}

static void a_service_without_anything_of_the_family_is_no_data(void **state)
{
    (void)state;
    uint8_t *bytes;
    struct answer_record_view record = a_record(WWW);
    record.head.reason = POLICY_NOTHING;
    record.head.region_bytes = 0;
    struct message frame = frame_of(&record, &bytes), message = part(&frame, 14),
                   policy = part(&message, 15);
    assert_bytes(&policy, 1, "none", 4);
    assert_bytes(&policy, 2, "app/", 4);
    assert_number(&policy, 3, 2);
    free(bytes);
}

static void the_largest_message_fits(void **state)
{
    (void)state;
    uint8_t *bytes, *large = calloc(1, 65535);
    struct answer_record_view record = a_record(WWW);
    memset(large, 0xaa, 65535);
    record.message = large;
    record.head.message_bytes = record.head.response_bytes = 65535;
    struct message frame = frame_of(&record, &bytes), message = part(&frame, 14);
    assert_bytes(&message, 14, large, 65535);
    free(bytes);
    free(large);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_response_has_what_dnstap_asks_for),
        cmocka_unit_test(what_is_not_told_is_left_out),
        cmocka_unit_test(a_query_that_gets_nothing_is_a_query),
        cmocka_unit_test(a_service_without_anything_of_the_family_is_no_data),
        cmocka_unit_test(the_largest_message_fits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
