#include "config_case.h"

static const struct config_service *service_named(const struct loaded *loaded, const char *name)
{
    for (size_t i = 0; i < loaded->config->service_count; i++) {
        if (strcmp(loaded->config->services[i].name, name) == 0)
            return &loaded->config->services[i];
    }
    fail_msg("no service %s", name);
    return NULL;
}

static void a_service_has_defaults(void **state)
{
    (void)state;
    struct loaded loaded =
        load_good(PLACES "services: {a: {regions: {eu: {addresses: 192.0.2.1}}}}\n");
    const struct config_service *a = service_named(&loaded, "a");
    assert_int_equal(a->policy, CONFIG_POLICY_GEO);
    assert_int_equal(a->check, 0);
    assert_int_equal(a->ttl.stable_s, 30);
    assert_int_equal(a->ttl.unsettled_s, 5);
    assert_int_equal(a->ttl.suspect_s, 1);
    assert_int_equal(a->ttl.settle_ms, 300000);
    assert_false(a->ttl.cap);
    assert_int_equal(a->region_count, 1);
    assert_int_equal(a->order[0], 0);
    assert_int_equal(a->residency_count, 0);
    assert_int_equal(a->all_down, CONFIG_ALL_DOWN_ALL);
    assert_true(a->min_up == 0.5);
    assert_int_equal(a->max_answers, 8);
    assert_int_equal(a->answers, 1);
    assert_int_equal(a->depth, 4);
    assert_false(a->sticky);
    assert_int_equal(a->latency_source, CONFIG_LATENCY_PRIOR);
    assert_int_equal(a->place.line, 2);
    unload(&loaded);
}

static void everything_can_be_set(void **state)
{
    (void)state;
    struct loaded loaded =
        load_good(PLACES "checks: {c: {tcp: {port: 1}}}\n"
                         "services:\n"
                         "  a:\n"
                         "    policy: latency\n"
                         "    check: c\n"
                         "    ttl: {stable: 1h, unsettled: 0s, suspect: 1001ms, settle: 10s, "
                         "cap: true, from_proof: true}\n"
                         "    regions: {eu: {addresses: [192.0.2.1]}}\n"
                         "    min_up: 75%\n"
                         "    max_answers: 64\n"
                         "    answers: 2\n"
                         "    depth: 16\n"
                         "    sticky: true\n"
                         "    protect: {min_usable: 1, max_down_per_minute: 25%}\n"
                         "    failback: {after: 5m}\n"
                         "    latency: {source: pop}\n");
    const struct config_service *a = service_named(&loaded, "a");
    assert_int_equal(a->policy, CONFIG_POLICY_LATENCY);
    assert_string_equal(loaded.config->checks[a->check].name, "c");
    assert_int_equal(a->ttl.stable_s, 3600);
    assert_int_equal(a->ttl.unsettled_s, 0);
    assert_int_equal(a->ttl.suspect_s, 2); /* rounded up */
    assert_int_equal(a->ttl.settle_ms, 10000);
    assert_true(a->ttl.cap);
    assert_true(a->ttl.from_proof);
    assert_true(a->min_up == 0.75);
    assert_int_equal(a->max_answers, 64);
    assert_int_equal(a->answers, 2);
    assert_int_equal(a->depth, 16);
    assert_true(a->sticky);
    assert_int_equal(a->protect.min_usable, 1);
    assert_true(a->protect.max_down_per_minute == 0.25);
    assert_int_equal(a->failback, CONFIG_FAILBACK_AFTER);
    assert_int_equal(a->failback_after_ms, 300000);
    assert_int_equal(a->latency_source, CONFIG_LATENCY_POP);
    unload(&loaded);
}

static void policies_have_their_names(void **state)
{
    (void)state;
    static const char *const names[] = {"failover", "weighted", "geo", "nearest", "latency"};
    for (size_t i = 0; i < COUNT(names); i++) {
        char text[256];
        snprintf(text, sizeof(text),
                 PLACES "services: {a: {policy: %s, regions: {eu: {addresses: 192.0.2.1}}}}\n",
                 names[i]);
        struct loaded loaded = load_good(text);
        assert_string_equal(config_policy_name(loaded.config->services[0].policy), names[i]);
        unload(&loaded);
    }
}

