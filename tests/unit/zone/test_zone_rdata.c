#include "zone_rdata.h"
#include "zone_test.h"

static const uint8_t example_com[] = "\7example\3com";

/* convert - "TYPE data" to wire form; the first word is the type. */
static bool convert(const char *text, struct zone_rdata *rdata, struct zone_fault *fault)
{
    /* The fault may point at the source, and a column needs its text. */
    static struct zone_source source;
    struct zone_lexer lexer;
    struct zone_entry entry = {0};
    source = (struct zone_source){.text = text, .len = strlen(text)};
    zone_lexer_init(&lexer, &source);
    assert_int_equal(zone_lexer_next(&lexer, &entry, fault), ZONE_LEX_ENTRY);
    uint16_t type = zone_rdata_type(entry.tokens[0].text, entry.tokens[0].len);
    assert_true(type != 0);
    bool ok = zone_rdata_parse(rdata, type, example_com, &source, entry.tokens + 1,
                               entry.count - 1, fault);
    zone_entry_deinit(&entry);
    return ok;
}

/* Every line but those of TLSA by name, SSHFP of odd length, DLV, NSEC without types, IPSECKEY
 * without key and ohttp was compared with what BIND 9.18 makes of the same text. */
static void data_of_every_type_becomes_wire_form(void **state)
{
    (void)state;

    static const struct {
        const char *text, *wire;
    } cases[] = {
        {"A 192.0.2.1", "c0000201"},
        {"NS ns1", "036e7331076578616d706c6503636f6d00"},
        {"MD m.", "016d00"},
        {"MF m.", "016d00"},
        {"CNAME www", "03777777076578616d706c6503636f6d00"},
        {"MB m.", "016d00"},
        {"MG m.", "016d00"},
        {"MR m.", "016d00"},
        {"PTR host.example.net.", "04686f7374076578616d706c65036e657400"},
        {"HINFO \"Intel x86\" Linux", "09496e74656c20783836054c696e7578"},
        {"MINFO a b", "0161076578616d706c6503636f6d000162076578616d706c6503636f6d00"},
        {"MX 10 mail", "000a046d61696c076578616d706c6503636f6d00"},
        {"TXT \"one two\" three \"\"", "076f6e652074776f05746872656500"},
        {"TXT key=\"a b\"", "046b65793d03612062"},
        {"TXT \"a\"b", "01610162"},
        {"TXT \\\"esc\\\\ap\\200e", "09226573635c6170c865"},
        {"RP admin txt.example.net.",
         "0561646d696e076578616d706c6503636f6d0003747874076578616d706c6503"
         "6e657400"},
        {"AFSDB 1 afs", "000103616673076578616d706c6503636f6d00"},
        {"X25 311061700956", "0c333131303631373030393536"},
        {"ISDN 150862028003217 004", "0f31353038363230323830303332313703303034"},
        {"RT 10 r", "000a0172076578616d706c6503636f6d00"},
        {"NSAP-PTR foo.", "03666f6f00"},
        {"SIG A 8 2 3600 20300101000000 20200101000000 12345 example.com. AAAA",
         "0001080200000e1070dbd8805e0be1003039076578616d706c6503636f6d0000"
         "0000"},
        {"PX 10 a b", "000a0161076578616d706c6503636f6d000162076578616d706c6503636f6d00"},
        {"GPOS -32.6882 116.8652 10.0", "082d33322e36383832083131362e383635320431302e30"},
        {"AAAA 2001:db8::1", "20010db8000000000000000000000001"},
        {"AAAA ::ffff:192.0.2.1", "00000000000000000000ffffc0000201"},
        {"LOC 52 22 23.000 N 4 53 32.000 E -2.00m 0.00m 10000m 10m",
         "000016138b3cf018810cbce0009895b8"},
        {"LOC 42 N 71 W 10m", "001216138903210070c3da8000989a68"},
        {"EID 0102abcd", "0102abcd"},
        {"NIMLOC 0102abcd", "0102abcd"},
        {"SRV 0 5 443 target.example.net.",
         "0000000501bb06746172676574076578616d706c65036e657400"},
        {"NAPTR 100 10 \"u\" \"E2U+sip\" \"!^.*$!sip:info@example.com!\" .",
         "0064000a0175074532552b7369701b215e2e2a24217369703a696e666f406578"
         "616d706c652e636f6d2100"},
        {"KX 10 kx", "000a026b78076578616d706c6503636f6d00"},
        {"CERT PKIX 1 RSASHA256 AAECAw==", "000100010800010203"},
        {"CERT 1 2 8 AAEC AwQF", "0001000208000102030405"},
        {"DNAME other.example.", "056f74686572076578616d706c6500"},
        {"APL 1:192.0.2.0/24 !2:2001:db8::/32 1:0.0.0.0/0",
         "00011803c000020002208420010db800010000"},
        {"APL", ""},
        {"DS 60485 5 1 2BB183AF5F22588179A53B0A 98631FAD1A292118",
         "ec4505012bb183af5f22588179a53b0a98631fad1a292118"},
        {"SSHFP 4 2 0123456789abcdef 0123", "04020123456789abcdef0123"},
        {"IPSECKEY 10 1 2 192.0.2.38 AQNRU3mG7TVTO2BkR47usntb102uFJtugbo6BSGvgqt4AQ==",
         "0a0102c0000226010351537986ed35533b6064478eeeb27b5bd74dae149b6e81"
         "ba3a0521af82ab7801"},
        {"IPSECKEY 10 0 2 . AQNRU3mG7TVTO2BkR47usntb102uFJtugbo6BSGvgqt4AQ==",
         "0a0002010351537986ed35533b6064478eeeb27b5bd74dae149b6e81ba3a0521"
         "af82ab7801"},
        {"IPSECKEY 10 3 2 gw AQNR", "0a0302026777076578616d706c6503636f6d00010351"},
        {"IPSECKEY 10 2 0 2001:db8::1", "0a020020010db8000000000000000000000001"},
        {"RRSIG A 13 2 3600 20300101000000 20200101000000 12345 @ AAEC AwQF",
         "00010d0200000e1070dbd8805e0be1003039076578616d706c6503636f6d0000"
         "0102030405"},
        {"RRSIG TYPE65280 13 2 3600 1893456000 1577836800 12345 example.com. AAEC",
         "ff000d0200000e1070dbd8805e0be1003039076578616d706c6503636f6d0000"
         "0102"},
        {"NSEC b A MX RRSIG NSEC TYPE1234",
         "0162076578616d706c6503636f6d000006400100000003041b00000000000000"
         "0000000000000000000000000000000000000020"},
        {"NSEC b", "0162076578616d706c6503636f6d00"},
        {"DNSKEY 257 3 13 AAEC AwQF", "0101030d000102030405"},
        {"DHCID AAIBY2/AuCccgoJbsaxcQc9TUapptP69lOjxfNuVAA2kjEA=",
         "000201636fc0b8271c82825bb1ac5c41cf5351aa69b4febd94e8f17cdb95000d"
         "a48c40"},
        {"NSEC3 1 1 12 aabbccdd 2vptu5timamqttgl4luu9kg21e0aor3s A RRSIG",
         "0101000c04aabbccdd1417f3df17b2b2adaef615257de4d2020b80ac6c7c0006"
         "400000000002"},
        {"NSEC3 1 0 0 - 2vptu5timamqttgl4luu9kg21e0aor3s",
         "01000000001417f3df17b2b2adaef615257de4d2020b80ac6c7c"},
        {"NSEC3PARAM 1 0 12 aabbccdd", "0100000c04aabbccdd"},
        {"NSEC3PARAM 1 0 0 -", "0100000000"},
        {"TLSA 3 1 1 0123 4567", "03010101234567"},
        {"TLSA DANE-EE SPKI SHA2-256 01234567", "03010101234567"},
        {"SMIMEA 3 0 1 0123", "0300010123"},
        {"HIP 2 200100107B1A74DF365639CC39F1D578 AwEAAbdxyhNuSutc5EMzxTs9LBPCIkOFH8cIvM4p rvs "
         "rvs2.example.net.",
         "1002001e200100107b1a74df365639cc39f1d57803010001b771ca136e4aeb5c"
         "e44333c53b3d2c13c22243851fc708bcce2903727673076578616d706c650363"
         "6f6d000472767332076578616d706c65036e657400"},
        {"TALINK a b", "0161076578616d706c6503636f6d000162076578616d706c6503636f6d00"},
        {"CDS 0 0 0 00", "0000000000"},
        {"CDNSKEY 0 3 0 AA==", "0000030000"},
        {"OPENPGPKEY AAECAw==", "00010203"},
        {"CSYNC 66 3 A NS AAAA", "000000420003000460000008"},
        {"ZONEMD 2018031500 1 1 "
         "FEBE3D4CE2EC2FFA4BA99D46CD69D6D29711E55217057BEE7EB1A7B641A47BA7FED2DD5B97AE499FAFA4F"
         "22C6BD647DE",
         "7848b78c0101febe3d4ce2ec2ffa4ba99d46cd69d6d29711e55217057bee7eb1"
         "a7b641a47ba7fed2dd5b97ae499fafa4f22c6bd647de"},
        {"SVCB 1 svc alpn=h2,h3 port=8443 ipv4hint=192.0.2.1 ipv6hint=2001:db8::1 "
         "key667=\"hello\\210qoo\"",
         "000103737663076578616d706c6503636f6d0000010006026832026833000300"
         "0220fb00040004c00002010006001020010db800000000000000000000000102"
         "9b000968656c6c6fd2716f6f"},
        {"SVCB 0 alias", "000005616c696173076578616d706c6503636f6d00"},
        {"HTTPS 1 . alpn=\"h2,h3\" mandatory=alpn no-default-alpn",
         "0001000000000200010001000602683202683300020000"},
        {"HTTPS 1 . port=443 alpn=h3", "000100000100030268330003000201bb"},
        {"HTTPS 16 foo.example.org. alpn=\"f\\\\\\\\oo\\\\,bar,h2\"",
         "001003666f6f076578616d706c65036f7267000001000c08665c6f6f2c626172"
         "026832"},
        {"HTTPS 1 . ech=AEX+DQBBpQAgACB/", "0001000005000c0045fe0d0041a5002000207f"},
        {"HTTPS 1 . dohpath=/q{?dns}", "000100000700082f717b3f646e737d"},
        {"SPF \"v=spf1 -all\"", "0b763d73706631202d616c6c"},
        {"NID 10 0014:4fff:ff20:ee64", "000a00144fffff20ee64"},
        {"L32 10 10.1.2.0", "000a0a010200"},
        {"L64 10 2001:0db8:1140:1000", "000a20010db811401000"},
        {"LP 10 l64", "000a036c3634076578616d706c6503636f6d00"},
        {"EUI48 00-00-5e-00-53-2a", "00005e00532a"},
        {"EUI64 00-00-5e-ef-10-00-00-2a", "00005eef1000002a"},
        {"URI 10 1 \"ftp://ftp1.example.com/public\"",
         "000a00016674703a2f2f667470312e6578616d706c652e636f6d2f7075626c69"
         "63"},
        {"CAA 0 issue \"letsencrypt.org\"", "000569737375656c657473656e63727970742e6f7267"},
        {"CAA 0 issue letsencrypt.org", "000569737375656c657473656e63727970742e6f7267"},
        {"CAA 128 iodef \"mailto:a@b.c;d\"", "8005696f6465666d61696c746f3a6140622e633b64"},
        {"DLV 60485 5 1 2BB183AF", "ec4505012bb183af"},
        {"TYPE65280 \\# 3 0a0b0c", "0a0b0c"},
        {"TYPE1 \\# 4 c0000201", "c0000201"},
        {"A \\# 4 c000 02 01", "c0000201"},
        {"TYPE731 \\# 0", ""},
        {"TYPE3 \\# 3 016d00", "016d00"},
        {"TYPE4 \\# 1 00", "00"},
        {"MB \\# 3 016d00", "016d00"},
        {"TYPE8 \\# 3 016d00", "016d00"},
        {"TYPE9 \\# 3 016d00", "016d00"},
        {"TYPE14 \\# 4 016d0000", "016d0000"},
        {"NULL \\# 2 0001", "0001"},
        {"WKS \\# 5 c000020106", "c000020106"},
        {"NSAP \\# 3 470005", "470005"},
        {"AVC \\# 2 0161", "0161"},
        {"SOA ns1 hostmaster 2024010101 2h 15m 2w 5m",
         "036e7331076578616d706c6503636f6d000a686f73746d617374657207657861"
         "6d706c6503636f6d0078a3f17500001c2000000384001275000000012c"},
        {"KEY 256 3 8 AwEAAQ==", "0100030803010001"},
        {"RESINFO qnamemin exterr=15-17 \"a b\"",
         "08716e616d656d696e0c6578746572723d31352d313703612062"},
        {"WALLET ETH 0xabc", "03455448053078616263"},
        {"DSYNC CDS 1 53 ns.example.net.", "003b010035026e73076578616d706c65036e657400"},
        {"HTTPS 1 . alpn=f\\\\\\092oo\\092,bar,h2", "0001000001000c08665c6f6f2c626172026832"},
        {"HTTPS 1 . mandatory=port,alpn alpn=h2 port=\"443\"",
         "0001000000000400010003000100030268320003000201bb"},
        {"HTTPS 1 . ohttp alpn=h2", "0001000001000302683200080000"},
        {"HTTPS 1 . key65534", "000100fffe0000"},
    };

    struct zone_rdata *rdata = malloc(sizeof(*rdata));
    assert_non_null(rdata);
    for (size_t i = 0; i < COUNT(cases); i++) {
        char shown[4096];
        struct zone_fault fault = {.message = ""};
        bool ok = convert(cases[i].text, rdata, &fault);
        assert_string_equal(ok ? cases[i].text : fault.message, cases[i].text);
        assert_string_equal(hex(rdata->bytes, rdata->len, shown, sizeof(shown)), cases[i].wire);
    }
    free(rdata);
}

