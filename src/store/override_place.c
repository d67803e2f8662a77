#include "override_place.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

struct diag_place override_place_at(const char *bytes, size_t len, size_t offset,
                                    const char *path, char buffer[OVERRIDE_EXCERPT_MAX])
{
    struct diag_place place = {.file = path, .line = 1};
    size_t begin = 0;
    if (offset > len)
        offset = len;
    for (size_t i = 0; i < offset; i++)
        if (bytes[i] == '\n') {
            place.line++;
            begin = i + 1;
        }
    place.column = (uint32_t)(offset - begin + 1);
    const char *end = memchr(bytes + begin, '\n', len - begin);
    size_t line_len = end ? (size_t)(end - (bytes + begin)) : len - begin;
    if (line_len < OVERRIDE_EXCERPT_MAX && !memchr(bytes + begin, '\0', line_len)) {
        memcpy(buffer, bytes + begin, line_len);
        buffer[line_len] = '\0';
        place.excerpt = buffer;
    }
    return place;
}

/* behind_string - the first byte behind the string that begins at offset. */
static size_t behind_string(const char *bytes, size_t len, size_t offset)
{
    for (offset++; offset < len && bytes[offset] != '"'; offset++)
        if (bytes[offset] == '\\')
            offset++;
    return offset + 1;
}

static bool is_string(const char *bytes, size_t len, size_t offset, const char *text)
{
    size_t text_len = strlen(text), end = behind_string(bytes, len, offset);
    return end == offset + text_len + 2 && memcmp(bytes + offset + 1, text, text_len) == 0;
}

/* What stands `depth` brackets deep: the idx-th thing behind a bracket or a comma, or the string
 * there that says key. From the byte at offset on; ends where the depth is left. */
static size_t find(const char *bytes, size_t len, size_t offset, unsigned depth, size_t idx,
                   const char *key)
{
    unsigned now = 0;
    bool is_first = false; /* of what follows a bracket or a comma */
    for (size_t i = offset; i < len;) {
        char c = bytes[i];
        bool is_blank = c == ' ' || c == '\t' || c == '\n' || c == '\r';
        if (now == depth && is_first && !is_blank && c != ']' && c != '}') {
            if (key ? c == '"' && is_string(bytes, len, i, key) : idx-- == 0)
                return i;
            is_first = false;
        }
        if (c == '"') {
            i = behind_string(bytes, len, i);
            continue;
        }
        if (c == '{' || c == '[') {
            now++;
            is_first = now == depth;
        } else if (c == '}' || c == ']') {
            now--;
            if (now == 0)
                break;
        } else if (c == ',' && now == depth) {
            is_first = true;
        }
        i++;
    }
    return offset;
}

size_t override_place_find(const char *bytes, size_t len, size_t idx, const char *key)
{
    size_t begin = strspn(bytes, " \t\r\n");
    if (idx == SIZE_MAX)
        return find(bytes, len, begin, 1, 0, key);
    size_t entry = find(bytes, len, begin, 2, idx, NULL);
    return key && bytes[entry] == '{' ? find(bytes, len, entry, 1, 0, key) : entry;
}
