#include "rhumb/answer_counts.h"

#include <stdlib.h>
#include <string.h>

#include "rhumb/dns_type.h"

enum {
    RESPONSE_BITS = 13, /* 6,144 pairs of zone and rcode, 128 KiB */
    ANSWER_BITS = 15,   /* 24,576 combinations, 512 KiB */
};

/* What resolvers ask for; the first has column 2. */
#define TYPES(X)                                                                               \
    X("A", DNS_TYPE_A)                                                                         \
    X("AAAA", DNS_TYPE_AAAA)                                                                   \
    X("HTTPS", DNS_TYPE_HTTPS)                                                                 \
    X("NS", DNS_TYPE_NS)                                                                       \
    X("SOA", DNS_TYPE_SOA)                                                                     \
    X("MX", DNS_TYPE_MX)                                                                       \
    X("TXT", DNS_TYPE_TXT)                                                                     \
    X("CNAME", DNS_TYPE_CNAME)                                                                 \
    X("PTR", DNS_TYPE_PTR)                                                                     \
    X("SRV", DNS_TYPE_SRV)                                                                     \
    X("DS", DNS_TYPE_DS)                                                                       \
    X("DNSKEY", DNS_TYPE_DNSKEY)                                                               \
    X("SVCB", DNS_TYPE_SVCB)                                                                   \
    X("NAPTR", 35)                                                                             \
    X("TLSA", 52)                                                                              \
    X("DNAME", DNS_TYPE_DNAME)                                                                 \
    X("CAA", 257)                                                                              \
    X("ANY", DNS_TYPE_ANY)                                                                     \
    X("AXFR", DNS_TYPE_AXFR)                                                                   \
    X("IXFR", DNS_TYPE_IXFR)

enum column {
    COLUMN_OTHER = ANSWER_TYPE_OTHER,
    COLUMN_NONE = ANSWER_TYPE_NONE,

#define TYPE_COLUMN(name, type) COLUMN_##type,
    TYPES(TYPE_COLUMN)
#undef TYPE_COLUMN
        COLUMN_COUNT,
};

_Static_assert((int)COLUMN_COUNT == (int)ANSWER_TYPES, "the table has a column for each");

unsigned answer_counts_type(uint16_t qtype)
{
    switch (qtype) {
#define COLUMN_OF(name, type)                                                                  \
    case type: return COLUMN_##type;
        TYPES(COLUMN_OF)
#undef COLUMN_OF
    default: return COLUMN_OTHER;
    }
}

const char *answer_counts_type_name(unsigned column)
{
    static const char *const NAMES[ANSWER_TYPES] = {[COLUMN_OTHER] = "other",
                                                    [COLUMN_NONE] = "none",
#define NAME_OF(name, type) [COLUMN_##type] = (name),
                                                    TYPES(NAME_OF)
#undef NAME_OF
    };
    return NAMES[column];
}

struct answer_counts *answer_counts_new(void)
{
    enum { LINE = 64 };

    size_t size = (sizeof(struct answer_counts) + LINE - 1) / LINE * LINE;
    struct answer_counts *counts = aligned_alloc(LINE, size);
    bool good = counts != NULL;
    if (good)
        memset(counts, 0, size);
    good = good && tally_init(&counts->responses, RESPONSE_BITS) == ERR_OK &&
           tally_init(&counts->answers, ANSWER_BITS) == ERR_OK;
    return good ? counts : (answer_counts_free(counts), NULL);
}

void answer_counts_free(struct answer_counts *counts)
{
    if (counts) {
        tally_deinit(&counts->responses);
        tally_deinit(&counts->answers);
    }
    free(counts);
}

static void add(_Atomic uint64_t *to, const _Atomic uint64_t *from)
{
    uint64_t sum = atomic_load_explicit(to, memory_order_relaxed) +
                   atomic_load_explicit(from, memory_order_relaxed);
    atomic_store_explicit(to, sum, memory_order_relaxed);
}

static void add_all(_Atomic uint64_t *to, const _Atomic uint64_t *from, size_t count)
{
    for (size_t i = 0; i < count; i++)
        add(&to[i], &from[i]);
}

void answer_counts_add(struct answer_counts *counts, const struct answer_counts *from)
{
    add_all(&counts->requests[0][0][0], &from->requests[0][0][0],
            sizeof(counts->requests) / sizeof(counts->requests[0][0][0]));
    add_all(counts->cookies, from->cookies, ANSWER_COOKIE_INVALID + 1);
    add_all(counts->countries, from->countries, 2);
    tally_add_all(&counts->responses, &from->responses);
    tally_add_all(&counts->answers, &from->answers);
}
