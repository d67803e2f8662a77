#include <endian.h>

#include "rhumb/analysis_pcap.h"

enum {
    HEADER_BYTES = 24,
    PACKET_BYTES_MAX = 262144, /* libpcap's own MAXIMUM_SNAPLEN */
    DNS_PORT = 53,
    PROTOCOL_UDP = 17,
};

/* The first word, as a big-endian number. */
enum magic {
    MAGIC_MICRO = 0xa1b2c3d4,
    MAGIC_NANO = 0xa1b23c4d,
    MAGIC_MICRO_SWAPPED = 0xd4c3b2a1,
    MAGIC_NANO_SWAPPED = 0x4d3cb2a1,
    MAGIC_PCAPNG = 0x0a0d0d0a,
};

enum link {
    LINK_ETHERNET = 1,
    LINK_RAW_BSD = 12, /* LINKTYPE_RAW as some systems number it */
    LINK_RAW_OPENBSD = 14,
    LINK_RAW = 101,
    LINK_SLL = 113,
    LINK_IPV4 = 228,
    LINK_IPV6 = 229,
    LINK_SLL2 = 276,
};

enum ethertype {
    TYPE_IPV4 = 0x0800,
    TYPE_IPV6 = 0x86dd,
    TYPE_VLAN = 0x8100,
    TYPE_VLAN_OUTER = 0x88a8, /* IEEE 802.1ad */
};

bool pcap_is(const uint8_t *bytes, size_t len)
{
    struct reader r = reader_init(bytes, len);
    uint32_t magic = reader_u32(&r);
    return !r.failed &&
           (magic == MAGIC_MICRO || magic == MAGIC_NANO || magic == MAGIC_MICRO_SWAPPED ||
            magic == MAGIC_NANO_SWAPPED || magic == MAGIC_PCAPNG);
}

static uint32_t file_u32(struct pcap *pcap)
{
    uint32_t value = reader_u32(&pcap->reader);
    return pcap->swapped ? __builtin_bswap32(value) : value;
}

static bool is_known_link(uint32_t link)
{
    static const uint32_t known[] = {LINK_ETHERNET, LINK_RAW_BSD, LINK_RAW_OPENBSD, LINK_RAW,
                                     LINK_SLL,      LINK_IPV4,    LINK_IPV6,        LINK_SLL2};

    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
        if (known[i] == link)
            return true;
    return false;
}

const char *pcap_open(struct pcap *pcap, const uint8_t *bytes, size_t len)
{
    if (!pcap_is(bytes, len))
        return "no packet capture";
    struct pcap opened = {.reader = reader_init(bytes, len)};
    uint32_t magic = reader_u32(&opened.reader);
    if (magic == MAGIC_PCAPNG)
        return "the format pcapng is not read: convert it with `tcpdump -r FILE -w NEW`";
    opened.swapped = magic == MAGIC_MICRO_SWAPPED || magic == MAGIC_NANO_SWAPPED;
    reader_take(&opened.reader, HEADER_BYTES - 2 * sizeof(uint32_t));
    opened.link = file_u32(&opened) & 0xffff; /* above: whether frames carry a checksum */
    if (opened.reader.failed)
        return "it ends inside its header";
    if (!is_known_link(opened.link))
        return "its kind of link is not read: Ethernet, raw IP and Linux cooked are";
    *pcap = opened;
    return NULL;
}

/* ---- one packet ---- */

/* take_udp - a datagram whose IP part is over. */
static enum pcap_result take_udp(struct reader *r, struct pcap_query *query)
{
    reader_u16(r);
    uint16_t port = reader_u16(r), len = reader_u16(r);
    reader_u16(r);
    if (r->failed || port != DNS_PORT || len < 8)
        return PCAP_OTHER;
    query->len = len - 8u;
    if (query->len > reader_left(r)) {
        query->cut = true;
        query->len = reader_left(r);
    }
    query->payload = reader_take(r, query->len);
    return PCAP_QUERY;
}

static enum pcap_result take_ipv4(struct reader *r, struct pcap_query *query)
{
    enum { PLAIN_BYTES = 20, FRAGMENT = 0x3fff }; /* "more fragments" and the offset */

