#include "wrap.h"

#include <stdbool.h>
#include <string.h>

/* begin_line - a new one, at the indent. */
static size_t begin_line(FILE *out, size_t indent)
{
    fprintf(out, "\n%*s", (int)indent, "");
    return indent;
}

void wrap_put(FILE *out, const char *text, size_t at, size_t indent, size_t width)
{
    bool is_first = true; /* of its line */
    while (*text != '\0') {
        size_t len = strcspn(text, " \n");
        if (len > 0 && !is_first && at + 1 + len > width) {
            at = begin_line(out, indent);
            is_first = true;
        }
        if (len > 0) {
            fputs(is_first ? "" : " ", out);
            for (size_t i = 0; i < len; i++)
                fputc(text[i] == '\t' ? ' ' : text[i], out);
            at += len + !is_first;
            is_first = false;
        }
        text += len;
        if (text[0] == '\n' && text[1] == '\n') {
            fputc('\n', out);
            at = begin_line(out, indent);
            is_first = true;
            text++;
        }
        if (*text != '\0')
            text++;
    }
    fputc('\n', out);
}
