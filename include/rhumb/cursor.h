/* cursor.h - bounded reading and writing of bytes.
 *
 * The only code that does arithmetic on packet pointers. A step past the end moves nothing,
 * returns zero and sets a flag that sticks, so a caller does many steps and checks once.
 *
 *      start        pos              end
 *      | done ......| still to do ...|
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct reader {
    const uint8_t *start, *pos, *end; /* borrowed */
    bool failed;
};

struct writer {
    uint8_t *start, *pos, *end; /* borrowed */
    bool failed;
};

static inline uint16_t load_u16(const uint8_t *from)
{
    return (uint16_t)((unsigned)from[0] << 8 | from[1]);
}

static inline uint32_t load_u32(const uint8_t *from)
{
    return (uint32_t)from[0] << 24 | (uint32_t)from[1] << 16 | (uint32_t)from[2] << 8 | from[3];
}

static inline struct reader reader_init(const uint8_t *bytes, size_t len)
{
    return (struct reader){.start = bytes, .pos = bytes, .end = bytes + len};
}

static inline size_t reader_left(const struct reader *r)
{
    return (size_t)(r->end - r->pos);
}

static inline size_t reader_offset(const struct reader *r)
{
    return (size_t)(r->pos - r->start);
}

/* reader_take - len bytes in place, or NULL (and failed) when there are fewer. */
static inline const uint8_t *reader_take(struct reader *r, size_t len)
{
    if (r->failed || reader_left(r) < len) {
        r->failed = true;
        return NULL;
    }
    const uint8_t *bytes = r->pos;
    r->pos += len;
    return bytes;
}

static inline uint8_t reader_u8(struct reader *r)
{
    const uint8_t *b = reader_take(r, 1);
    return b ? b[0] : 0;
}

static inline uint16_t reader_u16(struct reader *r)
{
    const uint8_t *b = reader_take(r, 2);
    return b ? load_u16(b) : 0;
}

static inline uint32_t reader_u32(struct reader *r)
{
    const uint8_t *b = reader_take(r, 4);
    return b ? load_u32(b) : 0;
}

static inline struct writer writer_init(uint8_t *bytes, size_t capacity)
{
    return (struct writer){.start = bytes, .pos = bytes, .end = bytes + capacity};
}

static inline size_t writer_left(const struct writer *w)
{
    return (size_t)(w->end - w->pos);
}

static inline size_t writer_len(const struct writer *w)
{
    return (size_t)(w->pos - w->start);
}

/* writer_rewind - back to an earlier length, also out of a failure (drop what did not fit). */
static inline void writer_rewind(struct writer *w, size_t len)
{
    w->pos = w->start + len;
    w->failed = false;
}

/* writer_reserve - len bytes to fill in, or NULL (and failed) when they do not fit. */
static inline uint8_t *writer_reserve(struct writer *w, size_t len)
{
    if (w->failed || writer_left(w) < len) {
        w->failed = true;
        return NULL;
    }
    uint8_t *bytes = w->pos;
    w->pos += len;
    return bytes;
}

static inline void writer_bytes(struct writer *w, const void *bytes, size_t len)
{
    uint8_t *to = writer_reserve(w, len);
    if (to && len > 0)
        memcpy(to, bytes, len);
}

static inline void store_u16(uint8_t *to, uint16_t value)
{
    to[0] = (uint8_t)(value >> 8);
    to[1] = (uint8_t)value;
}

static inline void store_u32(uint8_t *to, uint32_t value)
{
    to[0] = (uint8_t)(value >> 24);
    to[1] = (uint8_t)(value >> 16);
    to[2] = (uint8_t)(value >> 8);
    to[3] = (uint8_t)value;
}

static inline void writer_u8(struct writer *w, uint8_t value)
{
    uint8_t *to = writer_reserve(w, 1);
    if (to)
        to[0] = value;
}

static inline void writer_u16(struct writer *w, uint16_t value)
{
    uint8_t *to = writer_reserve(w, 2);
    if (to)
        store_u16(to, value);
}

static inline void writer_u32(struct writer *w, uint32_t value)
{
    uint8_t *to = writer_reserve(w, 4);
    if (to)
        store_u32(to, value);
}
