#include "rhumb/dns_type.h"

#include "zone_draft.h"
#include "zone_test.h"

static const uint8_t example_com[] = "\7example\3com";

static uint32_t add(struct zone_draft *draft, const char *name)
{
    uint8_t buffer[DNS_NAME_MAX];
    uint32_t idx = ZONE_NO_OWNER;
    assert_int_equal(zone_draft_add_owner(draft, wire(name, buffer), &idx), ERR_OK);
    return idx;
}

static void put(struct zone_draft *draft, uint32_t owner, uint16_t type, const char *rdata,
                uint64_t hash)
{
    const struct zone_record record = {
        .rdata = (const uint8_t *)rdata,
        .rdata_len = (uint16_t)strlen(rdata),
        .hash = hash,
        .owner = owner,
        .type = type,
    };
    assert_int_equal(zone_draft_add_record(draft, &record), ERR_OK);
}

static void an_owner_brings_its_ancestors(void **state)
{
    (void)state;
    struct zone_draft draft;
    assert_int_equal(zone_draft_init(&draft, example_com, NULL), ERR_OK);
    assert_int_equal(draft.owner_count, 1);
    uint32_t c = add(&draft, "c.b.a.example.com.");
    assert_int_equal(draft.owner_count, 4);
    assert_int_equal(add(&draft, "c.b.a.example.com."), c);
    uint32_t a = add(&draft, "a.example.com.");
    assert_int_equal(draft.owner_count, 4);
    assert_int_equal(draft.owners[a].parent, 0);
    assert_int_equal(draft.owners[c].labels, 5);
    assert_int_equal(draft.owners[draft.owners[c].parent].parent, a);
    for (uint32_t i = 1; i < draft.owner_count; i++)
        assert_true(draft.owners[i].parent < i); /* what the checks and the tree rely on */
    zone_draft_deinit(&draft);
}

static void the_root_can_be_a_zone(void **state)
{
    (void)state;
    struct zone_draft draft;
    uint8_t buffer[DNS_NAME_MAX];
    assert_int_equal(zone_draft_init(&draft, (const uint8_t *)"", NULL), ERR_OK);
    uint32_t com = add(&draft, "com.");
    assert_int_equal(draft.owners[com].parent, 0);
    assert_int_equal(zone_draft_find(&draft, wire(".", buffer), NULL), 0);
    zone_draft_deinit(&draft);
}

static void a_missing_name_has_an_encloser(void **state)
{
    (void)state;
    struct zone_draft draft;
    uint8_t buffer[DNS_NAME_MAX];
    uint32_t encloser;
    assert_int_equal(zone_draft_init(&draft, example_com, NULL), ERR_OK);
    uint32_t a = add(&draft, "a.example.com.");
    assert_int_equal(zone_draft_find(&draft, wire("a.example.com.", buffer), &encloser), a);
    assert_int_equal(encloser, a);
    assert_int_equal(zone_draft_find(&draft, wire("x.y.a.example.com.", buffer), &encloser),
                     ZONE_NO_OWNER);
    assert_int_equal(encloser, a);
    assert_int_equal(zone_draft_find(&draft, wire("y.example.com.", buffer), &encloser),
                     ZONE_NO_OWNER);
    assert_int_equal(encloser, 0);
    zone_draft_deinit(&draft);
}

static void many_owners_are_all_found(void **state)
{
    (void)state;

    enum { OWNERS = 20000 };

    struct zone_draft draft;
    char name[64];
    assert_int_equal(zone_draft_init(&draft, example_com, NULL), ERR_OK);
    for (unsigned i = 0; i < OWNERS; i++) {
        snprintf(name, sizeof(name), "n%u.example.com.", i);
        assert_int_equal(add(&draft, name), i + 1);
    }
    for (unsigned i = 0; i < OWNERS; i++) {
        uint8_t buffer[DNS_NAME_MAX];
        snprintf(name, sizeof(name), "n%u.example.com.", i);
        assert_int_equal(zone_draft_find(&draft, wire(name, buffer), NULL), i + 1);
    }
    zone_draft_deinit(&draft);
}

static void names_and_records_have_limits(void **state)
{
    (void)state;
    const struct zone_limits limits = {.max_records = 2};
    struct zone_draft draft;
    uint8_t buffer[DNS_NAME_MAX];
    char name[64];
    uint32_t idx;
    assert_int_equal(zone_draft_init(&draft, example_com, &limits), ERR_OK);
    put(&draft, 0, 1, "a", 1);
    put(&draft, 0, 1, "b", 2);
    const struct zone_record third = {.rdata = (const uint8_t *)"c", .rdata_len = 1};
    assert_int_equal(zone_draft_add_record(&draft, &third), ERR_LIMIT);
    enum err err = ERR_OK;
    for (unsigned i = 0; i < 1000 && err == ERR_OK; i++) {
        snprintf(name, sizeof(name), "n%u.example.com.", i);
        err = zone_draft_add_owner(&draft, wire(name, buffer), &idx);
    }
    assert_int_equal(err, ERR_LIMIT);
    assert_int_equal(draft.owner_count, 2 * 2 + DNS_LABELS_MAX);
    zone_draft_deinit(&draft);
}

