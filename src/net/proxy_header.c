#include "proxy_header.h"

#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

enum {
    VERSION_2 = 2,
    COMMAND_LOCAL = 0,
    COMMAND_PROXY = 1,
    TLV_FIXED_BYTES = 3, /* type, length (2) */
};

static const uint8_t signature[12] = {0x0d, 0x0a, 0x0d, 0x0a, 0x00, 0x0d,
                                      0x0a, 0x51, 0x55, 0x49, 0x54, 0x0a};

/* What the 14th byte may be. */
static const struct {
    uint8_t code; /* family, then transport: 1 stream, 2 datagram */
    enum ip_family family;
    uint8_t block_bytes; /* two addresses, two ports */
} families[] = {
    {0x00, IP_NONE, 0}, {0x11, IP_V4, 12},    {0x12, IP_V4, 12},    {0x21, IP_V6, 36},
    {0x22, IP_V6, 36},  {0x31, IP_NONE, 216}, {0x32, IP_NONE, 216},
};

static size_t uint16_at(const uint8_t *bytes)
{
    return (size_t)bytes[0] << 8 | bytes[1];
}

/* client_at - the first address of the block; a v4-mapped one is an IPv4 address. */
static struct ip_addr client_at(const uint8_t *block, enum ip_family family)
{
    struct ip_addr client = {.family = IP_V4};
    if (family == IP_V4) {
        memcpy(client.bytes, block, 4);
        return client;
    }

    union {
        struct sockaddr any;
        struct sockaddr_in6 v6;
    } address = {.v6 = {.sin6_family = AF_INET6}};

    uint16_t port;
    memcpy(&address.v6.sin6_addr, block, 16);
    (void)ip_from_sockaddr(&address.any, &client, &port); /* knows the family */
    return client;
}

static bool tlvs_fit(const uint8_t *bytes, size_t count)
{
    while (count > 0) {
        if (count < TLV_FIXED_BYTES)
            return false;
        size_t tlv = TLV_FIXED_BYTES + uint16_at(bytes + 1);
        if (tlv > count)
            return false;
        bytes += tlv;
        count -= tlv;
    }
    return true;
}

/* parse_block - what stands behind the first 16 bytes, whole. */
static enum proxy_step parse_block(uint8_t code, const uint8_t *block, size_t count,
                                   struct proxy_header *header)
{
    for (size_t i = 0; i < sizeof(families) / sizeof(families[0]); i++) {
        if (families[i].code != code)
            continue;
        if (code == 0x00)
            return PROXY_DONE;
        size_t block_bytes = families[i].block_bytes;
        if (count < block_bytes || !tlvs_fit(block + block_bytes, count - block_bytes))
            return PROXY_BAD;
        if (families[i].family == IP_NONE)
            return PROXY_DONE;
        header->has_client = true;
        header->client = client_at(block, families[i].family);
        return PROXY_DONE;
    }
    return PROXY_BAD;
}

enum proxy_step proxy_header_parse(const uint8_t *bytes, size_t count,
                                   struct proxy_header *out_header)
{
    struct proxy_header header = {.bytes = PROXY_FIXED_BYTES};
    size_t known = count < sizeof(signature) ? count : sizeof(signature);
    if (memcmp(bytes, signature, known) != 0)
        return PROXY_BAD;
    if (count > sizeof(signature) && bytes[12] >> 4 != VERSION_2)
        return PROXY_BAD;
    *out_header = header;
    if (count < PROXY_FIXED_BYTES)
        return PROXY_MORE;
    unsigned command = bytes[12] & 0x0f;
    if (command != COMMAND_LOCAL && command != COMMAND_PROXY)
        return PROXY_BAD;
    size_t block_bytes = uint16_at(bytes + 14);
    header.bytes = out_header->bytes = PROXY_FIXED_BYTES + block_bytes;
    if (count < header.bytes)
        return PROXY_MORE;
    enum proxy_step step = PROXY_DONE;
    if (command == COMMAND_PROXY)
        step = parse_block(bytes[13], bytes + PROXY_FIXED_BYTES, block_bytes, &header);
    *out_header = header;
    return step;
}

bool proxy_trusts(const struct ip_prefix *networks, size_t count, const struct ip_addr *peer)
{
    for (size_t i = 0; i < count; i++)
        if (ip_prefix_contains(&networks[i], peer))
            return true;
    return false;
}
