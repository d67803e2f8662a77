#include "slip.h"

#include <string.h>

#include "rhumb/bits.h"
#include "rhumb/require.h"

#include "../../src/geo/geo_trie_node.h"
#include "../../src/policy/policy_class.h"

enum { CLASSES_BYTES_MAX = 1 << 20 };

/* writable - what is read-only for everybody else. */
static void *writable(const void *object)
{
    return (void *)(uintptr_t)object;
}

static uint32_t class_of(const struct policy_service *service, const struct ip_addr *addr)
{
    uint8_t len;
    return service->trie ? geo_trie_find(service->trie, addr, &len) : 0;
}

/* entry_in_node - as geo_trie_find() looks for it. */
static const uint32_t *entry_in_node(const struct geo_trie_half *half, uint32_t entry,
                                     unsigned slot)
{
    const uint32_t *node = &half->nodes[(size_t)(entry >> 8) * TRIE_UNIT_WORDS];
    uint64_t bitmap = node[0] | (uint64_t)node[1] << 32;
    return &node[TRIE_BITMAP_WORDS - 1 +
                 bits_count(bitmap & UINT64_MAX >> (TRIE_SLOTS - 1 - slot))];
}

/* bits_at - bits of an address, count of them from the first on; zeros behind the last. */
static unsigned bits_at(const struct ip_addr *addr, unsigned first, unsigned count)
{
    unsigned value = 0;
    for (unsigned i = first; i < first + count; i++)
        value = value << 1 | (i < 128 && (addr->bytes[i / 8] & 0x80 >> i % 8) != 0);
    return value;
}

void slip_leaf(const struct policy_service *service, const struct ip_addr *addr, uint32_t class)
{
    const struct geo_trie_half *half =
        &service->trie->halves[addr->family == IP_V4 ? GEO_V4 : GEO_V6];
    unsigned depth = half->direct_bits;
    const uint32_t *entry = &half->direct[bits_at(addr, 0, depth)];
    for (; (*entry & 0xff) == TRIE_IS_NODE; depth += TRIE_STRIDE_BITS)
        entry = entry_in_node(half, *entry, bits_at(addr, depth, TRIE_STRIDE_BITS));
    unsigned len = *entry & 0xff;
    size_t count = 1;
    if (depth == half->direct_bits) { /* a leaf fills as many entries as it is wide */
        struct ip_addr first = ip_masked(addr, len);
        entry = &half->direct[bits_at(&first, 0, depth)];
        count = (size_t)1 << (depth - len);
    }
    uint32_t *written = writable(entry);
    for (size_t i = 0; i < count; i++)
        written[i] = class << 8 | len;
}

uint32_t slip_class(const struct policy_service *service, const struct ip_addr *addr,
                    uint8_t region, bool allow)
{
    static uint8_t classes[CLASSES_BYTES_MAX];
    size_t stride = service->class_stride, count = service->class_count;
    REQUIRE((count + 1) * stride <= sizeof(classes) && service->classes != classes);
    memcpy(classes, service->classes, count * stride);
    uint8_t *fresh =
        memcpy(classes + count * stride, classes + class_of(service, addr) * stride, stride);
    uint8_t at = fresh[CLASS_COUNT]++;
    REQUIRE(at < service->region_count);
    fresh[CLASS_REGIONS + at] = region;
    fresh[CLASS_REGIONS + service->region_count + at] = (uint8_t)(at + 1);
    if (allow)
        fresh[region / 8] =
            (uint8_t)(fresh[region / 8] | 1 << region % 8); /* little end first */
    struct policy_service *written = writable(service);
    written->classes = classes;
    written->class_count = count + 1;
    return (uint32_t)count;
}

void slip_region(const struct policy_service *service, const struct ip_addr *addr,
                 uint8_t region)
{
    uint32_t class = slip_class(service, addr, region, true);
    if (service->trie) {
        slip_leaf(service, addr, class);
        return;
    }
    struct policy_service *written = writable(service);
    written->classes += (size_t) class * service->class_stride;
    written->class_count = 1;
}
