/* json_put.h - JSON written straight into a text: no tree, no memory of its own.
 *
 *     struct json_put json;
 *     json_put_init(&json, &text);
 *     json_put_begin(&json, NULL, '{');
 *     json_put_string(&json, "name", "eu-west");      {"name":"eu-west",
 *     json_put_begin(&json, "addresses", '[');         "addresses":["192.0.2.1"]}
 *     json_put_string(&json, NULL, "192.0.2.1");
 *     json_put_end(&json, ']');
 *     json_put_end(&json, '}');
 *
 * key: the member's name inside an object; NULL inside an array, and at the top. Failure (the
 * text's ceiling, memory) stays in the text. Bytes that are no UTF-8 become U+FFFD, so what a
 * back end sent cannot spoil a document.
 *
 * source   RFC 8259 sections 2 to 8
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "rhumb/text.h"

struct json_put {
    struct text *out;
    bool more; /* a value stands before: a comma comes first */
};

void json_put_init(struct json_put *json, struct text *out);

/* bracket: '{' or '['; its end '}' or ']'. */
void json_put_begin(struct json_put *json, const char *key, char bracket);
void json_put_end(struct json_put *json, char bracket);

void json_put_string(struct json_put *json, const char *key, const char *value);

/* json_put_optional - value NULL: the member is left out. */
void json_put_optional(struct json_put *json, const char *key, const char *value);
void json_put_uint(struct json_put *json, const char *key, uint64_t value);
void json_put_bool(struct json_put *json, const char *key, bool value);
void json_put_null(struct json_put *json, const char *key);

/* json_put_real - with so many decimals, 0..9; what is not finite becomes null. */
void json_put_real(struct json_put *json, const char *key, double value, unsigned decimals);

/* json_put_raw - value is JSON already. */
void json_put_raw(struct json_put *json, const char *key, const char *value);