static void wrong_words_are_shown_with_what_was_expected(void **state)
{
    (void)state;

    static const struct {
        const char *text;
        uint32_t column;
        const char *message;
    } cases[] = {
        {"A 192.0.2.256", 3, "expected an IPv4 address such as 192.0.2.1, found '192.0.2.256'"},
        {"A 192.0.2", 3, "expected an IPv4 address such as 192.0.2.1, found '192.0.2'"},
        {"A 192.0.2.01", 3, "expected an IPv4 address such as 192.0.2.1, found '192.0.2.01'"},
        {"A 1.2.3.4 5", 11, "the A record has more words than it can use"},
        {"A", 1,
         "the A record ends too early, expected an IPv4 address such as 192.0.2.1 behind this"},
        {"A \"192.0.2.1\"", 3, "this cannot be a quoted string"},
        {"AAAA 2001:db8::g", 6,
         "expected an IPv6 address such as 2001:db8::1, found '2001:db8::g'"},
        {"AAAA 192.0.2.1", 6,
         "expected an IPv6 address such as 2001:db8::1, found '192.0.2.1'"},
        {"NS a..b", 4, "expected a domain name: a label is empty"},
        {"NS \"ns\"", 4, "this cannot be a quoted string"},
        {"MX 10", 4, "the MX record ends too early, expected a domain name behind this"},
        {"MX 65536 mail", 4, "expected a number from 0 to 65535, found '65536'"},
        {"MX -1 mail", 4, "expected a number from 0 to 65535, found '-1'"},
        {"MX x mail", 4, "expected a number from 0 to 65535, found 'x'"},
        {"SRV 0 0 70000 a", 9, "expected a number from 0 to 65535, found '70000'"},
        {"TXT", 1,
         "the TXT record ends too early, expected a string of at most 255 bytes behind this"},
        {"TXT \\1", 5, "malformed escape, expected \\X or \\DDD up to \\255"},
        {"TXT \\1a2", 5, "malformed escape, expected \\X or \\DDD up to \\255"},
        {"TXT \\12a", 5, "malformed escape, expected \\X or \\DDD up to \\255"},
        {"AAAA a-word-that-is-longer-than-sixty-bytes-and-so-is-cut-in-the-message", 6,
         "expected an IPv6 address such as 2001:db8::1, found "
         "'a-word-that-is-longer-than-sixty-bytes-and-so-is-cut-in-the-...'"},
        {"TXT \\256", 5, "malformed escape, expected \\X or \\DDD up to \\255"},
        {"CAA 256 issue x", 5, "expected a number from 0 to 255, found '256'"},
        {"CAA 0 is-sue x", 7,
         "expected a tag of letters and digits such as issue, found 'is-sue'"},
        {"CAA 0 issue", 7, "the CAA record ends too early, expected a string behind this"},
        {"DS 1 8 2 abc", 10, "the number of hex digits is odd"},
        {"DS 1 8 2 xyz", 10, "expected hex digits, two a byte, found 'xyz'"},
        {"DS 1 256 2 ab", 6,
         "expected an algorithm: a name or a number from 0 to 255, found '256'"},
        {"DS 1 NOALG 2 ab", 6,
         "expected an algorithm: a name or a number from 0 to 255, found 'NOALG'"},
        {"DNSKEY 256 3 8 A", 16, "expected base64 text, found 'A'"},
        {"DNSKEY 256 3 8 !!!!", 16, "expected base64 text, found '!!!!'"},
        {"NSEC b A FOO", 10, "expected names of record types, found 'FOO'"},
        {"NSEC3 1 0 0 abc 2vptu5timamqttgl4luu9kg21e0aor3s A", 13,
         "expected a salt in hex, or - for none, found 'abc'"},
        {"NSEC3 1 0 0 - zzz", 15, "expected a hash in base32hex, found 'zzz'"},
        {"RRSIG FOO 13 2 3600 20300101000000 20200101000000 1 a. AAEC", 7,
         "expected the name of a record type, found 'FOO'"},
        {"RRSIG A 13 2 3600 20301301000000 20200101000000 1 a. AAEC", 19,
         "expected a time as YYYYMMDDHHMMSS, found '20301301000000'"},
        {"RRSIG A 13 2 3600 2030010100000x 20200101000000 1 a. AAEC", 19,
         "expected a time as YYYYMMDDHHMMSS, found '2030010100000x'"},
        {"LOC 91 N 0 E 0m", 5,
         "expected a location such as 52 22 23.000 N 4 53 32.000 E -2.00m, found '91'"},
        {"LOC 90 0 0.001 N 0 E 0m", 5,
         "malformed data of LOC: the data is not what the type asks for"},
        {"LOC 1 N 181 E 0m", 5,
         "expected a location such as 52 22 23.000 N 4 53 32.000 E -2.00m, found '1'"},
        {"LOC 1 N 1 E 0m xyz", 5,
         "expected a location such as 52 22 23.000 N 4 53 32.000 E -2.00m, found '1'"},
        {"LOC 1 61 N 1 E 0m", 5,
         "expected a location such as 52 22 23.000 N 4 53 32.000 E -2.00m, found '1'"},
        {"LOC 1 N 1 E", 5,
         "expected a location such as 52 22 23.000 N 4 53 32.000 E -2.00m, found '1'"},
        {"APL 1:192.0.2.0/33", 5,
         "expected an address prefix such as 1:192.0.2.0/24 or !2:2001:db8::/32, found "
         "'1:192.0.2.0/33'"},
        {"APL 1:192.0.2.0/24x", 5,
         "expected an address prefix such as 1:192.0.2.0/24 or !2:2001:db8::/32, found "
         "'1:192.0.2.0/24x'"},
        {"APL 3:00/8", 5,
         "expected an address prefix such as 1:192.0.2.0/24 or !2:2001:db8::/32, found "
         "'3:00/8'"},
        {"APL 1:192.0.2.0", 5,
         "expected an address prefix such as 1:192.0.2.0/24 or !2:2001:db8::/32, found "
         "'1:192.0.2.0'"},
        {"APL 2:192.0.2.0/24", 5,
         "expected an address prefix such as 1:192.0.2.0/24 or !2:2001:db8::/32, found "
         "'2:192.0.2.0/24'"},
        {"EUI48 00-00-5e-00-53", 7,
         "expected six bytes in hex such as 00-00-5e-00-53-2a, found '00-00-5e-00-53'"},
        {"EUI48 00-00-5e-00-53-2a-2b", 7,
         "expected six bytes in hex such as 00-00-5e-00-53-2a, found '00-00-5e-00-53-2a-2b'"},
        {"EUI64 00-00-5e-ef-10-00-00", 7,
         "expected eight bytes in hex such as 00-00-5e-ef-10-00-00-2a, found "
         "'00-00-5e-ef-10-00-00'"},
        {"NID 10 0014:4fff:ff20", 8,
         "expected four groups of hex digits such as 2001:db8:0:1, found '0014:4fff:ff20'"},
        {"L32 10 1.2.3", 8, "expected an IPv4 address such as 192.0.2.1, found '1.2.3'"},
        {"TLSA 256 1 1 ab", 6,
         "expected a certificate usage: a name or a number from 0 to 255, found '256'"},
        {"TLSA 3 1 1", 10,
         "the TLSA record ends too early, expected hex digits, two a byte behind this"},
        {"CERT 65536 2 8 AAEC", 6,
         "expected a certificate type: a name or a number from 0 to 65535, found '65536'"},
        {"IPSECKEY 10 0 2 gw. AQNR", 17, "expected '.': gateway type 0 is none"},
        {"IPSECKEY 10 1 2 2001:db8::1 AQNR", 17,
         "expected an IPv4 address such as 192.0.2.1, found '2001:db8::1'"},
        {"IPSECKEY 10 4 2 . AQNR", 13, "expected a gateway type from 0 to 3"},
        {"IPSECKEY 10 1", 13,
         "expected precedence, gateway type, algorithm, gateway and key, found '1'"},
        {"HIP 2 2001 AwEA rvs..", 17, "expected a domain name: a label is empty"},
        {"HIP 2 200 AwEA", 5,
         "expected algorithm, host identity tag in hex and key in base64, found '2'"},
        {"IPSECKEY x 1 2 192.0.2.1 AQNR", 10, "expected a number from 0 to 255, found 'x'"},
        {"IPSECKEY 10 2 2 192.0.2.1 AQNR", 17,
         "expected an IPv6 address such as 2001:db8::1, found '192.0.2.1'"},
        {"IPSECKEY 10 3 2 gw..x AQNR", 17, "expected a domain name: a label is empty"},
        {"IPSECKEY 10 2 2 2001:db8:2001:db8:2001:db8:2001:db8:2001:db8:2001:db8 AQNR", 17,
         "expected an IPv6 address such as 2001:db8::1, found "
         "'2001:db8:2001:db8:2001:db8:2001:db8:2001:db8:2001:db8'"},
        {"HIP 256 2001 AwEA", 5, "expected a number from 0 to 255, found '256'"},
        {"HIP 2 200g AwEA", 7, "expected hex digits, two a byte, found '200g'"},
        {"HIP 2 2001 Aw!A", 12, "expected base64 text, found 'Aw!A'"},
        {"HIP 2", 5,
         "expected algorithm, host identity tag in hex and key in base64, found '2'"},
        {"HTTPS 1 . port=65536", 11,
         "expected parameters such as alpn=h2,h3 port=443, found 'port=65536'"},
        {"HTTPS 1 . alpn", 11, "expected parameters such as alpn=h2,h3 port=443, found 'alpn'"},
        {"HTTPS 1 . alpn=", 11,
         "expected parameters such as alpn=h2,h3 port=443, found 'alpn='"},
        {"HTTPS 1 . alpn=h2,,h3", 11,
         "expected parameters such as alpn=h2,h3 port=443, found 'alpn=h2,,h3'"},
        {"HTTPS 1 . alpn=h2 alpn=h3", 19,
         "expected parameters such as alpn=h2,h3 port=443, found 'alpn=h3'"},
        {"HTTPS 1 . foo=bar", 11,
         "expected parameters such as alpn=h2,h3 port=443, found 'foo=bar'"},
        {"HTTPS 1 . key65535=x", 11,
         "expected parameters such as alpn=h2,h3 port=443, found 'key65535=x'"},
        {"HTTPS 1 . ipv4hint=1.2.3", 11,
         "expected parameters such as alpn=h2,h3 port=443, found 'ipv4hint=1.2.3'"},
        {"HTTPS 1 . ipv6hint=", 11,
         "expected parameters such as alpn=h2,h3 port=443, found 'ipv6hint='"},
        {"HTTPS 1 . mandatory=port alpn=h2", 7,
         "malformed data of HTTPS: the parameters contradict each other (RFC 9460 sections 7, "
         "8)"},
        {"HTTPS 1 . mandatory=mandatory", 7,
         "malformed data of HTTPS: the parameters contradict each other (RFC 9460 sections 7, "
         "8)"},
        {"HTTPS 1 . no-default-alpn", 7,
         "malformed data of HTTPS: the parameters contradict each other (RFC 9460 sections 7, "
         "8)"},
        {"HTTPS 1 . no-default-alpn=x alpn=h2", 11,
         "expected parameters such as alpn=h2,h3 port=443, found 'no-default-alpn=x'"},
        {"HTTPS 1 . ech=!!", 11,
         "expected parameters such as alpn=h2,h3 port=443, found 'ech=!!'"},
        {"HTTPS 1", 7, "the HTTPS record ends too early, expected a domain name behind this"},
        {"SOA a b 1 2 3 4", 15,
         "the SOA record ends too early, expected a time such as 3600 or 1h behind this"},
        {"SOA a b 1 2 3 4 5 6", 19, "the SOA record has more words than it can use"},
        {"SOA a b 1 2x 3 4 5", 11, "expected a time such as 3600 or 1h, found '2x'"},
        {"SOA a b 4294967296 2 3 4 5", 9,
         "expected a number from 0 to 4294967295, found '4294967296'"},
        {"TYPE65280 abc", 11, "the data of TYPE65280 has no text form here"},
        {"TYPE65280 \\# 3 0a0b", 14, "the length is 3 bytes, but 4 hex digits follow"},
        {"TYPE65280 \\# x 0a0b", 14, "expected the length in bytes, 0 to 65535, behind \\#"},
        {"TYPE65280 \\# 65536 0a0b", 14,
         "expected the length in bytes, 0 to 65535, behind \\#"},
        {"TYPE65280 \\#", 11, "expected the length in bytes, 0 to 65535, behind \\#"},
        {"TYPE65280 \\# 2 0a0", 14, "the length is 2 bytes, but 3 hex digits follow"},
        {"TYPE65280 \\# 1 \"ab\"", 16, "expected hex digits, two a byte, found 'ab'"},
        {"TYPE65280 \\# 1 zz", 16, "expected hex digits, two a byte, found 'zz'"},
        {"A \\# 3 010203", 3, "malformed data of A: the data is not what the type asks for"},
        {"NS \\# 2 c000", 4, "malformed data of NS: the data is not what the type asks for"},
        {"NS \\# 4 03616263", 4,
         "malformed data of NS: the data is not what the type asks for"},
        {"TYPE3 \\# 2 c000", 7, "malformed data of MD: the data is not what the type asks for"},
        {"MF \\# 3 026d00", 4, "malformed data of MF: the data is not what the type asks for"},
        {"TYPE7 \\# 4 03616263", 7,
         "malformed data of MB: the data is not what the type asks for"},
        {"MG \\# 0", 4, "malformed data of MG: the data is not what the type asks for"},
        {"TYPE9 \\# 2 0000", 7,
         "malformed data of MR: bytes are left over behind the data of the type"},
        {"TYPE14 \\# 1 00", 8,
         "malformed data of MINFO: the data is not what the type asks for"},
        {"MINFO a", 7, "the MINFO record ends too early, expected a domain name behind this"},
        {"MB m. m.", 7, "the MB record has more words than it can use"},
        {"MX \\# 2 000a", 4, "malformed data of MX: the data is not what the type asks for"},
        {"AAAA \\# 4 01020304", 6,
         "malformed data of AAAA: the data is not what the type asks for"},
        {"SOA \\# 4 01020304", 5,
         "malformed data of SOA: the data is not what the type asks for"},
        {"NULL foo", 6, "the data of NULL has no text form here"},
        {"WKS 1.2.3.4 6 25", 13, "the data of WKS has no text form here"},
        {"NSAP 0x47", 6, "the data of NSAP has no text form here"},
        {"X25 \"a\" \"b\"", 9, "the X25 record has more words than it can use"},
        {"HINFO a", 7,
         "the HINFO record ends too early, expected a string of at most 255 bytes behind this"},
        {"SVCB \\# 7 00010000030001", 6,
         "malformed data of SVCB: the parameters contradict each other (RFC 9460 sections 7, "
         "8)"},
        {"SVCB \\# 8 0001000003000150", 6,
         "malformed data of SVCB: the parameters contradict each other (RFC 9460 sections 7, "
         "8)"},
        {"LOC \\# 16 00ff1613892bd5d87000000000989680", 5,
         "malformed data of LOC: the data is not what the type asks for"},
        {"NSEC \\# 3 000000", 6,
         "malformed data of NSEC: the data is not what the type asks for"},
    };

    struct zone_rdata *rdata = malloc(sizeof(*rdata));
    assert_non_null(rdata);
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct zone_fault fault = {.message = "accepted"};
        bool ok = convert(cases[i].text, rdata, &fault);
        assert_string_equal(ok ? cases[i].text : fault.message, cases[i].message);
        assert_int_equal(zone_spot_column(&fault.spot), cases[i].column);
    }
    free(rdata);
}

