#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "rhumb/snapshot.h"

#include "../../support/temp_folder.h"

static const char zone_text[] = "$TTL 300\n"
                                "@ SOA ns hostmaster 7 7200 900 1209600 60\n"
                                "  NS ns\n"
                                "ns A 192.0.2.53\n"
                                "$INCLUDE more.inc\n";

static const char services_text[] =
    "regions: {eu: {country: DE}, us: {country: US}}\n"
    "checks: {web: {http: {path: /}}}\n"
    "services:\n"
    "  app: {policy: geo, check: web, regions: {\n"
    "    eu: {serves: [EU], addresses: [192.0.2.1, '2001:db8::1']},\n"
    "    us: {serves: [default], addresses: [192.0.2.2]}}}\n";

struct compiled {
    struct temp_folder folder;
    struct diag_list *diags;
    struct snapshot *snapshot;
    enum err err;
};

static const char *data_path(const char *name, char path[TEMP_PATH_MAX])
{
    const char *data = getenv("RHUMB_TEST_DATA");
    snprintf(path, TEMP_PATH_MAX, "%s/%s", data ? data : "tests/data", name);
    return path;
}

/* begin - a folder with a good zone file, and what it includes. */
static void begin(struct compiled *one)
{
    *one = (struct compiled){.diags = diag_list_new()};
    assert_non_null(one->diags);
    temp_folder_open(&one->folder);
    temp_write(&one->folder, "example.com.zone", zone_text);
    temp_write(&one->folder, "more.inc", "www TXT \"more\"\n");
}

static void compile(struct compiled *one, bool keep_map)
{
    char path[TEMP_PATH_MAX];
    struct snapshot_options options = {.keep_map = keep_map};
    one->err = snapshot_compile(temp_path(&one->folder, "rhumb.yaml", path), &options,
                                one->diags, &one->snapshot);
}

static void compile_good(struct compiled *one, bool keep_map)
{
    compile(one, keep_map);
    if (one->err != ERR_OK)
        diag_print_all(one->diags, stderr);
    assert_int_equal(one->err, ERR_OK);
    assert_non_null(one->snapshot);
}

static void end(struct compiled *one)
{
    snapshot_free(one->snapshot);
    diag_list_free(one->diags);
    temp_folder_close(&one->folder);
}

/* assert_error - there is an error with `part` in its message, in `file` at `line` (0: any). */
static void assert_error(const struct compiled *one, const char *file, uint32_t line,
                         const char *part)
{
    for (size_t i = 0; i < diag_count(one->diags); i++) {
        const struct diag *diag = diag_get(one->diags, i);
        if (diag->severity == DIAG_ERROR && diag->place.file &&
            strstr(diag->place.file, file) && (line == 0 || diag->place.line == line) &&
            strstr(diag->message, part))
            return;
    }
    diag_print_all(one->diags, stderr);
    fail_msg("no error about '%s' in %s:%u", part, file, line);
}

static void write_whole_config(struct compiled *one)
{
    char database[TEMP_PATH_MAX];
    temp_printf(&one->folder, "rhumb.yaml",
                "geo: {databases: [%s], networks: {192.0.2.0/24: {country: FR}}}\n"
                "%szones:\n"
                "  example.com: {file: example.com.zone, names: {app: app, '{region}.app': "
                "app}}\n",
                data_path("mmdb/good/GeoIP2-City-Test.mmdb", database), services_text);
}

static void a_good_configuration_becomes_a_whole_snapshot(void **state)
{
    (void)state;
    struct compiled one;
    char database[TEMP_PATH_MAX];
    begin(&one);
    write_whole_config(&one);
    compile_good(&one, false);
    const struct snapshot *s = one.snapshot;
    assert_int_equal(diag_count(one.diags), 0);
    assert_int_equal(s->generation, 0); /* not published */
    assert_int_equal(s->zones.zone_count, 1);
    assert_int_equal(s->zones.zones[0]->serial, 7);
    assert_int_equal(s->binding_count, 3);
    assert_int_equal(s->policies.service_count, 1);
    assert_int_equal(s->target_count, 3);
    assert_int_equal(s->seat_count, 3);
    assert_int_equal(s->health.seat_count, 3);
    assert_int_equal(s->health.service_count, 1);
    assert_null(s->map);
    assert_int_equal(s->database_count, 1);
    assert_string_equal(s->databases[0].path,
                        data_path("mmdb/good/GeoIP2-City-Test.mmdb", database));
    assert_true(s->databases[0].built_s > 1000000000);
    end(&one);
}

