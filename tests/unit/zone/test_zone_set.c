#include "zone_test.h"

enum { ZONES_MAX = 8 };

struct set {
    struct loaded loaded[ZONES_MAX];
    struct zone *zones[ZONES_MAX];
    size_t count;
    struct arena *arena;
    struct zone_set set;
};

static enum err build(struct set *s, const char *const *origins, size_t count)
{
    static const char text[] = "$TTL 60\n@ SOA . . 1 2 3 4 5\n@ NS ns.invalid.\n";
    *s = (struct set){.count = count, .arena = arena_new(1 << 20)};
    assert_non_null(s->arena);
    for (size_t i = 0; i < count; i++) {
        s->loaded[i] = load_with(origins[i], text, NULL, 0, NULL);
        assert_int_equal(s->loaded[i].err, ERR_OK);
        s->zones[i] = s->loaded[i].zone;
    }
    return zone_set_build(s->zones, count, s->arena, &s->set);
}

static void destroy(struct set *s)
{
    for (size_t i = 0; i < s->count; i++)
        unload(&s->loaded[i]);
    arena_free(s->arena);
}

/* find - the origin of the zone found, or "". */
static const char *find(const struct set *s, const char *name, bool at_parent,
                        char text[DNS_NAME_TEXT_MAX])
{
    uint8_t buffer[DNS_NAME_MAX];
    struct name_key key;
    name_key_init(&key, wire(name, buffer));
    const struct zone *zone = zone_set_find(&s->set, &key, at_parent);
    return zone ? dns_name_to_text(zone->origin, text) : "";
}

static void the_longest_origin_wins(void **state)
{
    (void)state;
    static const char *const origins[] = {"example.com.", "sub.example.com.", "example.net.",
                                          "a.b.c.example.org."};

    static const struct {
        const char *name;
        bool at_parent;
        const char *origin;
    } cases[] = {
        {"example.com.", false, "example.com."},
        {"www.example.com.", false, "example.com."},
        {"sub.example.com.", false, "sub.example.com."},
        {"x.y.sub.example.com.", false, "sub.example.com."},
        {"subexample.com.", false, ""},
        {"com.", false, ""},
        {".", false, ""},
        {"example.org.", false, ""},
        {"c.example.org.", false, ""},
        {"a.b.c.example.org.", false, "a.b.c.example.org."},
        {"1.2.3.4.5.6.a.b.c.example.org.", false, "a.b.c.example.org."},
        /* DS: the parent, if it is here */
        {"sub.example.com.", true, "example.com."},
        {"x.sub.example.com.", true, "sub.example.com."},
        {"example.com.", true, "example.com."},
        {"example.net.", true, "example.net."},
        {"a.b.c.example.org.", true, "a.b.c.example.org."},
        {"com.", true, ""},
    };

    struct set s;
    char text[DNS_NAME_TEXT_MAX];
    assert_int_equal(build(&s, origins, COUNT(origins)), ERR_OK);
    assert_int_equal(s.set.zone_count, COUNT(origins));
    assert_int_equal(s.set.max_origin_labels, 5);
    for (size_t i = 0; i < COUNT(cases); i++)
        assert_string_equal(find(&s, cases[i].name, cases[i].at_parent, text), cases[i].origin);
    destroy(&s);
}

static void the_root_is_the_last_resort(void **state)
{
    (void)state;
    static const char *const origins[] = {".", "com."};
    struct set s;
    char text[DNS_NAME_TEXT_MAX];
    assert_int_equal(build(&s, origins, COUNT(origins)), ERR_OK);
    assert_string_equal(find(&s, "example.org.", false, text), ".");
    assert_string_equal(find(&s, "example.com.", false, text), "com.");
    assert_string_equal(find(&s, "com.", true, text), ".");
    assert_string_equal(find(&s, ".", true, text), ".");
    destroy(&s);
}

static void two_zones_of_one_name_are_refused(void **state)
{
    (void)state;
    static const char *const origins[] = {"example.com.", "example.net.", "Example.COM."};
    struct set s;
    assert_int_equal(build(&s, origins, COUNT(origins)), ERR_INVALID);
    destroy(&s);
}

static void no_zones_are_a_set_too(void **state)
{
    (void)state;
    struct set s;
    char text[DNS_NAME_TEXT_MAX];
    assert_int_equal(build(&s, NULL, 0), ERR_OK);
    assert_string_equal(find(&s, "example.com.", false, text), "");
    assert_string_equal(find(&s, ".", true, text), "");
    destroy(&s);
}

static void a_full_arena_is_told(void **state)
{
    (void)state;
    struct arena *arena = arena_new(8);
    struct zone_set set = {.zone_count = 42};
    assert_non_null(arena);
    assert_int_equal(zone_set_build(NULL, 0, arena, &set), ERR_NO_MEMORY);
    assert_int_equal(set.zone_count, 42); /* untouched */
    arena_free(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_longest_origin_wins),
        cmocka_unit_test(the_root_is_the_last_resort),
        cmocka_unit_test(two_zones_of_one_name_are_refused),
        cmocka_unit_test(no_zones_are_a_set_too),
        cmocka_unit_test(a_full_arena_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
