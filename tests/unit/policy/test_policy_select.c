/* What is answered, by health. An answer is compared as text:
 *
 *     [ALL-DOWN ][PIN-REFUSED ]SERVICE/REGION#GROUP ADDRESS ... TTL    or    empty TTL
 *
 * with the addresses sorted, groups from 0, and "NAME." in the place of addresses for an alias.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "rhumb/dns_name.h"

#include "policy_world.h"

enum { ANSWER_TEXT_MAX = 2048 };

/* clang-format off: reads as the file it is */
static const char YAML[] =
    "checks: { tcp: { tcp: { port: 80 } }, quick: { tcp: { port: 81 }, interval: 1900ms, "
    "timeout: 1s } }\n"
    "geo:\n"
    "  networks:\n"
    "    192.0.2.0/24: { country: US, location: [0, 0] }\n"
    "    198.51.100.0/24: { country: DE, location: [0, 0] }\n"
    "    198.51.100.128/25: { country: CH, location: [0, 0] }\n"
    "    2001:db8:1::/48: { country: DE, location: [0, 0] }\n"
    "regions: { a: {}, b: {}, c: {}, d: {} }\n"
    "x-four: &four\n"
    "  a: { addresses: [ 10.0.1.1, 10.0.1.2, 10.0.1.3, 10.0.1.4, 2001:db8::1 ] }\n"
    "  b: { addresses: [ 10.0.2.1 ] }\n"
    "x-plain: &plain\n"
    "  a: { addresses: [ 10.0.1.1, 2001:db8::1 ] }\n"
    "  b: { addresses: [ 10.0.2.1, 2001:db8::2 ] }\n"
    "  c: { addresses: [ 10.0.3.1, 2001:db8::3 ] }\n"
    "services:\n"
    "  half: { policy: failover, check: tcp, regions: *four }\n"
    "  any: { policy: failover, check: tcp, min_up: 0, regions: *four }\n"
    "  every: { policy: failover, check: tcp, min_up: 1, regions: *four }\n"
    "  three-quarters: { policy: failover, check: tcp, min_up: 75%, regions: *four }\n"
    "  at-most-two: { policy: failover, check: tcp, max_answers: 2, regions: *four }\n"
    "  one: { policy: failover, check: tcp, max_answers: 1, regions: *four }\n"
    "  one-sticky: { policy: failover, check: tcp, max_answers: 1, sticky: true, regions: "
    "*four }\n"
    "  unchecked: { policy: failover, regions: *plain }\n"
    "  plain: { policy: failover, check: tcp, regions: *plain }\n"
    "  geo:\n"
    "    policy: geo\n"
    "    check: tcp\n"
    "    regions:\n"
    "      a: { serves: [ US ], addresses: [ 10.0.1.1 ] }\n"
    "      b: { serves: [ US ], addresses: [ 10.0.2.1 ] }\n"
    "      c: { serves: [ default ], addresses: [ 10.0.3.1 ] }\n"
    "  two: { policy: failover, check: tcp, answers: 2, regions: *plain }\n"
    "  two-geo: { inherit: geo, answers: 2 }\n"
    "  two-shared:\n"
    "    policy: failover\n"
    "    check: tcp\n"
    "    answers: 2\n"
    "    regions:\n"
    "      a: { addresses: [ 10.0.1.1, 10.0.1.2 ] }\n"
    "      b: { addresses: [ 10.0.1.2 ] }\n"
    "      c: { addresses: [ 10.0.1.2, 10.0.3.1 ] }\n"
    "  two-names:\n"
    "    policy: failover\n"
    "    check: tcp\n"
    "    answers: 2\n"
    "    regions:\n"
    "      a: { addresses: [ 10.0.1.1 ] }\n"
    "      b: { names: [ b.example.net ] }\n"
    "      c: { addresses: [ 10.0.3.1 ] }\n"
    "  two-nested:\n"
    "    policy: failover\n"
    "    answers: 2\n"
    "    regions:\n"
    "      first: { service: plain }\n"
    "      second: { service: unchecked-d }\n"
    "  unchecked-d: { policy: failover, regions: { d: { addresses: [ 10.0.4.1 ] } } }\n"
    "  down-region: { inherit: plain, when_all_down: { region: c } }\n"
    "  down-empty: { inherit: plain, when_all_down: empty }\n"
    "  down-two: { inherit: plain, answers: 2 }\n"
    "  down-far:\n"
    "    inherit: plain\n"
    "    when_all_down: { region: c }\n"
    "    residency: { DE: [ b ], US: [ b, c ] }\n"
    "  down-v4-only:\n"
    "    policy: failover\n"
    "    check: tcp\n"
    "    when_all_down: { region: b }\n"
    "    regions:\n"
    "      a: { addresses: [ 10.0.1.1, 2001:db8::1 ] }\n"
    "      b: { addresses: [ 10.0.2.1 ] }\n"
    "  v4-only-empty: { inherit: half, when_all_down: empty, regions: { b: { addresses: [ "
    "10.0.2.1 ] } } }\n"
    "  v6-behind:\n"
    "    policy: failover\n"
    "    check: tcp\n"
    "    regions:\n"
    "      b: { addresses: [ 10.0.2.1 ] }\n"
    "      a: { addresses: [ 10.0.1.1, 2001:db8::1 ] }\n"
    "  outer:\n"
    "    policy: failover\n"
    "    check: tcp\n"
    "    ttl: { stable: 60s, unsettled: 7s, suspect: 3s }\n"
    "    regions:\n"
    "      inside: { service: plain }\n"
    "      d: { addresses: [ 10.0.4.1 ] }\n"
    "  outer-alone: { policy: failover, regions: { inside: { service: plain } } }\n"
    "  outer-v4: { policy: failover, regions: { inside: { service: unchecked-d } } }\n"
    "  outer-outer-v4: { policy: failover, regions: { inside: { service: outer-v4 } } }\n"
    "  only-a:\n"
    "    policy: failover\n"
    "    check: tcp\n"
    "    residency: { DE: [ b ], default: [ a ] }\n"
    "    regions: *four\n"
    "  outer-resident: { policy: failover, regions: { inside: { service: only-a } } }\n"
    "  outer-empty:\n"
    "    policy: failover\n"
    "    check: tcp\n"
    "    regions:\n"
    "      inside: { service: down-empty }\n"
    "      d: { addresses: [ 10.0.4.1 ] }\n"
    "  outer-empty-alone: { policy: failover, regions: { inside: { service: down-empty } } }\n"
    "  outer-weighted:\n"
    "    policy: weighted\n"
    "    check: tcp\n"
    "    regions:\n"
    "      inside: { service: plain, weight: 1000 }\n"
    "      d: { addresses: [ 10.0.4.1 ] }\n"
    "  outer-suspect:\n"
    "    policy: failover\n"
    "    check: tcp\n"
    "    ttl: { stable: 60s, unsettled: 7s, suspect: 3s }\n"
    "    regions:\n"
    "      inside: { service: every }\n"
    "      d: { addresses: [ 10.0.4.1 ] }\n"
    "  names:\n"
    "    policy: failover\n"
    "    check: tcp\n"
    "    regions:\n"
    "      a: { addresses: [ 10.0.1.1 ] }\n"
    "      b: { names: [ B.Example.NET ] }\n"
    "  ttls: { inherit: plain, ttl: { stable: 100s, unsettled: 20s, suspect: 2s } }\n"
    "  ttls-odd: { inherit: plain, ttl: { stable: 10s, unsettled: 20s, suspect: 15s } }\n"
    "  capped: { policy: failover, check: quick, ttl: { cap: true }, regions: { a: { "
    "addresses: [ 10.0.9.1 ] } } }\n"
    "  resident:\n"
    "    policy: failover\n"
    "    check: tcp\n"
    "    residency: { DE: [ b ] }\n"
    "    regions: *plain\n"
    "  geo-sticky: { inherit: geo, sticky: true }\n"
    "  outer-geo: { policy: failover, check: tcp, regions: { d: { addresses: [ 10.0.4.1 ] }, "
    "inside: { service: geo } } }\n";