static void a_child_takes_every_key_it_does_not_write(void **state)
{
    (void)state;
    /* The child stands above its parent, and the grandchild above both. */
    struct loaded loaded =
        load_good(PLACES "checks: {c: {tcp: {port: 1}}, d: {tcp: {port: 2}}}\n"
                         "services:\n"
                         "  grandchild: {inherit: child, depth: 2}\n"
                         "  child: {inherit: parent, check: d, sticky: false}\n"
                         "  parent:\n"
                         "    policy: failover\n"
                         "    check: c\n"
                         "    ttl: {stable: 60s}\n"
                         "    regions:\n"
                         "      eu: {addresses: [192.0.2.1]}\n"
                         "      us: {addresses: [192.0.2.2]}\n"
                         "    order: [us, eu]\n"
                         "    residency: {DE: [eu]}\n"
                         "    when_all_down: {region: us}\n"
                         "    sticky: true\n"
                         "    min_up: 1\n");
    const struct config_service *parent = service_named(&loaded, "parent");
    const struct config_service *child = service_named(&loaded, "child");
    const struct config_service *grandchild = service_named(&loaded, "grandchild");
    assert_ptr_equal(grandchild, &loaded.config->services[0]); /* in the order of the file */
    assert_int_equal(grandchild->place.line, 4);
    assert_int_equal(grandchild->policy, CONFIG_POLICY_FAILOVER);
    assert_int_equal(grandchild->ttl.stable_s, 60);
    assert_int_equal(grandchild->region_count, 2);
    assert_int_equal(grandchild->order[0], 1);
    assert_int_equal(grandchild->residency_count, 1);
    assert_int_equal(grandchild->all_down, CONFIG_ALL_DOWN_REGION);
    assert_int_equal(grandchild->all_down_region, 1);
    assert_true(grandchild->min_up == 1);
    assert_int_equal(grandchild->depth, 2);
    assert_int_equal(child->depth, 4);
    assert_string_equal(loaded.config->checks[parent->check].name, "c");
    assert_string_equal(loaded.config->checks[grandchild->check].name, "d");
    assert_true(parent->sticky);
    assert_false(grandchild->sticky);
    unload(&loaded);
}

static void a_key_of_the_child_replaces_the_whole_value(void **state)
{
    (void)state;
    struct loaded loaded = load_good(PLACES "services:\n"
                                            "  a:\n"
                                            "    ttl: {stable: 60s, unsettled: 9s, cap: true}\n"
                                            "    regions:\n"
                                            "      eu: {addresses: [192.0.2.1]}\n"
                                            "      us: {addresses: [192.0.2.2]}\n"
                                            "    residency: {DE: [us]}\n"
                                            "  b:\n"
                                            "    inherit: a\n"
                                            "    ttl: {stable: 10s}\n"
                                            "    regions: {us: {addresses: [192.0.2.3]}}\n");
    const struct config_service *b = service_named(&loaded, "b");
    assert_int_equal(b->ttl.stable_s, 10);
    assert_int_equal(b->ttl.unsettled_s, 5);
    assert_false(b->ttl.cap);
    assert_int_equal(b->region_count, 1);
    assert_string_equal(b->regions[0].name, "us");
    /* The parent's rule in terms of the child's regions. */
    assert_int_equal(service_named(&loaded, "a")->residency[0].allowed, 2);
    assert_int_equal(b->residency[0].allowed, 1);
    unload(&loaded);
}

static void an_inherited_order_sleeps_under_another_policy(void **state)
{
    (void)state;
    struct loaded loaded = load_good(
        PLACES "services:\n"
               "  a:\n"
               "    policy: failover\n"
               "    order: [us]\n"
               "    regions: {eu: {addresses: 192.0.2.1}, us: {addresses: 192.0.2.2}}\n"
               "  b: {inherit: a, policy: geo}\n"
               "  c: {inherit: b, policy: failover}\n");
    assert_int_equal(service_named(&loaded, "a")->order[0], 1);
    assert_int_equal(service_named(&loaded, "b")->order[0], 0);
    assert_int_equal(service_named(&loaded, "c")->order[0], 1);
    unload(&loaded);
}

#define EU "regions: {eu: {addresses: 192.0.2.1}}"

