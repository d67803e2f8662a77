#include "url_text.h"

#include <string.h>

void url_text_put(struct text *url, const char *piece)
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                "0123456789-._~";

    for (; *piece != '\0'; piece++) {
        if (strchr(plain, *piece))
            text_put(url, piece, 1);
        else
            text_printf(url, "%%%02X", (unsigned char)*piece);
    }
}

void url_text_put_query(struct text *url, const char *name, const char *value)
{
    if (!value)
        return;
    text_printf(url, "%c%s=", strchr(text_get(url), '?') ? '&' : '?', name);
    url_text_put(url, value);
}
