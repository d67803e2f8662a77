#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "rhumb/dns_type.h"

static void known_types_have_names_and_back(void **state)
{
    (void)state;

    static const struct {
        uint16_t type;
        const char *name;
    } cases[] = {
        {1, "A"},       {2, "NS"},      {3, "MD"},      {4, "MF"},     {5, "CNAME"},
        {6, "SOA"},     {7, "MB"},      {8, "MG"},      {9, "MR"},     {12, "PTR"},
        {14, "MINFO"},  {15, "MX"},     {16, "TXT"},    {28, "AAAA"},  {33, "SRV"},
        {35, "NAPTR"},  {39, "DNAME"},  {41, "OPT"},    {43, "DS"},    {44, "SSHFP"},
        {46, "RRSIG"},  {47, "NSEC"},   {48, "DNSKEY"}, {50, "NSEC3"}, {52, "TLSA"},
        {64, "SVCB"},   {65, "HTTPS"},  {250, "TSIG"},  {251, "IXFR"}, {252, "AXFR"},
        {253, "MAILB"}, {254, "MAILA"}, {255, "ANY"},   {257, "CAA"},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char buffer[DNS_TYPE_TEXT_MAX];
        assert_string_equal(dns_type_name(cases[i].type, buffer), cases[i].name);
        assert_int_equal(dns_type_parse(cases[i].name), cases[i].type);
    }
}

static void every_number_reads_back_as_itself(void **state)
{
    (void)state;
    for (unsigned type = 1; type <= UINT16_MAX; type++) {
        char buffer[DNS_TYPE_TEXT_MAX];
        assert_int_equal(dns_type_parse(dns_type_name((uint16_t)type, buffer)), type);
    }
}

static void unknown_types_are_written_as_rfc_3597_says(void **state)
{
    (void)state;
    char buffer[DNS_TYPE_TEXT_MAX];
    assert_string_equal(dns_type_name(0, buffer), "TYPE0");
    assert_string_equal(dns_type_name(731, buffer), "TYPE731");
    assert_string_equal(dns_type_name(65535, buffer), "TYPE65535");
}

static void names_are_read_in_any_case(void **state)
{
    (void)state;
    assert_int_equal(dns_type_parse("aaaa"), 28);
    assert_int_equal(dns_type_parse("Aaaa"), 28);
    assert_int_equal(dns_type_parse("type28"), 28);
    assert_int_equal(dns_type_parse("TYPE00028"), 28);
    assert_int_equal(dns_type_parse("TYPE65535"), 65535);
}

static void what_is_no_type_is_zero(void **state)
{
    (void)state;

    static const char *const cases[] = {
        "",         "AA",        "A ",     " A",     "TYPE",      "TYPE-1",
        "TYPE+1",   "TYPE65536", "TYPE1x", "TYPE 1", "TYPE99999", "TYPE000001",
        "TYPE0x10", "28",        "TYPES",  "CLASS1",
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        assert_int_equal(dns_type_parse(cases[i]), 0);
}

static void rcodes_have_names(void **state)
{
    (void)state;

    static const struct {
        unsigned rcode;
        const char *name;
    } cases[] = {
        {0, "NOERROR"}, {1, "FORMERR"}, {2, "SERVFAIL"},  {3, "NXDOMAIN"},
        {4, "NOTIMP"},  {5, "REFUSED"}, {6, "YXDOMAIN"},  {16, "BADVERS"},
        {9, "NOTAUTH"}, {10, "RCODE?"}, {4095, "RCODE?"},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        assert_string_equal(dns_rcode_name(cases[i].rcode), cases[i].name);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(known_types_have_names_and_back),
        cmocka_unit_test(every_number_reads_back_as_itself),
        cmocka_unit_test(unknown_types_are_written_as_rfc_3597_says),
        cmocka_unit_test(names_are_read_in_any_case),
        cmocka_unit_test(what_is_no_type_is_zero),
        cmocka_unit_test(rcodes_have_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
