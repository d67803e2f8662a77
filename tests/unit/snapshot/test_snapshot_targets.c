#include "snapshot_case.h"
#include "snapshot_targets.h"

static void build(struct snapshot_case *one, const char *yaml)
{
    case_load(one, yaml);
    assert_int_equal(snapshot_targets_build(one->config, one->arena, &one->snapshot), ERR_OK);
}

/* find - the target of an address under a check, both as text. */
static const struct snapshot_target *find(struct snapshot_case *one, const char *check,
                                          const char *address)
{
    struct ip_addr addr;
    assert_true(ip_parse(address, &addr));
    for (uint16_t c = 0; c < one->config->check_count; c++) {
        if (strcmp(one->config->checks[c].name, check) != 0)
            continue;
        uint32_t index = snapshot_target_find(&one->snapshot, c, &addr);
        return index == SNAPSHOT_NO_TARGET ? NULL : &one->snapshot.targets[index];
    }
    fail_msg("there is no check %s", check);
    return NULL;
}

/* assert_seats - the seats of a target, as "service/region" in the order of the file. */
static void assert_seats(const struct snapshot_case *one, const struct snapshot_target *target,
                         const char *wanted)
{
    char names[200] = "";
    size_t used = 0;
    assert_non_null(target);
    for (size_t i = 0; i < target->seat_count; i++) {
        const struct snapshot_seat *seat = &one->snapshot.seats[target->seats[i]];
        const struct config_service *service = &one->config->services[seat->service];
        assert_ptr_equal(&one->snapshot.targets[seat->target], target);
        used +=
            (size_t)snprintf(names + used, sizeof(names) - used, "%s%s/%s", i > 0 ? " " : "",
                             service->name, service->regions[seat->region].name);
    }
    assert_string_equal(names, wanted);
}

static void equal_checks_of_one_address_are_one_target(void **state)
{
    (void)state;
    struct snapshot_case one;
    build(&one, "regions: {eu: {country: DE}, us: {country: US}}\n"
                "checks:\n"
                "  web: {http: {path: /x}}\n"
                "  same: {http: {path: /x}}\n"
                "  other: {http: {path: /y}}\n"
                "services:\n"
                "  a: {check: web, regions: {eu: {addresses: [192.0.2.1, 192.0.2.2]}}}\n"
                "  b: {check: same, regions: {eu: {addresses: [192.0.2.1]},\n"
                "                             us: {addresses: ['2001:db8::1']}}}\n"
                "  c: {check: other, regions: {eu: {addresses: [192.0.2.1]}}}\n");
    assert_int_equal(one.snapshot.target_count, 4);
    assert_seats(&one, find(&one, "web", "192.0.2.1"), "a/eu b/eu");
    assert_ptr_equal(find(&one, "web", "192.0.2.1"), find(&one, "same", "192.0.2.1"));
    assert_seats(&one, find(&one, "web", "192.0.2.2"), "a/eu");
    assert_seats(&one, find(&one, "same", "2001:db8::1"), "b/us");
    assert_seats(&one, find(&one, "other", "192.0.2.1"), "c/eu");
    assert_null(find(&one, "other", "192.0.2.2"));
    assert_null(find(&one, "web", "192.0.2.3"));
    case_close(&one);
}

static void an_address_used_twice_has_a_seat_in_each_place(void **state)
{
    (void)state;
    struct snapshot_case one;
    build(&one, "regions: {eu: {country: DE}, us: {country: US}, jp: {country: JP}}\n"
                "checks: {web: {tcp: {port: 80}}}\n"
                "services:\n"
                "  a: {check: web, regions: {eu: {addresses: [192.0.2.1]},\n"
                "      us: {addresses: [192.0.2.1]}, jp: {addresses: [192.0.2.1]}}}\n"
                "  b: {check: web, regions: {eu: {addresses: [192.0.2.1]},\n"
                "      us: {addresses: [192.0.2.1]}}}\n");
    assert_int_equal(one.snapshot.target_count, 1);
    assert_seats(&one, &one.snapshot.targets[0], "a/eu a/us a/jp b/eu b/us");
    case_close(&one);
}

