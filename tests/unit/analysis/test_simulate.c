/* Shares and loads that can be worked out by hand. */
#include <math.h>

#include "rhumb/analysis_scenario.h"
#include "rhumb/analysis_simulate.h"

#include "analysis_case.h"

static const char YAML[] =
    "geo:\n"
    "  networks:\n"
    "    16.0.0.0/8: {country: DE}\n"
    "    17.0.0.0/8: {country: US}\n"
    "    18.0.0.0/7: {country: US, subdivision: US-CA}\n"
    "    '2001:db8::/32': {country: DE}\n"
    "    '2001:dba::/32': {country: JP}\n"
    "regions:\n"
    "  eu: {country: DE, location: [50, 8], capacity: 1000}\n"
    "  us: {country: US, location: [39, -77], capacity: 900}\n"
    "  west: {country: US, location: [45, -120]}\n"
    "checks: {web: {tcp: {port: 80}}}\n"
    "services:\n"
    "  app:\n"
    "    policy: geo\n"
    "    check: web\n"
    "    regions:\n"
    "      eu: {serves: [DE, default], addresses: [192.0.2.1]}\n"
    "      us: {serves: [US], addresses: [192.0.2.2]}\n"
    "      west: {serves: [US-CA], addresses: [192.0.2.3], capacity: 500}\n"
    "    residency: {DE: [eu]}\n"
    "    when_all_down: empty\n"
    "  mix:\n"
    "    policy: weighted\n"
    "    check: web\n"
    "    regions: {eu: {weight: 3, addresses: [192.0.2.1]}, us: {weight: 1, service: inner}}\n"
    "  inner:\n"
    "    policy: failover\n"
    "    check: web\n"
    "    regions: {us: {addresses: [192.0.2.2]}, west: {addresses: [192.0.2.3]}}\n"
    "  held: {policy: weighted, check: web, sticky: true, regions: {eu: {addresses: "
    "[192.0.2.1]}, "
    "us: {addresses: [192.0.2.2]}}}\n"
    "zones: {example.com: {file: z, names: {www: app, mix: mix, held: held, '{region}.www': "
    "app}}}\n";

struct bed {
    struct snapshot *snapshot;
    struct diag_list *diags;
    struct traffic traffic;
    struct scenario *before, *after;
    struct simulation_input input;
    struct simulation *out;
};

static void open_bed(struct bed *bed, const char *yaml, const char *traffic, const char *down)
{
    memset(bed, 0, sizeof(*bed));
    bed->snapshot = case_snapshot(yaml, ZONE_HEAD);
    bed->diags = diag_list_new();
    traffic_init(&bed->traffic);
    assert_int_equal(traffic_read((const uint8_t *)traffic, strlen(traffic), "t", bed->snapshot,
                                  bed->diags, &bed->traffic),
                     ERR_OK);
    assert_int_equal(scenario_new(bed->snapshot, &bed->before), ERR_OK);
    assert_int_equal(scenario_new(bed->snapshot, &bed->after), ERR_OK);
    if (down) {
        assert_true(scenario_apply(bed->after, SCENARIO_DOWN, down, bed->diags));
        scenario_settle(bed->after);
    }
    bed->input = (struct simulation_input){
        .snapshot = bed->snapshot,
        .traffic = &bed->traffic,
        .before = &bed->before->table,
        .after = &bed->after->table,
    };
}

static void run(struct bed *bed)
{
    assert_int_equal(analysis_simulate(&bed->input, bed->diags, &bed->out), ERR_OK);
}

static void close_bed(struct bed *bed)
{
    simulation_free(bed->out);
    scenario_free(bed->before);
    scenario_free(bed->after);
    traffic_free(&bed->traffic);
    diag_list_free(bed->diags);
    snapshot_free(bed->snapshot);
}

static const struct simulation_service *service_of(const struct bed *bed, const char *name)
{
    for (size_t s = 0; s < bed->out->service_count; s++)
        if (strcmp(bed->out->services[s].name, name) == 0)
            return &bed->out->services[s];
    fail_msg("no service %s", name);
    return NULL;
}

#define assert_near(value, expected) assert_true(fabs((value) - (expected)) < 1e-9)

static void assert_part(const struct simulation_service *service, size_t at, const char *label,
                        double before, double after)
{
    assert_true(at < service->part_count);
    assert_string_equal(service->parts[at].label, label);
    assert_near(service->parts[at].before, before);
    assert_near(service->parts[at].after, after);
}

static const struct simulation_place *place_of(const struct bed *bed, const char *name)
{
    for (size_t i = 0; i < bed->out->place_count; i++)
        if (strcmp(bed->out->places[i].name, name) == 0)
            return &bed->out->places[i];
    fail_msg("no place %s", name);
    return NULL;
}

static const char COUNTRIES[] = "country,weight\nDE,4\nUS,3\nJP,1\nNL,8\n";

