#include "zone_check.h"
#include "zone_test.h"

enum { STEERED_MAX = 2 };

/* Steered names by text, with their line in rhumb.yaml. */
struct steer {
    const char *name;
    bool is_alias;
};

static struct loaded load_steered(const char *text, const struct steer *steer, size_t count)
{
    static uint8_t names[STEERED_MAX][DNS_NAME_MAX];
    struct zone_steered steered[STEERED_MAX];
    assert_true(count <= STEERED_MAX);
    for (size_t i = 0; i < count; i++)
        steered[i] = (struct zone_steered){
            .name = wire(steer[i].name, names[i]),
            .binding = (uint32_t)i + 10,
            .is_alias = steer[i].is_alias,
            .place = {.file = "rhumb.yaml",
                      .excerpt = "    name: app",
                      .line = (uint32_t)i + 30,
                      .column = 5},
        };
    return load_with("example.com.", text, steered, count, NULL);
}

static void steered_names_keep_their_rules(void **state)
{
    (void)state;

    static const struct {
        struct steer steer[STEERED_MAX];
        const char *text;
        const char *file;
        uint32_t line;
        const char *message, *remedy;
    } cases[] = {
        {{{"www.example.com.", false}},
         "www A 192.0.2.1\n",
         "t.zone",
         4,
         "steered name www.example.com. has A records in the zone file",
         "it is steered at rhumb.yaml:30:5"},
        {{{"www.example.com.", false}},
         "www AAAA ::1\nwww AAAA ::2\n",
         "t.zone",
         4,
         "steered name www.example.com. has AAAA records in the zone file",
         "it is steered at rhumb.yaml:30:5"},
        {{{"www.example.com.", false}},
         "www CNAME x.net.\n",
         "t.zone",
         4,
         "steered name www.example.com. has CNAME records in the zone file",
         "it is steered at rhumb.yaml:30:5"},
        {{{"www.example.com.", true}},
         "www TXT x\n",
         "t.zone",
         4,
         "steered name www.example.com. has TXT records in the zone file",
         "its endpoints are names, so nothing else may stand there: steered at "
         "rhumb.yaml:30:5"},
        {{{"example.com.", true}},
         "",
         "rhumb.yaml",
         30,
         "example.com. is the apex: its endpoints cannot be names",
         "a CNAME cannot stand beside SOA and NS; give addresses"},
        {{{"s.example.com.", false}},
         "s NS ns.example.net.\n",
         "rhumb.yaml",
         30,
         "steered name s.example.com. is at or below the delegation of s.example.com.",
         "the NS is at t.zone:4:1"},
        {{{"a.b.s.example.com.", false}},
         "s NS ns.example.net.\n",
         "rhumb.yaml",
         30,
         "steered name a.b.s.example.com. is at or below the delegation of s.example.com.",
         "the NS is at t.zone:4:1"},
        {{{"a.d.example.com.", false}},
         "d DNAME x.net.\n",
         "rhumb.yaml",
         30,
         "steered name a.d.example.com. is below the DNAME of d.example.com.",
         "the DNAME is at t.zone:4:1"},
        {{{"www.example.com.", false}, {"www.example.com.", false}},
         "",
         "rhumb.yaml",
         31,
         "www.example.com. is steered twice",
         "the first time is at rhumb.yaml:30:5"},
        {{{"www.example.org.", false}},
         "",
         "rhumb.yaml",
         30,
         "steered name www.example.org. is not in the zone",
         NULL},
        {{{"*.example.com.", false}},
         "* A 192.0.2.1\n",
         "t.zone",
         4,
         "steered name *.example.com. has A records in the zone file",
         "it is steered at rhumb.yaml:30:5"},
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        char text[1024];
        snprintf(text, sizeof(text), "%s%s", HEAD, cases[i].text);
        size_t count = cases[i].steer[1].name ? 2 : 1;
        struct loaded l = load_steered(text, cases[i].steer, count);
        assert_int_equal(l.err, ERR_INVALID);
        if (diag_count(l.diags) != 1)
            diag_print_all(l.diags, stderr);
        assert_int_equal(diag_count(l.diags), 1);
        const struct diag *diag = diag_get(l.diags, 0);
        assert_string_equal(diag->message, cases[i].message);
        assert_string_equal(diag->remedy ? diag->remedy : "",
                            cases[i].remedy ? cases[i].remedy : "");
        assert_string_equal(diag->place.file, cases[i].file);
        assert_int_equal(diag->place.line, cases[i].line);
        unload(&l);
    }
}

