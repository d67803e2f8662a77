/* A table that breaks residency never becomes a snapshot. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "rhumb/snapshot.h"

#include "slip_hook.h"
#include "temp_folder.h"

struct compiled {
    struct temp_folder folder;
    struct diag_list *diags;
    struct snapshot *snapshot;
    enum err err;
};

static void begin(struct compiled *one, const char *inner)
{
    *one = (struct compiled){.diags = diag_list_new()};
    assert_non_null(one->diags);
    temp_folder_open(&one->folder);
    temp_write(&one->folder, "zone", "@ 60 SOA ns h 1 2 3 4 5\n@ 60 NS ns.example.net.\n");
    temp_printf(&one->folder, "rhumb.yaml",
                "geo: { networks: { 198.51.100.0/24: { country: DE } } }\n"
                "regions: { us: {}, eu: {} }\n"
                "services:\n"
                "  app:\n"
                "    policy: failover\n"
                "    residency: { DE: [ eu ] }\n"
                "    regions: { us: { addresses: [ 192.0.2.1 ] }, eu: { service: inner } }\n"
                "  inner: { policy: failover, regions: { %s } }\n"
                "zones: { example.com: { file: zone, names: { www: app } } }\n",
                inner);
}

static void compile(struct compiled *one, bool audited_by_caller)
{
    char path[TEMP_PATH_MAX];
    struct snapshot_options options = {.audited_by_caller = audited_by_caller};
    one->err = snapshot_compile(temp_path(&one->folder, "rhumb.yaml", path), &options,
                                one->diags, &one->snapshot);
}

static void end(struct compiled *one)
{
    slip_next(NULL);
    snapshot_free(one->snapshot);
    diag_list_free(one->diags);
    temp_folder_close(&one->folder);
}

static void assert_refused(const struct compiled *one, uint32_t line, const char *part)
{
    assert_int_equal(one->err, ERR_INVALID);
    assert_null(one->snapshot);
    assert_int_equal(diag_error_count(one->diags), 1);
    const struct diag *diag = diag_get(one->diags, 0);
    assert_int_equal(diag->place.line, line);
    assert_non_null(strstr(diag->message, part));
}

static const char inner_eu[] = "eu: { addresses: [ 192.0.2.2 ] }";

static void a_table_that_keeps_residency_is_compiled(void **state)
{
    (void)state;
    struct compiled one;
    begin(&one, inner_eu);
    compile(&one, false);
    assert_int_equal(one.err, ERR_OK);
    assert_int_equal(diag_count(one.diags), 0);
    end(&one);
}

static void a_slipped_region_is_never_a_snapshot(void **state)
{
    (void)state;
    struct compiled one;
    begin(&one, inner_eu);
    slip_next("app 198.51.100.9 us");
    compile(&one, false);
    assert_refused(&one, 6,
                   "clients in 198.51.100.0/24 (DE EU) may be sent to 'us' of 'app', which "
                   "this rule forbids");
    end(&one);
}

static void whoever_audits_himself_gets_it(void **state)
{
    (void)state;
    struct compiled one;
    begin(&one, inner_eu);
    slip_next("app 198.51.100.9 us");
    compile(&one, true);
    assert_int_equal(one.err, ERR_OK);
    assert_non_null(one.snapshot);
    assert_int_equal(diag_count(one.diags), 0);
    end(&one);
}

static void a_nested_service_cannot_undo_a_rule(void **state)
{
    (void)state;
    struct compiled one;
    begin(&one, "eu: { addresses: [ 192.0.2.2 ] }, us: { addresses: [ 192.0.2.3 ] }");
    compile(&one, false);
    assert_refused(&one, 6, "may be sent to 'us' by the service 'inner' inside 'app'");
    end(&one);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_table_that_keeps_residency_is_compiled),
        cmocka_unit_test(a_slipped_region_is_never_a_snapshot),
        cmocka_unit_test(whoever_audits_himself_gets_it),
        cmocka_unit_test(a_nested_service_cannot_undo_a_rule),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
