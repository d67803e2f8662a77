#include "snapshot_case.h"
#include "snapshot_question.h"

static const struct config_check *find(const struct config *config, const char *name)
{
    for (size_t i = 0; i < config->check_count; i++)
        if (strcmp(config->checks[i].name, name) == 0)
            return &config->checks[i];
    fail_msg("there is no check %s", name);
    return NULL;
}

static uint64_t parts_question(const char *checks, const char *address)
{
    struct snapshot_case one;
    struct snapshot_asked asked = {0};
    char yaml[600];
    snprintf(yaml, sizeof(yaml), "checks: {%s}\n", checks);
    case_load(&one, yaml);
    assert_true(ip_parse(address, &asked.addr));
    uint64_t question = snapshot_question_of(one.config, find(one.config, "x"), &asked);
    case_close(&one);
    return question;
}

/* Where the parts stand in the file does not matter, what they ask does. */
static void a_check_of_checks_is_known_by_what_they_ask(void **state)
{
    (void)state;

    static const struct {
        const char *checks;
        bool same;
    } cases[] = {
        {"x: {any: [a, b]}, a: {tcp: {port: 1}}, b: {icmp: {}}", true},
        {"b: {icmp: {}}, a: {tcp: {port: 1}}, x: {any: [a, b]}", true},
        {"x: {any: [c, b]}, c: {tcp: {port: 1}}, b: {icmp: {}}", true}, /* another name */
        {"x: {all: [a, b]}, a: {tcp: {port: 1}}, b: {icmp: {}}", false},
        {"x: {any: [a, b]}, a: {tcp: {port: 2}}, b: {icmp: {}}", false},
        {"x: {any: [a, b]}, a: {tcp: {port: 1}, fall: 1}, b: {icmp: {}}", false},
        {"x: {any: [a, b, c]}, a: {tcp: {port: 1}}, b: {icmp: {}}, c: {http: }", false},
    };

    uint64_t wanted = parts_question(cases[0].checks, "192.0.2.1");
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        assert_int_equal(parts_question(cases[i].checks, "192.0.2.1") == wanted, cases[i].same);
    assert_true(parts_question(cases[0].checks, "192.0.2.2") != wanted);
}

/* The arguments of a command do not run over into each other. */
static void every_argument_of_a_command_counts(void **state)
{
    (void)state;
    static const char *const argvs[] = {
        "[a]", "[b]", "[a, b]", "[ab]", "[a, b, c]", "[a, bc]", "{argv: [a], port: 1}"};

    enum { COUNT = sizeof(argvs) / sizeof(argvs[0]) };

    uint64_t questions[COUNT];
    struct snapshot_asked asked = {0};
    assert_true(ip_parse("192.0.2.1", &asked.addr));
    for (size_t i = 0; i < COUNT; i++) {
        struct snapshot_case one;
        char yaml[100];
        snprintf(yaml, sizeof(yaml), "checks: {x: {command: %s}}\n", argvs[i]);
        case_load(&one, yaml);
        questions[i] = snapshot_question_of(one.config, find(one.config, "x"), &asked);
        case_close(&one);
        for (size_t k = 0; k < i; k++)
            assert_true(questions[k] != questions[i]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_check_of_checks_is_known_by_what_they_ask),
        cmocka_unit_test(every_argument_of_a_command_counts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