/* clang-format on */

static struct world world;

static int setup(void **state)
{
    (void)state;
    world_init(&world, YAML);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    world_deinit(&world);
    return 0;
}

/* reset - everything up and settled, before each test. */
static int reset(void **state)
{
    (void)state;
    for (size_t i = 0; i < world.seat_count; i++)
        health_table_set(&world.health, i, world_word(WORLD_UP, HEALTH_SCALE_FULL));
    for (size_t i = 0; i < world.config->service_count; i++)
        world_set_unsettled(&world, world.config->services[i].name, false);
    return 0;
}

/* set - "a1 a2 b1" style lists of addresses, by spaces. */
static void set(const char *addresses, enum world_health health)
{
    char copy[512], *rest = copy;
    assert_true(strlen(addresses) < sizeof(copy));
    memcpy(copy, addresses, strlen(addresses) + 1);
    for (char *one; (one = strsep(&rest, " ")) != NULL;)
        if (one[0] != '\0')
            world_set(&world, one, health);
}

static const char *answer_text(const struct policy_answer *answer, char buffer[ANSWER_TEXT_MAX])
{
    char addresses[ANSWER_TEXT_MAX / 2], name[DNS_NAME_TEXT_MAX];
    const char *what = world_addresses(answer, addresses, sizeof(addresses));
    const char *all_down = (answer->flags & POLICY_ALL_DOWN) != 0 ? "ALL-DOWN " : "";
    const char *refused = (answer->flags & POLICY_PIN_REFUSED) != 0 ? "PIN-REFUSED " : "";
    if (answer->outcome == POLICY_EMPTY) {
        assert_int_equal(answer->count, 0);
        assert_int_equal(answer->region, POLICY_NO_REGION);
        snprintf(buffer, ANSWER_TEXT_MAX, "%s%sempty %u", all_down, refused, answer->ttl_s);
        return buffer;
    }
    if (answer->outcome == POLICY_ALIAS)
        what = dns_name_to_text(answer->alias, name);
    const struct policy_service *service = &world.set.services[answer->service];
    snprintf(buffer, ANSWER_TEXT_MAX, "%s%s%s/%s#%u %s %u", all_down, refused, service->name,
             service->regions[answer->region].name, answer->group, what, answer->ttl_s);
    return buffer;
}

