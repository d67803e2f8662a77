#include "config_case.h"

static void a_command_is_a_list_of_arguments(void **state)
{
    (void)state;

    static const struct {
        const char *text;
        const char *argv[3];
        uint16_t port;
    } cases[] = {
        {"[/bin/check, -v, 'a b']", {"/bin/check", "-v", "a b"}, 0},
        {"/bin/check", {"/bin/check"}, 0},
        {"[true]", {"true"}, 0},
        {"[bin/check, bin/data]", {"dir/bin/check", "bin/data"}, 0},
        {"{argv: [check, x], port: 5432}", {"check", "x"}, 5432},
        {"{argv: check}", {"check"}, 0},
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        char text[128];
        snprintf(text, sizeof(text), "checks: {a: {command: %s}}\n", cases[i].text);
        struct loaded loaded = load_good(text);
        const struct config_check *check = &loaded.config->checks[1];
        assert_int_equal(check->kind, CONFIG_CHECK_COMMAND);
        assert_int_equal(check->port, cases[i].port);
        for (size_t a = 0; a < 3; a++) {
            assert_int_equal(a < check->command.count, cases[i].argv[a] != NULL);
            if (cases[i].argv[a])
                assert_string_equal(check->command.argv[a], cases[i].argv[a]);
        }
        unload(&loaded);
    }
}

static void mistakes_are_named_with_their_place(void **state)
{
    (void)state;

    static const struct broken cases[] = {
        {"checks: {a: {command: }}\n", 1, 14, "'command' must be a list", NULL, 0},
        {"checks: {a: {command: []}}\n", 1, 23, "'command' has 0 items; it takes 1 to 64", NULL,
         0},
        {"checks: {a: {command: ping -c 1}}\n", 1, 23, "no shell takes 'ping -c 1' to pieces",
         "one by one", 0},
        {"checks: {a: {command: ['ping -c 1']}}\n", 1, 24, "no shell takes", NULL, 0},
        {"checks: {a: {command: [a, '']}}\n", 1, 27, "'command' is empty", NULL, 0},
        {"checks: {a: {command: [a, [b]]}}\n", 1, 27, "must be a single value", NULL, 0},
        {"checks: {a: {command: {port: 1}}}\n", 1, 14, "a command check needs its argv",
         "command: [", 0},
        {"checks: {a: {command: {}}}\n", 1, 14, "needs its argv", NULL, 0},
        {"checks: {a: {command: {argv: x, port: 0}}}\n", 1, 39, "from 1 to 65535", NULL, 0},
        {"checks: {a: {command: {argv: x, shell: y}}}\n", 1, 33, "unknown key 'shell'", NULL,
         0},
        {"server: {probes: {max_commands: 0}}\n", 1, 33, "from 1 to 1000, not '0'", NULL, 0},
        {"server: {probes: {max_commands: 1001}}\n", 1, 33, "from 1 to 1000", NULL, 0},
    };

    expect_broken(cases, COUNT(cases));
}

static void the_number_of_commands_at_once_can_be_set(void **state)
{
    (void)state;
    struct loaded loaded = load_good("server: {probes: {max_commands: 3}}\n");
    assert_int_equal(loaded.config->server.probe_commands, 3);
    unload(&loaded);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_command_is_a_list_of_arguments),
        cmocka_unit_test(the_number_of_commands_at_once_can_be_set),
        cmocka_unit_test(mistakes_are_named_with_their_place),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
