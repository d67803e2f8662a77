#include "packet_maker.h"

#include <string.h>

enum {
    ID_BITS = 16,          /* flipping the id makes no other packet */
    HUGE_ONE_IN = 2048,    /* they are slow to send */
    ATOMS_MAX = 40,        /* of a made-up name */
    OPTION_BYTES_MAX = 44, /* longer than a cookie may be */
};

static uint32_t below(struct rng *rng, size_t limit)
{
    return rng_below(rng, (uint32_t)limit);
}

static void put(struct packet *packet, const void *bytes, size_t len)
{
    if (len > sizeof(packet->bytes) - packet->len)
        len = sizeof(packet->bytes) - packet->len;
    memcpy(packet->bytes + packet->len, bytes, len);
    packet->len += len;
}

static void put_u16(struct packet *packet, uint32_t value)
{
    put(packet, (uint8_t[]){(uint8_t)(value >> 8), (uint8_t)value}, 2);
}

static void put_noise(struct rng *rng, struct packet *packet, size_t len)
{
    while (len-- > 0)
        put(packet, (uint8_t[]){(uint8_t)rng_next(rng)}, 1);
}

static void make_query(struct rng *rng, struct packet *out)
{
    struct corpus_query query;
    corpus_query_make(rng, (enum corpus_kind)below(rng, CORPUS_KINDS), &query);
    *out = query.packet;
}

/* ---- one query, bit by bit ---- */

static void new_subject(struct packet_maker *maker)
{
    corpus_query_make(&maker->rng, (enum corpus_kind)below(&maker->rng, CORPUS_KINDS),
                      &maker->subject);
    maker->next_cut = 0;
    maker->next_bit = ID_BITS;
}

static void make_cut(struct packet_maker *maker, struct packet *out)
{
    *out = maker->subject.packet;
    if (maker->next_cut < out->len)
        out->len = maker->next_cut++;
}

static void make_flipped(struct packet_maker *maker, struct packet *out)
{
    *out = maker->subject.packet;
    if (maker->next_bit >= 8 * out->len) {
        new_subject(maker);
        *out = maker->subject.packet;
    }
    out->bytes[maker->next_bit / 8] ^= (uint8_t)(0x80 >> maker->next_bit % 8);
    maker->next_bit++;
}

/* ---- names ---- */

/* put_name - labels, pointers to anywhere (to itself, too), the label types that do not exist,
 * and often no end. */
static void put_name(struct rng *rng, struct packet *packet)
{
    for (uint32_t atoms = 1 + below(rng, ATOMS_MAX); atoms > 0; atoms--) {
        uint32_t len = below(rng, 4) == 0 ? 63 : 1 + below(rng, 10);
        switch (below(rng, 16)) {
        case 0: put_u16(packet, 0xc000 | below(rng, 2 * packet->len)); return;
        case 1: put_u16(packet, 0xc000 | (uint32_t)packet->len); return;
        case 2: put_u16(packet, 0xc000 | 12); return;
        case 3: put_u16(packet, 0x4000 << below(rng, 2)); break;
        case 4: put(packet, &(uint8_t){63}, 1); return;
        default: put(packet, &(uint8_t){(uint8_t)len}, 1); put_noise(rng, packet, len);
        }
    }
    put(packet, "", 1);
}

static void make_names(struct rng *rng, struct packet *out)
{
    static const uint8_t header[DNS_HEADER_BYTES] = {0, 0, 0, 0, 0, 1};
    out->len = 0;
    put(out, header, sizeof(header));
    put_name(rng, out);
    put_u16(out, DNS_TYPE_A);
    put_u16(out, DNS_CLASS_IN);
    if (below(rng, 2) == 0)
        return;
    out->bytes[7 + 2 * below(rng, 3)] = 1; /* a record in any section */
    put_name(rng, out);
    put_u16(out, below(rng, 2) == 0 ? DNS_TYPE_OPT : DNS_TYPE_NS);
    put_u16(out, DNS_CLASS_IN);
    put(out, "\0\0\0\0\0\0", 6); /* TTL and length */
}

/* ---- OPT ---- */

