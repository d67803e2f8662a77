#include "zone_check.h"
#include "zone_test.h"

/* Compared with nsd-checkzone 4.6.1 and named-checkzone 9.18: what one of them refuses is an
 * error here; a DNAME beside a delegation is accepted by both and refused here (RFC 6672
 * section 2.3). */
static void rules_of_a_zone_are_kept(void **state)
{
    (void)state;

    static const struct broken cases[] = {
        {"$TTL 3600\n"
         "@ NS ns.example.net.\n",
         DIAG_ERROR, 0, 0, "there is no SOA record for example.com.", NULL},
        {"$TTL 3600\n"
         "@ SOA ns.example.net. host 1 7200 900 1209600 300\n",
         DIAG_ERROR, 0, 0, "there is no NS record for example.com.", NULL},
        {"; only a comment\n", DIAG_ERROR, 0, 0, "the file holds no records", NULL},
        {HEAD "@ SOA ns.example.net. host 2 7200 900 1209600 300\n", DIAG_ERROR, 4, 1,
         "example.com. has a second SOA record", "the first one is at t.zone:2:1"},
        {HEAD "w SOA ns.example.net. host 1 7200 900 1209600 300\n", DIAG_ERROR, 4, 1,
         "the SOA record of w.example.com. stands below the apex",
         "the SOA record of a zone belongs to example.com."},
        {HEAD "w CNAME a.example.net.\n"
              "w A 192.0.2.1\n",
         DIAG_ERROR, 5, 1, "w.example.com. has a CNAME and A data",
         "the CNAME is at t.zone:4:1"},
        {HEAD "w A 192.0.2.1\n"
              "w CNAME a.example.net.\n",
         DIAG_ERROR, 4, 1, "w.example.com. has a CNAME and A data",
         "the CNAME is at t.zone:5:1"},
        {HEAD "w CNAME a.example.net.\n"
              "w CNAME b.example.net.\n",
         DIAG_ERROR, 5, 1, "w.example.com. has a second CNAME record",
         "the first one is at t.zone:4:1"},
        {HEAD "@ CNAME a.example.net.\n", DIAG_ERROR, 3, 1,
         "example.com. has a CNAME and NS data", "the CNAME is at t.zone:4:1"},
        {HEAD "d DNAME a.example.net.\n"
              "d DNAME b.example.net.\n",
         DIAG_ERROR, 5, 1, "d.example.com. has a second DNAME record",
         "the first one is at t.zone:4:1"},
        {HEAD "d DNAME a.example.net.\n"
              "d CNAME b.example.net.\n",
         DIAG_ERROR, 4, 1, "d.example.com. has a CNAME and DNAME data",
         "the CNAME is at t.zone:5:1"},
        {HEAD "d DNAME a.example.net.\n"
              "d NS ns.example.net.\n",
         DIAG_ERROR, 4, 1, "d.example.com. has a DNAME and is delegated",
         "the NS is at t.zone:5:1"},
        {HEAD "d DNAME a.example.net.\n"
              "x.d A 192.0.2.1\n",
         DIAG_ERROR, 5, 1, "x.d.example.com. stands below the DNAME of d.example.com.",
         "the DNAME is at t.zone:4:1"},
        {HEAD "x.y.d A 192.0.2.1\n"
              "d DNAME a.example.net.\n",
         DIAG_ERROR, 4, 1, "x.y.d.example.com. stands below the DNAME of d.example.com.",
         "the DNAME is at t.zone:5:1"},
        {HEAD "@ DNAME a.example.net.\n"
              "w A 192.0.2.1\n",
         DIAG_ERROR, 5, 1, "w.example.com. stands below the DNAME of example.com.",
         "the DNAME is at t.zone:4:1"},
        {HEAD "*.w NS ns.example.net.\n", DIAG_ERROR, 4, 1,
         "the wildcard *.w.example.com. cannot be delegated", NULL},
        {HEAD "w 60 A 192.0.2.1\n"
              "w 30 A 192.0.2.2\n",
         DIAG_WARNING, 5, 1,
         "the A records of w.example.com. have several TTLs, the lowest is taken",
         "another one is at t.zone:4:1"},
        {HEAD "s NS ns.example.net.\n"
              "x.s TXT a\n",
         DIAG_WARNING, 5, 1,
         "the TXT record of x.s.example.com. is hidden: s.example.com. is delegated",
         "the delegation is at t.zone:4:1"},
        {HEAD "s NS ns.example.net.\n"
              "s TXT a\n",
         DIAG_WARNING, 5, 1,
         "the TXT record of s.example.com. is hidden: s.example.com. is delegated",
         "the delegation is at t.zone:4:1"},
        {HEAD "s NS ns.example.net.\n"
              "t.s NS ns.example.net.\n",
         DIAG_WARNING, 5, 1,
         "the NS record of t.s.example.com. is hidden: s.example.com. is delegated",
         "the delegation is at t.zone:4:1"},
        {"@ SOA ns.example.net. host 1 7200 900 1209600 300\n"
         "@ NS ns.example.net.\n",
         DIAG_WARNING, 1, 3, "the SOA has no TTL: its minimum, 300, is taken",
         "put $TTL at the top of the file"},
        {HEAD "s NS ns.example.net.\n"
              "s CNAME a.example.net.\n",
         DIAG_ERROR, 4, 1, "s.example.com. has a CNAME and NS data",
         "the CNAME is at t.zone:5:1"},
        {HEAD "w CNAME a.example.net.\n"
              "w CNAME a.example.net.\n"
              "w NSEC x CNAME\n"
              "w RRSIG CNAME 13 3 3600 20300101000000 20200101000000 1 @ AAEC\n",
         CLEAN},
        {HEAD
         "d DNAME a.example.net.\n"
         "d TXT a\n"
         "2vptu5timamqttgl4luu9kg21e0aor3s.d NSEC3 1 0 0 - 2vptu5timamqttgl4luu9kg21e0aor3s\n",
         CLEAN},
        {HEAD
         "@ DNAME a.example.net.\n" /* a signed zone: hashes are not names */
         "2vptu5timamqttgl4luu9kg21e0aor3s NSEC3 1 0 0 - 2vptu5timamqttgl4luu9kg21e0aor3s\n"
         "2vptu5timamqttgl4luu9kg21e0aor3s RRSIG NSEC3 13 3 60 20300101000000 "
         "20200101000000 1 @ AAEC\n",
         CLEAN},
        {HEAD "s NS ns.example.net.\n" /* what a signed parent says about a child */
              "s DS 1 8 2 ab\n"
              "s NSEC t NS DS RRSIG NSEC\n"
              "s RRSIG DS 13 3 60 20300101000000 20200101000000 1 @ AAEC\n",
         CLEAN},
        {HEAD "@ NS NS.Example.NET.\n", CLEAN},
        {HEAD "w RRSIG A 13 3 60 20300101000000 20200101000000 1 @ AAEC\n"
              "w 60 RRSIG TXT 13 3 60 20300101000000 20200101000000 1 @ AAEC\n",
         CLEAN},
    };

    check_cases(cases, COUNT(cases));
}

