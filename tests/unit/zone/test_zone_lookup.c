#include "rhumb/dns_type.h"

#include "zone_test.h"

/* One question to a zone: what it finds and at which node. */
struct question {
    const char *name;
    uint16_t qtype;
    enum zone_match match;
    const char *node;
};

static void ask(const struct zone *zone, const struct question *questions, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        uint8_t buffer[DNS_NAME_MAX];
        char text[DNS_NAME_TEXT_MAX];
        struct name_key key;
        const struct zone_node *node = NULL;
        name_key_init(&key, wire(questions[i].name, buffer));
        enum zone_match match = zone_lookup(zone, &key, questions[i].qtype, &node);
        assert_non_null(node);
        if (match != questions[i].match)
            print_error("%s\n", questions[i].name);
        assert_int_equal(match, questions[i].match);
        assert_string_equal(dns_name_to_text(node->name, text), questions[i].node);
    }
}

/* The zone and the questions of RFC 4592 section 2.2.1. */
static void wildcards_answer_as_in_rfc_4592(void **state)
{
    (void)state;
    struct loaded l =
        load_with("example.",
                  "$ORIGIN example.\n"
                  "example.                 3600 IN  SOA   a. b. 1 2 3 4 5\n"
                  "example.                 3600     NS    ns.example.com.\n"
                  "example.                 3600     NS    ns.example.net.\n"
                  "*.example.               3600     TXT   \"this is a wildcard\"\n"
                  "*.example.               3600     MX    10 host1.example.\n"
                  "sub.*.example.           3600     TXT   \"not a wildcard\"\n"
                  "host1.example.           3600     A     192.0.2.1\n"
                  "_ssh._tcp.host1.example. 3600     SRV   0 0 22 host1\n"
                  "_ssh._tcp.host2.example. 3600     SRV   0 0 22 host1\n"
                  "subdel.example.          3600     NS    ns.example.com.\n"
                  "subdel.example.          3600     NS    ns.example.net.\n",
                  NULL, 0, NULL);
    assert_int_equal(l.err, ERR_OK);
    static const struct question questions[] = {
        {"host3.example.", DNS_TYPE_MX, ZONE_WILDCARD, "*.example."},
        {"host3.example.", DNS_TYPE_A, ZONE_WILDCARD, "*.example."}, /* no data */
        {"foo.bar.example.", DNS_TYPE_TXT, ZONE_WILDCARD, "*.example."},
        {"host1.example.", DNS_TYPE_MX, ZONE_FOUND, "host1.example."},
        {"sub.*.example.", DNS_TYPE_MX, ZONE_FOUND, "sub.*.example."},
        {"_telnet._tcp.host1.example.", DNS_TYPE_SRV, ZONE_NXDOMAIN, "_tcp.host1.example."},
        {"host.subdel.example.", DNS_TYPE_A, ZONE_DELEGATION, "subdel.example."},
        {"ghost.*.example.", DNS_TYPE_MX, ZONE_NXDOMAIN, "*.example."},
        /* and around them */
        {"*.example.", DNS_TYPE_TXT, ZONE_FOUND, "*.example."},
        {"host2.example.", DNS_TYPE_TXT, ZONE_FOUND, "host2.example."}, /* empty */
        {"_tcp.host2.example.", DNS_TYPE_TXT, ZONE_FOUND, "_tcp.host2.example."},
        {"a.host2.example.", DNS_TYPE_TXT, ZONE_NXDOMAIN, "host2.example."},
        {"example.", DNS_TYPE_SOA, ZONE_FOUND, "example."},
    };

    ask(l.zone, questions, COUNT(questions));
    unload(&l);
}

static void wildcards_below_and_beside_empty_names(void **state)
{
    (void)state;
    struct loaded l = load_clean(HEAD "* TXT top\n"
                                      "*.a.b TXT low\n"
                                      "x.c TXT x\n"
                                      "*.c TXT y\n"
                                      "\\*.d TXT star\n"
                                      "**.e TXT twostars\n");
    static const struct question questions[] = {
        {"b.example.com.", DNS_TYPE_TXT, ZONE_FOUND, "b.example.com."},
        {"a.b.example.com.", DNS_TYPE_TXT, ZONE_FOUND, "a.b.example.com."},
        {"x.b.example.com.", DNS_TYPE_TXT, ZONE_NXDOMAIN, "b.example.com."},
        {"x.a.b.example.com.", DNS_TYPE_TXT, ZONE_WILDCARD, "*.a.b.example.com."},
        {"x.y.a.b.example.com.", DNS_TYPE_TXT, ZONE_WILDCARD, "*.a.b.example.com."},
        {"x.c.example.com.", DNS_TYPE_A, ZONE_FOUND, "x.c.example.com."},
        {"z.c.example.com.", DNS_TYPE_A, ZONE_WILDCARD, "*.c.example.com."},
        {"z.x.c.example.com.", DNS_TYPE_A, ZONE_NXDOMAIN, "x.c.example.com."},
        {"c.example.com.", DNS_TYPE_A, ZONE_FOUND, "c.example.com."},
        /* an escaped star is the same byte */
        {"q.d.example.com.", DNS_TYPE_TXT, ZONE_WILDCARD, "*.d.example.com."},
        {"q.e.example.com.", DNS_TYPE_TXT, ZONE_NXDOMAIN, "e.example.com."},
        {"q.example.com.", DNS_TYPE_TXT, ZONE_WILDCARD, "*.example.com."},
        {"*.q.example.com.", DNS_TYPE_TXT, ZONE_WILDCARD, "*.example.com."},
    };

    ask(l.zone, questions, COUNT(questions));
    unload(&l);
}