static void check_answer(const struct policy_answer *answer, const char *expected)
{
    char buffer[ANSWER_TEXT_MAX];
    assert_string_equal(answer_text(answer, buffer), expected);
}

/* expect - for an IPv4 source address in the US. */
static void expect(const char *service, const char *expected)
{
    check_answer(world_ask(&world, service, IP_V4, "192.0.2.1"), expected);
}

static void expect_v6(const char *service, const char *expected)
{
    check_answer(world_ask(&world, service, IP_V6, "192.0.2.1"), expected);
}

static void expect_pinned(const char *service, const char *region, const char *client,
                          const char *expected)
{
    struct policy_request request = world_request(&world, service, IP_V4, client);
    request.pinned = world_region(&world, service, region);
    policy_select(&request, &world.rng, &world.answer);
    check_answer(&world.answer, expected);
}

/* ---- health of a region ------------------------------------------------------------------ */

static void a_region_is_usable_with_min_up_of_its_endpoints(void **state)
{
    (void)state;

    static const struct {
        const char *service, *down, *expected;
    } rows[] = {
        {"half", "", "half/a#0 10.0.1.1 10.0.1.2 10.0.1.3 10.0.1.4 30"},
        {"half", "10.0.1.1 10.0.1.4", "half/a#0 10.0.1.2 10.0.1.3 30"},
        {"half", "10.0.1.1 10.0.1.4 10.0.1.2", "half/b#1 10.0.2.1 30"},
        {"three-quarters", "10.0.1.1", "three-quarters/a#0 10.0.1.2 10.0.1.3 10.0.1.4 30"},
        {"three-quarters", "10.0.1.1 10.0.1.2", "three-quarters/b#1 10.0.2.1 30"},
        {"any", "10.0.1.1 10.0.1.2 10.0.1.3", "any/a#0 10.0.1.4 30"},
        {"any", "10.0.1.1 10.0.1.2 10.0.1.3 10.0.1.4", "any/b#1 10.0.2.1 30"},
        {"every", "", "every/a#0 10.0.1.1 10.0.1.2 10.0.1.3 10.0.1.4 30"},
        {"every", "10.0.1.3", "every/b#1 10.0.2.1 30"},
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        reset(NULL);
        set(rows[i].down, WORLD_DOWN);
        expect(rows[i].service, rows[i].expected);
    }
}

static void each_family_counts_on_its_own(void **state)
{
    (void)state;
    set("2001:db8::1", WORLD_DOWN);
    expect("every", "every/a#0 10.0.1.1 10.0.1.2 10.0.1.3 10.0.1.4 30");
    set("2001:db8::1", WORLD_UP);
    set("10.0.1.1 10.0.1.2 10.0.1.3 10.0.1.4", WORLD_DOWN);
    expect_v6("every", "every/a#0 2001:db8::1 30");
}

static void an_endpoint_without_a_check_is_up(void **state)
{
    (void)state;
    expect("unchecked", "unchecked/a#0 10.0.1.1 30");
}

static void the_first_group_with_a_usable_region_wins(void **state)
{
    (void)state;
    expect("plain", "plain/a#0 10.0.1.1 30");
    set("10.0.1.1", WORLD_DOWN);
    expect("plain", "plain/b#1 10.0.2.1 30");
    set("10.0.2.1", WORLD_DOWN);
    expect("plain", "plain/c#2 10.0.3.1 30");
}

static void a_down_region_leaves_its_group_to_the_others(void **state)
{
    (void)state;
    set("10.0.1.1", WORLD_DOWN);
    for (int i = 0; i < 20; i++)
        expect("geo", "geo/b#0 10.0.2.1 30");
    set("10.0.2.1", WORLD_DOWN);
    expect("geo", "geo/c#1 10.0.3.1 30");
}

static void no_more_than_max_answers_are_put(void **state)
{
    (void)state;
    for (int i = 0; i < 50; i++)
        assert_int_equal(world_ask(&world, "at-most-two", IP_V4, "192.0.2.1")->count, 2);
    set("10.0.1.1 10.0.1.3", WORLD_DOWN);
    expect("at-most-two", "at-most-two/a#0 10.0.1.2 10.0.1.4 30");
}