static void records_are_sorted_by_owner_and_type_in_the_order_of_the_file(void **state)
{
    (void)state;
    struct zone_draft draft;
    assert_int_equal(zone_draft_init(&draft, example_com, NULL), ERR_OK);
    uint32_t a = add(&draft, "a.example.com."), b = add(&draft, "b.example.com.");
    put(&draft, b, 16, "1", 1);
    put(&draft, a, 16, "2", 2);
    put(&draft, b, 1, "3", 3);
    put(&draft, b, 16, "4", 4);
    put(&draft, b, 16, "1", 1); /* again */
    put(&draft, a, 16, "A", 5);
    put(&draft, a, 16, "a", 6); /* another hash: the case is not that of a name */
    put(&draft, a, 2, "NS", 7);
    put(&draft, a, 2, "ns", 7); /* the same one: it is */
    assert_int_equal(zone_draft_sort(&draft), ERR_OK);
    static const char *const of_a[] = {"NS", "ns!", "2", "A", "a"};
    static const char *const of_b[] = {"3", "1", "4", "1!"};

    const struct {
        uint32_t owner;
        const char *const *shown;
        size_t count;
    } expected[] = {{a, of_a, COUNT(of_a)}, {b, of_b, COUNT(of_b)}};

    for (size_t i = 0; i < COUNT(expected); i++) {
        const struct zone_owner *owner = &draft.owners[expected[i].owner];
        assert_int_equal(owner->count, expected[i].count);
        for (size_t j = 0; j < owner->count; j++) {
            const struct zone_record *record = zone_draft_record(&draft, owner, j);
            char shown[8];
            snprintf(shown, sizeof(shown), "%.*s%s", record->rdata_len,
                     (const char *)record->rdata, record->duplicate ? "!" : "");
            assert_string_equal(shown, expected[i].shown[j]);
        }
    }
    assert_int_equal(draft.owners[0].count, 0);
    assert_int_equal(zone_draft_first(&draft, &draft.owners[b], 16)->rdata[0], '1');
    assert_null(zone_draft_first(&draft, &draft.owners[b], 28));
    zone_draft_deinit(&draft);
}

/* Hashes may collide: the data decides. */
static void records_with_one_hash_are_compared(void **state)
{
    (void)state;
    struct zone_draft draft;
    assert_int_equal(zone_draft_init(&draft, example_com, NULL), ERR_OK);
    put(&draft, 0, 16, "one", 1);
    put(&draft, 0, 16, "two", 1);
    put(&draft, 0, 16, "three", 1);
    put(&draft, 0, 17, "three", 1);
    put(&draft, 0, 16, "THREE", 1);
    assert_int_equal(zone_draft_sort(&draft), ERR_OK);
    static const bool duplicate[] = {false, false, false, true, false};
    for (size_t i = 0; i < COUNT(duplicate); i++)
        assert_int_equal(zone_draft_record(&draft, &draft.owners[0], i)->duplicate,
                         duplicate[i]);
    zone_draft_deinit(&draft);
}

static void cuts_reach_down(void **state)
{
    (void)state;

    static const struct {
        const char *name;
        unsigned flags;
        const char *cut; /* NULL: none */
    } expected[] = {
        {"example.com.", 0, NULL}, /* NS at the apex is no cut */
        {"s.example.com.", ZONE_NODE_CUT, NULL},
        {"x.s.example.com.", ZONE_NODE_CUT | ZONE_NODE_BELOW_CUT, "s.example.com."},
        {"y.x.s.example.com.", ZONE_NODE_BELOW_CUT, "s.example.com."},
        {"d.example.com.", ZONE_NODE_DNAME, NULL},
        {"x.d.example.com.", 0, "d.example.com."},
        {"c.example.com.", ZONE_NODE_CNAME, NULL},
    };

    struct zone_draft draft;
    uint8_t buffer[DNS_NAME_MAX];
    assert_int_equal(zone_draft_init(&draft, example_com, NULL), ERR_OK);
    put(&draft, 0, DNS_TYPE_NS, "x", 1);
    put(&draft, add(&draft, "y.x.s.example.com."), DNS_TYPE_A, "x", 1);
    put(&draft, add(&draft, "x.s.example.com."), DNS_TYPE_NS, "x", 1);
    put(&draft, add(&draft, "s.example.com."), DNS_TYPE_NS, "x", 1);
    put(&draft, add(&draft, "d.example.com."), DNS_TYPE_DNAME, "x", 1);
    put(&draft, add(&draft, "c.example.com."), DNS_TYPE_CNAME, "x", 1);
    add(&draft, "x.d.example.com.");
    assert_int_equal(zone_draft_sort(&draft), ERR_OK);
    zone_draft_link(&draft);
    for (size_t i = 0; i < COUNT(expected); i++) {
        uint32_t idx = zone_draft_find(&draft, wire(expected[i].name, buffer), NULL);
        uint32_t cut = expected[i].cut
                           ? zone_draft_find(&draft, wire(expected[i].cut, buffer), NULL)
                           : (uint32_t)ZONE_NO_OWNER;
        assert_int_equal(draft.owners[idx].flags, expected[i].flags);
        assert_int_equal(draft.owners[idx].cut, cut);
    }
    zone_draft_deinit(&draft);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_owner_brings_its_ancestors),
        cmocka_unit_test(the_root_can_be_a_zone),
        cmocka_unit_test(a_missing_name_has_an_encloser),
        cmocka_unit_test(many_owners_are_all_found),
        cmocka_unit_test(names_and_records_have_limits),
        cmocka_unit_test(records_are_sorted_by_owner_and_type_in_the_order_of_the_file),
        cmocka_unit_test(records_with_one_hash_are_compared),
        cmocka_unit_test(cuts_reach_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
