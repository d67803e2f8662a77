/* Overrides that speak of nothing in the configuration: said with what is nearest, and once. */
#include <stdlib.h>

#include "rhumb/overrides.h"

#include "monitor_strays.h"
#include "service_case.h"

#define WHO     "\"by\": \"anna\", \"reason\": \"update\"}"
#define DOWN(x) "{" x ", \"state\": \"down\", " WHO

static const char services[] = "  app: {" CHECKED ", regions: {" EU ", us-east: {addresses: "
                               "[2001:db8::1]}}}\n"
                               "  names: {" CHECKED ", regions: {ap: {names: [x.example.]}}}\n"
                               "  outer: {regions: {inner: {service: app}}}\n";

struct bed {
    struct service_bed service;
    struct test_loop loop;
    struct overrides *overrides;
    struct monitor_strays strays;
    size_t changes;
};

static void on_change(void *ctx)
{
    ((struct bed *)ctx)->changes++;
}

static void write_overrides(const struct bed *bed, const char *entries)
{
    size_t size = strlen(entries) + 64;
    char *text = malloc(size);
    assert_non_null(text);
    snprintf(text, size, "{\"overrides\": [%s]}", entries);
    temp_replace(&bed->service.folder, "overrides.json", text);
    free(text);
}

static void open_bed(struct bed *bed, const char *entries)
{
    char path[TEMP_PATH_MAX];
    memset(bed, 0, sizeof(*bed));
    service_bed_open(&bed->service, services);
    test_loop_open(&bed->loop);
    write_overrides(bed, entries);
    assert_int_equal(overrides_new(&bed->loop.uv,
                                   temp_path(&bed->service.folder, "overrides.json", path),
                                   on_change, bed, &bed->overrides),
                     ERR_OK);
    test_log_open();
}

static void close_bed(struct bed *bed)
{
    overrides_close(bed->overrides);
    test_loop_close(&bed->loop);
    monitor_strays_deinit(&bed->strays);
    service_bed_close(&bed->service);
}

/* tell - what is said of it now. */
static void tell(struct bed *bed, bool is_reload)
{
    test_log_open();
    monitor_strays_tell(&bed->strays, bed->service.snapshot, bed->overrides, is_reload);
}

static void the_nearest_name_is_suggested(void **state)
{
    (void)state;

    static const struct {
        const char *entry, *said;
    } cases[] = {
        {"\"service\": \"ap\"",
         "service=ap region=any address=any state=down reason=\"there is "
         "no service 'ap'\" remedy=\"did you mean 'app'?\""},
        {"\"service\": \"web\"", "no service 'web'\" remedy=\"name a service of"},
        {"\"service\": \"app\", \"region\": \"us-eats\"",
         "reason=\"this service has no region 'us-eats'\" remedy=\"did you mean 'us-east'?\""},
        {"\"service\": \"app\", \"region\": \"inner\"",
         "reason=\"this service has no region 'inner'\" remedy=\"name a region of"},
        {"\"region\": \"iner\"",
         "reason=\"no service has a region 'iner'\" remedy=\"did you mean 'inner'?\""},
        {"\"address\": \"192.0.2.9\"", "address=192.0.2.9 state=down reason=\"no endpoint has "
                                       "this address\" remedy=\"correct"},
        {"\"service\": \"app\", \"region\": \"us-east\", \"address\": \"192.0.2.1\"",
         "no endpoint of this address\" remedy=\"service 'app', region 'eu' has one\""},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct bed bed;
        char entry[512];
        snprintf(entry, sizeof(entry), "{%s, \"state\": \"down\", " WHO, cases[i].entry);
        open_bed(&bed, entry);
        tell(&bed, true);
        assert_int_equal(test_log_count("event=override_without_endpoint"), 1);
        if (test_log_count(cases[i].said) != 1)
            fail_msg("not said: %s", cases[i].said);
        close_bed(&bed);
    }
}

static void what_speaks_of_something_is_no_stray(void **state)
{
    (void)state;
    static const char *const entries[] = {
        DOWN("\"service\": \"app\""),
        DOWN("\"service\": \"names\", \"region\": \"ap\""),
        DOWN("\"service\": \"outer\", \"region\": \"inner\""),
        DOWN("\"region\": \"us-east\""),
        DOWN("\"address\": \"2001:db8::1\""),
        DOWN("\"region\": \"eu\", \"address\": \"192.0.2.2\""),
        DOWN("\"service\": \"app\"") "," DOWN("\"service\": \"app\""),
        "{\"service\": \"app\", \"state\": \"resume\", \"since\": "
        "\"2026-08-01T12:00:00Z\", " WHO,
        DOWN("\"service\": \"app\"") "," DOWN("\"region\": \"eu\""),
        "{\"service\": \"app\", \"region\": \"eu\", \"state\": \"active\", " WHO,
        "{\"service\": \"app\", \"region\": \"x\", \"state\": \"active\", " WHO ","
        "{\"service\": \"app\", \"region\": \"eu\", \"state\": \"active\", " WHO,
    };
    for (size_t i = 0; i < sizeof(entries) / sizeof(entries[0]); i++) {
        struct bed bed;
        open_bed(&bed, entries[i]);
        tell(&bed, true);
        if (test_log_count("") != 0)
            fail_msg("a stray: %s", entries[i]);
        close_bed(&bed);
    }
}

static void each_is_told_once_for_each_load_of_either_side(void **state)
{
    (void)state;
    struct bed bed;
    const struct override more = {.service = "wb", .by = "bob", .reason = "a test"};
    open_bed(&bed, DOWN("\"service\": \"ap\""));
    tell(&bed, true);
    assert_int_equal(test_log_count("service=ap "), 1);
    tell(&bed, false); /* as when an entry ends */
    assert_int_equal(test_log_count(""), 0);
    assert_int_equal(overrides_set(bed.overrides, &more, NULL, NULL, NULL), ERR_OK);
    tell(&bed, false);
    assert_int_equal(test_log_count("service=wb "), 1);
    assert_int_equal(test_log_count("service=ap "), 0);
    tell(&bed, true);
    assert_int_equal(test_log_count("event=override_without_endpoint"), 2);
    write_overrides(&bed, DOWN("\"service\": \"ap\"") "," DOWN("\"service\": \"app\""));
    bed.changes = 0;
    test_loop_until_count(&bed.loop, &bed.changes, 1);
    tell(&bed, false);
    assert_int_equal(test_log_count("service=ap "), 1);
    tell(&bed, false);
    assert_int_equal(test_log_count(""), 0);
    close_bed(&bed);
}

static void of_many_twenty_are_told_and_how_many_more(void **state)
{
    (void)state;
    struct bed bed;
    char entries[16 * 1024] = "";
    size_t used = 0;
    for (unsigned i = 0; i < 57; i++)
        used += (size_t)snprintf(entries + used, sizeof(entries) - used,
                                 "%s{\"service\": \"x%u\", \"state\": \"drain\", " WHO,
                                 i > 0 ? "," : "", i);
    open_bed(&bed, entries);
    tell(&bed, true);
    assert_int_equal(test_log_count("event=override_without_endpoint"), 21);
    assert_int_equal(test_log_count("reason=\"and 37 more\""), 1);
    close_bed(&bed);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_nearest_name_is_suggested),
        cmocka_unit_test(what_speaks_of_something_is_no_stray),
        cmocka_unit_test(each_is_told_once_for_each_load_of_either_side),
        cmocka_unit_test(of_many_twenty_are_told_and_how_many_more),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
