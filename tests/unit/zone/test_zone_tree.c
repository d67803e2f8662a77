#include "rhumb/dns_type.h"

#include "zone_test.h"
#include "zone_tree.h"

/* RFC 4034 section 6.1's example order under a zone, and empty non-terminals between. */
static void nodes_are_in_canonical_order(void **state)
{
    (void)state;
    struct loaded l = load_clean(HEAD "zz TXT x\n"
                                      "z TXT x\n"
                                      "*.z TXT x\n"
                                      "\\200.z TXT x\n"
                                      "\\001.z TXT x\n"
                                      "Z.a TXT x\n"
                                      "zABC.a.EXAMPLE.com. TXT x\n"
                                      "yljkjljk.a TXT x\n"
                                      "e.f.g TXT x\n");
    static const char *const expected[] = {
        "example.com.",         "a.example.com.",      "yljkjljk.a.example.com.",
        "z.a.example.com.",     "zabc.a.example.com.", "g.example.com.",
        "f.g.example.com.",     "e.f.g.example.com.",  "z.example.com.",
        "\\001.z.example.com.", "*.z.example.com.",    "\\200.z.example.com.",
        "zz.example.com.",
    };

    assert_int_equal(l.zone->node_count, COUNT(expected));
    for (size_t i = 0; i < COUNT(expected); i++) {
        char text[DNS_NAME_TEXT_MAX];
        assert_string_equal(dns_name_to_text(l.zone->nodes[i]->name, text), expected[i]);
        if (i > 0)
            assert_true(dns_name_compare(l.zone->nodes[i - 1]->name, l.zone->nodes[i]->name) <
                        0);
    }
    assert_ptr_equal(l.zone->nodes[0], l.zone->apex);
    assert_int_equal(node_of(l.zone, "f.g.example.com.")->rrset_count, 0);
    unload(&l);
}

static void nodes_know_their_family(void **state)
{
    (void)state;
    struct loaded l = load_clean(HEAD "a.b TXT x\n"
                                      "*.b TXT x\n"
                                      "s NS ns.s\n"
                                      "ns.s A 192.0.2.1\n"
                                      "d DNAME x.net.\n"
                                      "c CNAME x.net.\n");
    const struct zone_node *apex = l.zone->apex, *b = node_of(l.zone, "b.example.com."),
                           *s = node_of(l.zone, "s.example.com."),
                           *ns = node_of(l.zone, "ns.s.example.com.");
    assert_null(apex->parent);
    assert_null(apex->cut);
    assert_null(apex->wildcard);
    assert_int_equal(apex->flags, 0);
    assert_int_equal(apex->labels, 2);
    assert_ptr_equal(b->parent, apex);
    assert_ptr_equal(b->wildcard, node_of(l.zone, "*.b.example.com."));
    assert_ptr_equal(node_of(l.zone, "a.b.example.com.")->parent, b);
    assert_int_equal(s->flags, ZONE_NODE_CUT);
    assert_null(s->cut);
    assert_int_equal(ns->flags, ZONE_NODE_BELOW_CUT);
    assert_ptr_equal(ns->cut, s);
    assert_int_equal(node_of(l.zone, "d.example.com.")->flags, ZONE_NODE_DNAME);
    assert_int_equal(node_of(l.zone, "c.example.com.")->flags, ZONE_NODE_CNAME);
    for (size_t i = 0; i < l.zone->node_count; i++) {
        const struct zone_node *node = l.zone->nodes[i];
        assert_true(node->hash == dns_name_hash(node->name));
        assert_int_equal(node->labels, dns_name_labels(node->name));
        assert_ptr_equal(zone_find_node(l.zone, node->name, node->hash), node);
        assert_int_equal(node->binding, ZONE_NOT_STEERED);
    }
    unload(&l);
}

static void the_apex_is_found_once(void **state)
{
    (void)state;

    static const struct {
        const char *text;
        uint32_t serial, negative_ttl_s;
    } cases[] = {
        {"$TTL 3600\n@ SOA a b 4294967295 1 2 3 300\n@ NS x.net.\n", UINT32_MAX, 300},
        {"$TTL 60\n@ SOA a b 7 1 2 3 300\n@ NS x.net.\n", 7, 60},
        {"$TTL 60\n@ SOA . . 0 1 2 3 0\n@ NS x.net.\n", 0, 0},
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        struct loaded l = load_clean(cases[i].text);
        assert_int_equal(l.zone->serial, cases[i].serial);
        assert_int_equal(l.zone->negative_ttl_s, cases[i].negative_ttl_s);
        assert_int_equal(l.zone->soa->type, DNS_TYPE_SOA);
        assert_int_equal(l.zone->ns->type, DNS_TYPE_NS);
        assert_ptr_equal(l.zone->origin, l.zone->apex->name);
        assert_int_equal(l.zone->origin_labels, 2);
        assert_true(l.zone->origin_hash == dns_name_hash(l.zone->origin));
        assert_int_equal(l.zone->record_count, 2);
        unload(&l);
    }
}

