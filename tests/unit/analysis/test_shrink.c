#include "rhumb/analysis_shrink.h"

#include "analysis_case.h"

#define HEAD                                                                                   \
    "regions: {eu: {}, us: {}}\n"                                                              \
    "services:\n"
#define APP    "  app: {regions: {eu: {addresses: [192.0.2.1, '2001:db8::1']}}}\n"
#define APP_V4 "  app: {regions: {eu: {addresses: [192.0.2.1]}}}\n"
#define ALIAS  "  app: {regions: {eu: {names: [cdn.example.net]}}}\n"
#define API    "  api: {regions: {us: {addresses: [192.0.2.2]}}}\n"
#define NESTED                                                                                 \
    "  app: {regions: {eu: {service: inner}}}\n"                                               \
    "  inner: {regions: {eu: {addresses: ['2001:db8::1']}}}\n"
#define ZONE(names) "zones:\n  example.com: {file: z, names: {" names "}}\n"

/* One reload: before and after, and what is said against it. */
struct reload_case {
    const char *old_yaml, *old_zone, *yaml, *zone;
    const char *reasons[3];
};

static void judge(const struct reload_case *one, bool allowed)
{
    struct snapshot *old = case_snapshot(one->old_yaml, one->old_zone);
    struct snapshot *fresh = case_snapshot(one->yaml, one->zone);
    struct shrink_list list;
    analysis_shrink(old, fresh, &list);
    size_t count = 0;
    while (count < COUNT(one->reasons) && one->reasons[count])
        count++;
    for (size_t i = 0; i < list.count && i < count; i++) {
        assert_string_equal(list.items[i].reason, one->reasons[i]);
        assert_non_null(strstr(list.items[i].remedy, "restart the server"));
    }
    assert_int_equal(list.count, count);
    assert_int_equal(list.unlisted, 0);
    assert_int_equal(analysis_shrink_is_refused(&list, fresh), count > 0 && !allowed);
    snapshot_free(old);
    snapshot_free(fresh);
}

static const char TWO[] = HEAD APP API ZONE("www: app, api: api, shop: app");

static void an_ordinary_change_is_not_refused(void **state)
{
    static const struct reload_case cases[] = {
        /* the same; grown; moved to another service; one of six names gone */
        {TWO, ZONE_HEAD, TWO, ZONE_HEAD, {0}},
        {HEAD APP ZONE("www: app"), ZONE_HEAD, TWO, ZONE_HEAD "a A 192.0.2.1\n", {0}},
        {TWO, ZONE_HEAD, HEAD APP API ZONE("www: api, api: api, shop: api"), ZONE_HEAD, {0}},
        {TWO, ZONE_HEAD, HEAD APP API ZONE("www: app, api: api"), ZONE_HEAD, {0}},
        /* a service goes with its name, and is not declared any more */
        {TWO, ZONE_HEAD, HEAD APP ZONE("www: app, shop: app"), ZONE_HEAD, {0}},
        /* steered names become records, and names of the other kind */
        {TWO,
         ZONE_HEAD,
         HEAD API ZONE("api: api"),
         ZONE_HEAD "www A 192.0.2.1\nshop CNAME www\n",
         {0}},
        {HEAD APP ZONE("www: app"), ZONE_HEAD, HEAD ALIAS ZONE("www: app"), ZONE_HEAD, {0}},
        /* a service without a name may become as it likes */
        {HEAD APP API ZONE("api: api"),
         ZONE_HEAD,
         HEAD APP_V4 API ZONE("api: api"),
         ZONE_HEAD,
         {0}},
        /* from nothing to something, and from nothing to nothing */
        {"server: {}\n", NULL, TWO, ZONE_HEAD, {0}},
        {"server: {}\n", NULL, "server: {workers: 2}\n", NULL, {0}},
        /* a zone cut in two: every name is still held */
        {TWO,
         ZONE_HEAD,
         HEAD APP API "zones:\n  example.com: {file: z, names: {www: app, api: api}}\n"
                      "  shop.example.com: {file: z, names: {'@': app}}\n",
         ZONE_HEAD,
         {0}},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++)
        judge(&cases[i], false);
}

static void most_names_gone_is_refused(void **state)
{
    static const struct reload_case cases[] = {
        /* @, ns1, a, b, c, d: exactly half may go */
        {"zones: {example.com: {file: z}}\n",
         ZONE_HEAD "a A 192.0.2.1\nb A 192.0.2.1\nc A 192.0.2.1\nd A 192.0.2.1\n",
         "zones: {example.com: {file: z}}\n",
         ZONE_HEAD "a A 192.0.2.1\n",
         {0}},
        {"zones: {example.com: {file: z}}\n",
         ZONE_HEAD "a A 192.0.2.1\nb A 192.0.2.1\nc A 192.0.2.1\n",
         "zones: {example.org: {file: z}}\n",
         ZONE_HEAD,
         {"5 of 5 names would be gone, more than half"}},
        /* names between that hold nothing do not count: @, ns1, and three below e */
        {"zones: {example.com: {file: z}}\n",
         ZONE_HEAD "a.e A 192.0.2.1\nb.e A 192.0.2.1\nc.e A 192.0.2.1\n",
         "zones: {example.com: {file: z}}\n",
         ZONE_HEAD,
         {"3 of 5 names would be gone, more than half"}},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++)
        judge(&cases[i], false);
}