static void every_endpoint_that_is_up_comes_first_equally_often(void **state)
{
    (void)state;

    enum { ASKED = 30000 };

    unsigned first[5] = {0};
    for (int i = 0; i < ASKED; i++)
        first[world_ask(&world, "half", IP_V4, "192.0.2.1")->addresses[0]->bytes[3]]++;
    for (int i = 1; i <= 4; i++)
        assert_in_range(first[i], ASKED / 4 * 95 / 100, ASKED / 4 * 105 / 100);

    memset(first, 0, sizeof(first));
    set("10.0.1.2", WORLD_DOWN);
    for (int i = 0; i < ASKED; i++)
        first[world_ask(&world, "one", IP_V4, "192.0.2.1")->addresses[0]->bytes[3]]++;
    assert_int_equal(first[2], 0);
    for (int i = 1; i <= 4; i++)
        if (i != 2)
            assert_in_range(first[i], ASKED / 3 * 95 / 100, ASKED / 3 * 105 / 100);
}

static void a_sticky_client_keeps_its_endpoint_unless_that_is_down(void **state)
{
    (void)state;
    const struct ip_addr *before =
        world_ask(&world, "one-sticky", IP_V4, "192.0.2.1")->addresses[0];
    char text[IP_TEXT_MAX];
    for (int i = 0; i < 100; i++)
        assert_ptr_equal(world_ask(&world, "one-sticky", IP_V4, "192.0.2.77")->addresses[0],
                         before);
    set(ip_format(before, text), WORLD_DOWN);
    assert_ptr_not_equal(world_ask(&world, "one-sticky", IP_V4, "192.0.2.1")->addresses[0],
                         before);
    set(text, WORLD_UP);
    assert_ptr_equal(world_ask(&world, "one-sticky", IP_V4, "192.0.2.1")->addresses[0], before);
}

/* ---- two answers ------------------------------------------------------------------------- */

static void the_runner_up_comes_from_the_next_group(void **state)
{
    (void)state;
    expect("two", "two/a#0 10.0.1.1 10.0.2.1 30");
    assert_int_equal(world.answer.addresses[0]->bytes[2],
                     1); /* the first choice stands first */
    set("10.0.2.1", WORLD_DOWN);
    expect("two", "two/a#0 10.0.1.1 10.0.3.1 30");
    set("10.0.1.1", WORLD_DOWN);
    expect("two", "two/c#2 10.0.3.1 30");
}

static void the_runner_up_comes_from_the_same_group_first(void **state)
{
    (void)state;
    for (int i = 0; i < 20; i++) {
        const struct policy_answer *answer = world_ask(&world, "two-geo", IP_V4, "192.0.2.1");
        char buffer[64];
        assert_string_equal(world_addresses(answer, buffer, sizeof(buffer)),
                            "10.0.1.1 10.0.2.1");
        assert_int_equal(answer->addresses[0]->bytes[2], answer->region + 1);
    }
    set("10.0.1.1", WORLD_DOWN);
    expect("two-geo", "two-geo/b#0 10.0.2.1 10.0.3.1 30");
}

static void the_runner_up_adds_no_address_twice(void **state)
{
    (void)state;
    expect("two-shared", "two-shared/a#0 10.0.1.1 10.0.1.2 10.0.3.1 30");
}

static void a_name_cannot_be_the_runner_up(void **state)
{
    (void)state;
    expect("two-names", "two-names/a#0 10.0.1.1 10.0.3.1 30");
    set("10.0.3.1", WORLD_DOWN);
    expect("two-names", "two-names/a#0 10.0.1.1 30");
    set("10.0.1.1", WORLD_DOWN);
    expect("two-names", "two-names/b#1 b.example.net. 30");
}

static void the_runner_up_of_a_nested_choice_is_another_region(void **state)
{
    (void)state;
    expect("two-nested", "plain/a#0 10.0.1.1 10.0.4.1 30");
    set("10.0.1.1 10.0.2.1 10.0.3.1", WORLD_DOWN);
    expect("two-nested", "unchecked-d/d#0 10.0.4.1 30");
}

static void the_runner_up_counts_for_the_ttl(void **state)
{
    (void)state;
    set("10.0.3.1", WORLD_SUSPECT);
    expect("two", "two/a#0 10.0.1.1 10.0.2.1 30");
    set("10.0.2.1", WORLD_SUSPECT);
    expect("two", "two/a#0 10.0.1.1 10.0.2.1 1");
}

/* ---- nothing usable ---------------------------------------------------------------------- */

static void all_down_is_answered_as_the_operator_chose(void **state)
{
    (void)state;
    set("10.0.1.1 10.0.2.1 10.0.3.1", WORLD_DOWN);
    expect("plain", "ALL-DOWN plain/a#0 10.0.1.1 30");
    expect("down-region", "ALL-DOWN down-region/c#2 10.0.3.1 30");
    expect("down-empty", "ALL-DOWN empty 30");
    expect("down-two", "ALL-DOWN down-two/a#0 10.0.1.1 10.0.2.1 30");
    expect_v6("down-empty", "down-empty/a#0 2001:db8::1 30");
}

