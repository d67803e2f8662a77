/* Sets and cells: every address is in exactly one, and a set answers for all of its clients. */
#include <math.h>

#include "analysis_case.h"
#include "class_cells.h"

static const char YAML[] =
    "geo:\n"
    "  networks:\n"
    "    16.0.0.0/8: {country: DE}\n"
    "    16.1.0.0/16: {country: FR}\n"
    "    17.0.0.0/8: {country: US}\n"
    "    '2001:db8::/32': {country: DE}\n"
    "  default: {country: US}\n"
    "regions: {eu: {country: DE}, us: {country: US}}\n"
    "services:\n"
    "  app: {policy: geo, regions: {eu: {serves: [DE], service: inner}, us: {serves: "
    "[default], "
    "addresses: [192.0.2.2]}}}\n"
    "  inner: {policy: geo, regions: {eu: {serves: [FR], addresses: [192.0.2.1]}, us: {serves: "
    "[default], addresses: [192.0.2.3]}}}\n"
    "  fixed: {policy: failover, regions: {eu: {addresses: [192.0.2.1]}}}\n";

static double sum_v4(const struct class_cells *cells, uint32_t country)
{
    double sum = 0;
    for (size_t i = 0; i < cells->cells.count; i++)
        if (class_cells_get(cells, i)->country == country)
            sum += class_cells_get(cells, i)->v4;
    return sum;
}

static void cells_tile_the_space_by_country_and_class(void **state)
{
    (void)state;
    struct snapshot *snapshot = case_snapshot(YAML, NULL);
    const struct class_side side = {snapshot, 0};
    struct class_cells cells;
    assert_int_equal(class_cells_build(&side, 1, snapshot, &cells), ERR_OK);
    /* (DE, and not FR), (FR), (the others): by the classes of app and of inner together */
    assert_int_equal(cells.sets.items.count, 3);
    assert_true(sum_v4(&cells, policy_country_number("DE")) == ldexp(1, 24) - ldexp(1, 16));
    assert_true(sum_v4(&cells, policy_country_number("FR")) == ldexp(1, 16));
    assert_true(sum_v4(&cells, policy_country_number("US")) == ldexp(1, 24));
    assert_true(sum_v4(&cells, POLICY_COUNTRY_UNKNOWN) == ldexp(1, 32) - ldexp(1, 25));
    double v6 = 0;
    for (size_t i = 0; i < cells.cells.count; i++)
        v6 += class_cells_get(&cells, i)->country == policy_country_number("DE")
                  ? class_cells_get(&cells, i)->v6
                  : 0;
    assert_true(v6 == ldexp(1, 96));
    class_cells_free(&cells);
    snapshot_free(snapshot);
}

static void without_a_trie_all_clients_are_one_set(void **state)
{
    (void)state;
    struct snapshot *snapshot = case_snapshot(YAML, NULL);
    const struct class_side side = {snapshot, 2};
    struct class_cells cells;
    for (size_t sides = 0; sides <= 1; sides++) {
        assert_int_equal(class_cells_build(&side, sides, snapshot, &cells), ERR_OK);
        assert_int_equal(cells.sets.items.count, 1);
        assert_int_equal(cells.clients.count, 1);
        assert_int_equal(cells.cells.count, 4); /* three countries, and the rest */
        class_cells_free(&cells);
    }
    snapshot_free(snapshot);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cells_tile_the_space_by_country_and_class),
        cmocka_unit_test(without_a_trie_all_clients_are_one_set),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
