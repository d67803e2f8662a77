#include "geo_metadata.h"

#include <string.h>

#include "rhumb/cursor.h"

enum { DEPTH_MAX = 32 };

enum value_type {
    TYPE_EXTENDED = 0,
    TYPE_POINTER = 1,
    TYPE_TEXT = 2,
    TYPE_MAP = 7,
    TYPE_ARRAY = 11,
    TYPE_BOOLEAN = 14,
};

/* What stands before and, of a simple value, in its bytes. */
struct value {
    unsigned type;
    uint32_t size;        /* bytes; pairs of a map; items of an array */
    const uint8_t *bytes; /* of a simple value; NULL otherwise */
    uint32_t target;      /* of a pointer, from the start of the metadata */
};

/* read_number - so many bytes, the highest first. */
static uint32_t read_number(struct reader *r, unsigned bytes)
{
    uint32_t number = 0;
    while (bytes-- > 0)
        number = number << 8 | reader_u8(r);
    return number;
}

/* read_size - 0..28, or more in one, two or three bytes that follow. */
static uint32_t read_size(struct reader *r, uint8_t control)
{
    static const uint32_t least[] = {29, 285, 65821};

    unsigned size = control & 31u;
    return size < 29 ? size : least[size - 29] + read_number(r, size - 28);
}

/* read_pointer - three bits of the control byte are the highest, but for the longest form. */
static uint32_t read_pointer(struct reader *r, uint8_t control)
{
    static const uint32_t least[] = {0, 2048, 526336, 0};

    unsigned more = control >> 3 & 3u;
    uint32_t number = read_number(r, more + 1);
    return more == 3 ? number : least[more] + ((control & 7u) << 8 * (more + 1)) + number;
}

/* read_value - of a map or an array only what stands before its items. */
static bool read_value(struct reader *r, struct value *out)
{
    uint8_t control = reader_u8(r);
    *out = (struct value){.type = control >> 5};
    if (out->type == TYPE_POINTER) {
        out->target = read_pointer(r, control);
        return !r->failed;
    }
    if (out->type == TYPE_EXTENDED)
        out->type = 7u + reader_u8(r);
    out->size = read_size(r, control);
    if (out->type != TYPE_MAP && out->type != TYPE_ARRAY)
        out->bytes = reader_take(r, out->type == TYPE_BOOLEAN ? 0 : out->size);
    return !r->failed;
}

/* skip - a value with all that is in it; pointers are not followed. */
static bool skip(struct reader *r, unsigned depth)
{
    struct value value;
    if (depth > DEPTH_MAX || !read_value(r, &value))
        return false;
    uint64_t items = 0;
    if (value.type == TYPE_MAP)
        items = 2 * (uint64_t)value.size;
    else if (value.type == TYPE_ARRAY)
        items = value.size;
    for (uint64_t i = 0; i < items; i++) /* each takes a byte, or it ends here */
        if (!skip(r, depth + 1))
            return false;
    return true;
}

/* read_followed - as read_value(), but of what a pointer leads to: then *r is there. */
static bool read_followed(struct reader *r, struct value *out)
{
    if (!read_value(r, out))
        return false;
    if (out->type != TYPE_POINTER)
        return true;
    *r = reader_init(r->start, (size_t)(r->end - r->start));
    return reader_take(r, out->target) && read_value(r, out) && out->type != TYPE_POINTER;
}

static bool is_text(const struct value *value, const char *text)
{
    return value->type == TYPE_TEXT && value->size == strlen(text) &&
           memcmp(value->bytes, text, value->size) == 0;
}

/* holds_texts - is the value at r of this type, with nothing but texts in it? */
static bool holds_texts(struct reader r, unsigned type)
{
    struct value value, item;
    if (!read_followed(&r, &value) || value.type != type)
        return false;
    uint64_t items = type == TYPE_MAP ? 2 * (uint64_t)value.size : value.size;
    for (uint64_t i = 0; i < items; i++) {
        struct reader at = r;
        if (!read_followed(&at, &item) || item.type != TYPE_TEXT || !skip(&r, 0))
            return false;
    }
    return true;
}

static bool is_sound(struct reader r)
{
    struct value map, key;
    if (!read_followed(&r, &map) || map.type != TYPE_MAP)
        return false;
    for (uint32_t i = 0; i < map.size; i++) {
        struct reader at = r;
        if (!read_followed(&at, &key) || !skip(&r, 0))
            return false;
        if (is_text(&key, "languages") && !holds_texts(r, TYPE_ARRAY))
            return false;
        if (is_text(&key, "description") && !holds_texts(r, TYPE_MAP))
            return false;
        if (!skip(&r, 0))
            return false;
    }
    return true;
}

bool geo_metadata_is_sound(const uint8_t *tail, size_t len)
{
    static const uint8_t marker[] = "\xab\xcd\xef"
                                    "MaxMind.com";

    enum { MARKER_BYTES = sizeof(marker) - 1 };

    for (size_t at = len; at-- > 0;) /* the last one counts */
        if (len - at >= MARKER_BYTES && memcmp(tail + at, marker, MARKER_BYTES) == 0)
            return is_sound(reader_init(tail + at + MARKER_BYTES, len - at - MARKER_BYTES));
    return true;
}
