/* answer_promise.h - what every reply keeps, whatever came in (hardening.md section 5): id, opcode
 * and RD kept, QR set, the question echoed bit for bit where one was parsed, nothing to responses
 * and fragments, never more than the client can take, readable by an independent parser, at most
 * four times the size of a malformed query.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "rhumb/answer.h"

struct answer_exchange {
    struct answer_request request;
    const uint8_t *reply;
    size_t reply_bytes, capacity;
};

/* answer_promise_broken - NULL, or which promise is broken (static text). The snapshot is that of
 * tests/data/wire. */
const char *answer_promise_broken(const struct answer_exchange *exchange);
