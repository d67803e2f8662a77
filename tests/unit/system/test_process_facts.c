#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <unistd.h>

#include <cmocka.h>

#include "rhumb/process_facts.h"

static void a_line_of_the_kernel_is_read(void **state)
{
    (void)state;
    struct process_facts facts = {0};
    process_facts_parse_stat(
        "4711 (rhumb) S 1 4711 4711 0 -1 4194304 5 0 0 0 250 150 0 0 20 0 7 "
        "0 12345 104857600 2560 18446744073709551615 1 1 0",
        4096, 100, &facts);
    assert_true(facts.cpu_s > 3.99 && facts.cpu_s < 4.01);
    assert_int_equal(facts.threads, 7);
    assert_int_equal(facts.virtual_bytes, 104857600);
    assert_int_equal(facts.resident_bytes, 2560 * 4096);
}

static void a_name_may_hold_anything(void **state)
{
    (void)state;
    struct process_facts facts = {0};
    process_facts_parse_stat("1 (a) S 9 (b) S 1 1 1 0 -1 0 0 0 0 0 100 0 0 0 20 0 3 0 1 8 2", 1,
                             100, &facts);
    assert_int_equal(facts.threads, 3);
    assert_int_equal(facts.virtual_bytes, 8);
}

static void what_is_no_such_line_changes_nothing(void **state)
{
    (void)state;
    static const char *const LINES[] = {"", "1 (a", "1 (a) S 1 2 3", "(a) S x"};
    for (size_t i = 0; i < sizeof(LINES) / sizeof(LINES[0]); i++) {
        struct process_facts facts = {.threads = 42};
        process_facts_parse_stat(LINES[i], 1, 1, &facts);
        assert_int_equal(facts.threads, 42);
    }
}

static void this_process_is_as_it_is(void **state)
{
    (void)state;
    struct process_facts before, after;
    process_facts_read(&before);
    assert_true(before.resident_bytes > 100000 && before.virtual_bytes > before.resident_bytes);
    assert_true(before.threads >= 1 && before.max_fds >= before.open_fds);
    int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
    process_facts_read(&after);
    close(fd);
    assert_int_equal(after.open_fds, before.open_fds + 1);
    assert_true(after.cpu_s >= before.cpu_s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_line_of_the_kernel_is_read),
        cmocka_unit_test(a_name_may_hold_anything),
        cmocka_unit_test(what_is_no_such_line_changes_nothing),
        cmocka_unit_test(this_process_is_as_it_is),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
