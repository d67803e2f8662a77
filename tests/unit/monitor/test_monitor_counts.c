#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "rhumb/monitor_counts.h"

#include "../../support/temp_folder.h"

static struct temp_folder folder;

static int set_up(void **state)
{
    temp_folder_open(&folder);
    *state = monitor_counts_new();
    return *state ? 0 : -1;
}

static int tear_down(void **state)
{
    monitor_counts_free(*state);
    temp_folder_close(&folder);
    return 0;
}

static struct snapshot *compile(const char *checks, const char *services)
{
    char path[TEMP_PATH_MAX];
    struct diag_list *diags = diag_list_new();
    struct snapshot *snapshot = NULL;
    temp_printf(&folder, "rhumb.yaml",
                "checks:\n%sregions: { eu: {}, us: {} }\nservices:\n%szones: {}\n", checks,
                services);
    if (snapshot_compile(temp_path(&folder, "rhumb.yaml", path), &(struct snapshot_options){0},
                         diags, &snapshot) != ERR_OK)
        diag_print_all(diags, stderr);
    diag_list_free(diags);
    assert_non_null(snapshot);
    return snapshot;
}

static size_t check_of(const struct snapshot *snapshot, const char *name)
{
    for (size_t i = 0; i < snapshot->config->check_count; i++)
        if (strcmp(snapshot->config->checks[i].name, name) == 0)
            return i;
    fail_msg("no check %s", name);
    return 0;
}

/* seat_of - the first of a region. */
static size_t seat_of(const struct snapshot *snapshot, const char *service, const char *region)
{
    for (size_t i = 0; i < snapshot->seat_count; i++) {
        const struct snapshot_seat *seat = &snapshot->seats[i];
        const struct config_service *config = &snapshot->config->services[seat->service];
        if (strcmp(config->name, service) == 0 &&
            strcmp(config->regions[seat->region].name, region) == 0)
            return i;
    }
    fail_msg("no %s in %s", region, service);
    return 0;
}

#define WEB "  web: { tcp: { port: 80 } }\n"
#define DB  "  db: { tcp: { port: 5432 } }\n"
#define APP                                                                                    \
    "  app: { policy: failover, check: web, regions: { eu: { addresses: [ 10.0.0.1 ] }, us: "  \
    "{ addresses: [ 10.0.0.2 ] } } }\n"
#define COPY "  copy: { inherit: app }\n"

static const struct probe_result SUCCESS = {
    .outcome = HEALTH_SUCCESS,
    .took = {.connect_us = 400, .answer_us = 2500, .total_us = 2900},
};

static void runs_are_counted_by_check_and_result(void **state)
{
    struct snapshot *snapshot = compile(WEB DB, APP);
    assert_int_equal(monitor_counts_set(*state, snapshot->config), ERR_OK);
    size_t web = check_of(snapshot, "web");
    for (int i = 0; i < 3; i++)
        monitor_counts_probe(*state, web, &SUCCESS);
    monitor_counts_probe(*state, web, &(struct probe_result){.outcome = HEALTH_OWN_FAULT});
    monitor_counts_probe(*state, check_of(snapshot, "db"),
                         &(struct probe_result){.outcome = HEALTH_FAILURE});
    const struct monitor_check_counts *counts = monitor_counts_check(*state, web);
    assert_int_equal(counts->results[HEALTH_SUCCESS], 3);
    assert_int_equal(counts->results[HEALTH_FAILURE], 0);
    assert_int_equal(counts->results[HEALTH_OWN_FAULT], 1);
    counts = monitor_counts_check(*state, check_of(snapshot, "db"));
    assert_int_equal(counts->results[HEALTH_FAILURE], 1);
    snapshot_free(snapshot);
}

static void parts_that_a_run_has_not_are_not_counted(void **state)
{
    struct snapshot *snapshot = compile(WEB, APP);
    assert_int_equal(monitor_counts_set(*state, snapshot->config), ERR_OK);
    size_t web = check_of(snapshot, "web");
    monitor_counts_probe(*state, web, &SUCCESS);
    const struct monitor_check_counts *counts = monitor_counts_check(*state, web);
    assert_int_equal(counts->took[MONITOR_CONNECT].count, 1);
    assert_int_equal(counts->took[MONITOR_TLS].count, 0);
    assert_int_equal(counts->took[MONITOR_ANSWER].sum_us, 2500);
    assert_int_equal(counts->took[MONITOR_TOTAL].sum_us, 2900);
    snapshot_free(snapshot);
}