static void mistakes_are_named_with_their_place(void **state)
{
    (void)state;

    static const struct broken cases[] = {
        {"services: [a]\n", 1, 11, "'services' must be a mapping", NULL, 0},
        {"services: {a: }\n", 1, 12, "'a' must be a mapping, not nothing", NULL, 0},
        {"services: {a: {}}\n", 1, 12, "the service 'a' has no regions", "inherit:", 0},
        {"services: {a: {regions: {}}}\n", 1, 12, "the service 'a' has no regions", NULL, 0},
        {PLACES "services: {a.b: {" EU "}}\n", 2, 12, "cannot be the name of a service", NULL,
         0},
        {PLACES "services: {a: {" EU "}, A: {" EU "}}\n", 2, 56,
         "the service 'A' is there already, as 'a'", NULL, 0},
        {PLACES "services: {a: {" EU "}, a: {" EU "}}\n", 2, 56,
         "the key 'a' stands here twice", NULL, 0},
        {PLACES "services:\n  a:\n    " EU "\n    polcy: geo\n", 5, 5, "unknown key 'polcy'",
         "did you mean 'policy'?", 0},
        {PLACES "services:\n  a:\n    " EU "\n    failback: later\n", 5, 15,
         "'failback' is auto, manual or {after: DURATION}, not this word", "write {after: 5m}",
         0},
        {PLACES "services:\n  a:\n    " EU "\n    failback: {}\n", 5, 15,
         "does not say after how long", "write {after: 5m}, auto or manual", 0},
        {PLACES "services:\n  a:\n    " EU "\n    failback: {after: 2d}\n", 5, 23,
         "from 0s to 24h", NULL, 0},
        {PLACES "services:\n  a:\n    " EU "\n    protect: {min_usable: 65}\n", 5, 27,
         "from 0 to 64", NULL, 0},
        {PLACES "services:\n  a:\n    " EU "\n    protect: {max_down_per_minute: 110%}\n", 5,
         36, "a share from 0 to 1", NULL, 0},
        {PLACES "services:\n  a:\n    " EU "\n    protect: {min_usable: 2}\n", 3, 3,
         "'a' has 1 regions, but min_usable is 2", "min_usable counts regions", 0},
        {PLACES "services:\n  a:\n    " EU "\n    policy: geoo\n", 5, 13,
         "unknown value 'geoo' for 'policy'", "did you mean 'geo'?", 0},
        {PLACES "services:\n  a:\n    " EU "\n    policy: round-robin\n", 5, 13,
         "unknown value 'round-robin'", "expected one of: failover, weighted", 0},
        {PLACES "checks: {web: {http: }}\nservices:\n  a:\n    " EU "\n    check: wep\n", 6, 12,
         "there is no check 'wep'", "did you mean 'web'?", 0},
        {PLACES "services:\n  a:\n    " EU "\n    check: [none]\n", 5, 12,
         "'check' must be a single value, not a list", NULL, 0},
        {PLACES "services:\n  a:\n    " EU "\n    ttl: 30s\n", 5, 10,
         "'ttl' must be a mapping, not '30s'", NULL, 0},
        {PLACES "services:\n  a:\n    " EU "\n    ttl: {stable: 30}\n", 5, 19,
         "'stable' must be a duration from 0s to 24h, not '30'", "500ms, 10s", 0},
        {PLACES "services:\n  a:\n    " EU "\n    ttl: {stable: 25h}\n", 5, 19,
         "a duration from 0s to 24h", NULL, 0},
        {PLACES "services:\n  a:\n    " EU "\n    ttl: {settled: 1m}\n", 5, 11,
         "unknown key 'settled'", "did you mean 'settle'?", 0},
        {PLACES "services:\n  a:\n    " EU "\n    ttl: {cap: yes}\n", 5, 16,
         "'cap' must be true or false, not 'yes'", NULL, 0},
        {PLACES "services:\n  a:\n    " EU "\n    min_up: 101%\n", 5, 13,
         "'min_up' must be a share from 0 to 1, not '101%'", "0.5 or as 50%", 0},
        {PLACES "services:\n  a:\n    " EU "\n    min_up: half\n", 5, 13, "a share from 0 to 1",
         NULL, 0},
        {PLACES "services:\n  a:\n    " EU "\n    max_answers: 0\n", 5, 18, "from 1 to 64",
         NULL, 0},
        {PLACES "services:\n  a:\n    " EU "\n    answers: 3\n", 5, 14, "from 1 to 2, not '3'",
         NULL, 0},
        {PLACES "services:\n  a:\n    " EU "\n    depth: 17\n", 5, 12, "from 1 to 16", NULL, 0},
        {PLACES "services:\n  a:\n    " EU "\n    sticky: 1\n", 5, 13, "must be true or false",
         NULL, 0},
        {PLACES "services:\n  a:\n    " EU "\n    latency: pop\n", 5, 14,
         "'latency' must be a mapping", NULL, 0},
        {PLACES "services:\n  a:\n    " EU "\n    latency: {source: rtt}\n", 5, 23,
         "unknown value 'rtt'", "prior, pop", 0},
        {PLACES "services:\n  app: {" EU "}\n  b: {inherit: ap}\n", 4, 16,
         "there is no service 'ap'", "did you mean 'app'?", 0},
        {PLACES "services:\n  app: {" EU "}\n  b: {inherit: [app]}\n", 4, 16,
         "'inherit' must be a single value", NULL, 0},
        {PLACES "services:\n  a: {inherit: a}\n", 3, 16, "services inherit in a loop: a -> a",
         "take one", 0},
        {PLACES "services:\n  a: {inherit: b}\n  b: {inherit: a}\n", 4, 16,
         "services inherit in a loop: a -> b -> a", NULL, 0},
        {PLACES "services:\n  x: {inherit: a}\n  a: {inherit: b}\n  b: {inherit: c}\n"
                "  c: {inherit: a}\n  y: {inherit: x}\n",
         6, 16, "services inherit in a loop: a -> b -> c -> a", NULL, 0},
    };

    expect_broken(cases, COUNT(cases));
}

