#include "rhumb/dns_type.h"

#include "zone_parse.h"
#include "zone_test.h"

static void broken_records_are_shown(void **state)
{
    (void)state;

    static const struct broken cases[] = {
        {HEAD "w \"A\" 192.0.2.1\n", DIAG_ERROR, 4, 3, "this cannot be a quoted string", NULL},
        {HEAD "w \"IN\" A 192.0.2.1\n", DIAG_ERROR, 4, 3, "this cannot be a quoted string",
         NULL},
        {HEAD "w \"60\" A 192.0.2.1\n", DIAG_ERROR, 4, 3, "this cannot be a quoted string",
         NULL},
        {HEAD "www A 192.0.2.256\n", DIAG_ERROR, 4, 7,
         "expected an IPv4 address such as 192.0.2.1, found '192.0.2.256'", NULL},
        {HEAD "www A\n", DIAG_ERROR, 4, 5,
         "the A record ends too early, expected an IPv4 address such as 192.0.2.1 behind this",
         NULL},
        {HEAD "www\n", DIAG_ERROR, 4, 1, "the record ends before its type", NULL},
        {HEAD "www 300 IN\n", DIAG_ERROR, 4, 9, "the record ends before its type", NULL},
        {HEAD "www FOO bar\n", DIAG_ERROR, 4, 5, "unknown record type 'FOO'",
         "expected one of: A, AAAA, CAA, CNAME, DNAME, DS, HTTPS, MX, NAPTR, NS, PTR, SOA, "
         "SRV, SSHFP, SVCB, TLSA, TXT"},
        {HEAD "www AAA 2001:db8::1\n", DIAG_ERROR, 4, 5, "unknown record type 'AAA'",
         "did you mean 'AAAA'?"},
        {HEAD "www CH A 192.0.2.1\n", DIAG_ERROR, 4, 5, "class 'CH', expected IN", NULL},
        {HEAD "www CLASS3 A 192.0.2.1\n", DIAG_ERROR, 4, 5, "class 'CLASS3', expected IN",
         NULL},
        {HEAD "www IN IN A 192.0.2.1\n", DIAG_ERROR, 4, 8, "a second class", NULL},
        {HEAD "www 5x A 192.0.2.1\n", DIAG_ERROR, 4, 5,
         "'5x' is no TTL, expected 3600 or 1h30m", NULL},
        {HEAD "www 2147483648 A 192.0.2.1\n", DIAG_ERROR, 4, 5,
         "the TTL is above 2147483647 seconds", NULL},
        {HEAD "www 300 400 A 192.0.2.1\n", DIAG_ERROR, 4, 9, "a second TTL", NULL},
        {HEAD "www.example.org. A 192.0.2.1\n", DIAG_ERROR, 4, 1,
         "www.example.org. is not in the zone example.com.", NULL},
        {HEAD "example.org. A 192.0.2.1\n"
              " A 192.0.2.2\n",
         DIAG_ERROR, 4, 1, "example.org. is not in the zone example.com.", NULL},
        {HEAD "a..b A 192.0.2.1\n", DIAG_ERROR, 4, 1,
         "'a..b' is no owner name: a label is empty", NULL},
        {HEAD "www A 192.0.2.1 ; ok\n"
              "www2 A ( 192.0.2.1\n",
         DIAG_ERROR, 5, 8, "the parenthesis is never closed", NULL},
        {HEAD "www TXT \"abc\n"
              "www2 A 192.0.2.1\n",
         DIAG_ERROR, 4, 9, "the quoted string does not end on its line",
         "close it with \", and write a quote inside it as \\\""},
        {HEAD "www A 192.0.2.1 )\n", DIAG_ERROR, 4, 17, "no parenthesis is open here", NULL},
        {HEAD "www ANY foo\n", DIAG_ERROR, 4, 5, "ANY cannot stand in a zone", NULL},
        {HEAD "www TYPE255 \\# 0\n", DIAG_ERROR, 4, 5, "TYPE255 cannot stand in a zone", NULL},
        {HEAD "www OPT \\# 0\n", DIAG_ERROR, 4, 5, "OPT cannot stand in a zone", NULL},
        {HEAD "www TSIG \\# 0\n", DIAG_ERROR, 4, 5, "TSIG cannot stand in a zone", NULL},
        {"@ SOA ns.example.net. host 1 7200 900 1209600 300\n"
         "@ NS ns.example.net.\n",
         DIAG_WARNING, 1, 3, "the SOA has no TTL: its minimum, 300, is taken",
         "put $TTL at the top of the file"},
        {"@ NS ns.example.net.\n"
         "@ 60 SOA ns.example.net. host 1 2 3 4 5\n",
         DIAG_ERROR, 1, 3, "the record has no TTL, and none stands above it",
         "put $TTL at the top of the file"},
        {HEAD "w CAA 0 issue \"x\n", DIAG_ERROR, 4, 15,
         "the quoted string does not end on its line",
         "close it with \", and write a quote inside it as \\\""},
        {HEAD "w TYPE1 192.0.2.1 x\n", DIAG_ERROR, 4, 19,
         "the A record has more words than it can use", NULL},
        {HEAD "w TXT \\256\n", DIAG_ERROR, 4, 7,
         "malformed escape, expected \\X or \\DDD up to \\255", NULL},
        {HEAD "w MX 10 a..b\n", DIAG_ERROR, 4, 9, "expected a domain name: a label is empty",
         NULL},
        {HEAD "w MX 70000 a\n", DIAG_ERROR, 4, 6,
         "expected a number from 0 to 65535, found '70000'", NULL},
        {HEAD "\"\" A 192.0.2.1\n", DIAG_ERROR, 4, 1, "'' is no owner name: the name is empty",
         NULL},
        {HEAD "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx A 192.0.2.1\n",
         DIAG_ERROR, 4, 1,
         "'xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx' is no owner name: a "
         "label is longer than 63 bytes",
         NULL},
        {HEAD "w AAAA 2001:db8::1 x\n", DIAG_ERROR, 4, 20,
         "the AAAA record has more words than it can use", NULL},
        {HEAD "w DS 1 8 2 abc\n", DIAG_ERROR, 4, 12, "the number of hex digits is odd", NULL},
        {HEAD "w TXT \"a\" ( \"b\"\n"
              "  \"c\"\n"
              "v A 192.0.2.1\n",
         DIAG_ERROR, 4, 11, "the parenthesis is never closed", NULL},
    };

    check_cases(cases, COUNT(cases));
}