static void a_bucket_ends_where_it_says(void **state)
{
    struct snapshot *snapshot = compile(WEB, APP);
    assert_int_equal(monitor_counts_set(*state, snapshot->config), ERR_OK);
    size_t web = check_of(snapshot, "web");
    for (size_t i = 0; i < MONITOR_BUCKETS; i++) {
        struct probe_result result = {.took = {.total_us = MONITOR_BUCKET_US[i]}};
        monitor_counts_probe(*state, web, &result);
        result.took.total_us++;
        monitor_counts_probe(*state, web, &result);
    }
    const struct monitor_histogram *took =
        &monitor_counts_check(*state, web)->took[MONITOR_TOTAL];
    assert_int_equal(took->counts[0], 1);
    for (size_t i = 1; i < MONITOR_BUCKETS; i++) /* its own end, and what the last one missed */
        assert_int_equal(took->counts[i], 2);
    assert_int_equal(took->counts[MONITOR_BUCKETS], 1);
    assert_int_equal(took->count, 2 * MONITOR_BUCKETS);
    snapshot_free(snapshot);
}

static void a_reload_keeps_what_is_still_there(void **state)
{
    struct snapshot *before = compile(WEB DB, APP), *after = compile(DB WEB, COPY APP),
                    *without = compile(DB, "");
    assert_int_equal(monitor_counts_set(*state, before->config), ERR_OK);
    monitor_counts_probe(*state, check_of(before, "web"), &SUCCESS);
    assert_int_equal(monitor_counts_set(*state, after->config), ERR_OK);
    assert_int_equal(monitor_counts_check(*state, check_of(after, "web"))->results[0], 1);
    assert_int_equal(monitor_counts_check(*state, check_of(after, "db"))->results[0], 0);
    assert_int_equal(monitor_counts_set(*state, without->config), ERR_OK);
    assert_int_equal(monitor_counts_set(*state, before->config), ERR_OK);
    assert_int_equal(monitor_counts_check(*state, check_of(before, "web"))->results[0], 0);
    snapshot_free(before);
    snapshot_free(after);
    snapshot_free(without);
}

static void a_change_counts_for_every_seat_of_the_target(void **state)
{
    struct snapshot *before = compile(WEB, APP COPY), *after = compile(WEB, COPY APP);
    size_t app = seat_of(before, "app", "eu"), copy = seat_of(before, "copy", "eu");
    const struct snapshot_target *target = &before->targets[before->seats[app].target];
    assert_int_equal(target->seat_count, 2);
    monitor_counts_move(*state, before, target, HEALTH_DOWN);
    monitor_counts_move(*state, before, target, HEALTH_UP);
    monitor_counts_move(*state, before, target, HEALTH_DOWN);
    assert_int_equal(monitor_counts_moves(*state, before, app, HEALTH_DOWN), 2);
    assert_int_equal(monitor_counts_moves(*state, before, copy, HEALTH_DOWN), 2);
    assert_int_equal(monitor_counts_moves(*state, before, app, HEALTH_UP), 1);
    assert_int_equal(monitor_counts_moves(*state, before, app, HEALTH_HELD), 0);
    assert_int_equal(
        monitor_counts_moves(*state, before, seat_of(before, "app", "us"), HEALTH_DOWN), 0);
    assert_int_equal(
        monitor_counts_moves(*state, after, seat_of(after, "copy", "eu"), HEALTH_DOWN), 2);
    snapshot_free(before);
    snapshot_free(after);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
        CASE(runs_are_counted_by_check_and_result),
        CASE(parts_that_a_run_has_not_are_not_counted),
        CASE(a_bucket_ends_where_it_says),
        CASE(a_reload_keeps_what_is_still_there),
        CASE(a_change_counts_for_every_seat_of_the_target),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
