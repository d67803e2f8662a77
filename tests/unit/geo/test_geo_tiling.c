#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "rhumb/rng.h"

#include "geo_tiling.h"

static struct geo_chosen leaf_of(const char *text, uint32_t value)
{
    struct ip_prefix prefix;
    assert_true(ip_prefix_parse(text, &prefix));
    return (struct geo_chosen){
        .start = geo_key_from_addr(&prefix.addr),
        .len = prefix.len,
        .value = value,
    };
}

static void keys_are_addresses_and_back(void **state)
{
    (void)state;

    static const char *const cases[] = {"192.0.2.1",   "0.0.0.0", "255.255.255.255",
                                        "2001:db8::1", "::",      "ffff::ffff"};

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct ip_addr addr;
        assert_true(ip_parse(cases[i], &addr));
        struct geo_key key = geo_key_from_addr(&addr);
        struct ip_addr again = geo_key_to_addr(key, addr.family == IP_V4 ? GEO_V4 : GEO_V6);
        assert_true(ip_equal(&addr, &again));
    }
}

static void the_key_after_a_prefix_is_where_the_next_begins(void **state)
{
    (void)state;

    static const struct {
        const char *prefix, *after; /* NULL: behind the last address */
    } cases[] = {
        {"0.0.0.0/0", NULL},
        {"128.0.0.0/1", NULL},
        {"255.255.255.255/32", NULL},
        {"10.0.0.0/8", "11.0.0.0"},
        {"10.255.255.255/32", "11.0.0.0"},
        {"::/0", NULL},
        {"2001:db8::/64", "2001:db8:0:1::"},
        {"2001:db8::/65", "2001:db8::8000:0:0:0"},
        {"2001:db8::8000:0:0:0/65", "2001:db8:0:1::"},
        {"2001:db8::ffff:ffff:ffff:ffff/128", "2001:db8:0:1::"},
        {"ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff/128", NULL},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct geo_chosen leaf = leaf_of(cases[i].prefix, 0);
        struct geo_key after = geo_key_after(leaf.start, leaf.len);
        assert_int_equal(geo_key_is_zero(after), cases[i].after == NULL);
        if (cases[i].after)
            assert_true(geo_key_equal(after, leaf_of(cases[i].after, 0).start));
    }
}

static void prefixes_split_the_space_and_the_longest_counts(void **state)
{
    (void)state;
    struct geo_chosen prefixes[] = {
        leaf_of("192.0.0.0/4", 1), leaf_of("192.0.0.0/3", 2), leaf_of("208.0.0.0/5", 3),
        leaf_of("192.0.0.0/4", 4), /* the same again: the higher value counts */
    };

    static const struct {
        const char *prefix;
        uint32_t value;
    } expected[] = {
        {"0.0.0.0/1", 0},   {"128.0.0.0/2", 0}, {"192.0.0.0/4", 4},
        {"208.0.0.0/5", 3}, {"216.0.0.0/5", 2}, {"224.0.0.0/3", 0},
    };

    struct geo_tiling tiling;
    geo_tiling_init(&tiling);
    assert_int_equal(geo_tiling_fill(&tiling, prefixes, 4), ERR_OK);
    assert_int_equal(tiling.leaves.count, sizeof(expected) / sizeof(expected[0]));
    struct geo_key start = {0};
    for (size_t i = 0; i < tiling.leaves.count; i++) {
        struct geo_chosen want = leaf_of(expected[i].prefix, expected[i].value);
        const struct geo_leaf *have = &geo_tiling_leaves(&tiling)[i];
        assert_true(geo_key_equal(start, want.start));
        assert_int_equal(have->len, want.len);
        assert_int_equal(have->value, want.value);
        start = geo_key_after(start, have->len);
    }
    assert_true(geo_key_is_zero(start));
    geo_tiling_deinit(&tiling);
}

static void nothing_leaves_one_prefix_and_all_can_be_one(void **state)
{
    (void)state;
    struct geo_tiling tiling;
    geo_tiling_init(&tiling);
    assert_int_equal(geo_tiling_fill(&tiling, NULL, 0), ERR_OK);
    assert_int_equal(tiling.leaves.count, 1);
    assert_int_equal(geo_tiling_leaves(&tiling)->value, 0);
    geo_tiling_deinit(&tiling);
    struct geo_chosen all = leaf_of("::/0", 9);
    assert_int_equal(geo_tiling_fill(&tiling, &all, 1), ERR_OK);
    assert_int_equal(tiling.leaves.count, 1);
    assert_int_equal(geo_tiling_leaves(&tiling)->value, 9);
    geo_tiling_deinit(&tiling);
}

static void a_single_address_is_reached_in_128_steps(void **state)
{
    (void)state;
    struct geo_tiling tiling;
    struct geo_chosen one = leaf_of("2001:db8::1/128", 1);
    geo_tiling_init(&tiling);
    assert_int_equal(geo_tiling_fill(&tiling, &one, 1), ERR_OK);
    assert_int_equal(tiling.leaves.count, 129);
    struct geo_key start = {0};
    for (size_t i = 0; i < tiling.leaves.count; i++) {
        const struct geo_leaf *leaf = &geo_tiling_leaves(&tiling)[i];
        assert_int_equal(leaf->value == 1, geo_key_equal(start, one.start) && leaf->len == 128);
        start = geo_key_after(start, leaf->len);
    }
    geo_tiling_deinit(&tiling);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keys_are_addresses_and_back),
        cmocka_unit_test(the_key_after_a_prefix_is_where_the_next_begins),
        cmocka_unit_test(prefixes_split_the_space_and_the_longest_counts),
        cmocka_unit_test(nothing_leaves_one_prefix_and_all_can_be_one),
        cmocka_unit_test(a_single_address_is_reached_in_128_steps),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