static void what_is_not_checked_is_no_target(void **state)
{
    (void)state;
    struct snapshot_case one;
    build(&one, "regions: {eu: {country: DE}, us: {country: US}}\n"
                "checks: {web: {tcp: {port: 80}}}\n"
                "services:\n"
                "  free: {regions: {eu: {addresses: [192.0.2.1]}}}\n"
                "  nested: {check: web, regions: {eu: {service: free},\n"
                "           us: {addresses: [192.0.2.9]}}}\n");
    assert_int_equal(one.snapshot.target_count, 1);
    assert_seats(&one, find(&one, "web", "192.0.2.9"), "nested/us");
    assert_null(find(&one, "none", "192.0.2.1"));
    assert_null(find(&one, "web", "192.0.2.1"));
    case_close(&one);
    build(&one, "{}");
    assert_int_equal(one.snapshot.target_count, 0);
    case_close(&one);
}

static void every_endpoint_has_a_seat_in_the_order_of_the_file(void **state)
{
    (void)state;

    static const struct {
        uint16_t service;
        uint8_t region;
        const char *addr, *host;
        bool nested, probed;
    } wanted[] = {
        {0, 0, "192.0.2.1", NULL, false, true},
        {0, 0, "2001:db8::1", NULL, false, true},
        {0, 1, NULL, "cdn.example.net", false, true},
        {0, 1, NULL, "cdn2.example.net", false, true},
        {1, 0, NULL, NULL, true, false},
        {1, 1, "192.0.2.1", NULL, false, false},
    };
    struct snapshot_case one;
    build(&one, "regions: {eu: {country: DE}, us: {country: US}}\n"
                "checks: {web: {tcp: {port: 80}}}\n"
                "services:\n"
                "  a: {check: web, regions: {eu: {addresses: [192.0.2.1, '2001:db8::1']},\n"
                "      us: {names: [cdn.example.net, cdn2.example.net]}}}\n"
                "  b: {regions: {eu: {service: a}, us: {addresses: [192.0.2.1]}}}\n");
    assert_int_equal(one.snapshot.seat_count, 6);
    assert_int_equal(one.snapshot.target_count, 4);
    for (size_t i = 0; i < 6; i++) {
        const struct snapshot_seat *seat = &one.snapshot.seats[i];
        assert_int_equal(seat->service, wanted[i].service);
        assert_int_equal(seat->region, wanted[i].region);
        assert_int_equal(seat->nested, wanted[i].nested ? 0 : CONFIG_NONE);
        assert_int_equal(seat->target != SNAPSHOT_NO_TARGET, wanted[i].probed);
        assert_int_equal(seat->addr != NULL, wanted[i].addr != NULL);
        assert_int_equal(seat->host != NULL, wanted[i].host != NULL);
        if (seat->host)
            assert_memory_equal(seat->host, wanted[i].host, strlen(wanted[i].host));
        if (seat->addr) {
            char text[IP_TEXT_MAX];
            assert_string_equal(ip_format(seat->addr, text), wanted[i].addr);
        }
    }
    const uint32_t *first = one.snapshot.service_seats;
    assert_int_equal(first[0], 0);
    assert_int_equal(first[1], 4);
    assert_int_equal(first[2], 6);
    case_close(&one);
}

static void a_name_is_probed_by_its_host(void **state)
{
    (void)state;
    struct snapshot_case one;
    build(&one, "regions: {eu: {country: DE}, us: {country: US}}\n"
                "checks: {web: {tcp: {port: 80}}, also: {tcp: {port: 80}}}\n"
                "services:\n"
                "  a: {check: web, regions: {eu: {names: [cdn.example.net]},\n"
                "      us: {names: [other.example.net]}}}\n"
                "  b: {check: also, regions: {eu: {names: [cdn.example.net]}}}\n");
    assert_int_equal(one.snapshot.target_count, 2);
    for (size_t i = 0; i < 2; i++) {
        const struct snapshot_target *target = &one.snapshot.targets[i];
        assert_int_equal(target->addr.family, IP_NONE);
        assert_non_null(target->host);
        bool shared = strncmp(target->host, "cdn", 3) == 0;
        assert_seats(&one, target, shared ? "a/eu b/eu" : "a/us");
    }
    case_close(&one);
}

/* ---- checks made of others --------------------------------------------------------------- */

static struct config_check *check_of(const struct snapshot_case *one, const char *name)
{
    for (size_t c = 0; c < one->config->check_count; c++)
        if (strcmp(one->config->checks[c].name, name) == 0)
            return &one->config->checks[c];
    fail_msg("there is no check %s", name);
    return NULL;
}

