/* Tables: aligned, and fit to the width they get. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "grid.h"

static const struct grid_column COLUMNS[] = {
    {.title = "SERVICE"},
    {.title = "WEIGHT", .is_number = true, .drop = 2},
    {.title = "EMPTY"},
    {.title = "SINCE", .is_number = true, .drop = 1},
    {.title = "REASON", .least = 8},
};

enum { COLUMN_COUNT = sizeof(COLUMNS) / sizeof(COLUMNS[0]) };

static struct grid *sample(void)
{
    static const char *const cells[] = {
        "app",        "1",   NULL, "3m 12s", "status 200",
        "app-writes", "100", "",   NULL,     "connect: Connection refused",
    };

    struct grid *grid = grid_new(COLUMNS, COLUMN_COUNT);
    assert_non_null(grid);
    for (size_t i = 0; i < sizeof(cells) / sizeof(cells[0]); i++)
        grid_put(grid, cells[i], TONE_PLAIN);
    return grid;
}

static void expect(const struct grid *grid, unsigned width, const char *wanted)
{
    char *text = NULL;
    size_t len = 0;
    struct screen screen = {.out = open_memstream(&text, &len), .width = width};
    assert_non_null(screen.out);
    assert_true(grid_print(grid, &screen, "nothing"));
    assert_int_equal(fclose(screen.out), 0);
    assert_string_equal(text, wanted);
    free(text);
}

static void columns_are_aligned_and_empty_ones_left_out(void **state)
{
    struct grid *grid = sample();
    (void)state;
    expect(grid, 0,
           "SERVICE     WEIGHT   SINCE  REASON\n"
           "app              1  3m 12s  status 200\n"
           "app-writes     100       -  connect: Connection refused\n");
    grid_free(grid);
}

static void a_narrow_screen_cuts_then_drops(void **state)
{
    struct grid *grid = sample();
    (void)state;
    expect(grid, 40, /* cut */
           "SERVICE     WEIGHT   SINCE  REASON\n"
           "app              1  3m 12s  status 200\n"
           "app-writes     100       -  connect: Co…\n");
    expect(grid, 35, /* the least width of the reason does not fit: weights go first */
           "SERVICE      SINCE  REASON\n"
           "app         3m 12s  status 200\n"
           "app-writes       -  connect: Conne…\n");
    expect(grid, 24,
           "SERVICE     REASON\n"
           "app         status 200\n"
           "app-writes  connect: Co…\n");
    expect(grid, 5, /* nothing more can go */
           "SERVICE     REASON\n"
           "app         status …\n"
           "app-writes  connect…\n");
    grid_free(grid);
}

static void without_rows_it_says_so(void **state)
{
    struct grid *grid = grid_new(COLUMNS, COLUMN_COUNT);
    (void)state;
    expect(grid, 80, "nothing\n");
    grid_free(grid);
}

static void characters_count_not_bytes(void **state)
{
    static const struct grid_column columns[] = {{.title = "A"}, {.title = "B"}};

    struct grid *grid = grid_new(columns, 2);
    (void)state;
    grid_put(grid, "süd", TONE_PLAIN);
    grid_printf(grid, TONE_PLAIN, "%d/%d", 2, 3);
    grid_put(grid, "west", TONE_PLAIN);
    grid_put(grid, "x", TONE_PLAIN);
    expect(grid, 0, "A     B\nsüd   2/3\nwest  x\n");
    grid_free(grid);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(columns_are_aligned_and_empty_ones_left_out),
        cmocka_unit_test(a_narrow_screen_cuts_then_drops),
        cmocka_unit_test(without_rows_it_says_so),
        cmocka_unit_test(characters_count_not_bytes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
