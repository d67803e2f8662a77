/* Who gets another region: figures that can be worked out by hand. */
#include <math.h>

#include "rhumb/analysis_diff.h"

#include "analysis_case.h"

/* Germany and the United States have an eighth of a /5 each, and a /32; Japan has IPv6 alone. */
#define GEO                                                                                    \
    "geo:\n"                                                                                   \
    "  networks:\n"                                                                            \
    "    16.0.0.0/8: {country: DE}\n"                                                          \
    "    17.0.0.0/8: {country: US}\n"                                                          \
    "    18.0.0.0/7: {country: US}\n"                                                          \
    "    '2001:db8::/32': {country: DE}\n"                                                     \
    "    '2001:db9::/32': {country: US}\n"                                                     \
    "    '2001:dba::/32': {country: JP}\n"                                                     \
    "  default: {country: FR}\n"
#define REGIONS         "regions: {eu: {country: DE}, us: {country: US}, asia: {country: JP}}\n"
#define NAMES           "zones: {example.com: {file: z, names: {www: app}}}\n"
#define WORLD(services) GEO REGIONS "services:\n" services NAMES
#define EU_IS(more)     "      eu: {addresses: [192.0.2.1, '2001:db8:1::1'], " more "}\n"
#define US_IS(more)     "      us: {addresses: [192.0.2.2, '2001:db8:2::1'], " more "}\n"

/* Two snapshots and what lies between. */
struct world {
    struct snapshot *before, *after;
    struct traffic traffic;
    struct diff *diff;
};

static void compare(struct world *w, const char *before, const char *after, const char *traffic)
{
    struct diag_list *diags = diag_list_new();
    assert_non_null(diags);
    w->before = case_snapshot(before, ZONE_HEAD);
    w->after = case_snapshot(after, ZONE_HEAD);
    traffic_init(&w->traffic);
    if (traffic)
        assert_int_equal(traffic_read((const uint8_t *)traffic, strlen(traffic), "t", w->after,
                                      diags, &w->traffic),
                         ERR_OK);
    assert_int_equal(analysis_diff(w->before, w->after, &w->traffic, &w->diff), ERR_OK);
    diag_list_free(diags);
}

static void drop(struct world *w)
{
    diff_free(w->diff);
    traffic_free(&w->traffic);
    snapshot_free(w->before);
    snapshot_free(w->after);
}

static const struct diff_service *service_of(const struct world *w, const char *name)
{
    for (size_t s = 0; s < w->diff->service_count; s++)
        if (strcmp(w->diff->services[s].name, name) == 0)
            return &w->diff->services[s];
    fail_msg("no service %s", name);
    return NULL;
}

static const struct diff_move *move_of(const struct diff_service *service, const char *country,
                                       const char *from, const char *to)
{
    for (size_t i = 0; i < service->move_count; i++) {
        const struct diff_move *move = &service->moves[i];
        if (strcmp(move->country, country) == 0 && strcmp(move->from, from) == 0 &&
            strcmp(move->to, to) == 0)
            return move;
    }
    fail_msg("nothing moves in %s from %s to %s", country, from, to);
    return NULL;
}

static void assert_weight(const struct diff_weight *weight, uint64_t networks, double v4,
                          double v6, double traffic)
{
    assert_int_equal(weight->networks, networks);
    assert_true(fabs(weight->v4 - v4) < 1e-12);
    assert_true(fabs(weight->v6 - v6) < 1e-12);
    assert_true(fabs(weight->traffic - traffic) < 1e-12);
}

