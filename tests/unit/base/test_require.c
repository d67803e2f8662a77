#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "rhumb/require.h"

#include "aborts.h"

static void require_true(void *ctx)
{
    REQUIRE(ctx == NULL);
}

static void require_false(void *ctx)
{
    REQUIRE(ctx != NULL);
}

static void require_aborts_when_it_does_not_hold(void **state)
{
    (void)state;
    assert_false(aborts(require_true, NULL));
    assert_true(aborts(require_false, NULL));
}

static int half(int x)
{
    CHECK_OR(x % 2 == 0, return -1);
    return x / 2;
}

static void check_counts_and_takes_the_way_out(void **state)
{
    (void)state;
    uint64_t before = check_failures();
    assert_int_equal(half(4), 2);
    assert_int_equal(check_failures(), before);
    assert_int_equal(half(5), -1);
    assert_int_equal(half(7), -1);
    assert_int_equal(check_failures(), before + 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(require_aborts_when_it_does_not_hold),
        cmocka_unit_test(check_counts_and_takes_the_way_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