    uint8_t version = reader_u8(r);
    size_t header = (version & 0xfu) * 4;
    reader_u8(r);
    uint16_t total = reader_u16(r);
    reader_u16(r);
    uint16_t fragment = reader_u16(r);
    reader_u8(r);
    uint8_t protocol = reader_u8(r);
    reader_u16(r);
    const uint8_t *source = reader_take(r, 4);
    reader_u32(r);
    if (r->failed || version >> 4 != 4 || header < PLAIN_BYTES || total < header ||
        (fragment & FRAGMENT) != 0 || protocol != PROTOCOL_UDP)
        return PCAP_OTHER;
    query->source = (struct ip_addr){.family = IP_V4};
    memcpy(query->source.bytes, source, 4);
    reader_take(r, header - PLAIN_BYTES);
    if (r->failed)
        return PCAP_OTHER;
    return take_udp(r, query);
}

/* skip_extensions - to the UDP header; false where another protocol or a fragment follows. */
static bool skip_extensions(struct reader *r, uint8_t next)
{
    enum { HOP_BY_HOP = 0, ROUTING = 43, DESTINATION = 60, EXTENSIONS_MAX = 8 };

    for (unsigned i = 0; i < EXTENSIONS_MAX; i++) {
        if (next == PROTOCOL_UDP)
            return true;
        if (next != HOP_BY_HOP && next != ROUTING && next != DESTINATION)
            return false;
        next = reader_u8(r);
        size_t len = ((size_t)reader_u8(r) + 1) * 8;
        reader_take(r, len - 2);
        if (r->failed)
            return false;
    }
    return false;
}

static enum pcap_result take_ipv6(struct reader *r, struct pcap_query *query)
{
    uint32_t version = reader_u32(r) >> 28;
    reader_u16(r);
    uint8_t next = reader_u8(r);
    reader_u8(r);
    const uint8_t *source = reader_take(r, 16);
    reader_take(r, 16);
    if (r->failed || version != 6 || !skip_extensions(r, next))
        return PCAP_OTHER;
    query->source = (struct ip_addr){.family = IP_V6};
    memcpy(query->source.bytes, source, 16);
    return take_udp(r, query);
}

static enum pcap_result take_type(struct reader *r, uint16_t type, struct pcap_query *query)
{
    enum { TAGS_MAX = 2 };

    for (unsigned i = 0; i < TAGS_MAX && (type == TYPE_VLAN || type == TYPE_VLAN_OUTER); i++) {
        reader_u16(r);
        type = reader_u16(r);
    }
    if (type == TYPE_IPV4)
        return take_ipv4(r, query);
    return type == TYPE_IPV6 ? take_ipv6(r, query) : PCAP_OTHER;
}

static enum pcap_result take_packet(const struct pcap *pcap, struct reader *r,
                                    struct pcap_query *query)
{
    uint16_t type;
    switch (pcap->link) {
    case LINK_ETHERNET:
        reader_take(r, 12); /* addresses */
        type = reader_u16(r);
        break;
    case LINK_SLL:
        reader_take(r, 14);
        type = reader_u16(r);
        break;
    case LINK_SLL2:
        type = reader_u16(r);
        reader_take(r, 18);
        break;
    default: /* raw: the packet says it itself */
        if (reader_left(r) == 0)
            return PCAP_OTHER;
        type = *r->pos >> 4 == 6 ? TYPE_IPV6 : TYPE_IPV4;
        break;
    }
    return r->failed ? PCAP_OTHER : take_type(r, type, query);
}

enum pcap_result pcap_next(struct pcap *pcap, struct pcap_query *out_query)
{
    struct reader *file = &pcap->reader;
    if (reader_left(file) == 0)
        return PCAP_END;
    reader_take(file, 8); /* the time */
    uint32_t kept = file_u32(pcap), sent = file_u32(pcap);
    const uint8_t *bytes = kept <= PACKET_BYTES_MAX ? reader_take(file, kept) : NULL;
    if (!bytes || file->failed) {
        file->pos = file->end;
        return PCAP_BROKEN;
    }
    struct reader packet = reader_init(bytes, kept);
    struct pcap_query query = {.cut = kept < sent};
    enum pcap_result result = take_packet(pcap, &packet, &query);
    if (result == PCAP_QUERY)
        *out_query = query;
    return result;
}