static void names_with_the_zone_twice_are_suspicious(void **state)
{
    (void)state;

    static const struct broken cases[] = {
        {HEAD "www.example.com A 192.0.2.1\n", DIAG_WARNING, 4, 1,
         "www.example.com.example.com. has the name of the zone twice",
         "if a final dot is missing, add it"},
        {HEAD "example.com A 192.0.2.1\n", DIAG_WARNING, 4, 1,
         "example.com.example.com. has the name of the zone twice",
         "if a final dot is missing, add it"},
        {HEAD "xexample.com A 192.0.2.1\n", CLEAN},
        {HEAD "example\\.com A 192.0.2.1\n", CLEAN},
        {HEAD "example.com.x A 192.0.2.1\n", CLEAN},
    };

    check_cases(cases, COUNT(cases));
}

static void missing_apex_records_are_both_told(void **state)
{
    (void)state;
    struct loaded l = load_text("$TTL 3600\nw A 192.0.2.1\n");
    assert_int_equal(l.err, ERR_INVALID);
    assert_int_equal(diag_count(l.diags), 2);
    assert_string_equal(diag_get(l.diags, 0)->message,
                        "there is no SOA record for example.com.");
    assert_string_equal(diag_get(l.diags, 1)->message,
                        "there is no NS record for example.com.");
    unload(&l);
}

static void what_a_broken_record_may_be_is_not_missed(void **state)
{
    (void)state;
    struct loaded l = load_text("$TTL 3600\n@ SOA a b 1 2 3 4\n@ NS ns.sub\nsub NS ns.sub\n");
    assert_int_equal(l.err, ERR_INVALID);
    assert_int_equal(diag_count(l.diags), 1); /* neither "no SOA" nor "no glue" */
    assert_int_equal(diag_get(l.diags, 0)->place.line, 2);
    unload(&l);
}