static void all_of_a_region_is_answered_when_all_are_down(void **state)
{
    (void)state;
    set("10.0.1.1 10.0.1.2 10.0.1.3 10.0.2.1", WORLD_DOWN);
    expect("half", "ALL-DOWN half/a#0 10.0.1.1 10.0.1.2 10.0.1.3 10.0.1.4 30");
}

static void the_last_resort_respects_residency(void **state)
{
    (void)state;
    set("10.0.1.1 10.0.2.1 10.0.3.1", WORLD_DOWN);
    check_answer(world_ask(&world, "down-far", IP_V4, "192.0.2.1"),
                 "ALL-DOWN down-far/c#1 10.0.3.1 30");
    check_answer(world_ask(&world, "down-far", IP_V4, "198.51.100.1"),
                 "ALL-DOWN down-far/b#0 10.0.2.1 30");
    check_answer(world_ask(&world, "down-far", IP_V4, "203.0.113.1"),
                 "ALL-DOWN down-far/c#2 10.0.3.1 30");
}

static void a_last_resort_without_the_family_is_passed_over(void **state)
{
    (void)state;
    set("10.0.1.1 10.0.2.1 2001:db8::1", WORLD_DOWN);
    expect("down-v4-only", "ALL-DOWN down-v4-only/b#1 10.0.2.1 30");
    expect_v6("down-v4-only", "ALL-DOWN down-v4-only/a#0 2001:db8::1 30");
}

static void residency_holds_whatever_the_health(void **state)
{
    (void)state;
    check_answer(world_ask(&world, "resident", IP_V4, "198.51.100.1"),
                 "resident/b#0 10.0.2.1 30");
    set("10.0.2.1", WORLD_DOWN);
    check_answer(world_ask(&world, "resident", IP_V4, "198.51.100.1"),
                 "ALL-DOWN resident/b#0 10.0.2.1 30");
    check_answer(world_ask(&world, "resident", IP_V4, "198.51.100.200"),
                 "resident/a#0 10.0.1.1 30");
}

static void what_is_in_reserve_is_for_who_finds_nothing_else(void **state)
{
    (void)state;
    set("10.0.1.1", WORLD_RESERVE);
    expect("plain", "plain/b#1 10.0.2.1 30");
    expect_v6("plain", "plain/a#0 2001:db8::1 30");
    set("10.0.2.1 10.0.3.1", WORLD_DOWN); /* by family */
    expect("plain", "plain/a#0 10.0.1.1 30");
    reset(NULL);
    set("10.0.2.1", WORLD_RESERVE); /* by residency: this client may have b alone */
    check_answer(world_ask(&world, "resident", IP_V4, "198.51.100.1"),
                 "resident/b#0 10.0.2.1 30");
    expect("two", "two/a#0 10.0.1.1 10.0.3.1 30"); /* it is no runner-up */
    set("10.0.1.1 10.0.3.1", WORLD_RESERVE);
    expect("two", "two/a#0 10.0.1.1 10.0.2.1 30");
    expect("outer", "plain/a#0 10.0.1.1 30"); /* each level by itself */
}

static void a_family_nobody_has_is_empty_but_not_down(void **state)
{
    (void)state;
    expect_v6("unchecked-d", "empty 30");
    expect_v6("geo", "empty 30");
    expect_v6("v4-only-empty", "empty 30");
    expect_v6("two-shared", "empty 30");
    set("10.0.2.1", WORLD_DOWN);
    expect("v4-only-empty", "ALL-DOWN empty 30");
    expect_v6("v4-only-empty", "empty 30");
}

static void a_region_without_the_family_is_passed_over(void **state)
{
    (void)state;
    expect("v6-behind", "v6-behind/b#0 10.0.2.1 30");
    expect_v6("v6-behind", "v6-behind/a#1 2001:db8::1 30");
    expect_v6("half", "half/a#0 2001:db8::1 30");
    set("2001:db8::1", WORLD_DOWN);
    expect_v6("v6-behind", "ALL-DOWN v6-behind/a#1 2001:db8::1 30");
}

/* ---- reserve ----------------------------------------------------------------------------- */

static void what_is_in_reserve_comes_before_what_is_down(void **state)
{
    (void)state;
    set("10.0.1.1 10.0.3.1 2001:db8::1 2001:db8::2 2001:db8::3", WORLD_DOWN);
    set("10.0.2.1", WORLD_RESERVE);
    expect("plain", "plain/b#1 10.0.2.1 30");
    assert_true(world.answer.flags & POLICY_RESERVE);
    expect("down-empty", "down-empty/b#1 10.0.2.1 30");
    expect_v6("plain", "ALL-DOWN plain/a#0 2001:db8::1 30");
    assert_false(world.answer.flags & POLICY_RESERVE);
}