static void each_clashing_type_is_told(void **state)
{
    (void)state;
    static const struct steer steer = {"www.example.com.", false};
    struct loaded l =
        load_steered(HEAD "www A 192.0.2.1\nwww A 192.0.2.2\nwww AAAA ::1\n", &steer, 1);
    assert_int_equal(l.err, ERR_INVALID);
    assert_int_equal(diag_count(l.diags), 2);
    assert_int_equal(diag_get(l.diags, 0)->place.line, 4);
    assert_int_equal(diag_get(l.diags, 1)->place.line, 6);
    unload(&l);
}

static void steered_names_exist_with_their_binding(void **state)
{
    (void)state;

    static const struct {
        struct steer steer;
        const char *text;
    } cases[] = {
        {{"example.com.", false}, ""},
        {{"www.example.com.", false}, ""},
        {{"www.example.com.", false}, "www TXT x\nwww HTTPS 1 . alpn=h2\nwww MX 0 .\n"},
        {{"www.example.com.", false},
         "www RRSIG A 13 3 60 20300101000000 20200101000000 1 @ AAEC\n"},
        {{"www.example.com.", true}, ""},
        {{"www.example.com.", true}, "www NSEC x A\n"},
        {{"*.shop.example.com.", false}, ""},
        {{"a.b.c.d.example.com.", true}, "c.d TXT x\n"},
        {{"d.example.com.", false}, "d DNAME x.net.\n"},
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        char text[1024];
        snprintf(text, sizeof(text), "%s%s", HEAD, cases[i].text);
        struct loaded l = load_steered(text, &cases[i].steer, 1);
        if (l.err != ERR_OK)
            diag_print_all(l.diags, stderr);
        assert_int_equal(l.err, ERR_OK);
        const struct zone_node *node = node_of(l.zone, cases[i].steer.name);
        assert_non_null(node);
        assert_int_equal(node->binding, 10);
        if (node->parent)
            assert_int_equal(node->parent->binding, ZONE_NOT_STEERED);
        unload(&l);
    }
}

static void a_steered_name_without_a_place_is_told_too(void **state)
{
    (void)state;
    uint8_t name[DNS_NAME_MAX];
    const struct zone_steered steered = {.name = wire("www.example.com.", name)};
    struct loaded l = load_with("example.com.", HEAD "www A 192.0.2.1\n", &steered, 1, NULL);
    assert_int_equal(l.err, ERR_INVALID);
    assert_int_equal(diag_count(l.diags), 1);
    assert_null(diag_get(l.diags, 0)->remedy);
    unload(&l);
}

/* A zone of two records may have 131 names. */
static void steered_names_count_as_names(void **state)
{
    (void)state;

    enum { NAMES = 131 };

    const struct zone_limits two = {.max_records = 2};
    static uint8_t names[NAMES][DNS_NAME_MAX];
    static struct zone_steered steered[NAMES];
    for (unsigned i = 0; i < NAMES; i++) {
        char name[32];
        snprintf(name, sizeof(name), "n%u.example.com.", i);
        steered[i] = (struct zone_steered){.name = wire(name, names[i]),
                                           .place = {.file = "rhumb.yaml", .line = i + 1}};
    }
    struct loaded l = load_with("example.com.", HEAD, steered, NAMES - 1, &two);
    assert_int_equal(l.err, ERR_OK);
    assert_int_equal(l.zone->node_count, NAMES);
    unload(&l);
    l = load_with("example.com.", HEAD, steered, NAMES, &two);
    assert_int_equal(l.err, ERR_INVALID);
    assert_int_equal(diag_count(l.diags), 1);
    const struct diag *diag = diag_get(l.diags, 0);
    assert_string_equal(diag->message, "the zone has too many names");
    assert_string_equal(diag->remedy,
                        "to allow more, raise 'records' in the limits: of the zone");
    assert_int_equal(diag->place.line, NAMES);
    unload(&l);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(steered_names_keep_their_rules),
        cmocka_unit_test(each_clashing_type_is_told),
        cmocka_unit_test(steered_names_exist_with_their_binding),
        cmocka_unit_test(steered_names_count_as_names),
        cmocka_unit_test(a_steered_name_without_a_place_is_told_too),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