static void a_country_moves_as_a_whole(void **state)
{
    static const char before[] = WORLD("  app:\n    policy: geo\n    regions:\n" EU_IS(
        "serves: [DE]") US_IS("serves: [default]"));
    static const char after[] = WORLD("  app:\n    policy: geo\n    regions:\n" EU_IS(
        "serves: [JP]") US_IS("serves: [default]"));

    (void)state;
    struct world w;
    compare(&w, before, after, "country,weight\nDE,3\nUS,4\nJP,1\nNL,8\n");
    const struct diff_service *app = service_of(&w, "app");
    assert_true(w.diff->has_space);
    assert_true(fabs(w.diff->unplaced - 0.5) < 1e-12); /* the Netherlands have no network */
    assert_int_equal(app->move_count, 2);
    /* IPv4: one /8 of four; IPv6: one /32 of three; of 8 weights that are placed, 3 and 1 */
    assert_weight(&move_of(app, "DE", "eu", "us")->weight, 2, 0.25, 1.0 / 3, 0.375);
    assert_weight(&move_of(app, "JP", "us", "eu")->weight, 1, 0, 1.0 / 3, 0.125);
    assert_weight(&app->moved, 3, 0.25, 2.0 / 3, 0.5);
    assert_string_equal(app->moves[0].country, "DE"); /* the largest first */
    assert_false(diff_is_empty(w.diff));
    drop(&w);
}

static void an_address_that_only_the_default_knows_is_nobodys_country(void **state)
{
    static const char before[] = WORLD("  app:\n    policy: geo\n    regions:\n" EU_IS(
        "serves: [DE]") US_IS("serves: [default]"));
    static const char after[] = WORLD("  app:\n    policy: geo\n    regions:\n" EU_IS(
        "serves: [DE, FR]") US_IS("serves: [default]"));

    (void)state;
    struct world w;
    compare(&w, before, after, NULL);
    const struct diff_service *app = service_of(&w, "app");
    assert_int_equal(app->move_count, 1);
    const struct diff_weight *weight = &move_of(app, "unknown", "us", "eu")->weight;
    assert_true(weight->networks > 10 && weight->v4 == 0 && weight->v6 == 0);
    drop(&w);
}

static void a_share_moves_where_weights_change(void **state)
{
    static const char before[] = WORLD(
        "  app:\n    policy: weighted\n    regions:\n" EU_IS("weight: 70") US_IS("weight: 30"));
    static const char after[] = WORLD(
        "  app:\n    policy: weighted\n    regions:\n" EU_IS("weight: 60") US_IS("weight: 40"));

    (void)state;
    struct world w;
    compare(&w, before, after, NULL);
    const struct diff_service *app = service_of(&w, "app");
    const struct diff_weight *moved = &app->moved;
    assert_true(fabs(moved->v4 - 0.1) < 1e-12 && fabs(moved->v6 - 0.1) < 1e-12);
    const struct diff_weight *germany = &move_of(app, "DE", "eu", "us")->weight;
    assert_weight(germany, 2, 0.025, 0.1 / 3, 0);
    drop(&w);
}

static void what_one_region_loses_is_shared_by_those_that_gain(void **state)
{
    static const char before[] = WORLD(
        "  app: {policy: weighted, regions: {eu: {addresses: [192.0.2.1], weight: 4}, us: "
        "{addresses: [192.0.2.2], weight: 3}, asia: {addresses: [192.0.2.3], weight: 3}}}\n");
    static const char after[] = WORLD(
        "  app: {policy: weighted, regions: {eu: {addresses: [192.0.2.1], weight: 1}, us: "
        "{addresses: [192.0.2.2], weight: 5}, asia: {addresses: [192.0.2.3], weight: 4}}}\n");

    (void)state;
    struct world w;
    compare(&w, before, after, "country,weight\nDE,1\n");
    const struct diff_service *app = service_of(&w, "app");
    assert_weight(&move_of(app, "DE", "eu", "us")->weight, 2, 0.25 * 0.2, 0.2 / 3, 0.2);
    assert_weight(&move_of(app, "DE", "eu", "asia")->weight, 2, 0.25 * 0.1, 0.1 / 3, 0.1);
    drop(&w);
}

