#include "config_case.h"

static const uint64_t ALL = UINT64_C(1) << CONFIG_CHANCE_BITS;

static void without_a_word_there_is_no_query_log(void **state)
{
    (void)state;
    struct loaded loaded = load_good("zones: {}\n");
    const struct config *config = loaded.config;
    assert_int_equal(config->log.format, CONFIG_LOGFMT);
    assert_int_equal(config->log.level, CONFIG_LOG_INFO);
    assert_int_equal(config->query_log.chance, 0);
    assert_null(config->query_log.file);
    assert_null(config->query_log.dnstap);
    assert_true(config->metrics.by_country);
    unload(&loaded);
}

static void every_key_can_be_set(void **state)
{
    (void)state;
    struct loaded loaded =
        load_good("log: {format: json, level: warning}\n"
                  "query_log: {sample: 25%, file: q.log, format: json, clients: none}\n"
                  "metrics: {countries: false}\n");
    const struct config *config = loaded.config;
    assert_int_equal(config->log.format, CONFIG_JSON);
    assert_int_equal(config->log.level, CONFIG_LOG_WARNING);
    assert_int_equal(config->query_log.chance, ALL / 4);
    assert_string_equal(config->query_log.file, "dir/q.log");
    assert_null(config->query_log.dnstap);
    assert_int_equal(config->query_log.format, CONFIG_JSON);
    assert_int_equal(config->query_log.clients, CONFIG_CLIENTS_NONE);
    assert_int_equal(config->query_log.place.line, 2);
    assert_false(config->metrics.by_country);
    unload(&loaded);
}

static void a_query_log_needs_nothing_but_where_to(void **state)
{
    (void)state;
    struct loaded loaded = load_good("query_log: {dnstap: /run/dnstap.sock}\n");
    const struct config_query_log *log = &loaded.config->query_log;
    assert_string_equal(log->dnstap, "/run/dnstap.sock");
    assert_int_equal(log->chance, ALL);
    assert_int_equal(log->clients, CONFIG_CLIENTS_PREFIX);
    unload(&loaded);
}

static void samples_reach_from_nothing_to_all(void **state)
{
    (void)state;

    static const struct {
        const char *text;
        uint64_t chance;
    } cases[] = {
        {"query_log: {sample: 0, file: q}\n", 0},
        {"query_log: {sample: 0}\n", 0},
        {"query_log: {sample: 0.01, file: q}\n", 42949673},
        {"query_log: {sample: 100%, file: q}\n", UINT64_C(1) << 32},
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        struct loaded loaded = load_good(cases[i].text);
        assert_int_equal(loaded.config->query_log.chance, cases[i].chance);
        unload(&loaded);
    }
}

static void every_level_has_a_name(void **state)
{
    (void)state;
    static const char *const NAMES[] = {"debug", "info", "warning", "error"};
    for (size_t i = 0; i < COUNT(NAMES); i++) {
        char text[64];
        snprintf(text, sizeof(text), "log: {level: %s}\n", NAMES[i]);
        struct loaded loaded = load_good(text);
        assert_int_equal(loaded.config->log.level, i);
        unload(&loaded);
    }
}

static void mistakes_are_named(void **state)
{
    (void)state;
    static const struct broken cases[] = {
        {"log: {level: verbose}\n", 1, 14, "unknown value 'verbose' for 'level'", "debug", 0},
        {"log: {format: jsonl}\n", 1, 15, "unknown value 'jsonl'", "json", 0},
        {"log: {fmt: json}\n", 1, 7, "unknown key 'fmt'", NULL, 0},
        {"query_log: {sample: 1}\n", 1, 1, "does not say where to", "file: PATH", 0},
        {"query_log: {sample: 2, file: q}\n", 1, 21, "a share from 0 to 1", "50%", 0},
        {"query_log: {file: [q]}\n", 1, 19, "must be", NULL, 0},
        {"query_log: {file: q, dnstap: s}\n", 1, 30, "not to both", "leave one", 0},
        {"query_log: {dnstap: s, format: json}\n", 1, 24, "'format' is for files", NULL, 0},
        {"query_log: {file: q, clients: some}\n", 1, 31, "unknown value 'some'", NULL, 0},
        {"query_log: {file: q, format: xml}\n", 1, 30, "unknown value 'xml'", NULL, 0},
        {"query_log:\n"
         "  dnstap: /a/path/of/more/than/one/hundred/and/seven/bytes/which/is/all/that/fits/"
         "into/the/address/of/a/Unix/socket/on/Linux\n",
         2, 11, "at most 107 bytes", NULL, 0},
        {"metrics: {countries: some}\n", 1, 22, "must be true or false", NULL, 0},
    };
    expect_broken(cases, COUNT(cases));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(without_a_word_there_is_no_query_log),
        cmocka_unit_test(every_key_can_be_set),
        cmocka_unit_test(a_query_log_needs_nothing_but_where_to),
        cmocka_unit_test(samples_reach_from_nothing_to_all),
        cmocka_unit_test(every_level_has_a_name),
        cmocka_unit_test(mistakes_are_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