static void all_mistakes_are_reported_not_only_the_first(void **state)
{
    (void)state;
    static const char text[] = "server: {workers: no}\n"
                               "regions: {eu: {country: Germany}}\n"
                               "checks: {c: {http: {port: 0}, fall: 0}}\n"
                               "services:\n"
                               "  a: {policy: x, check: d, regions: {eu: {addresses: [1]}}}\n"
                               "zones: {example.com: {names: {www: b}}}\n"
                               "fleet: {}\n";
    struct loaded loaded = load_bytes(text, strlen(text));
    assert_int_equal(loaded.err, ERR_INVALID);
    assert_int_equal(diag_error_count(loaded.diags), 10);
    unload(&loaded);
}

static void a_mistake_in_an_anchor_is_reported_once(void **state)
{
    (void)state;

    static const struct broken cases[] = {
        {PLACES "x-base: &base {polcy: geo}\n"
                "services:\n"
                "  a: {<<: *base, " EU "}\n"
                "  b: {<<: *base, " EU "}\n",
         2, 16, "unknown key 'polcy'", "did you mean 'policy'?", 0},
        {PLACES "services:\n"
                "  a: {regions: &r {eu: {addresses: [here]}}}\n"
                "  b: {regions: *r}\n",
         3, 37, "'here' is no address", NULL, 0},
    };

    expect_broken(cases, COUNT(cases));
}

static void thousands_of_services_may_inherit_in_a_chain(void **state)
{
    (void)state;
    struct arena *arena = arena_new(64 * 1024 * 1024);
    size_t room = (size_t)CONFIG_SERVICES_MAX * 40 + 200, len;
    char *text = arena_alloc(arena, room);
    len = (size_t)snprintf(text, room, PLACES "services:\n");
    for (int i = CONFIG_SERVICES_MAX - 1; i > 0; i--)
        len += (size_t)snprintf(text + len, room - len, "  s%d: {inherit: s%d}\n", i, i - 1);
    snprintf(text + len, room - len, "  s0: {" EU "}\n");
    struct loaded loaded = load_good(text);
    assert_int_equal(loaded.config->service_count, CONFIG_SERVICES_MAX);
    assert_int_equal(loaded.config->services[0].region_count, 1);
    unload(&loaded);
    snprintf(text + len, room - len, "  s0: {" EU "}\n  more: {inherit: s0}\n");
    loaded = load_bytes(text, strlen(text));
    assert_int_equal(loaded.err, ERR_INVALID);
    assert_string_equal(first_of(loaded.diags, DIAG_ERROR)->message, "more than 4096 services");
    unload(&loaded);
    arena_free(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_service_has_defaults),
        cmocka_unit_test(everything_can_be_set),
        cmocka_unit_test(policies_have_their_names),
        cmocka_unit_test(a_child_takes_every_key_it_does_not_write),
        cmocka_unit_test(a_key_of_the_child_replaces_the_whole_value),
        cmocka_unit_test(an_inherited_order_sleeps_under_another_policy),
        cmocka_unit_test(mistakes_are_named_with_their_place),
        cmocka_unit_test(all_mistakes_are_reported_not_only_the_first),
        cmocka_unit_test(a_mistake_in_an_anchor_is_reported_once),
        cmocka_unit_test(thousands_of_services_may_inherit_in_a_chain),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
