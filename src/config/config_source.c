#include "config_source.h"

#include <string.h>

static const char BYTE_ORDER_MARK[] = "\xef\xbb\xbf";

static size_t count_lines(const char *text, size_t len)
{
    size_t count = 1;
    for (size_t i = 0; i < len; i++) {
        bool cr_alone = text[i] == '\r' && !(i + 1 < len && text[i + 1] == '\n');
        if (text[i] == '\n' || cr_alone)
            count++;
    }
    return count;
}

/* cut_lines - end each line by a zero byte and remember where it starts. */
static void cut_lines(struct config_source *source, size_t len)
{
    char *text = source->lines;
    uint32_t line = 0;
    source->line_starts[line++] = 0;
    for (size_t i = 0; i < len; i++) {
        if (text[i] != '\n' && text[i] != '\r')
            continue;
        bool pair = text[i] == '\r' && i + 1 < len && text[i + 1] == '\n';
        text[i] = '\0';
        i += pair;
        if (line < source->line_count)
            source->line_starts[line++] = (uint32_t)(i + 1);
    }
    for (uint32_t i = 0; i < source->line_count; i++) {
        char *start = text + source->line_starts[i];
        if (strnlen(start, CONFIG_EXCERPT_MAX + 1) > CONFIG_EXCERPT_MAX)
            start[CONFIG_EXCERPT_MAX] = '\0';
    }
}

enum err config_source_init(struct config_source *source, const char *path, const char *text,
                            size_t len, struct arena *arena)
{
    struct config_source made = {.line_count = (uint32_t)count_lines(text, len)};
    made.path = arena_strdup(arena, path);
    made.lines = arena_strndup(arena, text, len);
    made.line_starts = arena_alloc_array(arena, made.line_count, sizeof(uint32_t));
    if (!made.path || !made.lines || !made.line_starts)
        return ERR_NO_MEMORY;
    made.starts_with_mark = len >= 3 && memcmp(text, BYTE_ORDER_MARK, 3) == 0;
    cut_lines(&made, len);
    *source = made;
    return ERR_OK;
}

struct diag_place config_source_place(const struct config_source *source, size_t offset)
{
    uint32_t low = 0, high = source->line_count; /* the line is in [low, high) */
    while (high - low > 1) {
        uint32_t middle = low + (high - low) / 2;
        if (source->line_starts[middle] <= offset)
            low = middle;
        else
            high = middle;
    }
    return config_source_place_at(source, low + 1,
                                  (uint32_t)offset - source->line_starts[low] + 1);
}

struct diag_place config_source_place_at(const struct config_source *source, uint32_t line,
                                         uint32_t column)
{
    if (line == 0 || line > source->line_count)
        return (struct diag_place){.file = source->path};
    const char *excerpt = source->lines + source->line_starts[line - 1];
    if (line == 1 && source->starts_with_mark) {
        excerpt += 3;
        column = column > 3 ? column - 3 : 1;
    }
    size_t len = strlen(excerpt); /* the parser's marks may lie beyond it */
    if (len < CONFIG_EXCERPT_MAX && column > len + 1)
        column = (uint32_t)len + 1;
    return (struct diag_place){
        .file = source->path, .line = line, .column = column, .excerpt = excerpt};
}

/* sequence_len - length of the UTF-8 sequence at bytes, 0 when it is none.
 *
 * source   RFC 3629 section 4 (no overlong forms, no surrogates, nothing above U+10FFFF)
 */
static size_t sequence_len(const unsigned char *bytes, size_t left)
{
    unsigned char first = bytes[0];
    if (first < 0x80)
        return 1;
    size_t len = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
    if (first < 0xc2 || first > 0xf4 || len > left)
        return 0;
    for (size_t i = 1; i < len; i++) {
        if ((bytes[i] & 0xc0) != 0x80)
            return 0;
    }
    bool overlong = (first == 0xe0 && bytes[1] < 0xa0) || (first == 0xf0 && bytes[1] < 0x90);
    bool surrogate = first == 0xed && bytes[1] > 0x9f;
    bool beyond = first == 0xf4 && bytes[1] > 0x8f;
    return overlong || surrogate || beyond ? 0 : len;
}

bool config_source_check_text(const struct config_source *source, const char *text, size_t len,
                              struct diag_list *diags)
{
    const unsigned char *bytes = (const unsigned char *)text;
    for (size_t i = 0; i < len;) {
        bool control =
            (bytes[i] < 0x20 && bytes[i] != '\t' && bytes[i] != '\n' && bytes[i] != '\r') ||
            bytes[i] == 0x7f;
        size_t step = control ? 0 : sequence_len(bytes + i, len - i);
        if (step == 0) {
            struct diag_place place = config_source_place(source, i);
            place.excerpt = NULL; /* whatever it is, a terminal should not see it */
            diag_error(diags, &place, "not a text file: byte 0x%02x is no UTF-8 text",
                       bytes[i]);
            diag_remedy(diags, "save the file as UTF-8 text");
            return false;
        }
        i += step;
    }
    return true;
}