/* The number in a policy's endpoint is that of its seat, and so of its health word. */
static void endpoints_point_at_their_seats(void **state)
{
    (void)state;
    struct compiled one;
    begin(&one);
    write_whole_config(&one);
    compile_good(&one, false);
    const struct policy_service *service = &one.snapshot->policies.services[0];
    size_t endpoints = 0;
    for (size_t r = 0; r < service->region_count; r++) {
        const struct policy_region *region = &service->regions[r];
        for (size_t e = 0; e < (size_t)region->v4_count + region->v6_count; e++, endpoints++) {
            const struct policy_endpoint *endpoint =
                e < region->v4_count ? &region->v4[e] : &region->v6[e - region->v4_count];
            assert_true(endpoint->seat < one.snapshot->seat_count);
            const struct snapshot_seat *seat = &one.snapshot->seats[endpoint->seat];
            assert_true(ip_equal(seat->addr, &endpoint->addr));
            assert_int_equal(seat->region, r);
            assert_true(seat->target < one.snapshot->target_count);
            const struct snapshot_target *target = &one.snapshot->targets[seat->target];
            assert_true(ip_equal(&target->addr, &endpoint->addr));
            assert_int_equal(target->seat_count, 1);
            assert_int_equal(target->seats[0], endpoint->seat);
            assert_int_equal(health_table_get(&one.snapshot->health, endpoint->seat),
                             HEALTH_WORD_ALWAYS_UP);
        }
    }
    assert_int_equal(endpoints, 3);
    end(&one);
}

static void every_file_that_went_in_is_listed(void **state)
{
    (void)state;

    static const char *const names[] = {"rhumb.yaml", "GeoIP2-City-Test.mmdb",
                                        "example.com.zone", "more.inc"};

    struct compiled one;
    begin(&one);
    write_whole_config(&one);
    compile_good(&one, false);
    assert_int_equal(one.snapshot->file_count, 4);
    for (size_t i = 0; i < 4; i++) {
        size_t found = 0;
        for (size_t f = 0; f < one.snapshot->file_count; f++) {
            const char *slash = strrchr(one.snapshot->files[f], '/');
            found += slash && strcmp(slash + 1, names[i]) == 0;
        }
        assert_int_equal(found, 1);
    }
    end(&one);
}

static void the_map_is_kept_only_when_asked_for(void **state)
{
    (void)state;
    struct compiled one;
    begin(&one);
    write_whole_config(&one);
    compile_good(&one, true);
    struct ip_addr addr;
    struct ip_prefix prefix;
    assert_non_null(one.snapshot->map);
    assert_true(ip_parse("192.0.2.7", &addr));
    const struct geo_location *location =
        geo_map_location(one.snapshot->map, geo_map_find(one.snapshot->map, &addr, &prefix));
    assert_memory_equal(location->place.country, "FR", 2);
    end(&one);
}

static void an_empty_configuration_is_one(void **state)
{
    (void)state;
    struct compiled one;
    begin(&one);
    temp_write(&one.folder, "rhumb.yaml", "{}\n");
    compile_good(&one, false);
    assert_int_equal(one.snapshot->zones.zone_count, 0);
    assert_int_equal(one.snapshot->target_count, 0);
    assert_int_equal(one.snapshot->file_count, 1);
    assert_true(diag_warning_count(one.diags) > 0); /* it answers nothing */
    end(&one);
    snapshot_free(NULL);
}

static void errors_of_all_zones_and_databases_are_told_together(void **state)
{
    (void)state;
    struct compiled one;
    char bad[TEMP_PATH_MAX];
    begin(&one);
    temp_write(&one.folder, "broken.zone", "@ 60 SOA ns h 1 2 3 4 5\n@ 60 NS ns\nns 60 A x\n");
    temp_write(&one.folder, "nosoa.zone", "@ 60 NS ns.example.net.\n");
    temp_write(&one.folder, "steered.zone",
               "@ 60 SOA ns.example.net. h 1 2 3 4 5\n@ 60 NS ns.example.net.\nwww 60 A "
               "192.0.2.9\n");
    temp_printf(&one.folder, "rhumb.yaml",
                "geo: {databases: [%s,\n gone.mmdb]}\n"
                "%szones:\n"
                "  a.example: {file: broken.zone}\n"
                "  b.example: {file: nosoa.zone}\n"
                "  c.example: {file: steered.zone, names: {www: app}}\n"
                "  d.example: {file: gone.zone}\n"
                "  e.example: {file: example.com.zone}\n",
                data_path("mmdb/bad/libmaxminddb/libmaxminddb-corrupt-search-tree.mmdb", bad),
                services_text);
    compile(&one, false);
    assert_int_equal(one.err, ERR_INVALID);
    assert_null(one.snapshot); /* untouched */
    assert_error(&one, "broken.zone", 3, "IPv4");
    assert_error(&one, "nosoa.zone", 0, "SOA");
    assert_error(&one, "", 0, "www");
    assert_error(&one, "gone.zone", 0, "open");
    assert_error(&one, "rhumb.yaml", 1, "corrupt-search-tree");
    assert_error(&one, "rhumb.yaml", 2, "gone.mmdb");
    end(&one);
}

