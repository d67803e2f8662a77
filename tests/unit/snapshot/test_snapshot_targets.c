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
        return index == POLICY_NO_TARGET ? NULL : &one->snapshot.targets[index];
    }
    fail_msg("there is no check %s", check);
    return NULL;
}

/* assert_services - the services of a target, as names in the order of the file. */
static void assert_services(const struct snapshot_case *one,
                            const struct snapshot_target *target, const char *wanted)
{
    char names[200] = "";
    size_t used = 0;
    assert_non_null(target);
    for (size_t i = 0; i < target->service_count; i++)
        used += (size_t)snprintf(names + used, sizeof(names) - used, "%s%s", i > 0 ? " " : "",
                                 one->config->services[target->services[i]].name);
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
    assert_services(&one, find(&one, "web", "192.0.2.1"), "a b");
    assert_ptr_equal(find(&one, "web", "192.0.2.1"), find(&one, "same", "192.0.2.1"));
    assert_services(&one, find(&one, "web", "192.0.2.2"), "a");
    assert_services(&one, find(&one, "same", "2001:db8::1"), "b");
    assert_services(&one, find(&one, "other", "192.0.2.1"), "c");
    assert_null(find(&one, "other", "192.0.2.2"));
    assert_null(find(&one, "web", "192.0.2.3"));
    case_close(&one);
}

static void a_service_that_uses_an_address_twice_is_listed_once(void **state)
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
    assert_services(&one, &one.snapshot.targets[0], "a b");
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
                "  named: {check: web, regions: {eu: {names: [cdn.example.net]}}}\n"
                "  nested: {check: web, regions: {eu: {service: free},\n"
                "           us: {addresses: [192.0.2.9]}}}\n");
    assert_int_equal(one.snapshot.target_count, 1);
    assert_services(&one, find(&one, "web", "192.0.2.9"), "nested");
    assert_null(find(&one, "none", "192.0.2.1"));
    assert_null(find(&one, "web", "192.0.2.1"));
    case_close(&one);
    build(&one, "{}");
    assert_int_equal(one.snapshot.target_count, 0);
    case_close(&one);
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
        cmocka_unit_test(a_service_that_uses_an_address_twice_is_listed_once),
        cmocka_unit_test(what_is_not_checked_is_no_target),
        cmocka_unit_test(every_parameter_of_a_check_tells_targets_apart),
        cmocka_unit_test(a_target_keeps_its_key_over_a_reload),
        cmocka_unit_test(targets_ascend_by_key_without_doubles),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