/* repeat - "prefix" and count times "word". */
static char *repeat(const char *prefix, const char *word, size_t count)
{
    size_t head = strlen(prefix), len = strlen(word);
    char *text = malloc(head + count * len + 1);
    assert_non_null(text);
    memcpy(text, prefix, head + 1);
    for (size_t i = 0; i < count; i++)
        memcpy(text + head + i * len, word, len + 1);
    return text;
}

static void data_is_at_most_65535_bytes(void **state)
{
    (void)state;
    static const char too_long[] = "the data is longer than 65535 bytes";

    static const struct {
        const char *prefix, *word;
        size_t count, len;
        const char *message; /* NULL: it is good */
    } cases[] = {
        {"TXT", " \"12345678901234567890123456789\"", 2184, 65520, NULL},
        {"TXT", " \"12345678901234567890123456789\"", 2185, 0, too_long},
        {"TXT", " \"\"", 65535, 65535, NULL},
        {"TXT", " \"\"", 65536, 0, too_long},
        {"URI 10 1 ", "a", 65531, 65535, NULL},
        {"URI 10 1 ", "a", 65532, 0, too_long},
        {"TYPE65280 \\# 65535 ", "ab", 65535, 65535, NULL},
        {"TYPE65280 \\# 65535 ", "ab", 65536, 0,
         "the length is 65535 bytes, but 131072 hex digits follow"},
        {"OPENPGPKEY ", "AAAA", 10000, 30000, NULL},
        {"OPENPGPKEY ", "AAAA", 20000, 0, "base64 text of more than 32,000 bytes"},
        {"SSHFP 1 1 ", "abcd", 32766, 65534, NULL},
        {"SSHFP 1 1 ", "abcd", 32767, 0, too_long},
        {"SSHFP 1 1 ", "abcd", 50001, 0, "the data is too long"},
        {"APL", " 1:192.0.2.1/32", 8191, 65528, NULL},
        {"APL", " 1:192.0.2.1/32", 8192, 0, too_long},
        {"HIP 2 2001 AwEA", " abcdefg.", 7280, 4 + 2 + 3 + 9 * 7280, NULL},
        {"HIP 2 2001 AwEA", " abcdefg.", 7281, 0, too_long},
        {"HIP 2 2001 ", "AAAA", 10000, 4 + 2 + 30000, NULL},
        {"HIP 2 2001 ", "AAAA", 10667, 0,
         "expected algorithm, host identity tag in hex and key in base64, found '2'"},
        {"HTTPS 1 . key9=", "a", 65528, 65535, NULL},
        {"HTTPS 1 . key9=", "a", 65529, 0, too_long},
    };

    struct zone_rdata *rdata = malloc(sizeof(*rdata));
    assert_non_null(rdata);
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct zone_fault fault = {.message = "accepted"};
        char *text = repeat(cases[i].prefix, cases[i].word, cases[i].count);
        bool ok = convert(text, rdata, &fault);
        assert_string_equal(fault.message, cases[i].message ? cases[i].message : "accepted");
        assert_int_equal(ok, !cases[i].message);
        assert_int_equal(ok ? rdata->len : 0, cases[i].len);
        free(text);
    }
    free(rdata);
}