static void the_order_behind_the_first_choice_counts_apart(void **state)
{
    static const char before[] =
        WORLD("  app: {policy: failover, order: [eu, us, asia], regions: {eu: {addresses: "
              "[192.0.2.1]}, us: {addresses: [192.0.2.2]}, asia: {addresses: [192.0.2.3]}}}\n");
    static const char after[] =
        WORLD("  app: {policy: failover, order: [eu, asia, us], residency: {US: [eu, asia]}, "
              "regions: {eu: {addresses: [192.0.2.1]}, us: {addresses: [192.0.2.2]}, asia: "
              "{addresses: [192.0.2.3]}}}\n");

    (void)state;
    struct world w;
    compare(&w, before, after, NULL);
    const struct diff_service *app = service_of(&w, "app");
    assert_int_equal(app->move_count, 0);
    assert_true(app->moved.networks == 0);
    assert_true(fabs(app->reordered.v4 - 1) < 1e-12 && fabs(app->reordered.v6 - 1) < 1e-12);
    drop(&w);
}

static void without_countries_all_addresses_count(void **state)
{
    static const char before[] = REGIONS
        "services:\n  app: {policy: failover, order: [eu, us], regions: {eu: {addresses: "
        "[192.0.2.1]}, us: {addresses: [192.0.2.2]}}}\n" NAMES;
    static const char after[] = REGIONS
        "services:\n  app: {policy: failover, order: [us, eu], regions: {eu: {addresses: "
        "[192.0.2.1]}, us: {addresses: [192.0.2.2]}}}\n" NAMES;

    (void)state;
    struct world w;
    compare(&w, before, after, NULL);
    const struct diff_service *app = service_of(&w, "app");
    assert_false(w.diff->has_space);
    assert_int_equal(app->move_count, 1);
    const struct diff_weight *weight = &move_of(app, "unknown", "eu", "us")->weight;
    assert_true(weight->v4 == 1 && weight->v6 == 1);
    drop(&w);
}

static void services_inside_others_show_in_them(void **state)
{
#define INNER(order)                                                                           \
    "  inner: {policy: failover, order: " order                                                \
    ", regions: {eu: {addresses: [192.0.2.1]}, us: {addresses: [192.0.2.2]}}}\n"
#define OUTER                                                                                  \
    "  app: {policy: geo, regions: {eu: {serves: [DE], service: inner}, asia: {serves: "       \
    "[default], addresses: [192.0.2.3, '2001:db8::3']}}}\n"

    (void)state;
    struct world w;
    compare(&w, WORLD(OUTER INNER("[eu, us]")), WORLD(OUTER INNER("[us, eu]")), NULL);
    assert_int_equal(w.diff->service_count, 1);
    const struct diff_service *app = service_of(&w, "app");
    /* AAAA of inner falls to asia in both; A moves: a half */
    assert_int_equal(app->move_count, 1);
    assert_weight(&move_of(app, "DE", "inner/eu", "inner/us")->weight, 2, 0.125, 0.5 / 3, 0);
    drop(&w);
}

static void a_family_that_is_lost_goes_to_none(void **state)
{
    static const char before[] = WORLD(
        "  app: {policy: failover, regions: {eu: {addresses: [192.0.2.1, '2001:db8::1']}}}\n");
    static const char after[] =
        WORLD("  app: {policy: failover, regions: {eu: {addresses: ['2001:db8::1']}}}\n");

    (void)state;
    struct world w;
    compare(&w, before, after, NULL);
    /* after, only AAAA is asked, and has its region */
    assert_int_equal(service_of(&w, "app")->move_count, 0);
    assert_int_equal(w.diff->shrink.count, 1); /* but a reload says no */
    assert_true(w.diff->refused);
    drop(&w);
}

static void queries_weigh_what_they_ask(void **state)
{
    static const char before[] = WORLD("  app:\n    policy: geo\n    regions:\n" EU_IS(
        "serves: [DE]") US_IS("serves: [default]"));
    static const char after[] = WORLD("  app:\n    policy: geo\n    regions:\n" EU_IS(
        "serves: [JP]") US_IS("serves: [default]"));

    (void)state;
    struct world w;
    compare(&w, before, after,
            "client=16.0.0.1 name=www.example.com type=A\n"
            "client=192.0.2.1 ecs=2001:dba::/48 name=www.example.com type=AAAA\n"
            "client=16.0.0.1 name=www.example.com type=A\n"
            "client=17.0.0.1 name=www.example.com type=A\n"
            "client=17.0.0.1 name=ns1.example.com type=A\n");
    const struct diff_service *app = service_of(&w, "app");
    assert_int_equal(app->queries, 4);
    assert_weight(&move_of(app, "DE", "eu", "us")->weight, 2, 0.25, 1.0 / 3, 0.5);
    assert_weight(&move_of(app, "JP", "us", "eu")->weight, 1, 0, 1.0 / 3, 0.25);
    assert_true(fabs(app->moved.traffic - 0.75) < 1e-12);
    drop(&w);
}

