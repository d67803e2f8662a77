#include "querylog_frame.h"

#include <string.h>

#include "rhumb/cursor.h"

#include "querylog_line.h"

enum { VARINT = 0, BYTES = 2, FIXED32 = 5 }; /* wire types */

enum { DNSTAP_IDENTITY = 1, DNSTAP_VERSION, DNSTAP_EXTRA, DNSTAP_MESSAGE = 14, DNSTAP_TYPE };

enum {
    MESSAGE_TYPE = 1,
    MESSAGE_FAMILY = 2,
    MESSAGE_PROTOCOL = 3,
    MESSAGE_CLIENT = 4,
    MESSAGE_PORT = 6,
    MESSAGE_QUERY_S = 8,
    MESSAGE_QUERY_NS = 9,
    MESSAGE_ZONE = 11,
    MESSAGE_RESPONSE_S = 12,
    MESSAGE_RESPONSE_NS = 13,
    MESSAGE_RESPONSE = 14,
    MESSAGE_POLICY = 15,
};

enum { POLICY_TYPE = 1, POLICY_RULE = 2, POLICY_ACTION = 3 };

/* Values of the schema. */
enum { TYPE_MESSAGE = 1, AUTH_QUERY = 1, AUTH_RESPONSE = 2, INET = 1, INET6 = 2 };

enum { ACTION_NODATA = 2, ACTION_DROP = 4, ACTION_TRUNCATE = 5, ACTION_LOCAL_DATA = 6 };

enum { NS_IN_S = 1000000000, SMALL_MAX = 512, LENGTH_BYTES = 5 };

/* ---- protocol buffers ---- */

static void put_varint(struct writer *w, uint64_t value)
{
    for (; value >= 0x80; value >>= 7)
        writer_u8(w, (uint8_t)(value | 0x80));
    writer_u8(w, (uint8_t)value);
}

static void put_key(struct writer *w, unsigned field, unsigned wire_type)
{
    put_varint(w, field << 3 | wire_type);
}

static void put_number(struct writer *w, unsigned field, uint64_t value)
{
    put_key(w, field, VARINT);
    put_varint(w, value);
}

static void put_bytes(struct writer *w, unsigned field, const void *bytes, size_t len)
{
    put_key(w, field, BYTES);
    put_varint(w, len);
    writer_bytes(w, bytes, len);
}

static void put_fixed32(struct writer *w, unsigned field, uint32_t value)
{
    put_key(w, field, FIXED32);
    for (unsigned shift = 0; shift < 32; shift += 8)
        writer_u8(w, (uint8_t)(value >> shift));
}

/* begin, end - a message inside another. Its length comes first and is known last: it takes the
 * most bytes a length may take, which the encoding allows. */
static uint8_t *begin(struct writer *w, unsigned field)
{
    put_key(w, field, BYTES);
    return writer_reserve(w, LENGTH_BYTES);
}

static void end(struct writer *w, uint8_t *length)
{
    if (w->failed)
        return;
    size_t len = (size_t)(w->pos - length - LENGTH_BYTES);
    for (unsigned i = 0; i < LENGTH_BYTES; i++, len >>= 7)
        length[i] = (uint8_t)((len & 0x7f) | (i + 1 < LENGTH_BYTES ? 0x80 : 0));
}

/* ---- the record ---- */

static unsigned action_of(const struct answer_record *head)
{
    if (head->fate == ANSWER_LIMITED)
        return head->response_bytes > 0 ? ACTION_TRUNCATE : ACTION_DROP;
    return head->reason == POLICY_NOTHING ? ACTION_NODATA : ACTION_LOCAL_DATA;
}

static void put_policy(struct writer *w, const struct answer_record_view *record)
{
    const struct answer_record *head = &record->head;
    bool is_limited = head->fate == ANSWER_LIMITED;
    if (!is_limited && !head->is_steered)
        return;
    const char *reason =
        is_limited ? "rate_limit" : policy_reason_name((enum policy_reason)head->reason);
    uint8_t *length = begin(w, MESSAGE_POLICY);
    put_bytes(w, POLICY_TYPE, reason, strlen(reason));
    if (head->service_bytes > 0) {
        put_key(w, POLICY_RULE, BYTES);
        put_varint(w, head->service_bytes + 1u + head->region_bytes);
        writer_bytes(w, record->service, head->service_bytes);
        writer_u8(w, '/');
        writer_bytes(w, record->region, head->region_bytes);
    }
    put_number(w, POLICY_ACTION, action_of(head));
    end(w, length);
}

static void put_message(struct writer *w, const struct answer_record_view *record)
{
    const struct answer_record *head = &record->head;
    uint64_t end_ns = head->wall_ns + head->took_ns;
    bool is_v4 = head->family == IP_V4, has_response = head->response_bytes > 0;
    uint8_t *length = begin(w, DNSTAP_MESSAGE);
    put_number(w, MESSAGE_TYPE, has_response ? AUTH_RESPONSE : AUTH_QUERY);
    put_number(w, MESSAGE_FAMILY, is_v4 ? INET : INET6);
    put_number(w, MESSAGE_PROTOCOL, head->transport + 1u); /* UDP, TCP, DOT */
    if (head->client.addr.family != IP_NONE)
        put_bytes(w, MESSAGE_CLIENT, head->client.addr.bytes, is_v4 ? 4 : 16);
    if (head->client_port != 0)
        put_number(w, MESSAGE_PORT, head->client_port);
    put_number(w, MESSAGE_QUERY_S, head->wall_ns / NS_IN_S);
    put_fixed32(w, MESSAGE_QUERY_NS, (uint32_t)(head->wall_ns % NS_IN_S));
    if (head->zone_bytes > 0)
        put_bytes(w, MESSAGE_ZONE, record->zone, head->zone_bytes);
    if (has_response) {
        put_number(w, MESSAGE_RESPONSE_S, end_ns / NS_IN_S);
        put_fixed32(w, MESSAGE_RESPONSE_NS, (uint32_t)(end_ns % NS_IN_S));
        put_bytes(w, MESSAGE_RESPONSE, record->message, head->message_bytes);
    }
    put_policy(w, record);
    end(w, length);
}

size_t querylog_frame_max(const struct answer_record_view *record)
{
    const struct answer_record *head = &record->head;
    return SMALL_MAX + 2 * (size_t)SMALL_MAX /* identity, version */ + QUERYLOG_LINE_MAX +
           head->zone_bytes + head->service_bytes + head->region_bytes + head->message_bytes;
}

static void put_name(struct writer *w, unsigned field, const char *text)
{
    if (text)
        put_bytes(w, field, text, strnlen(text, SMALL_MAX));
}

size_t querylog_frame(const struct answer_record_view *record,
                      const struct querylog_sender *sender, uint8_t *buffer)
{
    char facts[QUERYLOG_LINE_MAX];
    struct writer w = writer_init(buffer, querylog_frame_max(record));
    put_name(&w, DNSTAP_IDENTITY, sender->identity);
    put_name(&w, DNSTAP_VERSION, sender->version);
    put_bytes(&w, DNSTAP_EXTRA, facts, querylog_facts(record, facts));
    put_message(&w, record);
    put_number(&w, DNSTAP_TYPE, TYPE_MESSAGE);
    return writer_len(&w);
}