static void rrsets_are_sorted_by_type_and_keep_the_order_of_the_file(void **state)
{
    (void)state;
    struct loaded l = load_clean(HEAD "a TXT z\na A 192.0.2.9\na TXT a\na 60 A 192.0.2.1\n"
                                      "a TXT z\na TYPE65280 \\# 0\n");
    const struct zone_node *a = node_of(l.zone, "a.example.com.");
    assert_int_equal(a->rrset_count, 3);
    assert_int_equal(a->rrsets[0].type, 1);
    assert_int_equal(a->rrsets[0].ttl_s, 60); /* the lowest */
    assert_int_equal(a->rrsets[1].type, 16);
    assert_int_equal(a->rrsets[1].count, 2);
    assert_int_equal(a->rrsets[1].rdata_bytes, 8);
    assert_int_equal(a->rrsets[2].count, 1);
    assert_int_equal(a->rrsets[2].rdata_bytes, 2);
    const uint8_t *cursor = NULL;
    uint16_t len;
    assert_memory_equal(rrset_next(&a->rrsets[0], &cursor, &len), "\xc0\x00\x02\x09", 4);
    assert_memory_equal(rrset_next(&a->rrsets[0], &cursor, &len), "\xc0\x00\x02\x01", 4);
    assert_null(rrset_next(&a->rrsets[0], &cursor, &len));
    cursor = NULL;
    assert_non_null(rrset_next(&a->rrsets[2], &cursor, &len));
    assert_int_equal(len, 0);
    assert_null(rrset_next(&a->rrsets[2], &cursor, &len));
    assert_null(zone_node_rrset(a, 2));
    assert_null(zone_node_rrset(a, 65535));
    assert_ptr_equal(zone_node_rrset(a, 65280), &a->rrsets[2]);
    unload(&l);
}

static void every_byte_can_stand_in_a_label(void **state)
{
    (void)state;
    char text[8192];
    size_t used = (size_t)snprintf(text, sizeof(text), "%s", HEAD);
    for (unsigned byte = 0; byte < 256; byte++)
        used +=
            (size_t)snprintf(text + used, sizeof(text) - used, "\\%03u A 192.0.2.1\n", byte);
    struct loaded l = load_clean(text);
    assert_int_equal(l.zone->node_count, 1 + 256 - 26); /* A-Z are a-z, and their data agree */
    for (unsigned byte = 0; byte < 256; byte++) {
        uint8_t name[] = "\1x\7example\3com";
        name[1] = (uint8_t)byte;
        dns_name_lower(name, sizeof(name));
        const struct zone_node *node = zone_find_node(l.zone, name, dns_name_hash(name));
        assert_non_null(node);
        assert_int_equal(node->rrset_count, 1);
    }
    unload(&l);
}

static void memory_stays_below_120_bytes_a_record(void **state)
{
    (void)state;
    struct loaded l = load_clean(HEAD "$GENERATE 0-49999 a$ A 192.0.2.1\n");
    size_t data = 0;
    for (size_t i = 0; i < l.zone->node_count; i++) {
        const struct zone_node *node = l.zone->nodes[i];
        data += dns_name_len(node->name);
        for (unsigned j = 0; j < node->rrset_count; j++)
            data += node->rrsets[j].rdata_bytes - 2u * node->rrsets[j].count;
    }
    size_t overhead = arena_used_bytes(l.arena) - data;
    assert_true(overhead / l.zone->record_count < 120);
    unload(&l);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nodes_are_in_canonical_order),
        cmocka_unit_test(nodes_know_their_family),
        cmocka_unit_test(the_apex_is_found_once),
        cmocka_unit_test(rrsets_are_sorted_by_type_and_keep_the_order_of_the_file),
        cmocka_unit_test(every_byte_can_stand_in_a_label),
        cmocka_unit_test(memory_stays_below_120_bytes_a_record),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