static void limits_have_a_place(void **state)
{
    (void)state;

    static const struct {
        struct zone_limits limits;
        const char *text, *message, *key;
        uint32_t line;
    } cases[] = {
        {{.max_records = 4},
         HEAD "a A 192.0.2.1\nb A 192.0.2.1\nc A 192.0.2.1\nd A 192.0.2.1\n",
         "the zone has more than 4 records",
         "records",
         6},
        {{.max_rrset_records = 2},
         HEAD "a A 192.0.2.1\na A 192.0.2.1\na A 192.0.2.2\na A 192.0.2.3\na A 192.0.2.3\n"
              "a A 192.0.2.4\n",
         "a.example.com. has more than 2 A records",
         "records_per_rrset",
         7},
        {{.max_types = 2},
         HEAD "a A 192.0.2.1\na AAAA ::1\na TXT x\na MX 0 .\n",
         "a.example.com. has records of more than 2 types",
         "types_per_name",
         6}, /* TXT: by ascending type A 1, MX 15, TXT 16 */
        {{.max_records = 2},
         HEAD "$GENERATE 1-9 a$ A 192.0.2.$\n",
         "in a generated record: the zone has more than 2 records",
         "records",
         4},
        {{.max_generate_records = 8},
         HEAD "$GENERATE 1-8 a$ A 192.0.2.$\n$GENERATE 1-9 b$ A 192.0.2.$\n",
         "the range has more than 8 values",
         "records_per_generate",
         5},
        /* The head, the line of $GENERATE, the two records generated. */
        {{.max_bytes = sizeof(HEAD) - 1 + 29 + 2 * 14 - 1},
         HEAD "$GENERATE 1-2 a$ A 192.0.2.$\n",
         "with this the zone has more than 137 bytes",
         "size",
         4},
        {{.max_bytes = sizeof(HEAD) - 2}, HEAD, "the file has more than 80 bytes", "size", 0},
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        struct loaded l = load_with("example.com.", cases[i].text, NULL, 0, &cases[i].limits);
        assert_int_equal(l.err, ERR_INVALID);
        assert_int_equal(diag_count(l.diags), 1);
        char remedy[96];
        snprintf(remedy, sizeof(remedy), "to allow more, raise '%s' in the limits: of the zone",
                 cases[i].key);
        const struct diag *diag = diag_get(l.diags, 0);
        assert_string_equal(diag->message, cases[i].message);
        assert_string_equal(diag->remedy, remedy);
        assert_int_equal(diag->place.line, cases[i].line);
        assert_int_equal(diag->place.column > 0, cases[i].line > 0);
        unload(&l);
    }
}

static void a_set_that_no_message_can_hold_is_warned_of(void **state)
{
    (void)state;
    for (int records = 235; records <= 237; records++) {
        char text[1024];
        snprintf(text, sizeof(text), HEAD "$GENERATE 1-%d t TXT ${0,250,d} 12345\n", records);
        struct loaded l = load_text(text);
        bool fits = records * (12 + 251 + 6) <= 65535 - 2048;
        assert_int_equal(l.err, ERR_OK);
        assert_int_equal(diag_warning_count(l.diags), !fits);
        if (!fits) {
            assert_string_equal(
                diag_get(l.diags, 0)->message,
                "the TXT records of t.example.com. are more than one answer can hold");
            assert_int_equal(diag_get(l.diags, 0)->place.line, 4);
        }
        unload(&l);
    }
}

static void all_mistakes_are_told_at_once(void **state)
{
    (void)state;
    struct loaded l = load_text(HEAD "a A 1\n"
                                     "b FOO\n"
                                     "d TXT \"\n"
                                     "$TTL x\n"
                                     "w CNAME a.example.net.\n"
                                     "w A 192.0.2.1\n"
                                     "c A ( 192.0.2.1\n"
                                     "  x\n"
                                     "e A 1\n");
    static const uint32_t lines[] = {4, 5, 6, 7, 10, 12, 9};
    assert_int_equal(l.err, ERR_INVALID);
    assert_int_equal(diag_count(l.diags), COUNT(lines));
    for (size_t i = 0; i < COUNT(lines); i++)
        assert_int_equal(diag_get(l.diags, i)->place.line, lines[i]);
    unload(&l);
}

static void ten_thousand_mistakes_are_counted(void **state)
{
    (void)state;

    enum { MISTAKES = 10000, LINE_BYTES = 8 };

    char *text = malloc(sizeof(HEAD) + (size_t)MISTAKES * LINE_BYTES);
    assert_non_null(text);
    size_t used = sizeof(HEAD) - 1;
    memcpy(text, HEAD, used + 1);
    for (int i = 0; i < MISTAKES; i++)
        used += (size_t)snprintf(text + used, LINE_BYTES, "w A 1\n");
    struct loaded l = load_text(text);
    assert_int_equal(l.err, ERR_INVALID);
    assert_int_equal(diag_error_count(l.diags), MISTAKES);
    assert_int_equal(diag_count(l.diags), DIAG_MAX);
    unload(&l);
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rules_of_a_zone_are_kept),
        cmocka_unit_test(names_with_the_zone_twice_are_suspicious),
        cmocka_unit_test(missing_apex_records_are_both_told),
        cmocka_unit_test(what_a_broken_record_may_be_is_not_missed),
        cmocka_unit_test(limits_have_a_place),
        cmocka_unit_test(a_set_that_no_message_can_hold_is_warned_of),
        cmocka_unit_test(all_mistakes_are_told_at_once),
        cmocka_unit_test(ten_thousand_mistakes_are_counted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
