/* What goes out of the answers when this or that is down. */
#include "rhumb/analysis_scenario.h"

#include "analysis_case.h"

static const char YAML[] =
    "regions: {eu: {}, us: {}, asia: {}}\n"
    "checks: {web: {tcp: {port: 80}}}\n"
    "services:\n"
    "  app:\n"
    "    check: web\n"
    "    regions:\n"
    "      eu: {addresses: [192.0.2.1, 192.0.2.2]}\n"
    "      us: {addresses: [192.0.2.3]}\n"
    "      asia: {addresses: [192.0.2.4]}\n"
    "  guarded:\n"
    "    check: web\n"
    "    protect: {min_usable: 2}\n"
    "    regions:\n"
    "      eu: {addresses: [192.0.2.1]}\n"
    "      us: {addresses: [192.0.2.3]}\n"
    "      asia: {addresses: [192.0.2.4]}\n"
    "  slow:\n"
    "    check: web\n"
    "    protect: {max_down_per_minute: 1%}\n"
    "    regions:\n"
    "      eu: {addresses: [192.0.2.1, 192.0.2.2, 192.0.2.5]}\n"
    "      us: {addresses: [192.0.2.3]}\n"
    "  open: {regions: {eu: {addresses: [192.0.2.1]}, us: {names: [cdn.example.net]}}}\n"
    "  outer:\n"
    "    policy: failover\n"
    "    regions:\n"
    "      main: {service: app}\n"
    "      eu: {service: inner}\n"
    "  inner: {check: web, policy: failover, regions: {us: {addresses: [192.0.2.3]}}}\n"
    "  us: {check: web, regions: {eu: {addresses: [192.0.2.9]}}}\n";

/* The seats in their order, for the tables: 1 in the answers, 0 out.
 *
 *   app        eu1 eu2 us asia      0..3
 *   guarded    eu us asia           4..6
 *   slow       eu1 eu2 eu5 us       7..10
 *   open       eu us                11..12
 *   outer      main eu              13..14
 *   inner      us                   15
 *   us         eu                   16 */
static void read_seats(const struct scenario *s, char text[32])
{
    size_t i = 0;
    for (; i < s->snapshot->seat_count; i++)
        text[i] = (health_table_get(&s->table, i) & HEALTH_WORD_USABLE) != 0 ? '1' : '0';
    text[i] = '\0';
}

struct scenario_case {
    enum scenario_kind kind;
    const char *what[3];
    const char *seats;
    size_t unchecked, kept;
};

