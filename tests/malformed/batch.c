#include "batch.h"

#include "rhumb/cursor.h"

#include "../support/answer_fixture.h"
#include "../support/answer_promise.h"
#include "../support/message.h"

enum { FLAGS_AT = 2, QR = 0x80, POINTER = 0xc0, RATIO_MAX = 4 };

static void set_id(struct batch *batch, struct batch_packet *packet)
{
    uint16_t id = (uint16_t)(batch->first_id + batch->count);
    if (packet->len >= 2) {
        packet->bytes[0] = (uint8_t)(id >> 8);
        packet->bytes[1] = (uint8_t)id;
    }
}

static void add(struct batch *batch, struct batch_packet *packet)
{
    set_id(batch, packet);
    packet->expects_reply =
        packet->len >= DNS_HEADER_BYTES && (packet->bytes[FLAGS_AT] & QR) == 0;
    packet->has_reply = false;
    batch->expected += packet->expects_reply;
    batch->totals.packets++;
    batch->count++;
}

static void add_marker(struct batch *batch)
{
    struct batch_packet *packet = &batch->packets[batch->count];
    struct packet query;
    packet_init(&query, 0, "www.example.com", DNS_TYPE_A, DNS_CLASS_IN);
    memcpy(packet->bytes, query.bytes, query.len);
    packet->len = query.len;
    batch->marker = packet;
    add(batch, packet);
}

void batch_fill(struct batch *batch, struct packet_maker *maker, size_t limit)
{
    batch->first_id = (uint16_t)(batch->first_id + BATCH_PACKETS);
    batch->count = batch->expected = 0;
    batch->marker = NULL;
    while (batch->count + 1 < BATCH_PACKETS && batch->count < limit) {
        struct batch_packet *packet = &batch->packets[batch->count];
        packet->len = packet_maker_next(maker, packet->bytes);
        add(batch, packet);
        if (batch->transport == ANSWER_TCP && packet->len < DNS_HEADER_BYTES)
            return;
    }
    add_marker(batch);
}

static void skip_name(struct reader *r)
{
    for (uint8_t label; (label = reader_u8(r)) != 0;) {
        if (label >= POINTER) {
            reader_u8(r);
            return;
        }
        reader_take(r, label);
    }
}

/* is_torn - counts and lengths do not lead to the end of the packet, exactly. Pointers are not
 * followed and data is not looked at: what nobody needs, nobody must judge. */
static bool is_torn(const struct batch_packet *packet)
{
    struct reader r = reader_init(packet->bytes, packet->len);
    reader_u32(&r); /* id and flags */
    uint32_t questions = reader_u16(&r), records = 0;
    for (int section = 1; section <= 3; section++)
        records += reader_u16(&r);
    for (; questions > 0 && !r.failed; questions--) {
        skip_name(&r);
        reader_take(&r, 4);
    }
    for (; records > 0 && !r.failed; records--) {
        skip_name(&r);
        reader_take(&r, 8); /* type, class, TTL */
        reader_take(&r, reader_u16(&r));
    }
    return r.failed || reader_left(&r) > 0;
}

/* malformed_fault - a torn packet gets no data and no large reply, whatever the rcode. */
static const char *malformed_fault(const struct batch_packet *packet,
                                   const struct message *reply)
{
    if (!is_torn(packet))
        return NULL;
    if (reply->counts[1] > 0 || reply->counts[2] > 0)
        return "data for a malformed packet";
    return reply->len > RATIO_MAX * packet->len ? "too much for a malformed packet" : NULL;
}

static const char *judge(const struct batch *batch, const struct batch_packet *packet,
                         const struct message *reply)
{
    const struct answer_exchange exchange = {
        .request = {.packet = packet->bytes,
                    .packet_bytes = packet->len,
                    .transport = batch->transport},
        .reply = reply->bytes,
        .reply_bytes = reply->len,
        .capacity = DNS_MESSAGE_MAX,
    };
    const char *fault = answer_promise_broken(&exchange);
    if (fault)
        return fault;
    if (packet == batch->marker &&
        (message_rcode(reply) != DNS_RCODE_NOERROR || reply->counts[1] == 0))
        return "a good query has no good answer";
    return malformed_fault(packet, reply);
}

static const char *take(struct batch *batch, struct batch_packet *packet,
                        const struct batch_fault *seen)
{
    static struct message reply;
    if (!packet)
        return "a reply to nothing";
    if (!packet->expects_reply)
        return "a reply to what is no query";
    if (packet->has_reply)
        return "a second reply";
    packet->has_reply = true;
    batch->expected--;
    batch->totals.replies++;
    const char *text = message_parse(seen->reply, seen->reply_bytes, &reply);
    if (text)
        return text;
    unsigned rcode = message_rcode(&reply);
    batch->totals.rcodes[rcode < BATCH_RCODES ? rcode : BATCH_RCODES - 1]++;
    return judge(batch, packet, &reply);
}

bool batch_take_reply(struct batch *batch, const uint8_t *reply, size_t len,
                      struct batch_fault *out_fault)
{
    struct batch_packet *packet = NULL;
    size_t index =
        len < 2 ? SIZE_MAX : (uint16_t)((reply[0] << 8 | reply[1]) - batch->first_id);
    if (index < batch->count)
        packet = &batch->packets[index];
    *out_fault = (struct batch_fault){.packet = packet, .reply = reply, .reply_bytes = len};
    out_fault->text = take(batch, packet, out_fault);
    return !out_fault->text;
}

bool batch_is_missing(const struct batch *batch, const char *text,
                      struct batch_fault *out_fault)
{
    *out_fault = (struct batch_fault){.text = text};
    for (size_t i = 0; i < batch->count && !out_fault->packet; i++)
        if (batch->packets[i].expects_reply && !batch->packets[i].has_reply)
            out_fault->packet = &batch->packets[i];
    return false;
}
