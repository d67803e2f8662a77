/* hex.h - bytes of a packet as text a reader can check: "1234 0100 'www' 00".
 *
 * Two hexadecimal digits are a byte; 'text' stands for its bytes; blanks are for the eye. Used
 * by test programs only.
 */
#pragma once

#include <ctype.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

static inline int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* hex_bytes - returns the number of bytes; SIZE_MAX when text is malformed or too long. */
static inline size_t hex_bytes(const char *text, uint8_t *out, size_t capacity)
{
    size_t used = 0;
    for (const char *at = text; *at != '\0';) {
        if (isspace((unsigned char)*at)) {
            at++;
        } else if (*at == '\'') {
            for (at++; *at != '\0' && *at != '\'' && used < capacity; at++)
                out[used++] = (uint8_t)*at;
            if (*at++ != '\'')
                return SIZE_MAX;
        } else {
            int high = hex_digit(at[0]), low = high < 0 ? -1 : hex_digit(at[1]);
            if (low < 0 || used == capacity)
                return SIZE_MAX;
            out[used++] = (uint8_t)(high << 4 | low);
            at += 2;
        }
    }
    return used;
}

/* hex_copy - exactly the bytes of text on the heap, so that a sanitizer sees any read behind
 * them. The caller frees. */
static inline uint8_t *hex_copy(const char *text, size_t *out_len)
{
    uint8_t bytes[4096];
    size_t len = hex_bytes(text, bytes, sizeof(bytes));
    uint8_t *copy = len == SIZE_MAX ? NULL : malloc(len > 0 ? len : 1);
    for (size_t i = 0; copy && i < len; i++)
        copy[i] = bytes[i];
    *out_len = len;
    return copy;
}