static void a_sticky_client_moves_or_stays(void **state)
{
    static const char before[] = WORLD(
        "  app:\n    policy: weighted\n    sticky: true\n    regions:\n" EU_IS("weight: 10")
            US_IS("weight: 10"));
    static const char after[] = WORLD(
        "  app:\n    policy: weighted\n    sticky: true\n    regions:\n" EU_IS("weight: 10")
            US_IS("weight: 5"));

    enum { CLIENTS = 200 };

    (void)state;
    struct world w;
    char log[CLIENTS * 60] = "";
    for (int i = 0; i < CLIENTS; i++) {
        char line[80];
        snprintf(line, sizeof(line), "client=17.0.%d.1 name=www.example.com type=A\n", i);
        strncat(log, line, sizeof(log) - strlen(log) - 1);
    }
    compare(&w, before, after, log);
    const struct diff_service *app = service_of(&w, "app");
    /* A sixth of all is to move, whole clients, and nobody the other way. */
    double moved = app->moved.traffic * CLIENTS;
    assert_true(fabs(moved - round(moved)) < 1e-6);
    assert_true(moved > 10 && moved < 60);
    assert_int_equal(app->move_count, 4); /* DE, US, JP and the rest: all from us to eu */
    for (size_t i = 0; i < app->move_count; i++)
        assert_string_equal(app->moves[i].from, "us");
    drop(&w);
}

/* What is served may be in any health: that is no difference of configurations. */
static void health_moves_nobody(void **state)
{
    static const char yaml[] = WORLD(
        "  app: {policy: failover, regions: {eu: {addresses: [192.0.2.1]}, us: {addresses: "
        "[192.0.2.2]}}}\n");

    (void)state;
    struct world w;
    compare(&w, yaml, yaml, NULL);
    diff_free(w.diff);
    health_table_set(&w.before->health, 0, 0); /* eu is down where it is served */
    assert_int_equal(analysis_diff(w.before, w.after, NULL, &w.diff), ERR_OK);
    assert_true(diff_is_empty(w.diff));
    drop(&w);
}

static void nothing_changed_is_nothing_told(void **state)
{
    static const char yaml[] = WORLD(
        "  app:\n    policy: weighted\n    regions:\n" EU_IS("weight: 1") US_IS("weight: 2"));

    (void)state;
    struct world w;
    compare(&w, yaml, yaml, "country,weight\nDE,1\n");
    assert_true(diff_is_empty(w.diff));
    struct text text;
    text_init(&text, 1000);
    diff_put_text(w.diff, true, &text);
    assert_string_equal(text_get(&text), "No difference.\n");
    text_deinit(&text);
    drop(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_country_moves_as_a_whole),
        cmocka_unit_test(an_address_that_only_the_default_knows_is_nobodys_country),
        cmocka_unit_test(a_share_moves_where_weights_change),
        cmocka_unit_test(what_one_region_loses_is_shared_by_those_that_gain),
        cmocka_unit_test(the_order_behind_the_first_choice_counts_apart),
        cmocka_unit_test(without_countries_all_addresses_count),
        cmocka_unit_test(services_inside_others_show_in_them),
        cmocka_unit_test(a_family_that_is_lost_goes_to_none),
        cmocka_unit_test(queries_weigh_what_they_ask),
        cmocka_unit_test(a_sticky_client_moves_or_stays),
        cmocka_unit_test(health_moves_nobody),
        cmocka_unit_test(nothing_changed_is_nothing_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
