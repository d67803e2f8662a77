/* What was added, changed, removed: one line of each item, beside the changes that make it. */
#include "rhumb/analysis_diff.h"

#include "analysis_case.h"

#define HEAD "regions: {eu: {country: DE}, us: {}}\n"
#define ONE  "zones: {example.com: {file: z}}\n"

/* Files before and after, and the items as "+ kind name: detail". */
struct item_case {
    const char *old_yaml, *old_zone, *yaml, *zone;
    const char *items[8];
};

static void put_item(const struct diff_item *item, char text[400])
{
    static const char signs[] = {'+', '~', '-'};
    snprintf(text, 400, "%c %s %s%s%s", signs[item->change], diff_kind_name(item->kind),
             item->name, item->detail ? ": " : "", item->detail ? item->detail : "");
}

static void judge(const struct item_case *one)
{
    struct snapshot *before = case_snapshot(one->old_yaml, one->old_zone);
    struct snapshot *after = case_snapshot(one->yaml, one->zone);
    struct diff *diff;
    size_t expected = 0;
    assert_int_equal(analysis_diff(before, after, NULL, &diff), ERR_OK);
    while (expected < COUNT(one->items) && one->items[expected])
        expected++;
    for (size_t i = 0; i < diff->item_count; i++) {
        char text[400];
        put_item(&diff->items[i], text);
        if (i >= expected)
            print_error("%s\n", text);
        else
            assert_string_equal(text, one->items[i]);
    }
    assert_int_equal(diff->item_count, expected);
    diff_free(diff);
    snapshot_free(before);
    snapshot_free(after);
}

static void judge_all(const struct item_case *cases, size_t count)
{
    for (size_t i = 0; i < count; i++)
        judge(&cases[i]);
}

#define SOA(serial, more)                                                                      \
    "$TTL 300\n@ SOA ns1 hostmaster " serial " 3600 600 86400 60\n@ NS ns1\n"                  \
    "ns1 A 192.0.2.53\n" more

static void records_and_zones(void **state)
{
    static const struct item_case cases[] = {
        {ONE,
         SOA("7", "a A 192.0.2.1\na A 192.0.2.2\n"),
         ONE,
         SOA("7", "a A 192.0.2.2\na A 192.0.2.1\n"),
         {0}}, /* the order means nothing */
        {ONE,
         SOA("7", ""),
         ONE,
         SOA("8", ""),
         {"~ zone example.com.: serial 7 -> 8; 0 names added, 0 removed"}},
        {ONE,
         SOA("7", "a A 192.0.2.1\n"),
         ONE,
         SOA("8", "a A 192.0.2.2\nb TXT x\n"),
         {"~ record a.example.com.: A, 1 -> 1 records",
          "+ record b.example.com.: TXT, 1 record",
          "~ zone example.com.: serial 7 -> 8; 1 names added, 0 removed"}},
        {ONE,
         SOA("7", "a 60 A 192.0.2.1\na TXT x\n"),
         ONE,
         SOA("7", "a 30 A 192.0.2.1\n"),
         {"~ record a.example.com.: A, 1 -> 1 records, TTL 60 -> 30",
          "- record a.example.com.: TXT, 1 record",
          "~ zone example.com.: serial 7 -> 7: not raised, secondaries will not take the "
          "change; 0 names added, 0 removed"}},
        {ONE,
         SOA("7", "a A 192.0.2.1\n"),
         ONE,
         SOA("6", ""),
         {"- record a.example.com.: A, 1 record",
          "~ zone example.com.: serial 7 -> 6: backwards, secondaries will not take it; 0 "
          "names "
          "added, 1 removed"}},
        {ONE,
         SOA("7", ""),
         ONE,
         "$TTL 300\n@ SOA ns1 other 8 3600 600 86400 60\n@ NS ns1\nns1 A 192.0.2.53\n",
         {"~ record example.com.: SOA, 1 -> 1 records",
          "~ zone example.com.: serial 7 -> 8; 0 names added, 0 removed"}},
        {ONE,
         SOA("7", ""),
         "zones: {example.com: {file: z}, example.org: {file: z}}\n",
         SOA("7", ""),
         {"+ record example.org.: NS, 1 record", "+ record example.org.: SOA, 1 record",
          "+ record ns1.example.org.: A, 1 record", "+ zone example.org.: serial 7, 2 names"}},
    };

    (void)state;
    judge_all(cases, COUNT(cases));
}

