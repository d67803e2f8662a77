#include "zone_check.h"
#include "zone_test.h"

static void targets_without_addresses_are_warned_of(void **state)
{
    (void)state;

    static const struct broken cases[] = {
        {HEAD "s NS ns.s\n", DIAG_WARNING, 4, 1,
         "this NS record points at ns.s.example.com., which is delegated and has no glue here",
         NULL},
        {HEAD "s NS s\n", DIAG_WARNING, 4, 1,
         "this NS record points at s.example.com., which is delegated and has no glue here",
         NULL},
        {HEAD "s NS ns.t\n"
              "t NS ns.example.net.\n",
         DIAG_WARNING, 4, 1,
         "this NS record points at ns.t.example.com., which is delegated and has no glue here",
         NULL},
        {HEAD "s NS nix\n", DIAG_WARNING, 4, 1,
         "this NS record points at nix.example.com., which does not exist", NULL},
        {HEAD "w TXT a\n"
              "s NS w\n",
         DIAG_WARNING, 5, 1, "this NS record points at w.example.com., which has no address",
         NULL},
        {HEAD "w CNAME a.example.net.\n"
              "s NS w\n",
         DIAG_WARNING, 5, 1, "this NS record points at w.example.com., which is a CNAME",
         "the CNAME is at t.zone:4:1"},
        {HEAD "w CNAME a.example.net.\n"
              "@ MX 10 w\n",
         DIAG_WARNING, 5, 1, "this MX record points at w.example.com., which is a CNAME",
         "the CNAME is at t.zone:4:1"},
        {HEAD "w CNAME a.example.net.\n"
              "_s._tcp SRV 0 0 1 w\n",
         DIAG_WARNING, 5, 1, "this SRV record points at w.example.com., which is a CNAME",
         "the CNAME is at t.zone:4:1"},
        {HEAD "@ MX 10 nix\n", DIAG_WARNING, 4, 1,
         "this MX record points at nix.example.com., which does not exist", NULL},
        {HEAD "w TXT a\n"
              "@ MX 10 w\n",
         DIAG_WARNING, 5, 1, "this MX record points at w.example.com., which has no address",
         NULL},
        {HEAD "_s._tcp SRV 0 0 1 nix\n", DIAG_WARNING, 4, 1,
         "this SRV record points at nix.example.com., which does not exist", NULL},
        {HEAD "s NS ns.example.net.\n" /* glue is for name servers alone */
              "@ MX 10 mail.s\n",
         CLEAN},
        {HEAD "*.w A 192.0.2.1\n"
              "@ MX 10 a.w\n"
              "w AAAA 2001:db8::1\n"
              "_s._tcp SRV 0 0 1 w\n",
         CLEAN},
        {HEAD "s NS ns.s\n"
              "ns.s A 192.0.2.1\n"
              "s DS 1 8 2 ab\n"
              "s NSEC t NS\n",
         CLEAN},
        {HEAD "*.w A 192.0.2.1\n"
              "s NS ns.w\n",
         CLEAN},
        {HEAD "d DNAME a.example.net.\n"
              "s NS ns.d\n",
         CLEAN},
        /* one mistake, one message: what lies below a DNAME is not judged twice */
        {HEAD "d DNAME a.example.net.\n"
              "a.d A 192.0.2.1\n"
              "s NS ns.a.d\n",
         DIAG_ERROR, 5, 1, "a.d.example.com. stands below the DNAME of d.example.com.",
         "the DNAME is at t.zone:4:1"},
        {HEAD "@ MX 0 .\n"
              "_x._tcp SRV 0 0 0 .\n",
         CLEAN},
    };

    check_cases(cases, COUNT(cases));
}

/* A steered name has addresses, though none stand in the file; an alias is answered by CNAME.
 */
static void steered_targets_have_addresses(void **state)
{
    (void)state;
    uint8_t name[DNS_NAME_MAX];
    static const char text[] = HEAD "@ NS ns\n@ MX 10 ns\n";
    struct zone_steered steered = {.name = wire("ns.example.com.", name),
                                   .place = {.file = "rhumb.yaml", .line = 7, .column = 3}};
    struct loaded l = load_with("example.com.", text, &steered, 1, NULL);
    assert_int_equal(l.err, ERR_OK);
    assert_int_equal(diag_count(l.diags), 0);
    unload(&l);
    steered.is_alias = true;
    l = load_with("example.com.", text, &steered, 1, NULL);
    assert_int_equal(l.err, ERR_OK);
    assert_int_equal(diag_count(l.diags), 2);
    assert_string_equal(
        diag_get(l.diags, 0)->message,
        "this NS record points at ns.example.com., which is answered by a CNAME");
    unload(&l);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(targets_without_addresses_are_warned_of),
        cmocka_unit_test(steered_targets_have_addresses),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
