#include "answer_corpus.h"

#include <stdio.h>
#include <string.h>

enum { OPTION_NSID = 3, OPTION_COOKIE = 10, GARBAGE_MAX = 600 };

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static const char *const names[CORPUS_KINDS][16] = {
    [CORPUS_STATIC] = {"www.example.com", "example.com", "WWW.eXample.com", "two.example.com",
                       "any.wild.example.com", "a.b.c.wild.example.com", "multi.example.com",
                       "host3.example", "big.example.com", "fit1232.example.com",
                       "mx2.example.com", "www.child.example.com"},
    [CORPUS_STEERED] = {"www.steered.example.org", "steered.example.org",
                        "any.shop.steered.example.org", "jp.app.steered.example.org",
                        "us.resident.steered.example.org", "resident.steered.example.org",
                        "many.steered.example.org", "alias.steered.example.org",
                        "chain.steered.example.org", "dark.steered.example.org"},
    [CORPUS_NEGATIVE] = {"gone.example.com", "a.b.gone.example.com", "ent.example.com",
                         "onlytxt.example.com", "gone.child.example.com", "ghost.*.example",
                         "onlyv4.steered.example.org"},
    [CORPUS_REFERRAL] = {"host.sub.example.com", "sub.example.com", "host.wide.example.com",
                         "host.many.example.com", "secure.example.com", "host.subdel.example",
                         "host.noglue.example.com"},
    [CORPUS_CHAIN] = {"alias2.example.com", "c01.example.com", "loop1.example.com",
                      "self.example.com", "a.dn.example.com", "b.dgrow.example.com",
                      "a.dloop1.example.com", "out.example.com", "shortloop.x.x",
                      "www.moved.test", "tosteered.steered.example.org",
                      "longway.steered.example.org", "self.steered.example.org"},
    [CORPUS_ODD] = {"www.example.net", ".", "id.server", "hostname.bind", "version.bind",
                    "example.com", "over.example.com", "huge.example.com"},
};

static const uint16_t types[] = {DNS_TYPE_A,   DNS_TYPE_A,     DNS_TYPE_AAAA, DNS_TYPE_TXT,
                                 DNS_TYPE_MX,  DNS_TYPE_NS,    DNS_TYPE_SOA,  DNS_TYPE_DS,
                                 DNS_TYPE_ANY, DNS_TYPE_CNAME, DNS_TYPE_HTTPS};

static uint32_t below(struct rng *rng, size_t limit)
{
    return rng_below(rng, (uint32_t)limit);
}

static const char *pick_name(struct rng *rng, enum corpus_kind kind)
{
    size_t count = 0;
    while (count < COUNT(names[kind]) && names[kind][count])
        count++;
    return names[kind][below(rng, count)];
}

static struct ip_addr pick_client(struct rng *rng)
{
    struct ip_addr client = {.family = below(rng, 4) == 0 ? IP_V6 : IP_V4};
    size_t len = client.family == IP_V6 ? 16 : 4;
    for (size_t i = 0; i < len; i++)
        client.bytes[i] = (uint8_t)rng_next(rng);
    return client;
}

static void put_ecs(struct rng *rng, struct packet *packet)
{
    struct ip_prefix network = {.addr = pick_client(rng)};
    char text[IP_TEXT_MAX];
    network.len = (uint8_t)below(rng, ip_bits((enum ip_family)network.addr.family) + 1);
    if (below(rng, 2) == 0)
        network.len = network.addr.family == IP_V4 ? 24 : 56;
    network.addr = ip_masked(&network.addr, network.len);
    packet_put_ecs(packet, ip_prefix_format(&network, text));
}

static void put_edns(struct rng *rng, enum corpus_kind kind, struct packet *packet)
{
    static const uint16_t sizes[] = {0, 512, 1232, 1400, 4096, 65535};

    bool other_version = kind == CORPUS_ODD && below(rng, 4) == 0;
    packet_put_opt(packet, sizes[below(rng, COUNT(sizes))], other_version ? 1 : 0,
                   below(rng, 2) == 0);
    if (below(rng, 4) < (kind == CORPUS_STEERED ? 3 : 1))
        put_ecs(rng, packet);
    if (below(rng, 8) == 0)
        packet_put_option(packet, OPTION_NSID, "", 0);
    if (below(rng, 8) == 0)
        packet_put_option(packet, OPTION_COOKIE, "\1\2\3\4\5\6\7\10", 8);
}