#define SERVICES                                                                               \
    "services:\n"                                                                              \
    "  a: {regions: {eu: {addresses: [192.0.2.1]}, us: {addresses: [192.0.2.2]}}}\n"           \
    "  b: {regions: {eu: {addresses: [192.0.2.3]}}}\n"
#define NAMED(names) HEAD SERVICES "zones: {example.com: {file: z, names: {" names "}}}\n"

static void steered_names(void **state)
{
    static const struct item_case cases[] = {
        {NAMED("x: a, y: a, z: a"),
         SOA("7", ""),
         NAMED("x: b, y: {service: a, sticky: true}, w: a"),
         SOA("8", ""),
         {"+ name w.example.com.: a", "~ name x.example.com.: a -> b",
          "~ name y.example.com.: a -> a, sticky", "- name z.example.com.: a",
          "~ zone example.com.: serial 7 -> 8; 1 names added, 1 removed"}},
        {NAMED("'{region}.x': a"),
         SOA("7", ""),
         NAMED("eu.x: a, us.x: a"),
         SOA("8", ""),
         {"~ name eu.x.example.com.: a at eu -> a", "~ name us.x.example.com.: a at us -> a",
          "~ zone example.com.: serial 7 -> 8; 0 names added, 0 removed"}},
    };

    (void)state;
    judge_all(cases, COUNT(cases));
}

#define APP(settings, eu)                                                                      \
    HEAD "checks: {web: {http: {path: /}}, tcp: {tcp: {port: 80}}}\n"                          \
         "services:\n"                                                                         \
         "  app: {" settings " regions: {eu: {" eu "addresses: [192.0.2.1]}, us: {addresses: " \
         "[192.0.2.2]}}}\n"

static void services(void **state)
{
    static const struct item_case cases[] = {
        {APP("", ""),
         NULL,
         APP("policy: weighted, check: web, ttl: {stable: 10s}, min_up: 0.25, sticky: true,",
             "weight: 3, serves: [DE], "),
         NULL,
         {"~ service app: policy geo -> weighted, check none -> web, ttl.stable 30s -> 10s, "
          "min_up 50% -> 25%, sticky false -> true, eu: weight 1 -> 3, serves"}},
        {APP("", ""),
         NULL,
         APP("when_all_down: {region: us}, failback: {after: 5m}, protect: "
             "{max_down_per_minute: 50%},",
             "capacity: 100, "),
         NULL,
         {"~ service app: when_all_down all -> region us, failback auto -> after, "
          "protect.max_down_per_minute 100% -> 50%, failback.after 0s -> 300s, eu: capacity 0 "
          "-> 100"}},
        {HEAD "services: {app: {regions: {eu: {addresses: [192.0.2.1, 192.0.2.4]}, us: "
              "{addresses: [192.0.2.2]}}}, gone: {regions: {eu: {addresses: [192.0.2.9]}}}}\n",
         NULL,
         HEAD "services: {app: {regions: {eu: {addresses: [192.0.2.4, 192.0.2.5]}}}, new: "
              "{policy: failover, regions: {us: {service: app}, eu: {names: [a.example]}}}}\n",
         NULL,
         {"~ service app: eu +192.0.2.5, eu -192.0.2.1, region -us",
          "+ service new: policy failover, 2 regions", "- service gone: policy geo, 1 region"}},
        {APP("policy: failover, order: [eu, us], residency: {DE: [eu]},", ""),
         NULL,
         APP("policy: failover, order: [us, eu], residency: {DE: [eu, us]},", ""),
         NULL,
         {"~ service app: order of regions, residency"}},
    };

    (void)state;
    judge_all(cases, COUNT(cases));
}

