#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "rhumb/bits.h"
#include "rhumb/rng.h"

static unsigned count_slowly(uint64_t x)
{
    unsigned count = 0;
    for (; x > 0; x >>= 1)
        count += x & 1;
    return count;
}

static void every_bit_counts_once(void **state)
{
    (void)state;
    struct rng rng;
    rng_init(&rng, 3);
    assert_int_equal(bits_count(0), 0);
    assert_int_equal(bits_count(UINT64_MAX), 64);
    for (unsigned bit = 0; bit < 64; bit++) {
        assert_int_equal(bits_count(UINT64_C(1) << bit), 1);
        assert_int_equal(bits_count(UINT64_MAX >> bit), 64 - bit);
        assert_int_equal(bits_count(~(UINT64_C(1) << bit)), 63);
    }
    for (unsigned i = 0; i < 10000; i++) {
        uint64_t x = rng_next(&rng);
        assert_int_equal(bits_count(x), count_slowly(x));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_bit_counts_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