static void strings_have_255_bytes_however_they_are_written(void **state)
{
    (void)state;
    struct zone_rdata *rdata = malloc(sizeof(*rdata));
    assert_non_null(rdata);
    struct zone_fault fault;

    static const struct {
        const char *word;
        size_t count;
        bool ok;
    } cases[] = {
        {"a", 255, true}, {"a", 256, false}, {"\\097", 255, true}, {"\\097", 256, false}};

    for (size_t i = 0; i < COUNT(cases); i++) {
        char *text = repeat("TXT ", cases[i].word, cases[i].count);
        assert_int_equal(convert(text, rdata, &fault), cases[i].ok);
        if (!cases[i].ok)
            assert_string_equal(fault.message, "the string is longer than 255 bytes");
        free(text);
    }
    free(rdata);
}

static void names_in_data_keep_their_case_but_not_in_the_hash(void **state)
{
    (void)state;

    static const struct {
        const char *a, *b;
        bool same;
    } cases[] = {
        {"NS NS1", "NS ns1.example.com.", true},
        {"MX 10 MAIL", "MX 10 mail", true},
        {"MX 10 mail", "MX 20 mail", false},
        {"SOA A b 1 2 3 4 5", "SOA a B 1 2 3 4 5", true},
        {"TXT A", "TXT a", false},
        {"TYPE65280 \\# 1 41", "TYPE65280 \\# 1 61", false},
        {"A \\# 4 c0000201", "A 192.0.2.1", true},
        {"NS \\# 5 034e533100", "NS ns1.", true},
    };

    struct zone_rdata *rdata = malloc(sizeof(*rdata));
    assert_non_null(rdata);
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct zone_fault fault;
        assert_true(convert(cases[i].a, rdata, &fault));
        uint64_t hash = rdata->hash;
        assert_true(convert(cases[i].b, rdata, &fault));
        assert_int_equal(rdata->hash == hash, cases[i].same);
    }
    assert_true(convert(cases[0].a, rdata, &(struct zone_fault){0}));
    assert_memory_equal(rdata->bytes, "\3NS1\7example\3com", 17);
    free(rdata);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(data_of_every_type_becomes_wire_form),
        cmocka_unit_test(wrong_words_are_shown_with_what_was_expected),
        cmocka_unit_test(data_is_at_most_65535_bytes),
        cmocka_unit_test(strings_have_255_bytes_however_they_are_written),
        cmocka_unit_test(names_in_data_keep_their_case_but_not_in_the_hash),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