static void an_emptied_service_is_refused(void **state)
{
    static const struct reload_case cases[] = {
        {TWO,
         ZONE_HEAD,
         HEAD APP_V4 API ZONE("www: app, api: api, shop: app"),
         ZONE_HEAD,
         {"the service 'app' would have no endpoint for IPv6 left of 1"}},
        {HEAD APP ZONE("www: app"),
         ZONE_HEAD,
         HEAD NESTED ZONE("www: app"),
         ZONE_HEAD,
         {"the service 'app' would have no endpoint for IPv4 left of 1"}},
        {HEAD ALIAS ZONE("www: app"),
         ZONE_HEAD,
         HEAD APP_V4 ZONE("www: app"),
         ZONE_HEAD,
         {"the service 'app' would have no endpoint for IPv6 left of 1"}},
        {TWO,
         ZONE_HEAD,
         HEAD APP API ZONE("www: app, shop: app"),
         ZONE_HEAD,
         {"none of the 1 names of the service 'api' would be left"}},
        {TWO,
         ZONE_HEAD,
         HEAD APP_V4 API "zones: {example.com: {file: z}}\n",
         ZONE_HEAD,
         {"3 of 5 names would be gone, more than half",
          "the service 'app' would have no endpoint for IPv6 left of 1",
          "none of the 2 names of the service 'app' would be left"}},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases) - 1; i++)
        judge(&cases[i], false);
    struct snapshot *old = case_snapshot(cases[4].old_yaml, cases[4].old_zone);
    struct snapshot *fresh = case_snapshot(cases[4].yaml, cases[4].zone);
    struct shrink_list list;
    analysis_shrink(old, fresh, &list);
    assert_int_equal(list.count, 4); /* those three, and the names of api */
    for (size_t i = 0; i < 3; i++)
        assert_string_equal(list.items[i].reason, cases[4].reasons[i]);
    snapshot_free(old);
    snapshot_free(fresh);
}

static void what_is_meant_is_allowed(void **state)
{
    static const struct reload_case cases[] = {
        {TWO,
         ZONE_HEAD,
         "server: {allow_shrink: true}\n" HEAD APP API ZONE("www: app, shop: app"),
         ZONE_HEAD,
         {"none of the 1 names of the service 'api' would be left"}},
    };

    (void)state;
    judge(&cases[0], true);
}

static void silence_is_never_allowed(void **state)
{
    static const struct reload_case cases[] = {
        {TWO, ZONE_HEAD, HEAD APP API, NULL, {"no zone is left of the 1 that are served"}},
        {TWO,
         ZONE_HEAD,
         "server: {allow_shrink: true}\n",
         NULL,
         {"no zone is left of the 1 that are served"}},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++)
        judge(&cases[i], false);
}

static void a_long_list_is_cut_and_counted(void **state)
{
    enum { SERVICES = 20 };

    char old_yaml[4096] = HEAD, yaml[4096] = HEAD, names[1024] = "", piece[256];
    (void)state;
    for (int i = 0; i < SERVICES; i++) {
        snprintf(piece, sizeof(piece),
                 "  s%d: {regions: {eu: {addresses: [192.0.2.1, '2001:db8::1']}}}\n", i);
        strncat(old_yaml, piece, sizeof(old_yaml) - strlen(old_yaml) - 1);
        snprintf(piece, sizeof(piece), "  s%d: {regions: {eu: {addresses: [192.0.2.1]}}}\n", i);
        strncat(yaml, piece, sizeof(yaml) - strlen(yaml) - 1);
        snprintf(piece, sizeof(piece), "%sn%d: s%d", i > 0 ? ", " : "", i, i);
        strncat(names, piece, sizeof(names) - strlen(names) - 1);
    }
    snprintf(piece, sizeof(piece), "zones:\n  example.com: {file: z, names: {");
    for (int i = 0; i < 2; i++) {
        char *text = i == 0 ? old_yaml : yaml;
        strncat(text, piece, sizeof(yaml) - strlen(text) - 1);
        strncat(text, names, sizeof(yaml) - strlen(text) - 1);
        strncat(text, "}}\n", sizeof(yaml) - strlen(text) - 1);
    }
    struct snapshot *old = case_snapshot(old_yaml, ZONE_HEAD);
    struct snapshot *fresh = case_snapshot(yaml, ZONE_HEAD);
    struct shrink_list list;
    analysis_shrink(old, fresh, &list);
    assert_int_equal(list.count, SHRINK_MAX);
    assert_int_equal(list.unlisted, SERVICES - SHRINK_MAX);
    snapshot_free(old);
    snapshot_free(fresh);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_ordinary_change_is_not_refused),
        cmocka_unit_test(most_names_gone_is_refused),
        cmocka_unit_test(an_emptied_service_is_refused),
        cmocka_unit_test(what_is_meant_is_allowed),
        cmocka_unit_test(silence_is_never_allowed),
        cmocka_unit_test(a_long_list_is_cut_and_counted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