static void a_region_needs_enough_of_what_is_up_or_in_reserve(void **state)
{
    (void)state;
    set("10.0.1.2 10.0.1.3 10.0.2.1", WORLD_DOWN);
    set("10.0.1.4", WORLD_RESERVE);
    expect("half", "half/a#0 10.0.1.1 10.0.1.4 30");
    expect("three-quarters",
           "ALL-DOWN three-quarters/a#0 10.0.1.1 10.0.1.2 10.0.1.3 10.0.1.4 30");
}

static void a_name_in_reserve_is_used_as_an_address_is(void **state)
{
    (void)state;
    set("10.0.1.1", WORLD_DOWN);
    world_set_region(&world, "names", "b", WORLD_RESERVE, HEALTH_SCALE_FULL);
    expect("names", "names/b#1 b.example.net. 30");
}

static void a_pinned_region_in_reserve_is_not_down(void **state)
{
    (void)state;
    set("10.0.2.1", WORLD_RESERVE);
    expect_pinned("two", "b", "192.0.2.1", "two/b#0 10.0.2.1 30");
}

/* ---- nesting ----------------------------------------------------------------------------- */

static void a_nested_service_answers_while_it_can(void **state)
{
    (void)state;
    expect("outer", "plain/a#0 10.0.1.1 30");
    set("10.0.1.1", WORLD_DOWN);
    expect("outer", "plain/b#1 10.0.2.1 30");
}

static void a_nested_service_that_is_down_is_passed_over(void **state)
{
    (void)state;
    set("10.0.1.1 10.0.2.1 10.0.3.1", WORLD_DOWN);
    expect("outer", "outer/d#1 10.0.4.1 30");
    expect("outer-empty", "outer-empty/d#1 10.0.4.1 30");
    for (int i = 0; i < 20; i++)
        expect("outer-weighted", "outer-weighted/d#0 10.0.4.1 30");
}

static void a_nested_service_decides_for_itself_when_all_are_down(void **state)
{
    (void)state;
    set("10.0.1.1 10.0.2.1 10.0.3.1 10.0.4.1", WORLD_DOWN);
    expect("outer", "ALL-DOWN plain/a#0 10.0.1.1 30");
    expect("outer-alone", "ALL-DOWN plain/a#0 10.0.1.1 30");
    expect("outer-empty", "ALL-DOWN outer-empty/d#1 10.0.4.1 30");
    expect("outer-empty-alone", "ALL-DOWN empty 30");
}

static void a_nested_service_without_the_family_is_absent(void **state)
{
    (void)state;
    expect_v6("outer-alone", "plain/a#0 2001:db8::1 30");
    expect_v6("outer-geo", "empty 30");
}

/* Whether its seat is up or down: what is not there cannot be down. */
static void a_nested_service_without_the_family_is_absent_when_down_as_well(void **state)
{
    (void)state;
    world_set_region(&world, "outer-v4", "inside", WORLD_DOWN, HEALTH_SCALE_FULL);
    expect_v6("outer-v4", "empty 30");
    expect("outer-v4", "ALL-DOWN unchecked-d/d#0 10.0.4.1 30");
    expect_v6("outer-outer-v4", "empty 30");
    world_set_region(&world, "outer-outer-v4", "inside", WORLD_DOWN, HEALTH_SCALE_FULL);
    expect_v6("outer-outer-v4", "empty 30");
    expect("outer-outer-v4", "ALL-DOWN unchecked-d/d#0 10.0.4.1 30");
}

/* b, where residency sends Germans, has no IPv6 address; their network decides that. */
static void what_residency_leaves_of_a_nested_service_may_lack_the_family(void **state)
{
    (void)state;
    world_set_region(&world, "outer-resident", "inside", WORLD_DOWN, HEALTH_SCALE_FULL);
    check_answer(world_ask(&world, "outer-resident", IP_V6, "198.51.100.0/26"), "empty 30");
    assert_int_equal(world.answer.scope, 25);
    check_answer(world_ask(&world, "outer-resident", IP_V6, "192.0.2.0/24"),
                 "ALL-DOWN only-a/a#0 2001:db8::1 30");
}

/* ---- names ------------------------------------------------------------------------------- */

static void a_region_of_names_answers_an_alias_in_lower_case(void **state)
{
    (void)state;
    expect("names", "names/a#0 10.0.1.1 30");
    set("10.0.1.1", WORLD_DOWN);
    expect("names", "names/b#1 b.example.net. 30");
    expect_v6("names", "names/b#1 b.example.net. 30");
}

/* ---- pinned ------------------------------------------------------------------------------ */