static void countries_are_spread_by_their_address_space(void **state)
{
    (void)state;
    struct bed bed;
    open_bed(&bed, YAML, COUNTRIES, NULL);
    run(&bed);
    assert_near(bed.out->unplaced, 0.5);
    assert_int_equal(bed.out->service_count, 3); /* inner shows in mix */
    const struct simulation_service *app = service_of(&bed, "app");
    assert_near(app->share, 1.0 / 3);
    assert_int_equal(app->part_count, 3);                /* nobody gets nothing */
    assert_part(app, 0, "eu", 5.0 / 8, 5.0 / 8);         /* Germany, and Japan by IPv6 alone */
    assert_part(app, 1, "us", 3.0 / 8 / 3, 3.0 / 8 / 3); /* one /8 of three in the country */
    assert_part(app, 2, "west", 3.0 / 8 * 2 / 3, 3.0 / 8 * 2 / 3);
    const struct simulation_service *mix = service_of(&bed, "mix");
    assert_part(mix, 0, "eu", 0.75, 0.75);
    assert_part(mix, 1, "inner/us", 0.25, 0.25);
    assert_part(mix, 2, "inner/west", 0, 0);
    assert_part(service_of(&bed, "held"), 0, "eu", 0.5, 0.5); /* of whoever asks, one in two */
    assert_false(bed.out->has_qps || bed.out->overloaded);
    assert_near(place_of(&bed, "us")->before, (0.125 + 0.25 + 0.5) / 3);
    close_bed(&bed);
}

static void a_region_that_is_down_is_spread_as_the_policy_says(void **state)
{
    (void)state;
    struct bed bed;
    open_bed(&bed, YAML, COUNTRIES, "eu");
    bed.input.qps = 3000;
    run(&bed);
    const struct simulation_service *app = service_of(&bed, "app");
    assert_near(app->qps, 1000);
    assert_part(app, 0, "eu", 5.0 / 8, 0);
    /* Germany may go nowhere else and gets nothing; Japan goes to who is nearest */
    assert_part(app, 1, "us", 0.125, 0.125);
    assert_part(app, 2, "west", 0.25, 0.25 + 0.125);
    assert_part(app, 3, "(none)", 0, 0.5);
    assert_near(app->all_down_after, 0.5);
    assert_near(app->all_down_before, 0);
    assert_part(service_of(&bed, "mix"), 1, "inner/us", 0.25, 1);
    assert_part(service_of(&bed, "held"), 1, "us", 0.5, 1);
    const struct simulation_place *us = place_of(&bed, "us"), *eu = place_of(&bed, "eu");
    assert_near(us->capacity, 900);
    assert_near(us->before, 125 + 250 + 500);
    assert_near(us->after, 1000 * app->parts[1].after + 1000 + 1000);
    assert_near(eu->after, 0);
    assert_near(place_of(&bed, "app/west")->after, 1000 * app->parts[2].after);
    assert_true(bed.out->has_qps && bed.out->overloaded);
    close_bed(&bed);
}

static void one_service_or_rates_of_some_can_be_asked_for(void **state)
{
    (void)state;
    struct bed bed;
    double qps_of[4] = {0, 100, 0, 300};
    bool wanted[4] = {true, false, true, false};
    open_bed(&bed, YAML, COUNTRIES, NULL);
    bed.input.qps_of = qps_of;
    run(&bed);
    assert_int_equal(bed.out->service_count, 2);
    assert_near(service_of(&bed, "mix")->qps, 100);
    assert_near(service_of(&bed, "held")->share, 0.75);
    assert_near(place_of(&bed, "eu")->before, 75 + 150);
    simulation_free(bed.out);
    bed.input.qps_of = NULL;
    bed.input.wanted = wanted;
    run(&bed);
    assert_int_equal(bed.out->service_count, 2);
    assert_near(service_of(&bed, "inner")->parts[0].before, 1); /* asked for by its name */
    simulation_free(bed.out);
    wanted[0] = wanted[2] = false;
    assert_int_equal(analysis_simulate(&bed.input, bed.diags, &bed.out), ERR_INVALID);
    assert_non_null(strstr(diag_get(bed.diags, 0)->message, "none of the services"));
    bed.out = NULL;
    close_bed(&bed);
}

