#include "rhumb/dns_name.h"

#include "snapshot_bindings.h"
#include "snapshot_case.h"

struct bound {
    struct snapshot_case one;
    struct snapshot_binder binder;
    struct zone_steered *steered; /* of the zone bound last */
    size_t count;
};

static void bind_zone(struct bound *bound, const struct config_zone *zone)
{
    assert_int_equal(snapshot_bind_zone(&bound->binder, zone, &bound->steered, &bound->count),
                     ERR_OK);
}

static void binder_init(struct bound *bound, const struct config *config)
{
    assert_int_equal(snapshot_binder_init(&bound->binder, config, bound->one.arena,
                                          bound->one.diags, &bound->one.snapshot),
                     ERR_OK);
}

/* bind_text - the first zone of a good configuration. */
static void bind_text(struct bound *bound, const char *yaml)
{
    case_load(&bound->one, yaml);
    binder_init(bound, bound->one.config);
    bind_zone(bound, &bound->one.config->zones[0]);
    assert_int_equal(diag_error_count(bound->one.diags), 0);
}

/* binding_of - the binding of an owner, as text; asserts that there is exactly one. */
static const struct snapshot_binding *binding_of(const struct bound *bound, const char *owner)
{
    const struct snapshot_binding *found = NULL;
    for (size_t i = 0; i < bound->count; i++) {
        char text[DNS_NAME_TEXT_MAX];
        if (strcmp(dns_name_to_text(bound->steered[i].name, text), owner) != 0)
            continue;
        assert_null(found);
        assert_true(bound->steered[i].binding < bound->one.snapshot.binding_count);
        found = &bound->one.snapshot.bindings[bound->steered[i].binding];
        assert_int_equal(found->may_alias, bound->steered[i].is_alias);
    }
    if (!found)
        print_error("%s is not bound\n", owner);
    assert_non_null(found);
    return found;
}

static const char services[] =
    "regions: {eu: {country: DE}, us: {country: US}}\n"
    "services:\n"
    "  plain: {regions: {eu: {addresses: [192.0.2.1]}, us: {addresses: [192.0.2.2]}}}\n"
    "  stuck: {sticky: true, regions: {us: {addresses: [192.0.2.2]}}}\n"
    "  named: {regions: {eu: {addresses: [192.0.2.1]}, us: {names: [cdn.example.net]}}}\n"
    "  outer: {regions: {eu: {service: middle}, us: {addresses: [192.0.2.1]}}}\n"
    "  middle: {regions: {us: {addresses: [192.0.2.1]}, eu: {service: named}}}\n"
    "  plainer: {regions: {eu: {service: plain}, us: {addresses: [192.0.2.1]}}}\n";

/* bind_names - services, and a zone example.com with these names. */
static void bind_names(struct bound *bound, const char *names)
{
    char yaml[2000];
    snprintf(yaml, sizeof(yaml), "%szones:\n  Example.COM: {file: z, names: {%s}}\n", services,
             names);
    bind_text(bound, yaml);
}

static void names_become_absolute_and_lower(void **state)
{
    (void)state;
    struct bound bound;
    bind_names(&bound, "'@': plain, WWW: plain, '*.Shop': plain, a.b.c: stuck,\n"
                       "    full.example.com.: plain");
    assert_int_equal(bound.count, 5);
    assert_int_equal(bound.one.snapshot.binding_count, 5);
    static const char *const owners[] = {"example.com.", "www.example.com.",
                                         "*.shop.example.com.", "full.example.com."};
    for (size_t i = 0; i < 4; i++) {
        const struct snapshot_binding *binding = binding_of(&bound, owners[i]);
        assert_int_equal(binding->service, 0);
        assert_int_equal(binding->pinned, POLICY_NO_REGION);
    }
    assert_int_equal(binding_of(&bound, "a.b.c.example.com.")->service, 1);
    assert_int_equal(bound.steered[1].place.line, 10); /* for "steered here" in messages */
    case_close(&bound.one);
}

static void a_region_mark_becomes_one_pinned_name_per_region(void **state)
{
    (void)state;
    struct bound bound;
    bind_names(&bound,
               "'{region}.app': plain, 'x-{region}-y.z': plain, '{region}.stuck': stuck");
    assert_int_equal(bound.count, 5);
    assert_int_equal(binding_of(&bound, "eu.app.example.com.")->pinned, 0);
    assert_int_equal(binding_of(&bound, "us.app.example.com.")->pinned, 1);
    assert_int_equal(binding_of(&bound, "x-eu-y.z.example.com.")->pinned, 0);
    assert_int_equal(binding_of(&bound, "x-us-y.z.example.com.")->pinned, 1);
    assert_int_equal(binding_of(&bound, "us.stuck.example.com.")->pinned, 0); /* its first */
    case_close(&bound.one);
}

static void a_name_may_overrule_its_service_about_sticky(void **state)
{
    (void)state;
    struct bound bound;
    bind_names(&bound, "a: plain, b: {service: plain, sticky: true}, c: stuck,\n"
                       "    d: {service: stuck, sticky: false}, e: {service: stuck}");
    assert_false(binding_of(&bound, "a.example.com.")->sticky);
    assert_true(binding_of(&bound, "b.example.com.")->sticky);
    assert_true(binding_of(&bound, "c.example.com.")->sticky);
    assert_false(binding_of(&bound, "d.example.com.")->sticky);
    assert_true(binding_of(&bound, "e.example.com.")->sticky);
    case_close(&bound.one);
}

