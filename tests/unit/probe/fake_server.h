/* fake_server.h - a TCP server on the loop of the test: reads a request, then plays a script.
 */
#pragma once

#include <stdbool.h>

#include <uv.h>

#include "ring.h"

enum fake_ending {
    FAKE_CLOSE,   /* after the last piece */
    FAKE_HOLD,    /* never closes, never sends more */
    FAKE_RESET,   /* cuts the connection with a reset */
    FAKE_ENDLESS, /* sends FAKE_BODY_BYTES of 'x' */
};

enum { FAKE_PIECES_MAX = 8, FAKE_REQUEST_MAX = 4096, FAKE_BODY_BYTES = 1 << 30 };

struct fake_script {
    const char *pieces[FAKE_PIECES_MAX]; /* each written when the one before has gone out and
                                            1 ms has passed, so that each is read by itself */
    enum fake_ending ending;
};

struct fake_server {
    uv_tcp_t listener;
    uint16_t port;
    struct fake_script script;
    bool greets; /* begins without waiting for a request; set after opening */
    char request[FAKE_REQUEST_MAX]; /* the last one, as text */
    size_t connections, open, most_open, sent_bytes;
    struct ring peers;
};

/* fake_server_open - listen on address, any port. */
void fake_server_open(struct fake_server *server, uv_loop_t *loop, const char *address,
                      struct fake_script script);

/* fake_server_close - stop listening and drop every connection. */
void fake_server_close(struct fake_server *server);

/* A listening socket whose accept queue is full: further connection attempts get no answer. */
enum { BLACK_HOLE_FILLERS = 8 };

struct black_hole {
    int listener, fillers[BLACK_HOLE_FILLERS];
    uint16_t port;
};

void black_hole_open(struct black_hole *hole);
void black_hole_close(struct black_hole *hole);

/* closed_port - a port of 127.0.0.1 on which nobody listens. */
uint16_t closed_port(void);