/* make_parts - turn a check that was read as another kind into one made of two others. */
static void make_parts(const struct snapshot_case *one, const char *name, uint16_t parts[2],
                       const char *first, const char *second, uint32_t needed)
{
    struct config_check *check = check_of(one, name);
    parts[0] = (uint16_t)(check_of(one, first) - one->config->checks);
    parts[1] = (uint16_t)(check_of(one, second) - one->config->checks);
    check->kind = CONFIG_CHECK_PARTS;
    check->parts = parts;
    check->part_count = 2;
    check->parts_needed = needed;
}

static const char PARTS_YAML[] =
    "regions: {eu: {country: DE}}\n"
    "checks: {web: {tcp: {port: 80}}, db: {tcp: {port: 81}}, both: {tcp: {port: 1}},\n"
    "         same: {tcp: {port: 2}}, one: {tcp: {port: 3}}}\n"
    "services:\n"
    "  a: {check: both, regions: {eu: {addresses: [192.0.2.1, 192.0.2.2]}}}\n"
    "  b: {check: web, regions: {eu: {addresses: [192.0.2.1]}}}\n"
    "  c: {check: same, regions: {eu: {addresses: [192.0.2.1]}}}\n"
    "  d: {check: one, regions: {eu: {addresses: [192.0.2.1]}}}\n";

static void a_check_made_of_others_has_them_as_parts(void **state)
{
    (void)state;
    struct snapshot_case one;
    uint16_t both[2], same[2], any[2];
    case_load(&one, PARTS_YAML);
    make_parts(&one, "both", both, "web", "db", 2);
    make_parts(&one, "same", same, "web", "db", 2);
    make_parts(&one, "one", any, "web", "db", 1);
    assert_int_equal(snapshot_targets_build(one.config, one.arena, &one.snapshot), ERR_OK);

    /* of 192.0.2.1: both, one, web, db; of 192.0.2.2: both, web, db */
    assert_int_equal(one.snapshot.target_count, 7);
    const struct snapshot_target *whole = find(&one, "both", "192.0.2.1");
    assert_seats(&one, whole, "a/eu c/eu");
    assert_ptr_equal(whole, find(&one, "same", "192.0.2.1"));
    assert_seats(&one, find(&one, "one", "192.0.2.1"), "d/eu");
    assert_int_equal(whole->part_count, 2);
    assert_ptr_equal(&one.snapshot.targets[whole->parts[0]], find(&one, "web", "192.0.2.1"));
    assert_ptr_equal(&one.snapshot.targets[whole->parts[1]], find(&one, "db", "192.0.2.1"));
    assert_seats(&one, find(&one, "web", "192.0.2.1"), "b/eu"); /* a part, and used itself */
    assert_seats(&one, find(&one, "db", "192.0.2.1"), "");      /* a part only */
    assert_seats(&one, find(&one, "web", "192.0.2.2"), "");
    assert_int_equal(find(&one, "web", "192.0.2.1")->part_count, 0);
    case_close(&one);
}

static void another_pace_of_a_part_makes_another_whole(void **state)
{
    (void)state;
    uint64_t keys[2];
    for (size_t i = 0; i < 2; i++) {
        struct snapshot_case one;
        uint16_t both[2];
        case_load(&one, PARTS_YAML);
        make_parts(&one, "both", both, "web", "db", 2);
        check_of(&one, "db")->fall += (uint32_t)i;
        assert_int_equal(snapshot_targets_build(one.config, one.arena, &one.snapshot), ERR_OK);
        keys[i] = find(&one, "both", "192.0.2.1")->key;
        case_close(&one);
    }
    assert_true(keys[0] != keys[1]);
}

/* Two checks of the same address: one target exactly if they ask the same thing at the same
 * pace. */
