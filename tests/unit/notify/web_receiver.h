/* web_receiver.h - a webhook's other end on the loop of the test: counts what it is told, and
 * answers the n-th request as the script says.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <uv.h>

#include "../../support/test_loop.h"

enum web_answer {
    WEB_OK,     /* 204; also whatever comes after the script's end */
    WEB_ERROR,  /* 500 */
    WEB_HALF,   /* 200, and half of what was announced */
    WEB_RESET,  /* the connection is reset */
    WEB_SILENT, /* closed without a word */
    WEB_HANG,   /* never answered */
};

enum { WEB_REQUESTS_KEPT = 64, WEB_REQUEST_MAX = 2048 };

struct web_request {
    char text[WEB_REQUEST_MAX];
    const char *body; /* in text */
    char key[64];     /* Idempotency-Key */
};

struct web_receiver {
    uv_tcp_t listener;
    uint16_t port;
    char url[64];
    const enum web_answer *script;
    size_t script_len;
    size_t count;                                   /* requests, each with its body */
    struct web_request requests[WEB_REQUESTS_KEPT]; /* the first ones */
    size_t open;                                    /* connections */
    struct web_peer *peers;
};

/* web_receiver_open - on 127.0.0.1; port 0: any. Whatever receiver held before is gone. */
void web_receiver_open(struct web_receiver *receiver, struct test_loop *loop, uint16_t port,
                       const enum web_answer *script, size_t script_len);

/* web_receiver_close - nobody listens any more; connections are cut. Runs the loop. */
void web_receiver_close(struct web_receiver *receiver, struct test_loop *loop);
