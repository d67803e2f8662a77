#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "rhumb/snapshot_lint.h"

#include "../../support/temp_folder.h"

struct linted {
    struct temp_folder folder;
    struct diag_list *diags;
    struct snapshot *snapshot;
};

static const char HEAD[] = "$TTL 60\n@ SOA ns.example.com. h 1 2 3 4 5\n@ NS ns.example.com.\n";

static void begin(struct linted *one)
{
    *one = (struct linted){0};
    temp_folder_open(&one->folder);
    temp_printf(&one->folder, "com", "%sns A 192.0.2.53\n", HEAD);
    temp_printf(&one->folder, "net", "%s", HEAD);
}

/* lint - what is said beside what loading has said. */
static void lint(struct linted *one, uint64_t now_s)
{
    char path[TEMP_PATH_MAX];
    struct snapshot_options options = {.keep_map = true};
    one->diags = diag_list_new();
    assert_non_null(one->diags);
    enum err err = snapshot_compile(temp_path(&one->folder, "rhumb.yaml", path), &options,
                                    one->diags, &one->snapshot);
    if (err != ERR_OK || diag_count(one->diags) > 0)
        diag_print_all(one->diags, stderr);
    assert_int_equal(err, ERR_OK);
    assert_int_equal(diag_count(one->diags), 0);
    assert_int_equal(snapshot_lint(one->snapshot, now_s, one->diags), ERR_OK);
}

static void end(struct linted *one)
{
    snapshot_free(one->snapshot);
    diag_list_free(one->diags);
    temp_folder_close(&one->folder);
}

static void assert_said(const struct linted *one, size_t count, const char *file, uint32_t line,
                        const char *message)
{
    size_t found = 0;
    for (size_t i = 0; i < diag_count(one->diags); i++) {
        const struct diag *diag = diag_get(one->diags, i);
        found += diag->severity == DIAG_WARNING && strstr(diag->place.file, file) &&
                 diag->place.line == line && strstr(diag->message, message) && diag->remedy;
    }
    if (found != 1 || diag_count(one->diags) != count)
        diag_print_all(one->diags, stderr);
    assert_int_equal(found, 1);
    assert_int_equal(diag_count(one->diags), count);
}

static void write_databases(struct linted *one, const char *more)
{
    const char *data = getenv("RHUMB_TEST_DATA");
    temp_printf(&one->folder, "rhumb.yaml",
                "geo:\n"
                "  databases: [ %s/mmdb/good/GeoLite2-Country-Test.mmdb ]\n%s"
                "zones: { example.com: { file: com } }\n",
                data ? data : "tests/data", more);
}

static void old_databases_are_told(void **state)
{
    enum { DAY_S = 86400 };

    (void)state;
    struct linted one;
    begin(&one);
    write_databases(&one, "");
    lint(&one, 0);
    assert_int_equal(diag_count(one.diags), 0); /* built in the future: not old */
    assert_int_equal(one.snapshot->database_count, 1);
    uint64_t built_s = one.snapshot->databases[0].built_s;
    end(&one);

    static const struct {
        const char *more;
        unsigned days;
        bool told;
    } cases[] = {
        {"", 60, false},
        {"", 61, true},
        {"  max_age_days: 10\n", 10, false},
        {"  max_age_days: 10\n", 11, true},
        {"  max_age_days: 0\n", 10000, false},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char message[64];
        snprintf(message, sizeof(message), "is %u days old", cases[i].days);
        begin(&one);
        write_databases(&one, cases[i].more);
        lint(&one, built_s + (uint64_t)cases[i].days * DAY_S + 7);
        if (cases[i].told)
            assert_said(&one, 1, "rhumb.yaml", 2, message);
        else
            assert_int_equal(diag_count(one.diags), 0);
        end(&one);
    }
}

static void pointers_into_other_zones_are_followed(void **state)
{
    (void)state;

    static const struct {
        const char *record; /* in example.net */
        const char *message;
    } cases[] = {
        {"@ MX 10 Mail.example.com.\n",
         "the MX record of example.net. points at mail.example.com., which does not exist"},
        {"_s._tcp SRV 0 0 1 text.example.com.\n",
         "the SRV record of _s._tcp.example.net. points at text.example.com., which has no "
         "address"},
        {"s NS alias.example.com.\n",
         "the NS record of s.example.net. points at alias.example.com., which is a CNAME"},
        {"@ MX 10 ns.example.com.\n", NULL},
        {"@ MX 10 six.example.com.\n", NULL},
        {"@ MX 10 www.example.com.\n", NULL}, /* steered */
        {"@ MX 10 a.wild.example.com.\n", NULL},
        {"@ MX 10 mail.sub.example.com.\n", NULL}, /* others answer */
        {"@ MX 10 mail.example.org.\n", NULL},
        {"@ MX 0 .\n", NULL},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct linted one;
        begin(&one);
        temp_printf(&one.folder, "com",
                    "%sns A 192.0.2.53\nsix AAAA 2001:db8::1\ntext TXT a\nalias CNAME ns\n"
                    "*.wild A 192.0.2.1\nsub NS ns.example.org.\n",
                    HEAD);
        temp_printf(&one.folder, "net", "%s%s", HEAD, cases[i].record);
        temp_write(&one.folder, "rhumb.yaml",
                   "services: { app: { policy: failover, regions: {\n"
                   "  a: { addresses: [10.0.1.1] }, b: { addresses: [10.0.2.1] } } } }\n"
                   "regions: { a: {}, b: {} }\n"
                   "zones: { example.com: { file: com, names: { www: app } },\n"
                   "  example.net: { file: net } }\n");
        lint(&one, 0);
        if (cases[i].message)
            assert_said(&one, 1, "/net", 0, cases[i].message);
        else
            assert_int_equal(diag_count(one.diags), 0);
        end(&one);
    }
}

/* What config/ and policy/ have to say comes along. */
static void all_lints_are_asked(void **state)
{
    (void)state;
    struct linted one;
    begin(&one);
    temp_write(
        &one.folder, "rhumb.yaml",
        "regions: { a: {country: DE}, b: {country: US} }\n"
        "geo: { networks: { '2002::/16': { country: US }, 192.0.2.0/24: { country: DE } } }\n"
        "services:\n"
        "  app:\n"
        "    policy: geo\n"
        "    regions:\n"
        "      a: { serves: [default], addresses: [10.0.1.1] }\n"
        "      b: { serves: [US], addresses: [10.0.2.1] }\n"
        "    residency: { FR: [a] }\n"
        "zones: { example.com: { file: com, names: { www: app } } }\n");
    lint(&one, 0);
    assert_said(&one, 4, "rhumb.yaml", 2, "nobody is in 2002::/16");
    assert_said(&one, 4, "rhumb.yaml", 9,
                "no client falls under the residency rule country FR");
    assert_said(&one, 4, "rhumb.yaml", 8, "no client matches country US");
    end(&one);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(old_databases_are_told),
        cmocka_unit_test(pointers_into_other_zones_are_followed),
        cmocka_unit_test(all_lints_are_asked),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