/* show - TTL, type and first rdata byte of every RRset in canonical order. */
static void show(const struct zone *zone, char out[1024])
{
    size_t used = 0;
    out[0] = '\0';
    for (size_t i = 0; i < zone->node_count; i++) {
        const struct zone_node *node = zone->nodes[i];
        char name[DNS_NAME_TEXT_MAX];
        for (unsigned j = 0; node != zone->apex && j < node->rrset_count; j++)
            used += (size_t)snprintf(out + used, 1024 - used, "%s %u %u x%u;",
                                     dns_name_to_text(node->name, name), node->rrsets[j].ttl_s,
                                     node->rrsets[j].type, node->rrsets[j].count);
    }
}

static void records_are_read_in_every_form(void **state)
{
    (void)state;

    static const struct {
        const char *text, *shown;
    } cases[] = {
        {"a A 192.0.2.1\n", "a.example.com. 3600 1 x1;"},
        {"a IN A 192.0.2.1\n", "a.example.com. 3600 1 x1;"},
        {"a 60 A 192.0.2.1\n", "a.example.com. 60 1 x1;"},
        {"a 60 IN A 192.0.2.1\n", "a.example.com. 60 1 x1;"},
        {"a IN 60 A 192.0.2.1\n", "a.example.com. 60 1 x1;"},
        {"a in 1h30m a 192.0.2.1\n", "a.example.com. 5400 1 x1;"},
        {"a CLASS1 60 TYPE1 192.0.2.1\n", "a.example.com. 60 1 x1;"},
        {"a 0 A 192.0.2.1\n", "a.example.com. 0 1 x1;"},
        {"a 2147483647 A 192.0.2.1\n", "a.example.com. 2147483647 1 x1;"},
        {"A.Example.Com. A 192.0.2.1\n", "a.example.com. 3600 1 x1;"},
        {"\"a\" A 192.0.2.1\n", "a.example.com. 3600 1 x1;"},
        {"a A 192.0.2.1\n  A 192.0.2.2\n\tTXT x\n",
         "a.example.com. 3600 1 x2;a.example.com. 3600 16 x1;"},
        {"a A 192.0.2.1\n; x\n\n  ; y\n  A 192.0.2.2", "a.example.com. 3600 1 x2;"},
        {"a A 192.0.2.1\nb A 192.0.2.1\na A 192.0.2.2\n",
         "a.example.com. 3600 1 x2;b.example.com. 3600 1 x1;"},
        {"a A 192.0.2.1\na A 192.0.2.1\nA A 192.0.2.1\na A \\# 4 c0000201\n",
         "a.example.com. 3600 1 x1;"},
        {"a NS x.net.\na NS X.NET.\n", "a.example.com. 3600 2 x1;"},
        {"a TXT x\na TXT X\n", "a.example.com. 3600 16 x2;"},
        {"a ( 60 ; x\n IN\n A 192.0.2.1 )\n", "a.example.com. 60 1 x1;"},
        {"a A 192.0.2.1\r\nb A 192.0.2.1\r\n",
         "a.example.com. 3600 1 x1;b.example.com. 3600 1 x1;"},
        {"a\\.b A 192.0.2.1\n", "a\\.b.example.com. 3600 1 x1;"},
        {"\\$a A 192.0.2.1\n", "\\$a.example.com. 3600 1 x1;"},
        {"\\097 A 192.0.2.1\n", "a.example.com. 3600 1 x1;"},
        {"in A 192.0.2.1\n", "in.example.com. 3600 1 x1;"},
        {"60 A 192.0.2.1\n", "60.example.com. 3600 1 x1;"},
        {"a TYPE65280 \\# 0\n", "a.example.com. 3600 65280 x1;"},
        {"$ORIGIN b\na A 192.0.2.1\n", "a.b.example.com. 3600 1 x1;"},
        {"$ORIGIN com.\na.example A 192.0.2.1\n", "a.example.com. 3600 1 x1;"},
        {"$ORIGIN b\n@ A 192.0.2.1\n$ORIGIN c\n@ A 192.0.2.1\n",
         "b.example.com. 3600 1 x1;c.b.example.com. 3600 1 x1;"},
        {"a A 192.0.2.1\n$ORIGIN b\n  A 192.0.2.2\n", "a.example.com. 3600 1 x2;"},
        {"$TTL 5m\na A 192.0.2.1\n$ttl 6m\nb A 192.0.2.1\n",
         "a.example.com. 300 1 x1;b.example.com. 360 1 x1;"},
        {"a 60 A 192.0.2.1\nb A 192.0.2.1\n", /* $TTL goes before the TTL above */
         "a.example.com. 60 1 x1;b.example.com. 3600 1 x1;"},
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        char text[1024], shown[1024];
        snprintf(text, sizeof(text), "%s%s", HEAD, cases[i].text);
        struct loaded l = load_clean(text);
        show(l.zone, shown);
        assert_string_equal(shown, cases[i].shown);
        unload(&l);
    }
}

