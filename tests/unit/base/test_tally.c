#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "rhumb/hash.h"
#include "rhumb/tally.h"

enum { BITS = 4, CELLS = 1 << BITS, ROOM = CELLS * 3 / 4 };

struct sums {
    uint64_t asked, of_asked, other, all;
    size_t keys;
};

static void sum(void *ctx, uint64_t key, uint64_t count)
{
    struct sums *sums = ctx;
    sums->all += count;
    sums->keys += key != 0;
    if (key == 0)
        sums->other += count;
    if (key == sums->asked)
        sums->of_asked += count;
}

static struct sums sums_of(const struct tally *tally, uint64_t key)
{
    struct sums sums = {.asked = key};
    tally_each(tally, sum, &sums);
    return sums;
}

static int set_up(void **state)
{
    struct tally *tally = malloc(sizeof(*tally));
    *state = tally;
    return tally && tally_init(tally, BITS) == ERR_OK ? 0 : -1;
}

static int tear_down(void **state)
{
    tally_deinit(*state);
    free(*state);
    return 0;
}

static void an_empty_one_has_nothing_to_tell(void **state)
{
    struct sums sums = sums_of(*state, 1);
    assert_int_equal(sums.keys, 0);
    assert_int_equal(sums.all, 0);
}

static void every_key_has_its_own_count(void **state)
{
    for (uint64_t key = 1; key <= 5; key++)
        for (uint64_t i = 0; i < key; i++)
            tally_add(*state, hash_mix(key));
    for (uint64_t key = 1; key <= 5; key++)
        assert_int_equal(sums_of(*state, hash_mix(key)).of_asked, key);
    for (uint64_t key = 1; key <= 6; key++)
        assert_int_equal(tally_get(*state, hash_mix(key)), key <= 5 ? key : 0);
    assert_int_equal(sums_of(*state, 0).keys, 5);
    assert_int_equal(sums_of(*state, 0).other, 0);
}

static void keys_that_want_one_cell_are_kept_apart(void **state)
{
    const struct tally *tally = *state;
    uint64_t keys[3] = {1};
    size_t wanted = tally_start(tally, keys[0]), found = 1;
    for (uint64_t key = 2; found < 3; key++)
        if (tally_start(tally, key) == wanted)
            keys[found++] = key;
    for (size_t i = 0; i < 3; i++)
        for (size_t n = 0; n <= i; n++)
            tally_add(*state, keys[i]);
    for (size_t i = 0; i < 3; i++)
        assert_int_equal(sums_of(tally, keys[i]).of_asked, i + 1);
}

static void what_finds_no_room_is_counted_as_other(void **state)
{
    for (unsigned round = 1; round <= 3; round++) {
        for (uint64_t key = 1; key <= CELLS; key++)
            tally_add(*state, hash_mix(key));
        struct sums sums = sums_of(*state, hash_mix(ROOM));
        assert_int_equal(sums.keys, ROOM);
        assert_int_equal(sums.of_asked, round);
        assert_int_equal(sums.other, (CELLS - ROOM) * round);
        assert_int_equal(sums.all, CELLS * round);
    }
}

static void several_are_added_up(void **state)
{
    struct tally other;
    assert_int_equal(tally_init(&other, BITS + 1), ERR_OK);
    for (uint64_t key = 1; key <= CELLS; key++) {
        tally_add(*state, hash_mix(key));
        tally_add(&other, hash_mix(key));
    }
    tally_add_all(&other, *state);
    assert_int_equal(sums_of(&other, hash_mix(1)).of_asked, 2);
    assert_int_equal(sums_of(&other, hash_mix(CELLS)).of_asked, 1); /* "other" in the first */
    assert_int_equal(sums_of(&other, 0).other, CELLS - ROOM);
    assert_int_equal(sums_of(&other, 0).all, 2 * CELLS);
    tally_deinit(&other);
}

/* ---- a reader beside the writer ---- */

enum { ROUNDS = 20000 };

static void *write_all(void *tally)
{
    for (unsigned i = 0; i < ROUNDS; i++)
        tally_add(tally, hash_mix(i % CELLS + 1));
    return NULL;
}

static void counts_never_go_back(void **state)
{
    pthread_t writer;
    uint64_t all = 0, of_one = 0;
    assert_int_equal(pthread_create(&writer, NULL, write_all, *state), 0);
    while (all < ROUNDS) {
        struct sums sums = sums_of(*state, hash_mix(1));
        assert_true(sums.all >= all && sums.of_asked >= of_one);
        assert_true(sums.keys <= ROOM);
        all = sums.all;
        of_one = sums.of_asked;
    }
    pthread_join(writer, NULL);
    assert_int_equal(sums_of(*state, hash_mix(1)).of_asked, ROUNDS / CELLS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(an_empty_one_has_nothing_to_tell, set_up, tear_down),
        cmocka_unit_test_setup_teardown(every_key_has_its_own_count, set_up, tear_down),
        cmocka_unit_test_setup_teardown(keys_that_want_one_cell_are_kept_apart, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(what_finds_no_room_is_counted_as_other, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(several_are_added_up, set_up, tear_down),
        cmocka_unit_test_setup_teardown(counts_never_go_back, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
