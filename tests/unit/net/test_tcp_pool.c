#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "../../../src/net/tcp_pool.h"

enum { CONNS = TCP_BLOCKS + 6 };

struct pool {
    struct tcp_pool pool;
    struct net_counters counters;
    struct worker_context context;
};

static int set_up(void **state)
{
    struct pool *p = calloc(1, sizeof(*p));
    p->context.counters = &p->counters;
    assert_int_equal(tcp_pool_init(&p->pool, CONNS, &p->context), ERR_OK);
    *state = p;
    return 0;
}

static int tear_down(void **state)
{
    struct pool *p = *state;
    tcp_pool_deinit(&p->pool);
    free(p);
    return 0;
}

static struct tcp_conn *add(struct pool *p, uint64_t now_ms)
{
    struct tcp_conn *conn = tcp_pool_take(&p->pool);
    assert_non_null(conn);
    assert_null(conn->block);
    tcp_pool_add(conn, now_ms);
    return conn;
}

static void the_most_idle_is_who_made_progress_longest_ago(void **state)
{
    struct pool *p = *state;
    struct tcp_conn *a = add(p, 1), *b = add(p, 2), *c = add(p, 3);
    assert_ptr_equal(p->pool.most_idle, a);
    tcp_pool_touch(a, 4);
    assert_ptr_equal(p->pool.most_idle, b);
    tcp_pool_remove(b);
    assert_ptr_equal(p->pool.most_idle, c);
    tcp_pool_remove(a);
    assert_ptr_equal(p->pool.least_idle, c);
    tcp_pool_touch(c, 5);
    assert_int_equal(c->progress_ms, 5);
    assert_int_equal(atomic_load(&p->counters.tcp_open), 1);
    tcp_pool_remove(c);
    assert_null(p->pool.most_idle);
    assert_null(p->pool.least_idle);
    assert_int_equal(p->pool.open, 0);
    assert_int_equal(atomic_load(&p->counters.tcp_open), 0);
}

static void objects_are_used_again_when_they_are_put_back(void **state)
{
    struct pool *p = *state;
    struct tcp_conn *conns[CONNS];
    for (size_t i = 0; i < CONNS; i++)
        conns[i] = add(p, i);
    assert_true(tcp_pool_is_exhausted(&p->pool));
    assert_null(tcp_pool_take(&p->pool));
    tcp_pool_remove(conns[3]);
    assert_null(tcp_pool_take(&p->pool)); /* the loop still has it */
    tcp_pool_put_back(conns[3]);
    assert_false(tcp_pool_is_exhausted(&p->pool));
    assert_ptr_equal(tcp_pool_take(&p->pool), conns[3]);
    assert_null(tcp_pool_take(&p->pool));
}

static void blocks_are_few_and_each_has_one_owner(void **state)
{
    struct pool *p = *state;
    struct tcp_conn *conns[TCP_BLOCKS], *late = add(p, 0);
    assert_null(tcp_pool_find_idle_block(&p->pool));
    for (size_t i = 0; i < TCP_BLOCKS; i++) {
        conns[i] = add(p, 7);
        assert_true(tcp_pool_lend_block(conns[i]));
        conns[i]->block->bytes[TCP_BLOCK_BYTES - 1] = (uint8_t)i;
    }
    assert_false(tcp_pool_lend_block(late));
    for (size_t i = 0; i < TCP_BLOCKS; i++)
        assert_int_equal(conns[i]->block->bytes[TCP_BLOCK_BYTES - 1], i);
    assert_ptr_equal(tcp_pool_find_idle_block(&p->pool), conns[0]);
    tcp_pool_touch(conns[0], 7); /* in the same millisecond */
    assert_ptr_equal(tcp_pool_find_idle_block(&p->pool), conns[1]);
    tcp_pool_remove(conns[7]); /* a connection that goes leaves its block */
    assert_true(tcp_pool_lend_block(late));
    tcp_pool_return_block(late);
    tcp_pool_return_block(late);
    assert_true(tcp_pool_lend_block(late));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(the_most_idle_is_who_made_progress_longest_ago, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(objects_are_used_again_when_they_are_put_back, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(blocks_are_few_and_each_has_one_owner, set_up,
                                        tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