/* RFC 1035 section 5.1: without $TTL the last one given counts. */
static void a_missing_ttl_is_that_of_the_record_above(void **state)
{
    (void)state;
    struct loaded l = load_clean("@ 60 SOA ns.example.net. h 1 2 3 4 5\n@ NS ns.example.net.\n"
                                 "a 30 A 192.0.2.1\nb A 192.0.2.1\n");
    char shown[1024];
    show(l.zone, shown);
    assert_string_equal(shown, "a.example.com. 30 1 x1;b.example.com. 30 1 x1;");
    assert_int_equal(l.zone->ns->ttl_s, 60);
    assert_int_equal(diag_count(l.diags), 0);
    unload(&l);
}

/* A TTL has 31 bits (RFC 2181 section 8), the minimum of a SOA may say more. */
static void a_soa_without_ttl_takes_no_more_than_a_ttl_can_be(void **state)
{
    (void)state;
    struct loaded l = load_clean("@ SOA ns.example.net. h 1 2 3 4 4294967295\n"
                                 "@ NS ns.example.net.\n");
    assert_int_equal(l.zone->soa->ttl_s, 2147483647);
    assert_int_equal(l.zone->negative_ttl_s, 2147483647);
    assert_int_equal(diag_warning_count(l.diags), 1);
    unload(&l);
}

