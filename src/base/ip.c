#include "rhumb/ip.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

unsigned ip_bits(enum ip_family family)
{
    switch (family) {
    case IP_V4: return 32;
    case IP_V6: return 128;
    case IP_NONE: break;
    }
    return 0;
}

bool ip_parse(const char *text, struct ip_addr *out_addr)
{
    struct ip_addr addr = {0};
    if (inet_pton(AF_INET, text, addr.bytes) == 1)
        addr.family = IP_V4;
    else if (inet_pton(AF_INET6, text, addr.bytes) == 1)
        addr.family = IP_V6;
    else
        return false;
    *out_addr = addr;
    return true;
}

/* parse_len - one to three digits, nothing else. */
static bool parse_len(const char *text, unsigned max, uint8_t *out_len)
{
    size_t digits = strspn(text, "0123456789");
    if (digits == 0 || digits > 3 || text[digits] != '\0')
        return false;
    unsigned len = 0;
    for (size_t i = 0; i < digits; i++)
        len = len * 10 + (unsigned)(text[i] - '0');
    if (len > max)
        return false;
    *out_len = (uint8_t)len;
    return true;
}

bool ip_prefix_parse(const char *text, struct ip_prefix *out_prefix)
{
    char address[IP_TEXT_MAX];
    const char *slash = strchr(text, '/');
    size_t len = slash ? (size_t)(slash - text) : strlen(text);
    if (len >= sizeof(address))
        return false;
    memcpy(address, text, len);
    address[len] = '\0';
    struct ip_prefix prefix;
    if (!ip_parse(address, &prefix.addr))
        return false;
    prefix.len = (uint8_t)ip_bits(prefix.addr.family);
    if (slash && !parse_len(slash + 1, prefix.len, &prefix.len))
        return false;
    struct ip_addr masked = ip_masked(&prefix.addr, prefix.len);
    if (!ip_equal(&masked, &prefix.addr))
        return false;
    *out_prefix = prefix;
    return true;
}

const char *ip_format(const struct ip_addr *addr, char buffer[IP_TEXT_MAX])
{
    int family = addr->family == IP_V4 ? AF_INET : AF_INET6;
    if (addr->family == IP_NONE || !inet_ntop(family, addr->bytes, buffer, IP_TEXT_MAX))
        snprintf(buffer, IP_TEXT_MAX, "none");
    return buffer;
}

const char *ip_prefix_format(const struct ip_prefix *prefix, char buffer[IP_TEXT_MAX])
{
    ip_format(&prefix->addr, buffer);
    size_t len = strlen(buffer);
    snprintf(buffer + len, IP_TEXT_MAX - len, "/%u", prefix->len);
    return buffer;
}

bool ip_equal(const struct ip_addr *a, const struct ip_addr *b)
{
    return a->family == b->family && memcmp(a->bytes, b->bytes, sizeof(a->bytes)) == 0;
}

struct ip_addr ip_masked(const struct ip_addr *addr, unsigned len)
{
    struct ip_addr masked = {.family = addr->family};
    unsigned bits = ip_bits(addr->family);
    if (len > bits)
        len = bits;
    memcpy(masked.bytes, addr->bytes, len / 8);
    if (len % 8 > 0)
        masked.bytes[len / 8] = (uint8_t)(addr->bytes[len / 8] & 0xff << (8 - len % 8));
    return masked;
}

bool ip_prefix_contains(const struct ip_prefix *prefix, const struct ip_addr *addr)
{
    if (prefix->addr.family != addr->family)
        return false;
    struct ip_addr masked = ip_masked(addr, prefix->len);
    return ip_equal(&masked, &prefix->addr);
}

const struct ip_prefix ip_embedding_ranges[IP_EMBEDDING_RANGE_COUNT] = {
    {{IP_V6, {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff}}, 96}, /* RFC 4291 section 2.5.5.2 */
    {{IP_V6, {0x00, 0x64, 0xff, 0x9b}}, 96},                   /* RFC 6052 section 2.1 */
    {{IP_V6, {0x20, 0x02}}, 16},                               /* RFC 3056 section 2 */
    {{IP_V6, {0x20, 0x01, 0x00, 0x00}}, 32},                   /* RFC 4380 section 4 */
};

bool ip_embedded(const struct ip_prefix *prefix, struct ip_prefix *out_inner,
                 unsigned *out_offset)
{
    enum { TEREDO = 3, TEREDO_OFFSET = 96 };

    if (prefix->addr.family != IP_V6)
        return false;
    for (unsigned i = 0; i < IP_EMBEDDING_RANGE_COUNT; i++) {
        unsigned offset = i == TEREDO ? TEREDO_OFFSET : ip_embedding_ranges[i].len;
        if (prefix->len <= offset ||
            !ip_prefix_contains(&ip_embedding_ranges[i], &prefix->addr))
            continue;
        unsigned len = prefix->len - offset;
        struct ip_addr inner = {.family = IP_V4};
        for (unsigned b = 0; b < 4; b++) {
            uint8_t byte = prefix->addr.bytes[offset / 8 + b];
            inner.bytes[b] = i == TEREDO ? (uint8_t)~byte : byte;
        }
        out_inner->len = (uint8_t)(len > 32 ? 32 : len);
        out_inner->addr = ip_masked(&inner, out_inner->len);
        *out_offset = offset;
        return true;
    }
    return false;
}

bool ip_from_sockaddr(const struct sockaddr *address, struct ip_addr *out_addr,
                      uint16_t *out_port)
{
    struct ip_addr addr = {0};
    if (address->sa_family == AF_INET) {
        struct sockaddr_in v4;
        memcpy(&v4, address, sizeof(v4));
        addr.family = IP_V4;
        memcpy(addr.bytes, &v4.sin_addr, 4);
        *out_port = ntohs(v4.sin_port);
    } else if (address->sa_family == AF_INET6) {
        struct sockaddr_in6 v6;
        memcpy(&v6, address, sizeof(v6));
        addr.family = IP_V6;
        memcpy(addr.bytes, &v6.sin6_addr, 16);
        *out_port = ntohs(v6.sin6_port);
        if (ip_prefix_contains(&ip_embedding_ranges[0], &addr)) {
            struct ip_addr inner = {.family = IP_V4};
            memcpy(inner.bytes, addr.bytes + 12, 4);
            addr = inner;
        }
    } else {
        return false;
    }
    *out_addr = addr;
    return true;
}

socklen_t ip_to_sockaddr(const struct ip_addr *addr, uint16_t port,
                         struct sockaddr_storage *out_storage)
{
    memset(out_storage, 0, sizeof(*out_storage));
    if (addr->family == IP_V4) {
        struct sockaddr_in v4 = {.sin_family = AF_INET, .sin_port = htons(port)};
        memcpy(&v4.sin_addr, addr->bytes, 4);
        memcpy(out_storage, &v4, sizeof(v4));
        return sizeof(v4);
    }
    struct sockaddr_in6 v6 = {.sin6_family = AF_INET6, .sin6_port = htons(port)};
    memcpy(&v6.sin6_addr, addr->bytes, 16);
    memcpy(out_storage, &v6, sizeof(v6));
    return sizeof(v6);
}
