/* app_fixture.h - the control loop of a test, and what was logged meanwhile.
 *
 * Nothing here sleeps: the loop runs until what is waited for has happened. A guard fails the
 * test when it does not happen in time; it is generous because sanitizers are slow. It ticks
 * every few milliseconds, so that a turn of the loop never blocks long after other threads did
 * what was waited for.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <uv.h>

#include "rhumb/snapshot.h"

#include "event.h"

enum { LOG_LINES_MAX = 256, LOG_LINE_MAX = 512 };

struct app_loop {
    uv_loop_t uv;
    uv_timer_t guard;
    uint64_t guard_ms; /* when it fires, in the loop's time */
    bool guard_fired;
};

void app_loop_open(struct app_loop *loop);

/* app_loop_until - run until is_done() says so. */
void app_loop_until(struct app_loop *loop, bool (*is_done)(void *ctx), void *ctx);

/* app_loop_until_count - run until *counter is at least wanted. */
void app_loop_until_count(struct app_loop *loop, const size_t *counter, size_t wanted);

/* app_loop_close - run until no handle but the guard is left, then close the loop. */
void app_loop_close(struct app_loop *loop);

/* app_log_open - from now on keep log lines of the loop's thread instead of printing them;
 * app_log_close - print again. */
void app_log_open(void);
void app_log_close(void);

/* app_log_count - how many lines so far contain part. */
size_t app_log_count(const char *part);

/* app_loop_until_log - run until wanted lines contain part. */
void app_loop_until_log(struct app_loop *loop, const char *part, size_t wanted);

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
void app_server_open(struct app_server *server, struct app_loop *loop, const char *address,
                     uint16_t port);

/* app_server_close - runs the loop until the port is free. */
void app_server_close(struct app_server *server, struct app_loop *loop);

/* app_tell - an event_teller that only logs. */
void app_tell(void *ctx, const struct event *event);