static void checks_regions_geography_and_the_server(void **state)
{
    static const struct item_case cases[] = {
        {"checks: {a: {http: {path: /, headers: {X-Key: secret}}}, b: {tcp: {port: 80}}, c: "
         "{tcp: {port: 1}}}\n",
         NULL,
         "checks: {a: {http: {path: /h, headers: {X-Key: other}, body: ok}, interval: 1s, "
         "timeout: "
         "500ms}, b: {tls: {port: 443}}, d: {all: [a, b]}}\n",
         NULL,
         {"~ check a: path / -> /h, body, interval 10s -> 1s, timeout 2s -> 500ms, headers",
          "~ check b: tcp -> tls, port 80 -> 443", "+ check d: parts", "- check c: tcp"}},
        {"regions: {eu: {country: DE}, us: {}, old: {}}\n",
         NULL,
         "regions: {eu: {country: FR}, us: {capacity: 5}, new: {}}\n",
         NULL,
         {"~ region eu: location", "~ region us: capacity 0 -> 5", "+ region new",
          "- region old"}},
        {"geo: {networks: {192.0.2.0/24: {country: DE}, 198.51.100.0/24: {country: US}}}\n",
         NULL,
         "geo: {networks: {192.0.2.0/24: {country: FR}, '2001:db8::/32': {country: US}}, "
         "default: "
         "{country: NL}}\n",
         NULL,
         {"~ geo 192.0.2.0/24", "+ geo 2001:db8::/32", "- geo 198.51.100.0/24",
          "~ geo default"}},
        {"server: {workers: 2}\n",
         NULL,
         "server: {workers: 3, identity: x, listen: ['127.0.0.1:5']}\n",
         NULL,
         {"~ server identity: (none) -> x", "~ server workers: 2 -> 3 (needs a restart)",
          "~ server listen: (needs a restart)"}},
        {"server: {}\n",
         NULL,
         "limits: {records: 5}\nnotify: [{command: [/bin/true]}]\n",
         NULL,
         {"~ server limits", "~ server notify"}},
        /* paths are those of the file, whatever folder it lies in */
        {"server: {state: s, cookies: {enabled: true}}\nlog: {level: info}\n",
         NULL,
         "server: {state: s}\nlog: {level: error}\nmetrics: {countries: false}\nadmin: "
         "{listen: "
         "['127.0.0.1:8053']}\n",
         NULL,
         {"~ server logs", "~ server metrics", "~ server admin"}},
    };

    (void)state;
    judge_all(cases, COUNT(cases));
}

static void text_is_cut_and_says_so(void **state)
{
    enum { RECORDS = 50 };

    char zone[4000] = ZONE_HEAD;
    (void)state;
    for (int i = 0; i < RECORDS; i++) {
        char line[40];
        snprintf(line, sizeof(line), "n%02d A 192.0.2.1\n", i);
        strncat(zone, line, sizeof(zone) - strlen(zone) - 1);
    }
    struct snapshot *before = case_snapshot(ONE, ZONE_HEAD), *after = case_snapshot(ONE, zone);
    struct diff *diff;
    struct text text;
    assert_int_equal(analysis_diff(before, after, NULL, &diff), ERR_OK);
    text_init(&text, 100000);
    diff_put_text(diff, false, &text);
    assert_non_null(strstr(text_get(&text), "records: 50 added, 0 changed, 0 removed\n"));
    assert_non_null(strstr(text_get(&text), "+ n19.example.com."));
    assert_null(strstr(text_get(&text), "+ n20.example.com."));
    assert_non_null(strstr(text_get(&text), "... and 30 more (--all)"));
    text_deinit(&text);
    text_init(&text, 100000);
    diff_put_text(diff, true, &text);
    assert_non_null(strstr(text_get(&text), "+ n49.example.com."));
    text_deinit(&text);
    diff_free(diff);
    snapshot_free(before);
    snapshot_free(after);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(records_and_zones),
        cmocka_unit_test(steered_names),
        cmocka_unit_test(services),
        cmocka_unit_test(checks_regions_geography_and_the_server),
        cmocka_unit_test(text_is_cut_and_says_so),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