static void a_pinned_name_answers_its_region_alone(void **state)
{
    (void)state;
    expect_pinned("two", "b", "192.0.2.1", "two/b#0 10.0.2.1 30");
    set("10.0.2.1", WORLD_DOWN);
    expect_pinned("two", "b", "192.0.2.1", "ALL-DOWN two/b#0 10.0.2.1 30");
    expect_pinned("down-region", "b", "192.0.2.1", "ALL-DOWN down-region/b#0 10.0.2.1 30");
    expect_pinned("down-region", "c", "192.0.2.1", "down-region/c#0 10.0.3.1 30");
    expect_pinned("down-empty", "b", "192.0.2.1", "ALL-DOWN empty 30");
    expect_pinned("outer", "inside", "192.0.2.1", "plain/a#0 10.0.1.1 30");
}

static void a_pin_is_refused_where_residency_forbids_it(void **state)
{
    (void)state;
    expect_pinned("resident", "b", "198.51.100.1", "resident/b#0 10.0.2.1 30");
    expect_pinned("resident", "a", "198.51.100.1", "PIN-REFUSED resident/b#0 10.0.2.1 30");
    expect_pinned("resident", "a", "192.0.2.1", "resident/a#0 10.0.1.1 30");
    set("10.0.2.1", WORLD_DOWN);
    expect_pinned("resident", "a", "198.51.100.1",
                  "ALL-DOWN PIN-REFUSED resident/b#0 10.0.2.1 30");
}

/* ---- TTL --------------------------------------------------------------------------------- */

static void the_ttl_follows_health(void **state)
{
    (void)state;
    expect("ttls", "ttls/a#0 10.0.1.1 100");
    set("10.0.2.1 2001:db8::1", WORLD_SUSPECT); /* neither is answered */
    expect("ttls", "ttls/a#0 10.0.1.1 100");
    set("10.0.1.1", WORLD_SUSPECT);
    expect("ttls", "ttls/a#0 10.0.1.1 2");
    assert_int_equal(world.answer.flags, POLICY_SUSPECT);
    world_set_unsettled(&world, "ttls", true);
    expect("ttls", "ttls/a#0 10.0.1.1 2");
    assert_int_equal(world.answer.flags, POLICY_SUSPECT | POLICY_UNSETTLED);
    set("10.0.1.1", WORLD_UP);
    expect("ttls", "ttls/a#0 10.0.1.1 20");
    assert_int_equal(world.answer.flags, POLICY_UNSETTLED);
}

static void the_lowest_ttl_counts_however_they_are_set(void **state)
{
    (void)state;
    set("10.0.1.1", WORLD_SUSPECT);
    world_set_unsettled(&world, "ttls-odd", true);
    expect("ttls-odd", "ttls-odd/a#0 10.0.1.1 10");
}

static void the_lowest_ttl_of_all_levels_counts(void **state)
{
    (void)state;
    expect("outer", "plain/a#0 10.0.1.1 30");
    world_set_unsettled(&world, "outer", true);
    expect("outer", "plain/a#0 10.0.1.1 7");
    world_set_unsettled(&world, "plain", true);
    expect("outer", "plain/a#0 10.0.1.1 5");
    set("10.0.1.1", WORLD_SUSPECT);
    expect("outer", "plain/a#0 10.0.1.1 1");
}

static void a_nested_service_that_failed_keeps_the_answer_unsettled(void **state)
{
    (void)state;
    world_set_unsettled(&world, "every", true);
    set("10.0.1.1 10.0.2.1", WORLD_DOWN);
    set("10.0.1.2", WORLD_SUSPECT);
    expect("outer-suspect", "outer-suspect/d#1 10.0.4.1 5");
    assert_int_equal(world.answer.flags, POLICY_UNSETTLED | POLICY_FAILED_OVER);
}

/* Down after 1.9 s and two confirmations of 100 ms: 2.1 s. */
static void a_cap_ends_the_ttl_before_health_can_change(void **state)
{
    (void)state;
    expect("capped", "capped/a#0 10.0.9.1 2");
    set("10.0.9.1", WORLD_SUSPECT);
    expect("capped", "capped/a#0 10.0.9.1 1");
}

/* ---- ECS scope --------------------------------------------------------------------------- */

static void the_scope_is_what_the_answer_depends_on(void **state)
{
    (void)state;

    static const struct {
        const char *service, *client;
        uint8_t scope;
    } rows[] = {
        {"plain", "192.0.2.0/24", 0},
        {"geo", "192.0.2.0/24", 24},
        {"geo", "128.0.0.0/8", 2},   /* nothing is special from 128 to 191 */
        {"geo", "192.0.0.0/16", 23}, /* a longer one would matter */
        {"geo", "192.0.2.128", 24},
        {"geo", "2001:db8:1::/56", 21}, /* Teredo, inside 2001::/20, is another matter */
        {"geo", "2002:c000:0201::/48", 40},
        {"geo-sticky", "128.0.0.0/24", 24},
        {"geo-sticky", "2001:db8:5::/56", 48},
        {"geo-sticky", "2002:c000:201::/48", 40},
        {"resident", "198.51.100.0/25", 25},
        {"resident", "198.51.100.0/24", 25},
        {"resident", "2001:db8:1::/56", 48},
        {"outer-geo", "192.0.2.0/24", 0}, /* the nested one is not asked */
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        world_ask(&world, rows[i].service, IP_V4, rows[i].client);
        if (world.answer.scope != rows[i].scope)
            fail_msg("%s for %s: scope %u instead of %u", rows[i].service, rows[i].client,
                     world.answer.scope, rows[i].scope);
    }
}