/* write_limited - a zone with 6 records, 3 of one set, 2 types at a name, 3 includes. */
static void write_limited(struct compiled *one, const char *all, const char *own)
{
    temp_write(&one->folder, "example.com.zone",
               "$TTL 300\n"
               "@ SOA ns hostmaster 7 7200 900 1209600 60\n"
               "  NS ns\n"
               "ns A 192.0.2.53\n"
               "$INCLUDE more.inc\n"
               "$INCLUDE empty.inc\n"
               "\n"
               "$GENERATE 1-3 host A 192.0.2.$\n");
    temp_write(&one->folder, "more.inc", "$INCLUDE empty.inc\n");
    temp_write(&one->folder, "empty.inc", "");
    temp_printf(&one->folder, "rhumb.yaml",
                "limits: {%s}\n"
                "zones: {example.com: {file: example.com.zone, limits: {%s}}}\n",
                all, own);
}

static void limits_of_the_configuration_reach_the_zones(void **state)
{
    (void)state;

    static const struct {
        const char *limit, *enough, *message, *file;
        unsigned line;
    } cases[] = {
        {"records: 5", "records: 6", "more than 5 records", "example.com.zone", 8},
        {"records_per_rrset: 2", "records_per_rrset: 3", "more than 2 A records",
         "example.com.zone", 8},
        {"types_per_name: 1", "types_per_name: 2", "more than 1 types", "example.com.zone", 0},
        {"records_per_generate: 2", "records_per_generate: 3", "more than 2 values",
         "example.com.zone", 8},
        {"includes: 2", "includes: 3", "more than 2 includes", "example.com.zone", 6},
        {"include_depth: 1", "include_depth: 2", "more than 1 deep", "more.inc", 1},
        {"size: 100", "size: 1KiB", "more than 100 bytes", "example.com.zone", 0},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct compiled one;
        begin(&one);
        write_limited(&one, cases[i].limit, "");
        compile(&one, false);
        assert_int_equal(one.err, ERR_INVALID);
        assert_error(&one, cases[i].file, cases[i].line, cases[i].message);
        end(&one);
        begin(&one);
        write_limited(&one, cases[i].limit, cases[i].enough);
        compile_good(&one, false);
        assert_int_equal(one.snapshot->zones.zones[0]->record_count, 6);
        end(&one);
    }
}

/* Without a sound configuration it is not known which files to read. */
static void errors_of_the_configuration_are_told_all_at_once(void **state)
{
    (void)state;
    struct compiled one;
    begin(&one);
    temp_write(&one.folder, "rhumb.yaml",
               "server: {workers: many}\n"
               "services: {app: {polcy: geo, regions: {eu: {}}}}\n"
               "zones: {a.example: {}}\n");
    compile(&one, true);
    assert_int_equal(one.err, ERR_INVALID);
    assert_null(one.snapshot);
    assert_error(&one, "rhumb.yaml", 1, "workers");
    assert_error(&one, "rhumb.yaml", 2, "polcy");
    assert_error(&one, "rhumb.yaml", 2, "eu");
    assert_error(&one, "rhumb.yaml", 3, "a.example");
    end(&one);
}