/* A hundred records may have names without records between them and the apex, but not any
 * number: a name of 100 labels brings 100. */
static void deep_names_do_not_multiply_without_limit(void **state)
{
    (void)state;
    const struct zone_limits four = {.max_records = 4};
    char text[1024], deep[256];
    for (unsigned i = 0; i < 100; i++)
        memcpy(deep + 2 * i, "a.", 3);
    snprintf(text, sizeof(text), "%s%sb A 192.0.2.1\n%sc A 192.0.2.1\n", HEAD, deep, deep);
    struct loaded l = load_with("example.com.", text, NULL, 0, &four);
    assert_int_equal(l.err, ERR_INVALID);
    assert_int_equal(diag_count(l.diags), 1);
    const struct diag *diag = diag_get(l.diags, 0);
    assert_string_equal(diag->message, "the zone has too many names");
    assert_string_equal(diag->remedy,
                        "to allow more, raise 'records' in the limits: of the zone");
    assert_int_equal(diag->place.line, 5);
    assert_int_equal(diag->place.column, 1);
    unload(&l);
}

static void names_in_data_take_the_origin_and_keep_their_case(void **state)
{
    (void)state;
    struct loaded l = load_clean(HEAD "$ORIGIN Sub\na MX 10 Mail\n  MX 20 @\n  MX 30 X.net.\n");
    const struct rrset *set =
        zone_node_rrset(node_of(l.zone, "a.sub.example.com."), DNS_TYPE_MX);

    static const struct {
        const char *bytes;
        uint16_t len;
    } expected[] = {
        {"\0\12\4Mail\3Sub\7example\3com\0", 24},
        {"\0\24\3Sub\7example\3com\0", 19},
        {"\0\36\1X\3net\0", 9},
    };

    const uint8_t *cursor = NULL, *rdata;
    uint16_t len;
    assert_int_equal(set->count, 3);
    for (size_t i = 0; i < COUNT(expected); i++) {
        rdata = rrset_next(set, &cursor, &len);
        assert_non_null(rdata);
        assert_int_equal(len, expected[i].len);
        assert_memory_equal(rdata, expected[i].bytes, len);
    }
    assert_null(rrset_next(set, &cursor, &len));
    unload(&l);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(broken_records_are_shown),
        cmocka_unit_test(records_are_read_in_every_form),
        cmocka_unit_test(a_missing_ttl_is_that_of_the_record_above),
        cmocka_unit_test(a_soa_without_ttl_takes_no_more_than_a_ttl_can_be),
        cmocka_unit_test(deep_names_do_not_multiply_without_limit),
        cmocka_unit_test(names_in_data_take_the_origin_and_keep_their_case),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