/* RFC 1034 section 4.3.2 step 3b; DS belongs to the side above (RFC 4035 section 3.1.4.1). */
static void names_at_and_below_a_cut_are_delegated(void **state)
{
    (void)state;
    struct loaded l = load_clean(HEAD "sub NS ns.sub\n"
                                      "sub NS ns.deep.sub\n"
                                      "sub DS 1 8 2 ab\n"
                                      "ns.sub A 192.0.2.1\n"
                                      "ns.deep.sub A 192.0.2.1\n"
                                      "*.sub TXT hidden\n"
                                      "inner.sub NS ns.sub\n"
                                      "x.sub2 NS ns.example.net.\n");
    static const struct question questions[] = {
        {"sub.example.com.", DNS_TYPE_A, ZONE_DELEGATION, "sub.example.com."},
        {"sub.example.com.", DNS_TYPE_NS, ZONE_DELEGATION, "sub.example.com."},
        {"sub.example.com.", DNS_TYPE_ANY, ZONE_DELEGATION, "sub.example.com."},
        {"sub.example.com.", DNS_TYPE_DS, ZONE_FOUND, "sub.example.com."},
        {"ns.sub.example.com.", DNS_TYPE_A, ZONE_DELEGATION, "sub.example.com."},
        {"ns.sub.example.com.", DNS_TYPE_DS, ZONE_DELEGATION, "sub.example.com."},
        {"nix.sub.example.com.", DNS_TYPE_A, ZONE_DELEGATION, "sub.example.com."},
        {"deep.sub.example.com.", DNS_TYPE_A, ZONE_DELEGATION, "sub.example.com."},
        {"a.b.ns.deep.sub.example.com.", DNS_TYPE_A, ZONE_DELEGATION, "sub.example.com."},
        {"inner.sub.example.com.", DNS_TYPE_A, ZONE_DELEGATION, "sub.example.com."},
        {"inner.sub.example.com.", DNS_TYPE_DS, ZONE_DELEGATION, "sub.example.com."},
        {"x.inner.sub.example.com.", DNS_TYPE_A, ZONE_DELEGATION, "sub.example.com."},
        {"sub2.example.com.", DNS_TYPE_A, ZONE_FOUND, "sub2.example.com."},
        {"x.sub2.example.com.", DNS_TYPE_A, ZONE_DELEGATION, "x.sub2.example.com."},
        {"y.sub2.example.com.", DNS_TYPE_A, ZONE_NXDOMAIN, "sub2.example.com."},
        {"example.com.", DNS_TYPE_NS, ZONE_FOUND, "example.com."},
        {"example.com.", DNS_TYPE_DS, ZONE_FOUND, "example.com."},
    };

    ask(l.zone, questions, COUNT(questions));
    unload(&l);
}

/* RFC 6672 section 3.2: the owner itself is not redirected. */
static void names_below_a_dname_are_redirected(void **state)
{
    (void)state;
    struct loaded l = load_clean(HEAD "d DNAME x.net.\n"
                                      "d TXT here\n"
                                      "e.f DNAME x.net.\n"
                                      "*.f TXT beside\n");
    static const struct question questions[] = {
        {"d.example.com.", DNS_TYPE_A, ZONE_FOUND, "d.example.com."},
        {"d.example.com.", DNS_TYPE_DNAME, ZONE_FOUND, "d.example.com."},
        {"a.d.example.com.", DNS_TYPE_A, ZONE_DNAME, "d.example.com."},
        {"a.b.c.d.example.com.", DNS_TYPE_DNAME, ZONE_DNAME, "d.example.com."},
        {"a.e.f.example.com.", DNS_TYPE_A, ZONE_DNAME, "e.f.example.com."},
        {"g.f.example.com.", DNS_TYPE_A, ZONE_WILDCARD, "*.f.example.com."},
    };

    ask(l.zone, questions, COUNT(questions));
    unload(&l);
}

