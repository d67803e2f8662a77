/* app_fixture.h - snapshots, servers to be probed, and somebody to tell, for tests on a loop. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <uv.h>

#include "rhumb/event.h"
#include "rhumb/snapshot.h"

#include "test_loop.h"

/* app_compile - the snapshot of a good configuration. */
struct snapshot *app_compile(const char *config_path);

/* A TCP server that accepts, counts, and closes or holds what it accepted. */
struct app_server {
    uv_tcp_t listener;
    uint16_t port;
    size_t accepted;
    bool holds; /* keep the connection open and say nothing */
};

/* app_server_open - port 0: any. */
void app_server_open(struct app_server *server, struct test_loop *loop, const char *address,
                     uint16_t port);

/* app_server_close - runs the loop until the port is free. */
void app_server_close(struct app_server *server, struct test_loop *loop);

/* app_tell - an event_teller that only logs. */
void app_tell(void *ctx, const struct event *event);