static void every_parameter_of_a_check_tells_targets_apart(void **state)
{
    (void)state;

    static const struct {
        const char *first, *second;
        size_t targets;
    } cases[] = {
        {"http: {}", "http: {path: /, port: 80, method: GET}", 1}, /* written or by default */
        {"http: {}", "{https: {port: 80}}", 2},
        {"http: {}", "tcp: {port: 80}", 2},
        {"http: {}", "http: {port: 81}", 2},
        {"http: {}", "http: {path: /x}", 2},
        {"http: {}", "http: {method: HEAD}", 2},
        {"http: {}", "http: {host: h.example}", 2},
        {"http: {host: a.example}", "http: {host: b.example}", 2},
        {"http: {}", "http: {body: ok}", 2},
        {"http: {}", "http: {headers: {X-A: b}}", 2},
        {"http: {headers: {X-A: b}}", "http: {headers: {X-A: c}}", 2},
        {"http: {headers: {X-A: b}}", "http: {headers: {X-B: b}}", 2},
        {"http: {headers: {X-A: b}}", "http: {headers: {X-A: b}}", 1},
        {"http: {}", "http: {status: [200]}", 2},
        {"http: {}", "http: {status: [200-299]}", 1},
        {"http: {status: [200, 304]}", "http: {status: [200]}", 2},
        {"https: {}", "https: {verify: false}", 2},
        {"https: {}", "https: {min_cert_days: 7}", 2},
        {"https: {}", "https: {ca_file: /etc/ca.pem}", 2},
        {"http: {}", "{http: {}, interval: 9s}", 2},
        {"http: {}", "{http: {}, interval: 10s}", 1},
        {"http: {}", "{http: {}, timeout: 1s}", 2},
        {"http: {}", "{http: {}, confirm: 50ms}", 2},
        {"http: {}", "{http: {}, fall: 2}", 2},
        {"http: {}", "{http: {}, rise: 2}", 2},
        {"http: {}", "{http: {}, min_down: 1s}", 2},
        {"http: {}", "{http: {}, assume: down}", 2},
        {"http: {}", "{http: {}, ramp: 1m}", 2},
        {"http: {}", "{http: {}, damping: false}", 2},
        {"http: {}", "{http: {}, damping: true}", 1},
        {"http: {}", "http: {body_regex: ok}", 2},
        {"http: {body: ok}", "http: {body_regex: ok}", 2},
        {"http: {}", "http: {follow: 0, http_version: 1.1}", 1},
        {"http: {}", "http: {follow: 1}", 2},
        {"http: {}", "http: {http_version: 2}", 2},
        {"http: {}", "http: {source: 192.0.2.9}", 2},
        {"http: {}", "http: {source: '2001:db8::9'}", 1}, /* the target is IPv4 */
        {"http: {}", "{http: {}, metric: {json: a, degraded: 1, down: 2}}", 2},
        {"{http: {}, metric: {json: a, degraded: 1, down: 2}}",
         "{http: {}, metric: {header: a, degraded: 1, down: 2}}", 2},
        {"{http: {}, metric: {json: a, degraded: 1, down: 2}}",
         "{http: {}, metric: {json: b, degraded: 1, down: 2}}", 2},
        {"{http: {}, metric: {json: a, degraded: 1, down: 2}}",
         "{http: {}, metric: {json: a, degraded: 0, down: 2}}", 2},
        {"{http: {}, metric: {json: a, degraded: 1, down: 2}}",
         "{http: {}, metric: {json: a, degraded: 1, down: 3}}", 2},
        {"tcp: {port: 80}", "tls: {port: 80}", 2},
        {"tcp: {port: 80}", "tcp: {port: 80, send: x}", 2},
        {"tcp: {port: 80, send: x}", "tcp: {port: 80, expect: x}", 2},
        {"tcp: {port: 80, send: '\\0a'}", "tcp: {port: 80, send: '\\0b'}", 2},
        {"tcp: {port: 80, send: a}", "tcp: {port: 80, send: '\\x61'}", 1},
        {"tls: {port: 80}", "tls: {port: 80, verify: false}", 2},
        {"tls: {port: 80}", "tls: {port: 80, host: a}", 2},
        {"grpc: {port: 80}", "grpc: {port: 80, service: a}", 2},
        {"grpc: {port: 80}", "grpc: {port: 80, tls: true}", 2},
        {"http: {path: /ab, host: c}", "http: {path: /a, host: bc}", 2}, /* nothing runs over */
        {"dns: {name: a}", "dns: {name: a., type: A, rcode: NOERROR, port: 53}", 1},
        {"dns: {name: a}", "dns: {name: b}", 2},
        {"dns: {name: a}", "dns: {name: a, type: AAAA}", 2},
        {"dns: {name: a}", "dns: {name: a, port: 54}", 2},
        {"dns: {name: a}", "dns: {name: a, rcode: REFUSED}", 2},
        {"dns: {name: a}", "dns: {name: a, tcp: true}", 2},
        {"dns: {name: a}", "dns: {name: a, address: 192.0.2.1}", 2},
        {"dns: {name: a, address: 192.0.2.2}", "dns: {name: a, address: 192.0.2.1}", 2},
        {"icmp: {}", "icmp: {}", 1},
        {"icmp: {}", "tcp: {port: 1}", 2},
        {"command: [a]", "command: [a]", 2}, /* each is told the name of its check */
        {"file: {path: /a}", "file: {path: /a, max_age: 30s}", 1},
        {"file: {path: /a}", "file: {path: /b}", 2},
        {"file: {path: /a}", "file: {path: /a, max_age: 31s}", 2},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct snapshot_case one;
        char yaml[600];
        snprintf(yaml, sizeof(yaml),
                 "regions: {eu: {country: DE}}\n"
                 "checks:\n  x: %s%s%s\n  y: %s%s%s\n"
                 "services:\n"
                 "  a: {check: x, regions: {eu: {addresses: [192.0.2.1]}}}\n"
                 "  b: {check: y, regions: {eu: {addresses: [192.0.2.1]}}}\n",
                 cases[i].first[0] == '{' ? "" : "{", cases[i].first,
                 cases[i].first[0] == '{' ? "" : "}", cases[i].second[0] == '{' ? "" : "{",
                 cases[i].second, cases[i].second[0] == '{' ? "" : "}");
        build(&one, yaml);
        if (one.snapshot.target_count != cases[i].targets)
            print_error("%s | %s\n", cases[i].first, cases[i].second);
        assert_int_equal(one.snapshot.target_count, cases[i].targets);
        case_close(&one);
    }
}

