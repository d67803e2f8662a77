/* PROXY header: every beginning of the input is parsed, as a stream would bring it, and the whole
 * is judged by a second reader of the specification.
 *
 *   input   | header | what the client sent ...
 */
#include <stdlib.h>
#include <string.h>

#include "../../src/net/proxy_header.h"
#include "fuzz.h"

enum { MEMORY_BYTES = 1 << 17, BEGINNINGS_MAX = 600 };

static uint8_t *memory;

static void set_up(void)
{
    memory = malloc(MEMORY_BYTES);
    if (!memory)
        exit(1);
}

/* ---- the second reader: section 2.2, once all is there ---- */

static size_t u16_at(const uint8_t *at)
{
    return (size_t)at[0] << 8 | at[1];
}

static bool tlvs_end(const uint8_t *at, size_t left)
{
    while (left >= 3 && left - 3 >= u16_at(at + 1)) {
        size_t bytes = 3 + u16_at(at + 1);
        at += bytes;
        left -= bytes;
    }
    return left == 0;
}

/* naive_client - the source address; one that is IPv4 in IPv6 is IPv4. */
static void naive_client(const uint8_t *at, bool is_v6, struct ip_addr *out)
{
    static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};
    *out = (struct ip_addr){.family = IP_V4};
    if (is_v6 && memcmp(at, mapped, sizeof(mapped)) != 0)
        out->family = IP_V6;
    if (is_v6 && out->family == IP_V4)
        at += sizeof(mapped);
    memcpy(out->bytes, at, out->family == IP_V6 ? 16 : 4);
}

static enum proxy_step naive_parse(const uint8_t *data, size_t size, struct proxy_header *out)
{
    static const char signature[] = "\r\n\r\n\0\r\nQUIT\n";
    *out = (struct proxy_header){0};
    if (memcmp(data, signature, size < 12 ? size : 12) != 0 ||
        (size > 12 && data[12] >> 4 != 2) || (size >= 16 && (data[12] & 0xf) > 1))
        return PROXY_BAD;
    if (size < 16 || size - 16 < u16_at(data + 14))
        return PROXY_MORE;
    size_t len = u16_at(data + 14), need = 0;
    unsigned family = data[13] >> 4, transport = data[13] & 0xf;
    out->bytes = 16 + len;
    if ((data[12] & 0xf) == 0 || data[13] == 0)
        return PROXY_DONE;
    if (family < 1 || family > 3 || transport < 1 || transport > 2)
        return PROXY_BAD;
    need = family == 1 ? 12 : family == 2 ? 36 : 216;
    if (len < need || !tlvs_end(data + 16 + need, len - need))
        return PROXY_BAD;
    out->has_client = family != 3;
    if (out->has_client)
        naive_client(data + 16, family == 2, &out->client);
    return PROXY_DONE;
}

/* ---- the promises ---- */

/* parse - the first count bytes, at the end of their memory: a step beyond is seen. */
static enum proxy_step parse(const uint8_t *data, size_t count, struct proxy_header *out)
{
    uint8_t *exact = memory + MEMORY_BYTES - count;
    memcpy(exact, data, count);
    *out = (struct proxy_header){0};
    return proxy_header_parse(exact, count, out);
}

static void check_whole(const uint8_t *data, size_t size)
{
    struct proxy_header got, want;
    enum proxy_step step = parse(data, size, &got);
    FUZZ_PROMISE(step == naive_parse(data, size, &want), "the verdict is the specification's");
    if (step != PROXY_DONE)
        return;
    FUZZ_PROMISE(got.bytes == want.bytes && got.bytes <= size,
                 "a header is as long as it says");
    FUZZ_PROMISE(got.has_client == want.has_client, "a client where there is one");
    FUZZ_PROMISE(!got.has_client || ip_equal(&got.client, &want.client),
                 "the client's address");
}

static void check_beginnings(const uint8_t *data, size_t size)
{
    enum proxy_step before = PROXY_MORE;
    size_t wanted = 0;
    for (size_t count = 0; count <= size && count <= BEGINNINGS_MAX; count++) {
        struct proxy_header header;
        enum proxy_step step = parse(data, count, &header);
        FUZZ_PROMISE(before == PROXY_MORE || step == before,
                     "more bytes do not change a verdict");
        FUZZ_PROMISE(step != PROXY_MORE || header.bytes > count,
                     "MORE says how many, and more");
        FUZZ_PROMISE(step == PROXY_BAD || header.bytes >= wanted,
                     "what it takes does not shrink");
        FUZZ_PROMISE(step != PROXY_DONE || before == PROXY_DONE || header.bytes == count,
                     "a header is done with its last byte");
        if (step == PROXY_MORE)
            wanted = header.bytes;
        before = step;
    }
}

static void run(const uint8_t *data, size_t size)
{
    if (size > MEMORY_BYTES)
        return;
    check_whole(data, size);
    check_beginnings(data, size);
}

const struct fuzz_harness fuzz_harness = {.limit_us = 50000, .set_up = set_up, .run = run};
