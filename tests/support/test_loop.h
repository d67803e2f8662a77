/* test_loop.h - the control loop of a test, and what was logged meanwhile.
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

enum { LOG_LINES_MAX = 256, LOG_LINE_MAX = 512 };

struct test_loop {
    uv_loop_t uv;
    uv_timer_t guard;
    uint64_t guard_ms; /* when it fires, in the loop's time */
    bool guard_fired;
};

void test_loop_open(struct test_loop *loop);

/* test_loop_turn - one turn; it waits until something happens, or for the next tick of the guard.
 * False: no handle is left, beside the guard. */
bool test_loop_turn(struct test_loop *loop);

/* test_loop_until - run until is_done() says so. */
void test_loop_until(struct test_loop *loop, bool (*is_done)(void *ctx), void *ctx);

/* test_loop_until_count - run until *counter is at least wanted. */
void test_loop_until_count(struct test_loop *loop, const size_t *counter, size_t wanted);

/* test_loop_run_for - run so long, in the loop's time. */
void test_loop_run_for(struct test_loop *loop, uint64_t ms);

/* test_loop_close - run until no handle but the guard is left, then close the loop. */
void test_loop_close(struct test_loop *loop);

/* test_log_open - from now on keep log lines of the loop's thread instead of printing them;
 * test_log_close - print again. */
void test_log_open(void);
void test_log_close(void);

/* test_log_count - how many lines so far contain part. */
size_t test_log_count(const char *part);

/* test_loop_until_log - run until wanted lines contain part. */
void test_loop_until_log(struct test_loop *loop, const char *part, size_t wanted);