static void a_name_inside_a_deeper_zone_is_warned_of(void **state)
{
    (void)state;
    struct compiled one;
    begin(&one);
    temp_printf(&one.folder, "rhumb.yaml",
                "%szones:\n"
                "  example.com:\n"
                "    file: example.com.zone\n"
                "    names: {app: app, a.sub: app, '{region}.sub': app}\n"
                "  sub.example.com: {file: example.com.zone, names: {app: app}}\n",
                services_text);
    compile_good(&one, false);
    static const char *const names[] = {"a.sub", "eu.sub", "us.sub"};
    assert_int_equal(diag_warning_count(one.diags), 3);
    for (size_t i = 0; i < 3; i++) {
        char message[200];
        const struct diag *diag = diag_get(one.diags, i);
        snprintf(message, sizeof(message),
                 "the steered name %s.example.com. is never answered: the zone "
                 "sub.example.com. stands above it",
                 names[i]);
        assert_string_equal(diag->message, message);
        assert_int_equal(diag->place.line, 10);
        assert_string_equal(diag->remedy, "move it to the names: of sub.example.com.");
    }
    end(&one);
}

static void a_configuration_that_is_not_there_is_an_error(void **state)
{
    (void)state;
    struct compiled one;
    begin(&one);
    compile(&one, false);
    assert_int_equal(one.err, ERR_INVALID);
    assert_int_equal(diag_error_count(one.diags), 1);
    assert_error(&one, "rhumb.yaml", 0, "");
    end(&one);
}

/* Each is read by itself until something is wrong, so each leaves other things behind. */
static void one_error_of_any_kind_leaves_nothing_behind(void **state)
{
    (void)state;

    static const struct {
        const char *geo, *zones;
    } cases[] = {
        {"geo: {databases: [gone.mmdb]}", "zones: {example.com: {file: example.com.zone}}"},
        {"geo: {databases: [example.com.zone]}",
         "zones: {example.com: {file: example.com.zone}}"},
        {"", "zones: {example.com: {file: gone.zone}}"},
        {"", "zones: {example.com: {file: more.inc}}"},
        {"", "zones: {example.com: {file: example.com.zone, names: {ns: app}}}"},
        {"", "zones: {example.com: {file: example.com.zone, names: {a: ap}}}"},
        {"", "zones: {example.com: {file: example.com.zone}, Example.COM.: {file: more.inc}}"},
        {"geo: {networks: {192.0.2.1/24: {country: DE}}}", ""},
        {": [", ""},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct compiled one;
        begin(&one);
        temp_printf(&one.folder, "rhumb.yaml", "%s\n%s%s\n", cases[i].geo, services_text,
                    cases[i].zones);
        compile(&one, true);
        assert_int_equal(one.err, ERR_INVALID);
        assert_null(one.snapshot);
        assert_true(diag_error_count(one.diags) > 0);
        end(&one);
    }
}

static void more_databases_than_can_be_merged_are_an_error(void **state)
{
    (void)state;

    enum { COUNT = 33, ITEM_BYTES = 16 };

    struct compiled one;
    char list[COUNT * ITEM_BYTES + 1] = "", source[TEMP_PATH_MAX];
    size_t used = 0;
    begin(&one);
    data_path("mmdb/good/MaxMind-DB-test-ipv4-24.mmdb", source);
    for (unsigned i = 0; i < COUNT; i++) {
        char name[ITEM_BYTES], link[TEMP_PATH_MAX];
        snprintf(name, sizeof(name), "db%u", i);
        assert_int_equal(symlink(source, temp_path(&one.folder, name, link)), 0);
        used +=
            (size_t)snprintf(list + used, sizeof(list) - used, "%s%s", i > 0 ? ", " : "", name);
    }
    temp_printf(&one.folder, "rhumb.yaml", "geo: {databases: [%s]}\n", list);
    compile(&one, false);
    assert_int_equal(one.err, ERR_INVALID);
    assert_error(&one, "rhumb.yaml", 1, "databases");
    end(&one);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_good_configuration_becomes_a_whole_snapshot),
        cmocka_unit_test(endpoints_point_at_their_seats),
        cmocka_unit_test(every_file_that_went_in_is_listed),
        cmocka_unit_test(the_map_is_kept_only_when_asked_for),
        cmocka_unit_test(an_empty_configuration_is_one),
        cmocka_unit_test(errors_of_all_zones_and_databases_are_told_together),
        cmocka_unit_test(limits_of_the_configuration_reach_the_zones),
        cmocka_unit_test(errors_of_the_configuration_are_told_all_at_once),
        cmocka_unit_test(a_name_inside_a_deeper_zone_is_warned_of),
        cmocka_unit_test(a_configuration_that_is_not_there_is_an_error),
        cmocka_unit_test(one_error_of_any_kind_leaves_nothing_behind),
        cmocka_unit_test(more_databases_than_can_be_merged_are_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
