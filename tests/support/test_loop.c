#include "test_loop.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "rhumb/log.h"

enum { GUARD_MS = 30000, TICK_MS = 5 };

/* ---- the loop ---- */

extern bool skip_time(struct test_loop *loop) __attribute__((weak)); /* see skip_time.h */

static void on_guard(uv_timer_t *guard)
{
    struct test_loop *loop = guard->data;
    loop->guard_fired = uv_now(&loop->uv) >= loop->guard_ms;
}

void test_loop_open(struct test_loop *loop)
{
    *loop = (struct test_loop){.guard_fired = false};
    assert_int_equal(uv_loop_init(&loop->uv), 0);
    uv_timer_init(&loop->uv, &loop->guard);
    loop->guard.data = loop;
    loop->guard_ms = uv_now(&loop->uv) + GUARD_MS;
    uv_timer_start(&loop->guard, on_guard, TICK_MS, TICK_MS);
    uv_unref((uv_handle_t *)&loop->guard);
}

bool test_loop_turn(struct test_loop *loop)
{
    bool is_due = skip_time && skip_time(loop);
    return uv_run(&loop->uv, is_due ? UV_RUN_NOWAIT : UV_RUN_ONCE) != 0;
}

void test_loop_until(struct test_loop *loop, bool (*is_done)(void *ctx), void *ctx)
{
    while (!is_done(ctx) && !loop->guard_fired)
        (void)test_loop_turn(loop);
    assert_false(loop->guard_fired);
}

void test_loop_until_count(struct test_loop *loop, const size_t *counter, size_t wanted)
{
    while (*counter < wanted && !loop->guard_fired)
        (void)test_loop_turn(loop);
    assert_false(loop->guard_fired);
}

void test_loop_run_for(struct test_loop *loop, uint64_t ms)
{
    uint64_t end_ms = uv_now(&loop->uv) + ms;
    while (uv_now(&loop->uv) < end_ms && !loop->guard_fired)
        (void)test_loop_turn(loop);
    assert_false(loop->guard_fired);
}

void test_loop_close(struct test_loop *loop)
{
    bool more = true;
    while (more && !loop->guard_fired)
        more = test_loop_turn(loop);
    assert_false(loop->guard_fired);
    uv_close((uv_handle_t *)&loop->guard, NULL);
    uv_run(&loop->uv, UV_RUN_DEFAULT);
    assert_int_equal(uv_loop_close(&loop->uv), 0);
}

/* ---- the log ---- */

static struct {
    char lines[LOG_LINES_MAX][LOG_LINE_MAX];
    size_t count;
} kept;

static void keep(void *ctx, enum log_level level, const char *line)
{
    (void)ctx;
    (void)level;
    if (kept.count < LOG_LINES_MAX)
        snprintf(kept.lines[kept.count++], LOG_LINE_MAX, "%s", line);
}

void test_log_open(void)
{
    kept.count = 0;
    log_set_sink(keep, NULL);
    log_set_level(LOG_LEVEL_DEBUG); /* some of what is waited for is said at that level only */
}

void test_log_close(void)
{
    log_set_sink(NULL, NULL);
    log_set_level(LOG_LEVEL_INFO);
}

size_t test_log_count(const char *part)
{
    size_t count = 0;
    for (size_t i = 0; i < kept.count; i++)
        count += strstr(kept.lines[i], part) != NULL;
    return count;
}

void test_loop_until_log(struct test_loop *loop, const char *part, size_t wanted)
{
    while (test_log_count(part) < wanted && !loop->guard_fired)
        (void)test_loop_turn(loop);
    for (size_t i = 0; i < kept.count && loop->guard_fired; i++)
        print_error("%s\n", kept.lines[i]);
    assert_false(loop->guard_fired);
}