static void seats_go_as_their_rules_say(void **state)
{
    static const struct scenario_case cases[] = {
        {SCENARIO_DOWN,
         {0},
         "1111"
         "111"
         "1111"
         "11"
         "11"
         "1"
         "1",
         0,
         0},
        /* a region of every service; nobody probes that of open */
        {SCENARIO_DOWN,
         {"eu"},
         "0011"
         "011"
         "0001"
         "11"
         "11"
         "1"
         "0",
         1,
         0},
        {SCENARIO_DRAIN,
         {"eu"},
         "0011"
         "011"
         "0001"
         "01"
         "11"
         "1"
         "0",
         0,
         0},
        /* inner, and with it the seat of outer that stands for it */
        {SCENARIO_DOWN,
         {"us"},
         "1101"
         "101"
         "1110"
         "11"
         "10"
         "0"
         "1",
         1,
         0},
        {SCENARIO_DOWN,
         {"app/eu"},
         "0011"
         "111"
         "1111"
         "11"
         "11"
         "1"
         "1",
         0,
         0},
        {SCENARIO_DOWN,
         {"app/eu/192.0.2.2"},
         "1011"
         "111"
         "1111"
         "11"
         "11"
         "1"
         "1",
         0,
         0},
        {SCENARIO_DOWN,
         {"eu/192.0.2.2"},
         "1011"
         "111"
         "1011"
         "11"
         "11"
         "1"
         "1",
         0,
         0},
        {SCENARIO_DOWN,
         {"192.0.2.1"},
         "0111"
         "011"
         "0111"
         "11"
         "11"
         "1"
         "1",
         1,
         0},
        {SCENARIO_DRAIN,
         {"cdn.example.net."},
         "1111"
         "111"
         "1111"
         "10"
         "11"
         "1"
         "1",
         0,
         0},
        /* a service inside another goes dark in it */
        {SCENARIO_DOWN,
         {"app"},
         "0000"
         "111"
         "1111"
         "11"
         "01"
         "1"
         "1",
         0,
         0},
        /* a mere name of a region is the service that stands for it */
        {SCENARIO_DOWN,
         {"main"},
         "1111"
         "111"
         "1111"
         "11"
         "01"
         "1"
         "1",
         0,
         0},
        {SCENARIO_DOWN,
         {"outer/eu"},
         "1111"
         "111"
         "1111"
         "11"
         "10"
         "1"
         "1",
         0,
         0},
        /* two regions are kept by min_usable: the last to fail stays in the answers */
        {SCENARIO_DOWN,
         {"guarded/eu", "guarded/us"},
         "1111"
         "011"
         "1111"
         "11"
         "11"
         "1"
         "1",
         0,
         1},
        /* but not against the operator */
        {SCENARIO_DRAIN,
         {"guarded/eu", "guarded/us"},
         "1111"
         "001"
         "1111"
         "11"
         "11"
         "1"
         "1",
         0,
         0},
        /* one each minute: in the end all three have gone */
        {SCENARIO_DOWN,
         {"slow/eu"},
         "1111"
         "111"
         "0001"
         "11"
         "11"
         "1"
         "1",
         0,
         0},
    };

    (void)state;
    struct snapshot *snapshot = case_snapshot(YAML, NULL);
    assert_int_equal(snapshot->seat_count, 17);
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct scenario *s;
        struct diag_list *diags = diag_list_new();
        char seats[32];
        assert_int_equal(scenario_new(snapshot, &s), ERR_OK);
        for (size_t w = 0; w < COUNT(cases[i].what) && cases[i].what[w]; w++)
            assert_true(scenario_apply(s, cases[i].kind, cases[i].what[w], diags));
        scenario_settle(s);
        read_seats(s, seats);
        if (strcmp(seats, cases[i].seats) != 0)
            print_error("case %zu\n", i);
        assert_string_equal(seats, cases[i].seats);
        assert_int_equal(s->unchecked, cases[i].unchecked);
        assert_int_equal(s->kept, cases[i].kept);
        assert_int_equal(diag_count(diags), 0);
        scenario_free(s);
        diag_list_free(diags);
    }
    /* The snapshot itself has not changed. */
    for (size_t i = 0; i < snapshot->seat_count; i++)
        assert_int_equal(health_table_get(&snapshot->health, i), HEALTH_WORD_ALWAYS_UP);
    snapshot_free(snapshot);
}

static void what_is_unknown_is_refused_with_a_remedy(void **state)
{
    static const struct {
        const char *what, *remedy;
    } cases[] = {
        {"ue", "did you mean 'eu'?"},      {"appp", "did you mean 'app'?"},
        {"app/mars", "SERVICE/REGION"},    {"app/eu/192.0.2.99", "SERVICE/REGION/ADDRESS"},
        {"192.0.2.99", "expected one of"}, {"a/b/c/d", "SERVICE/REGION"},
        {"/eu", "SERVICE/REGION"},         {"eu/", "SERVICE/REGION"},
        {"", "expected one of"},
    };

    (void)state;
    struct snapshot *snapshot = case_snapshot(YAML, NULL);
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct scenario *s;
        struct diag_list *diags = diag_list_new();
        assert_int_equal(scenario_new(snapshot, &s), ERR_OK);
        assert_false(scenario_apply(s, SCENARIO_DOWN, cases[i].what, diags));
        assert_int_equal(diag_error_count(diags), 1);
        const struct diag *diag = diag_get(diags, 0);
        assert_non_null(strstr(diag->message, "nothing is called"));
        assert_non_null(strstr(diag->remedy, cases[i].remedy));
        scenario_free(s);
        diag_list_free(diags);
    }
    snapshot_free(snapshot);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(seats_go_as_their_rules_say),
        cmocka_unit_test(what_is_unknown_is_refused_with_a_remedy),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