void corpus_query_make(struct rng *rng, enum corpus_kind kind, struct corpus_query *out)
{
    uint16_t flags = below(rng, 2) == 0 ? DNS_FLAG_RD : 0, class = DNS_CLASS_IN;
    uint16_t type = types[below(rng, COUNT(types))];
    if (kind == CORPUS_ODD) {
        static const uint16_t classes[] = {1, 3, 3, 4, 254, 255};
        class = classes[below(rng, COUNT(classes))];
        if (below(rng, 4) == 0)
            type = (uint16_t)(250 + below(rng, 6));
        if (below(rng, 4) == 0)
            flags |= (uint16_t)(below(rng, 16) << 11);
    }
    packet_init(&out->packet, flags, pick_name(rng, kind), type, class);
    if (below(rng, 4) > 0)
        put_edns(rng, kind, &out->packet);
    out->client = pick_client(rng);
    out->transport = below(rng, 8) == 0 ? ANSWER_TCP : ANSWER_UDP;
}

/* ---- what no client should send ---- */

static void overwrite(struct rng *rng, struct packet *packet)
{
    static const uint8_t telling[] = {0x00, 0x01, 0x0c, 0x29, 0x3f, 0x40, 0x80, 0xc0, 0xff};
    packet->bytes[below(rng, packet->len)] = telling[below(rng, COUNT(telling))];
}

static void falsify_count(struct rng *rng, struct packet *packet)
{
    static const uint16_t counts[] = {0, 1, 2, 3, 255, 65535};
    uint16_t count = counts[below(rng, COUNT(counts))];
    size_t at = 4 + 2 * (size_t)below(rng, 4);
    if (at + 2 > packet->len)
        return;
    packet->bytes[at] = (uint8_t)(count >> 8);
    packet->bytes[at + 1] = (uint8_t)count;
}

static void append(struct packet *packet, const uint8_t *bytes, size_t len)
{
    if (len > sizeof(packet->bytes) - packet->len)
        len = sizeof(packet->bytes) - packet->len;
    memmove(packet->bytes + packet->len, bytes, len);
    packet->len += len;
}

static void take_out(struct rng *rng, struct packet *packet)
{
    size_t at = below(rng, packet->len), len = 1 + below(rng, packet->len - at);
    memmove(packet->bytes + at, packet->bytes + at + len, packet->len - at - len);
    packet->len -= len;
}

static void mutate_once(struct rng *rng, struct packet *packet)
{
    size_t at = below(rng, packet->len);
    switch (below(rng, 8)) {
    case 0: packet->len = at; break;
    case 1: take_out(rng, packet); break;
    case 2: append(packet, packet->bytes + at, packet->len - at); break;
    case 3: falsify_count(rng, packet); break;
    case 4: packet->bytes[at] ^= (uint8_t)(1u << below(rng, 8)); break;
    case 5: packet->bytes[at] = (uint8_t)rng_next(rng); break;
    default: overwrite(rng, packet); break;
    }
}

void corpus_packet_mutate(struct rng *rng, struct packet *packet)
{
    for (uint32_t times = 1 + below(rng, 4) / 3; times > 0 && packet->len > 0; times--)
        mutate_once(rng, packet);
}

void corpus_packet_garbage(struct rng *rng, struct packet *packet)
{
    static const uint8_t header[DNS_HEADER_BYTES] = {0, 0, 1, 0, 0, 1, 0, 0, 0, 0, 0, 1};
    packet->len = below(rng, GARBAGE_MAX);
    for (size_t i = 0; i < packet->len; i++)
        packet->bytes[i] = (uint8_t)rng_next(rng);
    if (below(rng, 2) == 0 && packet->len >= sizeof(header))
        memcpy(packet->bytes + 2, header + 2, sizeof(header) - 2);
}
