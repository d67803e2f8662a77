#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "../../../src/net/tcp_pool.h"

enum { CONNS = TCP_BLOCKS + 6, SPARE = 6, IDLE_MS = 10000, MESSAGE_MS = 3000 };

struct pool {
    struct tcp_pool pool;
    struct net_counters counters;
    struct worker_context context;
};

static int set_up(void **state)
{
    const struct tcp_limits limits = {.connections = CONNS - SPARE,
                                      .per_prefix = 3,
                                      .idle_ms = IDLE_MS,
                                      .message_ms = MESSAGE_MS};
    struct pool *p = calloc(1, sizeof(*p));
    p->context.counters = &p->counters;
    assert_int_equal(tcp_pool_init(&p->pool, &limits, SPARE, 1, &p->context), ERR_OK);
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

static struct tcp_conn *add_from(struct pool *p, const char *client, uint64_t now_ms)
{
    struct tcp_conn *conn = tcp_pool_take(&p->pool);
    assert_non_null(conn);
    assert_null(conn->block);
    tcp_pool_add(conn, TCP_WAIT_QUERY, now_ms);
    struct ip_addr addr;
    assert_true(ip_parse(client, &addr));
    tcp_pool_join_prefix(conn, &addr);
    return conn;
}

static struct tcp_conn *add(struct pool *p, uint64_t now_ms)
{
    return add_from(p, "192.0.2.1", now_ms);
}

static void the_most_quiet_is_who_stirred_longest_ago(void **state)
{
    struct pool *p = *state;
    struct tcp_conn *a = add(p, 1), *b = add(p, 2), *c = add(p, 3);
    assert_ptr_equal(p->pool.quiet.first, a);
    tcp_pool_stir(a, 4);
    assert_ptr_equal(p->pool.quiet.first, b);
    tcp_pool_remove(b);
    assert_ptr_equal(p->pool.quiet.first, c);
    tcp_pool_remove(a);
    assert_ptr_equal(p->pool.quiet.last, c);
    tcp_pool_stir(c, 5);
    assert_int_equal(c->stirred_ms, 5);
    assert_int_equal(atomic_load(&p->counters.tcp_open), 1);
    tcp_pool_remove(c);
    assert_null(p->pool.quiet.first);
    assert_null(p->pool.quiet.last);
    assert_int_equal(p->pool.open, 0);
    assert_int_equal(atomic_load(&p->counters.tcp_open), 0);
}

static void a_rival_is_the_most_quiet_of_a_full_network(void **state)
{
    struct pool *p = *state;
    struct tcp_conn *other = add_from(p, "192.0.3.1", 1);
    struct tcp_conn *a = add_from(p, "192.0.2.1", 2), *b = add_from(p, "192.0.2.2", 3);
    struct ip_addr near, far;
    assert_true(ip_parse("192.0.2.99", &near));
    assert_true(ip_parse("198.51.100.1", &far));
    assert_null(tcp_pool_find_rival(&p->pool, &near)); /* 2 of 3 */
    struct tcp_conn *c = add_from(p, "192.0.2.3", 4);
    assert_ptr_equal(tcp_pool_find_rival(&p->pool, &near), a);
    assert_null(tcp_pool_find_rival(&p->pool, &far));
    assert_null(tcp_pool_find_rival(&p->pool, &other->client));
    tcp_pool_stir(a, 5);
    assert_ptr_equal(tcp_pool_find_rival(&p->pool, &near), b);
    tcp_pool_remove(c);
    assert_null(tcp_pool_find_rival(&p->pool, &near));
}

static void each_wait_has_its_limit(void **state)
{
    struct pool *p = *state;
    uint64_t due_ms = 0;
    assert_null(tcp_pool_find_late(&p->pool, 0, &due_ms));
    assert_int_equal(due_ms, UINT64_MAX);
    struct tcp_conn *query = add(p, 100), *rest = add(p, 200), *take = add(p, 300);
    tcp_pool_wait(rest, TCP_WAIT_REST, 8000);
    tcp_pool_wait(take, TCP_WAIT_TAKE, 8500);
    tcp_pool_stir(rest, 9000); /* signs of life do not put it off */
    assert_null(tcp_pool_find_late(&p->pool, 10099, &due_ms));
    assert_int_equal(due_ms, 100 + IDLE_MS);
    assert_ptr_equal(tcp_pool_find_late(&p->pool, 10100, &due_ms), query);
    tcp_pool_wait(query, TCP_WAIT_QUERY, 10100);
    assert_null(tcp_pool_find_late(&p->pool, 10999, &due_ms));
    assert_int_equal(due_ms, 8000 + MESSAGE_MS);
    assert_ptr_equal(tcp_pool_find_late(&p->pool, 11000, &due_ms), rest);
    tcp_pool_remove(rest);
    assert_ptr_equal(tcp_pool_find_late(&p->pool, 18500, &due_ms), take);
    tcp_pool_remove(take);
    assert_ptr_equal(tcp_pool_find_late(&p->pool, 20100, &due_ms), query);
}

static void of_those_who_wait_for_the_same_the_first_is_late_first(void **state)
{
    struct pool *p = *state;
    uint64_t due_ms;
    struct tcp_conn *a = add(p, 1), *b = add(p, 2), *c = add(p, 3);
    tcp_pool_wait(b, TCP_WAIT_REST, 10);
    tcp_pool_wait(a, TCP_WAIT_REST, 20);
    tcp_pool_wait(c, TCP_WAIT_REST, 30);
    assert_ptr_equal(tcp_pool_find_late(&p->pool, 5000, &due_ms), b);
    tcp_pool_wait(b, TCP_WAIT_QUERY, 5000);
    assert_ptr_equal(tcp_pool_find_late(&p->pool, 5000, &due_ms), a);
    tcp_pool_remove(a);
    assert_ptr_equal(tcp_pool_find_late(&p->pool, 5000, &due_ms), c);
}

static void the_promise_is_the_idle_time_in_force(void **state)
{
    struct pool *p = *state;
    char client[IP_TEXT_MAX];
    struct tcp_conn *first = add(p, 1), *conn = first;
    assert_int_equal(tcp_pool_promise_100ms(first), IDLE_MS / 100);
    add(p, 1);
    struct tcp_conn *third = add(p, 1); /* the next of its network takes a slot of theirs */
    assert_int_equal(tcp_pool_promise_100ms(first), 0);
    tcp_pool_remove(third);
    for (int i = 2; i < CONNS - SPARE; i++) {
        snprintf(client, sizeof(client), "10.0.%d.1", i);
        uint16_t before = tcp_pool_promise_100ms(first);
        conn = add_from(p, client, 1);
        assert_true(tcp_pool_promise_100ms(first) <= before);
        assert_int_equal(tcp_pool_promise_100ms(first), tcp_pool_promise_100ms(conn));
        if (i == CONNS - SPARE - 2)
            assert_int_equal(before, (IDLE_MS / 10 + 9 * IDLE_MS / 10 * 2 / 32) / 100);
    }
    assert_int_equal(tcp_pool_promise_100ms(first), 0); /* all slots are taken */
    tcp_pool_remove(conn);
    assert_true(tcp_pool_promise_100ms(first) > 0);
    p->pool.draining = true;
    assert_int_equal(tcp_pool_promise_100ms(first), 0);
}

static void count(void *ctx)
{
    (*(int *)ctx)++;
}

static void whoever_waits_for_room_is_told(void **state)
{
    struct pool *p = *state;
    int told = 0;
    struct tcp_conn *a = add(p, 1), *b = add(p, 2);
    tcp_pool_remove(a);
    p->pool.on_room = count;
    p->pool.on_room_ctx = &told;
    tcp_pool_remove(b);
    assert_int_equal(told, 1);
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
    assert_null(tcp_pool_find_block(&p->pool));
    for (size_t i = 0; i < TCP_BLOCKS; i++) {
        conns[i] = add(p, 7);
        assert_true(tcp_pool_lend_block(conns[i]));
        conns[i]->block->bytes[TCP_BLOCK_BYTES - 1] = (uint8_t)i;
    }
    assert_false(tcp_pool_lend_block(late));
    for (size_t i = 0; i < TCP_BLOCKS; i++)
        assert_int_equal(conns[i]->block->bytes[TCP_BLOCK_BYTES - 1], i);
    assert_ptr_equal(tcp_pool_find_block(&p->pool), conns[0]);
    tcp_pool_stir(conns[0], 7); /* in the same millisecond */
    assert_ptr_equal(tcp_pool_find_block(&p->pool), conns[1]);
    tcp_pool_remove(conns[7]); /* a connection that goes leaves its block */
    assert_true(tcp_pool_lend_block(late));
    tcp_pool_return_block(late);
    tcp_pool_return_block(late);
    assert_true(tcp_pool_lend_block(late));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(the_most_quiet_is_who_stirred_longest_ago),
        TEST(a_rival_is_the_most_quiet_of_a_full_network),
        TEST(each_wait_has_its_limit),
        TEST(of_those_who_wait_for_the_same_the_first_is_late_first),
        TEST(the_promise_is_the_idle_time_in_force),
        TEST(whoever_waits_for_room_is_told),
        TEST(objects_are_used_again_when_they_are_put_back),
        TEST(blocks_are_few_and_each_has_one_owner),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