static void a_nested_service_that_was_asked_counts_for_the_scope(void **state)
{
    (void)state;
    set("10.0.4.1", WORLD_DOWN);
    assert_int_equal(world_ask(&world, "outer-geo", IP_V4, "192.0.2.0/24")->scope, 24);
    set("10.0.1.1 10.0.2.1 10.0.3.1", WORLD_DOWN);
    assert_int_equal(world_ask(&world, "outer-geo", IP_V4, "192.0.2.0/24")->scope, 24);
}

static void a_pin_depends_on_the_client_by_residency_only(void **state)
{
    (void)state;
    struct policy_request request = world_request(&world, "geo", IP_V4, "192.0.2.0/24");
    request.pinned = 0;
    policy_select(&request, &world.rng, &world.answer);
    assert_int_equal(world.answer.scope, 0);
    request = world_request(&world, "resident", IP_V4, "198.51.100.0/25");
    request.pinned = 0;
    policy_select(&request, &world.rng, &world.answer);
    assert_int_equal(world.answer.scope, 25);
}

static void a_residency_boundary_inside_a_24_is_kept(void **state)
{
    (void)state;
    check_answer(world_ask(&world, "resident", IP_V4, "198.51.100.0/25"),
                 "resident/b#0 10.0.2.1 30");
    check_answer(world_ask(&world, "resident", IP_V4, "198.51.100.128/25"),
                 "resident/a#0 10.0.1.1 30");
    check_answer(world_ask(&world, "resident", IP_V4, "198.51.100.200/32"),
                 "resident/a#0 10.0.1.1 30");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup(name, reset)
    const struct CMUnitTest tests[] = {
        TEST(a_region_is_usable_with_min_up_of_its_endpoints),
        TEST(each_family_counts_on_its_own),
        TEST(an_endpoint_without_a_check_is_up),
        TEST(the_first_group_with_a_usable_region_wins),
        TEST(a_down_region_leaves_its_group_to_the_others),
        TEST(no_more_than_max_answers_are_put),
        TEST(every_endpoint_that_is_up_comes_first_equally_often),
        TEST(a_sticky_client_keeps_its_endpoint_unless_that_is_down),
        TEST(the_runner_up_comes_from_the_next_group),
        TEST(the_runner_up_comes_from_the_same_group_first),
        TEST(the_runner_up_adds_no_address_twice),
        TEST(a_name_cannot_be_the_runner_up),
        TEST(the_runner_up_of_a_nested_choice_is_another_region),
        TEST(the_runner_up_counts_for_the_ttl),
        TEST(all_down_is_answered_as_the_operator_chose),
        TEST(all_of_a_region_is_answered_when_all_are_down),
        TEST(the_last_resort_respects_residency),
        TEST(a_last_resort_without_the_family_is_passed_over),
        TEST(residency_holds_whatever_the_health),
        TEST(what_is_in_reserve_is_for_who_finds_nothing_else),
        TEST(a_family_nobody_has_is_empty_but_not_down),
        TEST(a_region_without_the_family_is_passed_over),
        TEST(what_is_in_reserve_comes_before_what_is_down),
        TEST(a_region_needs_enough_of_what_is_up_or_in_reserve),
        TEST(a_name_in_reserve_is_used_as_an_address_is),
        TEST(a_pinned_region_in_reserve_is_not_down),
        TEST(a_nested_service_answers_while_it_can),
        TEST(a_nested_service_that_is_down_is_passed_over),
        TEST(a_nested_service_decides_for_itself_when_all_are_down),
        TEST(a_nested_service_without_the_family_is_absent),
        TEST(a_nested_service_without_the_family_is_absent_when_down_as_well),
        TEST(what_residency_leaves_of_a_nested_service_may_lack_the_family),
        TEST(a_region_of_names_answers_an_alias_in_lower_case),
        TEST(a_pinned_name_answers_its_region_alone),
        TEST(a_pin_is_refused_where_residency_forbids_it),
        TEST(the_ttl_follows_health),
        TEST(the_lowest_ttl_counts_however_they_are_set),
        TEST(the_lowest_ttl_of_all_levels_counts),
        TEST(a_nested_service_that_failed_keeps_the_answer_unsettled),
        TEST(a_cap_ends_the_ttl_before_health_can_change),
        TEST(the_scope_is_what_the_answer_depends_on),
        TEST(a_nested_service_that_was_asked_counts_for_the_scope),
        TEST(a_pin_depends_on_the_client_by_residency_only),
        TEST(a_residency_boundary_inside_a_24_is_kept),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
