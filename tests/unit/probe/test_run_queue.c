#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "run_queue.h"

/* Slots with one-letter names; the letter is also the last byte of the address unless said
 * otherwise. */
enum { SLOTS = 12 };

struct table {
    struct run_queue queue;
    struct run_slot slots[SLOTS];
};

static void open_table(struct table *table, uint32_t max_in_flight, uint32_t max_per_address)
{
    memset(table, 0, sizeof(*table));
    assert_int_equal(run_queue_init(&table->queue, max_in_flight, max_per_address), ERR_OK);
}

/* join - slot i asks address number a, and is due at once. */
static void join(struct table *table, size_t i, uint8_t a)
{
    struct ip_addr addr = {.family = IP_V4, .bytes = {127, 0, 0, a}};
    assert_int_equal(run_queue_join(&table->queue, &table->slots[i], &addr), ERR_OK);
    run_queue_wait(&table->queue, &table->slots[i]);
}

/* next - the index of the slot that starts; SLOTS when none may. */
static size_t next(struct table *table)
{
    bool has_next = run_queue_has_next(&table->queue);
    struct run_slot *slot = run_queue_next(&table->queue);
    assert_int_equal(slot != NULL, has_next);
    return slot ? (size_t)(slot - table->slots) : SLOTS;
}

static void end(struct table *table, size_t i)
{
    run_queue_end(&table->queue, &table->slots[i]);
}

static void close_table(struct table *table)
{
    for (size_t i = 0; i < SLOTS; i++)
        if (table->slots[i].address)
            run_queue_leave(&table->queue, &table->slots[i]);
    assert_int_equal(table->queue.in_flight, 0);
    assert_int_equal(table->queue.waiting, 0);
    run_queue_deinit(&table->queue); /* aborts when an address is left */
}

static void slots_of_one_address_run_in_the_order_they_came(void **state)
{
    (void)state;
    struct table table;
    open_table(&table, 100, 100);
    for (size_t i = 0; i < 5; i++)
        join(&table, i, 1);
    for (size_t i = 0; i < 5; i++)
        assert_int_equal(next(&table), i);
    assert_int_equal(next(&table), SLOTS);
    close_table(&table);
}

static void no_more_run_than_the_limit_in_all(void **state)
{
    (void)state;
    struct table table;
    open_table(&table, 2, 100);
    for (size_t i = 0; i < 4; i++)
        join(&table, i, (uint8_t)i);
    assert_int_equal(next(&table), 0);
    assert_int_equal(next(&table), 1);
    assert_int_equal(next(&table), SLOTS);
    assert_int_equal(table.queue.in_flight, 2);
    assert_int_equal(table.queue.waiting, 2);
    end(&table, 1);
    assert_int_equal(next(&table), 2);
    assert_int_equal(next(&table), SLOTS);
    close_table(&table);
}

static void a_full_address_keeps_no_other_waiting(void **state)
{
    (void)state;
    struct table table;
    open_table(&table, 100, 2);
    for (size_t i = 0; i < 5; i++)
        join(&table, i, 1);
    join(&table, 5, 2);
    assert_int_equal(next(&table), 0);
    assert_int_equal(next(&table), 5);
    assert_int_equal(next(&table), 1);
    assert_int_equal(next(&table), SLOTS);
    end(&table, 0);
    assert_int_equal(next(&table), 2);
    assert_int_equal(next(&table), SLOTS);
    close_table(&table);
}

static void addresses_take_turns(void **state)
{
    (void)state;
    static const size_t order[] = {0, 3, 5, 1, 4, 2}; /* 0 1 2 of A, 3 4 of B, 5 of C */
    struct table table;
    open_table(&table, 1, 1);
    for (size_t i = 0; i < 6; i++)
        join(&table, i, (uint8_t)(i < 3 ? 1 : i < 5 ? 2 : 3));
    for (size_t i = 0; i < 6; i++) {
        assert_int_equal(next(&table), order[i]);
        assert_int_equal(next(&table), SLOTS);
        end(&table, order[i]);
    }
    close_table(&table);
}

static void a_slot_may_leave_in_any_state(void **state)
{
    (void)state;
    struct table table;
    open_table(&table, 1, 1);
    for (size_t i = 0; i < 4; i++)
        join(&table, i, 1);
    assert_int_equal(next(&table), 0);
    run_queue_leave(&table.queue, &table.slots[1]); /* waiting, first in the line */
    run_queue_leave(&table.queue, &table.slots[0]); /* running: gives its place back */
    assert_int_equal(table.queue.in_flight, 0);
    assert_int_equal(next(&table), 2);
    end(&table, 2);
    run_queue_leave(&table.queue, &table.slots[2]); /* idle */
    run_queue_leave(&table.queue, &table.slots[3]); /* the last: the address goes */
    assert_int_equal(next(&table), SLOTS);
    close_table(&table);
}

static void limits_change_while_slots_wait(void **state)
{
    (void)state;
    struct table table;
    open_table(&table, 100, 1);
    for (size_t i = 0; i < 4; i++)
        join(&table, i, 1);
    assert_int_equal(next(&table), 0);
    assert_int_equal(next(&table), SLOTS);
    run_queue_set_limits(&table.queue, 100, 3);
    assert_int_equal(next(&table), 1);
    assert_int_equal(next(&table), 2);
    assert_int_equal(next(&table), SLOTS);
    run_queue_set_limits(&table.queue, 100, 1); /* what runs may end; nothing new starts */
    end(&table, 0);
    end(&table, 1);
    assert_int_equal(next(&table), SLOTS);
    end(&table, 2);
    assert_int_equal(next(&table), 3);
    close_table(&table);
}

static void a_limit_of_zero_counts_as_one(void **state)
{
    (void)state;
    struct table table;
    open_table(&table, 0, 0);
    join(&table, 0, 1);
    join(&table, 1, 1);
    assert_int_equal(next(&table), 0);
    assert_int_equal(next(&table), SLOTS);
    close_table(&table);
}

static void families_do_not_share_a_limit(void **state)
{
    (void)state;
    struct table table;
    struct ip_addr v6 = {.family = IP_V6, .bytes = {127, 0, 0, 1}};
    open_table(&table, 100, 1);
    join(&table, 0, 1);
    assert_int_equal(run_queue_join(&table.queue, &table.slots[1], &v6), ERR_OK);
    run_queue_wait(&table.queue, &table.slots[1]);
    assert_int_equal(next(&table), 0);
    assert_int_equal(next(&table), 1);
    close_table(&table);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(slots_of_one_address_run_in_the_order_they_came),
        cmocka_unit_test(no_more_run_than_the_limit_in_all),
        cmocka_unit_test(a_full_address_keeps_no_other_waiting),
        cmocka_unit_test(addresses_take_turns),
        cmocka_unit_test(a_slot_may_leave_in_any_state),
        cmocka_unit_test(limits_change_while_slots_wait),
        cmocka_unit_test(a_limit_of_zero_counts_as_one),
        cmocka_unit_test(families_do_not_share_a_limit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