/* Names, order and services around it change; what is asked of an address does not. */
static void a_target_keeps_its_key_over_a_reload(void **state)
{
    (void)state;
    struct snapshot_case before, after;
    build(&before, "regions: {eu: {country: DE}}\n"
                   "checks: {web: {http: {path: /x}}, db: {tcp: {port: 1}}}\n"
                   "services:\n"
                   "  a: {check: web, regions: {eu: {addresses: [192.0.2.1, 192.0.2.2]}}}\n"
                   "  b: {check: db, regions: {eu: {addresses: ['2001:db8::1']}}}\n");
    build(&after, "regions: {us: {country: US}, eu: {country: DE}}\n"
                  "checks: {data: {tcp: {port: 1}}, new: {http: {path: /x}},\n"
                  "         more: {tcp: {port: 2}}}\n"
                  "services:\n"
                  "  z: {check: more, regions: {eu: {addresses: [192.0.2.1]}}}\n"
                  "  b: {check: data, regions: {us: {addresses: ['2001:db8::1']}}}\n"
                  "  a: {check: new, policy: failover,\n"
                  "      regions: {eu: {addresses: [192.0.2.2, 192.0.2.1]}}}\n");
    assert_int_equal(before.snapshot.target_count, 3);
    assert_int_equal(after.snapshot.target_count, 4);
    for (size_t i = 0; i < before.snapshot.target_count; i++) {
        const struct snapshot_target *old = &before.snapshot.targets[i];
        size_t found = 0;
        for (size_t k = 0; k < after.snapshot.target_count; k++)
            found += after.snapshot.targets[k].key == old->key &&
                     ip_equal(&after.snapshot.targets[k].addr, &old->addr);
        assert_int_equal(found, 1);
    }
    case_close(&before);
    case_close(&after);
}

/* health_monitor.c steps through two such lists side by side. */
static void targets_ascend_by_key_without_doubles(void **state)
{
    (void)state;
    struct snapshot_case one;
    build(&one,
          "regions: {eu: {country: DE}}\n"
          "checks: {web: {tcp: {port: 80}}}\n"
          "services:\n"
          "  a: {check: web, regions: {eu: {addresses: [192.0.2.1, 192.0.2.2, 192.0.2.3,\n"
          "      192.0.2.4, 192.0.2.5, 192.0.2.6, 192.0.2.7, 192.0.2.8]}}}\n");
    assert_int_equal(one.snapshot.target_count, 8);
    for (size_t i = 1; i < one.snapshot.target_count; i++)
        assert_true(one.snapshot.targets[i - 1].key < one.snapshot.targets[i].key);
    case_close(&one);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(equal_checks_of_one_address_are_one_target),
        cmocka_unit_test(an_address_used_twice_has_a_seat_in_each_place),
        cmocka_unit_test(what_is_not_checked_is_no_target),
        cmocka_unit_test(every_endpoint_has_a_seat_in_the_order_of_the_file),
        cmocka_unit_test(a_name_is_probed_by_its_host),
        cmocka_unit_test(a_check_made_of_others_has_them_as_parts),
        cmocka_unit_test(another_pace_of_a_part_makes_another_whole),
        cmocka_unit_test(every_parameter_of_a_check_tells_targets_apart),
        cmocka_unit_test(a_target_keeps_its_key_over_a_reload),
        cmocka_unit_test(targets_ascend_by_key_without_doubles),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