static void a_dname_at_the_apex_redirects_everything(void **state)
{
    (void)state;
    struct loaded l = load_clean(HEAD "@ DNAME x.net.\n");
    static const struct question questions[] = {
        {"example.com.", DNS_TYPE_A, ZONE_FOUND, "example.com."},
        {"a.b.example.com.", DNS_TYPE_A, ZONE_DNAME, "example.com."},
    };

    ask(l.zone, questions, COUNT(questions));
    unload(&l);
}

static void the_root_zone_is_a_zone(void **state)
{
    (void)state;
    struct loaded l = load_with(".",
                                "$TTL 60\n. SOA a. b. 1 2 3 4 5\n. NS ns.x.\ncom. NS ns.com.\n"
                                "ns.com. A 192.0.2.1\nns.x. A 192.0.2.1\n",
                                NULL, 0, NULL);
    assert_int_equal(l.err, ERR_OK);
    static const struct question questions[] = {
        {".", DNS_TYPE_SOA, ZONE_FOUND, "."},
        {"com.", DNS_TYPE_DS, ZONE_FOUND, "com."},
        {"a.com.", DNS_TYPE_A, ZONE_DELEGATION, "com."},
        {"org.", DNS_TYPE_A, ZONE_NXDOMAIN, "."},
        {"a.org.", DNS_TYPE_A, ZONE_NXDOMAIN, "."},
        {"x.", DNS_TYPE_A, ZONE_FOUND, "x."},
    };

    ask(l.zone, questions, COUNT(questions));
    unload(&l);
}

static void odd_labels_are_not_confused(void **state)
{
    (void)state;
    struct loaded l = load_clean(HEAD "a\\.b TXT dot\n"
                                      "\\000.n TXT zero\n"
                                      "\\003www TXT three\n");
    static const struct question questions[] = {
        {"a\\.b.example.com.", DNS_TYPE_TXT, ZONE_FOUND, "a\\.b.example.com."},
        {"a.b.example.com.", DNS_TYPE_TXT, ZONE_NXDOMAIN, "example.com."},
        {"\\000.n.example.com.", DNS_TYPE_TXT, ZONE_FOUND, "\\000.n.example.com."},
        {"\\001.n.example.com.", DNS_TYPE_TXT, ZONE_NXDOMAIN, "n.example.com."},
        {"\\000\\000.n.example.com.", DNS_TYPE_TXT, ZONE_NXDOMAIN, "n.example.com."},
        {"www.example.com.", DNS_TYPE_TXT, ZONE_NXDOMAIN, "example.com."},
    };

    ask(l.zone, questions, COUNT(questions));
    unload(&l);
}

static void names_of_127_labels_are_looked_up(void **state)
{
    (void)state;
    struct loaded l = load_clean(HEAD "w A 192.0.2.1\n");
    uint8_t name[DNS_NAME_MAX];
    size_t used = 0;
    for (; used + 2 + 13 <= DNS_NAME_MAX; used += 2)
        memcpy(name + used, "\1x", 2);
    memcpy(name + used, "\7example\3com", 13);
    struct name_key key;
    const struct zone_node *node;
    name_key_init(&key, name);
    assert_int_equal(key.labels, used / 2 + 2);
    assert_int_equal(zone_lookup(l.zone, &key, 1, &node), ZONE_NXDOMAIN);
    assert_ptr_equal(node, l.zone->apex);
    unload(&l);
}

static void a_key_has_the_hash_of_every_suffix(void **state)
{
    (void)state;
    uint8_t buffer[DNS_NAME_MAX];
    struct name_key key;
    const uint8_t *name = wire("a.bc.example.com.", buffer);
    name_key_init(&key, name);
    assert_int_equal(key.labels, 4);
    for (unsigned i = 0; i <= key.labels; i++) {
        const uint8_t *suffix = name + key.suffix[i];
        assert_int_equal(dns_name_labels(suffix), i);
        assert_true(key.hash[i] == dns_name_hash(suffix));
    }
    name_key_init(&key, wire(".", buffer));
    assert_int_equal(key.labels, 0);
    assert_true(key.hash[0] == DNS_NAME_HASH_ROOT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(wildcards_answer_as_in_rfc_4592),
        cmocka_unit_test(wildcards_below_and_beside_empty_names),
        cmocka_unit_test(names_at_and_below_a_cut_are_delegated),
        cmocka_unit_test(names_below_a_dname_are_redirected),
        cmocka_unit_test(a_dname_at_the_apex_redirects_everything),
        cmocka_unit_test(the_root_zone_is_a_zone),
        cmocka_unit_test(odd_labels_are_not_confused),
        cmocka_unit_test(names_of_127_labels_are_looked_up),
        cmocka_unit_test(a_key_has_the_hash_of_every_suffix),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