static void names_anywhere_inside_a_service_make_an_alias(void **state)
{
    (void)state;
    struct bound bound;
    bind_names(&bound, "a: plain, b: named, c: middle, d: outer, e: plainer");
    assert_false(binding_of(&bound, "a.example.com.")->may_alias);
    assert_true(binding_of(&bound, "b.example.com.")->may_alias);
    assert_true(binding_of(&bound, "c.example.com.")->may_alias);
    assert_true(binding_of(&bound, "d.example.com.")->may_alias); /* two services down */
    assert_false(binding_of(&bound, "e.example.com.")->may_alias);
    case_close(&bound.one);
}

/* Zones share one numbering: a node's binding leads to the snapshot's. */
static void zones_number_their_bindings_in_common(void **state)
{
    (void)state;
    struct bound bound;
    char yaml[2000];
    snprintf(yaml, sizeof(yaml),
             "%szones:\n"
             "  example.com: {file: z, names: {www: plain, '{region}': plain}}\n"
             "  empty.example: {file: z}\n"
             "  example.org: {file: z, names: {www: stuck}}\n",
             services);
    bind_text(&bound, yaml);
    assert_int_equal(bound.count, 3);
    bind_zone(&bound, &bound.one.config->zones[1]);
    assert_int_equal(bound.count, 0);
    bind_zone(&bound, &bound.one.config->zones[2]);
    assert_int_equal(bound.count, 1);
    assert_int_equal(bound.one.snapshot.binding_count, 4);
    assert_int_equal(bound.steered[0].binding, 3);
    assert_int_equal(binding_of(&bound, "www.example.org.")->service, 1);
    case_close(&bound.one);
}

/* config/ refuses these already; what comes from elsewhere is refused here. */
static void a_bad_name_is_an_error_and_the_others_are_bound(void **state)
{
    (void)state;

    static const struct {
        const char *owner, *message;
    } cases[] = {
        {"www.example.org.", "'www.example.org.' is not inside the zone"},
        {"xexample.com.", "'xexample.com.' is not inside the zone"},
        {"com.", "'com.' is not inside the zone"},
        {"a..b", "'a..b' is no domain name: "},
        {"a\\30", "'a\\30' is no domain name: "},
        {"", "'' is no domain name: "},
        {"1234567890123456789012345678901234567890123456789012345678901234",
         "'1234567890123456789012345678901234567890123456789012345678901234' is no domain "
         "name: "},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct config_name names[] = {
            {.owner = cases[i].owner, .sticky = -1, .place = {.file = "f", .line = 7}},
            {.owner = "good", .sticky = -1},
        };
        struct config_zone zone = {.origin = "example.com.", .names = names, .name_count = 2};
        struct config_service service = {.name = "s"};
        struct config config = {
            .services = &service, .service_count = 1, .zones = &zone, .zone_count = 1};
        struct bound bound;
        case_open(&bound.one);
        binder_init(&bound, &config);
        bind_zone(&bound, &zone);
        assert_int_equal(diag_error_count(bound.one.diags), 1);
        const struct diag *diag = diag_get(bound.one.diags, 0);
        assert_int_equal(diag->place.line, 7);
        assert_memory_equal(diag->message, cases[i].message, strlen(cases[i].message));
        assert_int_equal(bound.count, 1);
        assert_non_null(binding_of(&bound, "good.example.com."));
        case_close(&bound.one);
    }
}

static void a_bad_origin_is_an_error(void **state)
{
    (void)state;
    struct config_zone zone = {.origin = "example..com.", .place = {.file = "f", .line = 3}};
    struct config config = {.zones = &zone, .zone_count = 1};
    struct bound bound;
    case_open(&bound.one);
    binder_init(&bound, &config);
    bind_zone(&bound, &zone);
    assert_int_equal(bound.count, 0);
    assert_int_equal(diag_error_count(bound.one.diags), 1);
    assert_int_equal(diag_get(bound.one.diags, 0)->place.line, 3);
    case_close(&bound.one);
}

/* With the names of all zones reserved for each, a thousand zones of a hundred names took 5 GB.
 */
static void many_zones_take_room_for_their_own_names(void **state)
{
    (void)state;

    enum { ZONES = 500, NAMES = 50, BYTES_PER_NAME = 256 };

    struct config_name *names = calloc(NAMES, sizeof(*names));
    struct config_zone *zones = calloc(ZONES, sizeof(*zones));
    char owners[NAMES][8];
    assert_non_null(names);
    assert_non_null(zones);
    for (size_t n = 0; n < NAMES; n++) {
        snprintf(owners[n], sizeof(owners[n]), "n%zu", n);
        names[n] = (struct config_name){.owner = owners[n], .sticky = -1};
    }
    for (size_t z = 0; z < ZONES; z++)
        zones[z] =
            (struct config_zone){.origin = "example.", .names = names, .name_count = NAMES};
    struct config_service service = {.name = "s"};
    struct config config = {
        .services = &service, .service_count = 1, .zones = zones, .zone_count = ZONES};
    struct bound bound;
    case_open(&bound.one);
    binder_init(&bound, &config);
    for (size_t z = 0; z < ZONES; z++)
        bind_zone(&bound, &zones[z]);
    assert_int_equal(bound.one.snapshot.binding_count, ZONES * NAMES);
    assert_true(arena_used_bytes(bound.one.arena) < (size_t)ZONES * NAMES * BYTES_PER_NAME);
    case_close(&bound.one);
    free(zones);
    free(names);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_become_absolute_and_lower),
        cmocka_unit_test(a_region_mark_becomes_one_pinned_name_per_region),
        cmocka_unit_test(a_name_may_overrule_its_service_about_sticky),
        cmocka_unit_test(names_anywhere_inside_a_service_make_an_alias),
        cmocka_unit_test(zones_number_their_bindings_in_common),
        cmocka_unit_test(a_bad_name_is_an_error_and_the_others_are_bound),
        cmocka_unit_test(a_bad_origin_is_an_error),
        cmocka_unit_test(many_zones_take_room_for_their_own_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