static void queries_count_one_by_one(void **state)
{
    static const char log[] =
        "client=16.0.0.1 name=www.example.com type=A\n"
        "client=16.0.0.1 name=www.example.com type=A\n"
        "client=18.0.0.1 name=www.example.com type=A\n"
        "client=16.0.0.1 name=us.www.example.com type=A\n" /* pinned: refused */
        "client=17.0.0.1 name=eu.www.example.com type=A\n" /* pinned */
        "client=17.0.0.1 name=www.example.com type=AAAA\n" /* nobody has it */
        "client=17.0.0.1 name=mix.example.com type=A\n"
        "client=17.0.0.1 name=mix.example.com\n"
        "client=17.0.0.1 name=ns1.example.com type=A\n";

    (void)state;
    struct bed bed;
    open_bed(&bed, YAML, log, NULL);
    bed.input.qps = 80;
    run(&bed);
    assert_int_equal(bed.out->service_count, 2); /* nobody asks for held */
    assert_int_equal(bed.out->elsewhere, 1);
    const struct simulation_service *app = service_of(&bed, "app");
    assert_near(app->share, 0.75);
    assert_near(app->qps, 60);
    assert_part(app, 0, "eu", 4.0 / 6, 4.0 / 6);
    assert_part(app, 1, "us", 0, 0);
    assert_part(app, 2, "west", 1.0 / 6, 1.0 / 6);
    assert_part(app, 3, "(none)", 1.0 / 6, 1.0 / 6);
    close_bed(&bed);
}

static void sticky_clients_are_counted_whole(void **state)
{
    enum { CLIENTS = 100 };

    char log[CLIENTS * 64] = "";
    (void)state;
    for (int i = 0; i < CLIENTS; i++) {
        char line[80];
        snprintf(line, sizeof(line), "client=17.0.%d.1 name=held.example.com type=A\n", i);
        strncat(log, line, sizeof(log) - strlen(log) - 1);
    }
    struct bed bed;
    open_bed(&bed, YAML, log, NULL);
    run(&bed);
    double clients = service_of(&bed, "held")->parts[0].before * CLIENTS;
    assert_true(fabs(clients - round(clients)) <
                1e-6); /* whole ones, and not exactly the half */
    assert_true(clients > 30 && clients < 70);
    close_bed(&bed);
}

static void without_countries_only_what_does_not_depend_on_them_is_told(void **state)
{
    static const char nowhere[] =
        "regions: {eu: {country: DE}, us: {country: US}}\n"
        "geo: {networks: {16.0.0.0/8: {asn: AS1}}}\n"
        "services:\n"
        "  fixed: {policy: failover, regions: {eu: {addresses: [192.0.2.1]}}}\n"
        "  app: {policy: geo, regions: {eu: {serves: [AS1], addresses: [192.0.2.1]}, us: "
        "{serves: "
        "[default], addresses: [192.0.2.2]}}}\n";

    (void)state;
    struct bed bed;
    bool wanted[2] = {true, false};
    open_bed(&bed, nowhere, COUNTRIES, NULL);
    bed.input.wanted = wanted;
    run(&bed);
    assert_part(service_of(&bed, "fixed"), 0, "eu", 1, 1);
    simulation_free(bed.out);
    bed.out = NULL;
    wanted[1] = true;
    assert_int_equal(analysis_simulate(&bed.input, bed.diags, &bed.out), ERR_INVALID);
    assert_non_null(strstr(diag_get(bed.diags, 0)->message, "no source knows a country"));
    assert_non_null(strstr(diag_get(bed.diags, 0)->remedy, "geo.databases"));
    bed.out = NULL;
    close_bed(&bed);
}

static size_t count_of(const char *text, const char *part)
{
    size_t count = 0;
    for (const char *at = strstr(text, part); at; at = strstr(at + 1, part))
        count++;
    return count;
}

static void the_plot_has_a_bar_for_each_figure(void **state)
{
    (void)state;
    struct bed bed;
    struct text svg;
    open_bed(&bed, YAML, COUNTRIES, "eu");
    bed.input.qps = 3000;
    run(&bed);
    text_init(&svg, 1 << 20);
    simulation_put_svg(bed.out, &svg);
    size_t rows = bed.out->place_count;
    for (size_t s = 0; s < bed.out->service_count; s++)
        rows += bed.out->services[s].part_count;
    /* two bars a row, three in the legend, the background */
    assert_int_equal(count_of(text_get(&svg), "<rect "), 2 * rows + 4);
    assert_int_equal(count_of(text_get(&svg), "<svg "), 1);
    assert_int_equal(count_of(text_get(&svg), "</svg>"), 1);
    assert_int_equal(count_of(text_get(&svg), "<text "), count_of(text_get(&svg), "</text>"));
    assert_int_equal(count_of(text_get(&svg), "nan"), 0);
    assert_int_equal(count_of(text_get(&svg), "#b2182b"), 2); /* us is over, and the legend */
    text_deinit(&svg);
    close_bed(&bed);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(countries_are_spread_by_their_address_space),
        cmocka_unit_test(a_region_that_is_down_is_spread_as_the_policy_says),
        cmocka_unit_test(one_service_or_rates_of_some_can_be_asked_for),
        cmocka_unit_test(queries_count_one_by_one),
        cmocka_unit_test(sticky_clients_are_counted_whole),
        cmocka_unit_test(without_countries_only_what_does_not_depend_on_them_is_told),
        cmocka_unit_test(the_plot_has_a_bar_for_each_figure),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