static void put_options(struct rng *rng, struct packet *packet)
{
    static const uint16_t codes[] = {3, 8, 9, 10, 11, 12, 13, 14, 15, 19, 65001};
    uint8_t data[OPTION_BYTES_MAX];
    for (uint32_t count = below(rng, 5); count > 0; count--) {
        uint16_t code = codes[below(rng, sizeof(codes) / sizeof(codes[0]))];
        size_t len = below(rng, sizeof(data));
        for (size_t i = 0; i < len; i++)
            data[i] = below(rng, 3) > 0 ? 0 : (uint8_t)rng_next(rng);
        for (uint32_t times = 1 + below(rng, 4) / 3; times > 0; times--)
            packet_put_option(packet, code, data, len);
        if (below(rng, 4) == 0)
            packet_put_ecs(packet, "192.0.2.0/24");
    }
}

/* put_record_behind - another OPT, a TSIG or rubbish behind the OPT there is. */
static void put_record_behind(struct rng *rng, struct packet *packet)
{
    static const uint16_t types[] = {DNS_TYPE_OPT, DNS_TYPE_TSIG, 24 /* SIG(0) */, DNS_TYPE_A};
    packet->bytes[11]++;
    put(packet, "", below(rng, 8) > 0);
    put_u16(packet, types[below(rng, sizeof(types) / sizeof(types[0]))]);
    put_u16(packet, 1232);
    put(packet, "\0\0\0\0", 4);
    uint32_t len = below(rng, 20);
    put_u16(packet, below(rng, 3) == 0 ? below(rng, 65536) : len);
    put_noise(rng, packet, len);
}

static void make_opt(struct rng *rng, struct packet *out)
{
    packet_init(out, 0, "www.example.com", DNS_TYPE_A, DNS_CLASS_IN);
    size_t opt = out->len;
    packet_put_opt(out, (uint16_t)rng_next(rng), below(rng, 4) == 0, below(rng, 2) == 0);
    put_options(rng, out);
    if (below(rng, 3) == 0) /* a length that lies */
        out->bytes[opt + 9 + below(rng, 2)] = (uint8_t)rng_next(rng);
    if (below(rng, 4) == 0)
        put_record_behind(rng, out);
    if (below(rng, 8) == 0) /* OPT in the answer or authority section */
        memcpy(out->bytes + 6, below(rng, 2) == 0 ? "\0\1\0\0\0" : "\0\0\0\1\0", 6);
}

/* ---- all ---- */

static void make_other_header(struct rng *rng, struct packet *out)
{
    make_query(rng, out);
    out->bytes[2] = (uint8_t)rng_next(rng);
    out->bytes[3] = (uint8_t)rng_next(rng);
}

/* grow_huge - the packet with as many records as fit behind it, each as small as can be. */
static size_t grow_huge(struct rng *rng, uint8_t *bytes, size_t len)
{
    static const uint8_t records[][11] = {
        {0, 0, DNS_TYPE_A, 0, 1}, {0, 0, DNS_TYPE_TSIG, 0, 255}, {0, 0, DNS_TYPE_OPT, 16}, {0}};
    const uint8_t *record = records[below(rng, sizeof(records) / sizeof(records[0]))];
    size_t end = len + below(rng, MAKER_PACKET_MAX - len);
    for (; len + sizeof(records[0]) <= end; len += sizeof(records[0]))
        memcpy(bytes + len, record, sizeof(records[0]));
    if (len >= DNS_HEADER_BYTES)
        memset(bytes + 10, 0xff, 2);
    return len;
}

void packet_maker_init(struct packet_maker *maker, uint64_t seed)
{
    rng_init(&maker->rng, seed);
    new_subject(maker);
}

size_t packet_maker_next(struct packet_maker *maker, uint8_t *bytes)
{
    struct rng *rng = &maker->rng;
    struct packet packet;
    switch (below(rng, 16)) {
    case 0:
    case 1: make_cut(maker, &packet); break;
    case 2:
    case 3:
    case 4:
    case 5:
    case 6:
    case 7: make_flipped(maker, &packet); break;
    case 8: make_names(rng, &packet); break;
    case 9:
    case 10: make_opt(rng, &packet); break;
    case 11: corpus_packet_garbage(rng, &packet); break;
    case 12: make_other_header(rng, &packet); break;
    case 13: make_query(rng, &packet); break;
    default:
        make_query(rng, &packet);
        corpus_packet_mutate(rng, &packet);
        break;
    }
    memcpy(bytes, packet.bytes, packet.len);
    bool is_huge = below(rng, HUGE_ONE_IN) == 0;
    return is_huge ? grow_huge(rng, bytes, packet.len) : packet.len;
}
