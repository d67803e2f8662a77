/* Every verdict of query_parse() and every field it fills. Packets are written as hexadecimal
 * text (tests/support/hex.h) and parsed from a heap block of exactly their size. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "rhumb/dns_query.h"

#include "../../support/hex.h"

/* id 1234, RD; then the four counts */
#define HEAD     "1234 0100 0001 0000 0000 0000 "
#define HEAD_AR1 "1234 0100 0001 0000 0000 0001 "
#define HEAD_AR2 "1234 0100 0001 0000 0000 0002 "
#define WWW      "03 'www' 07 'example' 00 "
#define WWW_A    WWW "0001 0001 "
#define WWW_IXFR WWW "00fb 0001 "
/* root, OPT, 1232 bytes, extended rcode 0, version 0, no flags; then the length */
#define OPT "00 0029 04d0 00 00 0000 "
/* owner as a pointer to the question; SOA, class IN, TTL 0, 22 bytes */
#define SOA  "c00c 0006 0001 00000000 0016 00 00 00000001 00000002 00000003 00000004 00000005 "
#define TSIG "03 'key' 00 00fa 00ff 00000000 0011 00 000000000000 012c 0000 1234 0000 0000 "

static enum query_verdict parse(const char *hex, struct query *query)
{
    size_t len;
    uint8_t *packet = hex_copy(hex, &len);
    assert_non_null(packet);
    enum query_verdict verdict = query_parse(packet, len, query);
    query->question = NULL; /* it borrowed from the packet */
    free(packet);
    return verdict;
}

/* ---- verdicts ---- */

struct verdict_case {
    const char *what, *hex;
    enum query_verdict verdict;
    bool has_question, has_edns;
};

static void check_verdicts(const struct verdict_case *cases, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct query query;
        memset(&query, 0xa5, sizeof(query)); /* the parser must not rely on what was there */
        enum query_verdict verdict = parse(cases[i].hex, &query);
        if (verdict != cases[i].verdict)
            fail_msg("%s: verdict %d, expected %d", cases[i].what, (int)verdict,
                     (int)cases[i].verdict);
        if (verdict == QUERY_DROP)
            continue;
        assert_int_equal(query.id, 0x1234);
        if (query.has_question != cases[i].has_question)
            fail_msg("%s: has_question %d", cases[i].what, query.has_question);
        if (query.has_edns != cases[i].has_edns)
            fail_msg("%s: has_edns %d", cases[i].what, query.has_edns);
    }
}

#define CHECK_VERDICTS(cases) check_verdicts(cases, sizeof(cases) / sizeof((cases)[0]))

static void what_is_no_query_is_dropped(void **state)
{
    (void)state;

    static const struct verdict_case cases[] = {
        {"nothing", "", QUERY_DROP, false, false},
        {"one byte", "12", QUERY_DROP, false, false},
        {"eleven bytes", "1234 0100 0001 0000 0000 00", QUERY_DROP, false, false},
        {"a response", "1234 8100 0001 0000 0000 0000 " WWW_A, QUERY_DROP, false, false},
        {"a bare response header", "1234 8000 0000 0000 0000 0000", QUERY_DROP, false, false},
        {"a response to NOTIFY", "1234 a000 0001 0000 0000 0000 " WWW_A, QUERY_DROP, false,
         false},
    };

    CHECK_VERDICTS(cases);
}

static void a_plain_query_is_fine(void **state)
{
    (void)state;

    static const struct verdict_case cases[] = {
        {"plain", HEAD WWW_A, QUERY_OK, true, false},
        {"the root", HEAD "00 0006 0001", QUERY_OK, true, false},
        {"class ANY", HEAD "00 0001 00ff", QUERY_OK, true, false},
        {"type and class 0", HEAD "00 0000 0000", QUERY_OK, true, false},
        {"type and class 65535", HEAD "00 ffff ffff", QUERY_OK, true, false},
        {"every flag but QR", "1234 07ff 0001 0000 0000 0000 " WWW_A, QUERY_OK, true, false},
        {"OPT", HEAD_AR1 WWW_A OPT "0000", QUERY_OK, true, true},
        {"OPT and TSIG", HEAD_AR2 WWW_A OPT "0000" TSIG, QUERY_BADKEY, true, true},
        {"TSIG alone", HEAD_AR1 WWW_A TSIG, QUERY_BADKEY, true, false},
        {"an unknown record", HEAD_AR1 WWW_A "c00c fde8 0001 00000000 0001 ff", QUERY_OK, true,
         false},
        {"a record whose owner ends in a pointer",
         HEAD_AR1 WWW_A "01 'a' c00c 0001 0001 00000000 0004 7f000001", QUERY_OK, true, false},
    };

    CHECK_VERDICTS(cases);
}

static void another_opcode_is_not_looked_into(void **state)
{
    (void)state;
    for (unsigned opcode = 1; opcode < 16; opcode++) {
        char hex[64];
        snprintf(hex, sizeof(hex), "1234 %04x ffff ffff ffff ffff c0", opcode << 11 | 0x0100);
        struct query query;
        assert_int_equal(parse(hex, &query), QUERY_NOTIMP);
        assert_int_equal(query.opcode, opcode);
        assert_int_equal(query.id, 0x1234);
        assert_int_equal(query.flags, opcode << 11 | 0x0100);
        assert_false(query.has_question);
        assert_false(query.has_edns);
    }
}

/* RFC 9619: one question. RFC 1035 section 4.1: a query answers nothing. */
static void counts_are_judged_before_the_question_is_read(void **state)
{
    (void)state;

    static const struct verdict_case cases[] = {
        {"no question", "1234 0100 0000 0000 0000 0000", QUERY_FORMERR, false, false},
        {"no question, with OPT", "1234 0100 0000 0000 0000 0001" OPT "0000", QUERY_FORMERR,
         false, true},
        {"two questions", "1234 0100 0002 0000 0000 0000" WWW_A WWW_A, QUERY_FORMERR, false,
         false},
        {"65535 questions", "1234 0100 ffff 0000 0000 0000" WWW_A, QUERY_FORMERR, false, false},
        {"an answer", "1234 0100 0001 0001 0000 0000" WWW_A SOA, QUERY_FORMERR, false, false},
        {"65535 answers", "1234 0100 0001 ffff 0000 0000" WWW_A, QUERY_FORMERR, false, false},
        {"three additional records", "1234 0100 0001 0000 0000 0003" WWW_A OPT "0000" TSIG TSIG,
         QUERY_FORMERR, false, false},
        {"65535 additional records", "1234 0100 0001 0000 0000 ffff" WWW_A, QUERY_FORMERR,
         false, false},
        {"an authority", "1234 0100 0001 0000 0001 0000" WWW_A SOA, QUERY_FORMERR, true, false},
        {"65535 authorities", "1234 0100 0001 0000 ffff 0000" WWW_A, QUERY_FORMERR, true,
         false},
        {"every count 65535", "1234 0100 ffff ffff ffff ffff" WWW_A, QUERY_FORMERR, false,
         false},
    };

    CHECK_VERDICTS(cases);
}

static void a_broken_question_is_a_bare_formerr(void **state)
{
    (void)state;

    static const struct verdict_case cases[] = {
        {"no byte of it", HEAD, QUERY_FORMERR, false, false},
        {"cut in a label", HEAD "03 'ww'", QUERY_FORMERR, false, false},
        {"cut after a label", HEAD "03 'www'", QUERY_FORMERR, false, false},
        {"no type", HEAD WWW, QUERY_FORMERR, false, false},
        {"half a type", HEAD WWW "00", QUERY_FORMERR, false, false},
        {"no class", HEAD WWW "0001", QUERY_FORMERR, false, false},
        {"half a class", HEAD WWW "0001 00", QUERY_FORMERR, false, false},
        {"a pointer to itself", HEAD "c00c 0001 0001", QUERY_FORMERR, false, false},
        {"a pointer into the header", HEAD "c000 0001 0001", QUERY_FORMERR, false, false},
        {"a pointer behind a label", HEAD "03 'www' c00c 0001 0001", QUERY_FORMERR, false,
         false},
        {"a pointer forward", HEAD "c012 0001 0001 00", QUERY_FORMERR, false, false},
        {"a label of 64", HEAD "40 00 0001 0001", QUERY_FORMERR, false, false},
        {"an extended label (RFC 2673)", HEAD "41 20 00 0001 0001", QUERY_FORMERR, false,
         false},
        {"a label type 10", HEAD "80 00 0001 0001", QUERY_FORMERR, false, false},
    };

    CHECK_VERDICTS(cases);
}

/* ---- the additional section ---- */

static void a_broken_additional_section_is_a_formerr_with_its_question(void **state)
{
    (void)state;

    static const struct verdict_case cases[] = {
        {"a byte too many", HEAD WWW_A "00", QUERY_FORMERR, true, false},
        {"a second question, uncounted", HEAD WWW_A WWW_A, QUERY_FORMERR, true, false},
        {"an OPT, uncounted", HEAD WWW_A OPT "0000", QUERY_FORMERR, true, false},
        {"a byte behind OPT", HEAD_AR1 WWW_A OPT "0000 00", QUERY_FORMERR, true, true},
        {"a record that is missing", HEAD_AR1 WWW_A, QUERY_FORMERR, true, false},
        {"a second record that is missing", HEAD_AR2 WWW_A OPT "0000", QUERY_FORMERR, true,
         true},
        {"an owner cut", HEAD_AR1 WWW_A "03 'ww'", QUERY_FORMERR, true, false},
        {"an owner of half a pointer", HEAD_AR1 WWW_A "c0", QUERY_FORMERR, true, false},
        {"an owner with an extended label", HEAD_AR1 WWW_A "40 0029 04d0 00000000 0000",
         QUERY_FORMERR, true, false},
        {"a record cut before its length", HEAD_AR1 WWW_A "00 0029 04d0 0000", QUERY_FORMERR,
         true, false},
        {"OPT longer than the packet", HEAD_AR1 WWW_A OPT "0001", QUERY_FORMERR, true, false},
        {"OPT of 65535 bytes", HEAD_AR1 WWW_A OPT "ffff 0003 0000", QUERY_FORMERR, true, false},
        {"TSIG cut", HEAD_AR1 WWW_A "00 00fa 00ff 00000000 0010 00", QUERY_FORMERR, true,
         false},
    };

    CHECK_VERDICTS(cases);
}

/* RFC 6891 section 6.1.1: more than one is a FORMERR; 6.1.2: its owner is the root. */
static void opt_comes_once_and_at_the_root(void **state)
{
    (void)state;

    static const struct verdict_case cases[] = {
        {"twice", HEAD_AR2 WWW_A OPT "0000" OPT "0000", QUERY_FORMERR, true, true},
        {"twice around nothing else", HEAD_AR2 "00 0001 0001" OPT "0000" OPT "0000",
         QUERY_FORMERR, true, true},
        {"at a name", HEAD_AR1 WWW_A "01 'a' 00 0029 04d0 00000000 0000", QUERY_FORMERR, true,
         false},
        {"at a pointer", HEAD_AR1 WWW_A "c00c 0029 04d0 00000000 0000", QUERY_FORMERR, true,
         false},
        {"at a pointer to the root label", HEAD_AR1 WWW_A "c018 0029 04d0 00000000 0000",
         QUERY_FORMERR, true, false},
        {"behind another record", HEAD_AR2 WWW_A "c00c fde8 0001 00000000 0001 ff" OPT "0000",
         QUERY_OK, true, true},
        {"behind TSIG", HEAD_AR2 WWW_A TSIG OPT "0000", QUERY_FORMERR, true, false},
    };

    CHECK_VERDICTS(cases);
}

static void options_fill_opt_exactly(void **state)
{
    (void)state;

    static const struct verdict_case cases[] = {
        {"an unknown option", HEAD_AR1 WWW_A OPT "0006 fde9 0002 abcd", QUERY_OK, true, true},
        {"an empty unknown option", HEAD_AR1 WWW_A OPT "0004 fde9 0000", QUERY_OK, true, true},
        {"one byte of an option", HEAD_AR1 WWW_A OPT "0001 00", QUERY_FORMERR, true, true},
        {"an option without its length", HEAD_AR1 WWW_A OPT "0002 0003", QUERY_FORMERR, true,
         true},
        {"an option longer than OPT", HEAD_AR1 WWW_A OPT "0004 fde9 0001", QUERY_FORMERR, true,
         true},
        {"an option of 65535 bytes", HEAD_AR1 WWW_A OPT "0004 fde9 ffff", QUERY_FORMERR, true,
         true},
        {"a second option cut", HEAD_AR1 WWW_A OPT "0005 0003 0000 00", QUERY_FORMERR, true,
         true},
    };

    CHECK_VERDICTS(cases);
}

/* RFC 6891 section 6.1.3. The options of a version we do not know mean nothing to us. */
static void another_edns_version_is_badvers(void **state)
{
    (void)state;

    static const struct verdict_case cases[] = {
        {"version 1", HEAD_AR1 WWW_A "00 0029 04d0 00 01 0000 0000", QUERY_BADVERS, true, true},
        {"version 255, DO", HEAD_AR1 WWW_A "00 0029 04d0 00 ff 8000 0000", QUERY_BADVERS, true,
         true},
        {"version 1, options no one can read",
         HEAD_AR1 WWW_A "00 0029 04d0 00 01 0000 0003 000800", QUERY_BADVERS, true, true},
        {"version 0, an extended rcode in the query",
         HEAD_AR1 WWW_A "00 0029 04d0 ff 00 0000 0000", QUERY_OK, true, true},
        {"version 0, unknown flags", HEAD_AR1 WWW_A "00 0029 04d0 00 00 7fff 0000", QUERY_OK,
         true, true},
    };

    CHECK_VERDICTS(cases);
}

/* RFC 1995 section 3: an IXFR query brings the SOA it has. */
static void ixfr_may_bring_one_authority(void **state)
{
    (void)state;

    static const struct verdict_case cases[] = {
        {"with SOA", "1234 0000 0001 0000 0001 0000" WWW_IXFR SOA, QUERY_OK, true, false},
        {"with SOA and OPT", "1234 0000 0001 0000 0001 0001" WWW_IXFR SOA OPT "0000", QUERY_OK,
         true, true},
        {"with SOA, OPT and TSIG", "1234 0000 0001 0000 0001 0002" WWW_IXFR SOA OPT "0000" TSIG,
         QUERY_BADKEY, true, true},
        {"without SOA", "1234 0000 0001 0000 0000 0000" WWW_IXFR, QUERY_OK, true, false},
        {"without SOA, with OPT", "1234 0000 0001 0000 0000 0001" WWW_IXFR OPT "0000", QUERY_OK,
         true, true},
        {"SOA cut", "1234 0000 0001 0000 0001 0000" WWW_IXFR "c00c 0006 0001 00000000 0016 00",
         QUERY_FORMERR, true, false},
        {"SOA missing", "1234 0000 0001 0000 0001 0000" WWW_IXFR, QUERY_FORMERR, true, false},
        {"bytes behind SOA", "1234 0000 0001 0000 0001 0000" WWW_IXFR SOA "00", QUERY_FORMERR,
         true, false},
        {"two authorities", "1234 0000 0001 0000 0002 0000" WWW_IXFR SOA SOA, QUERY_FORMERR,
         true, false},
        {"OPT as the authority", "1234 0000 0001 0000 0001 0000" WWW_IXFR OPT "0000", QUERY_OK,
         true, false},
    };

    CHECK_VERDICTS(cases);
}

/* ---- client subnet, RFC 7871 section 6 ---- */

struct ecs_case {
    const char *what, *option; /* behind code and length */
    enum query_verdict verdict;
    const char *network; /* NULL: none */
    unsigned len, family;
};

static void check_ecs(const struct ecs_case *c)
{
    uint8_t bytes[64];
    char hex[512];
    size_t option = hex_bytes(c->option, bytes, sizeof(bytes));
    struct query query;
    assert_int_not_equal(option, SIZE_MAX);
    snprintf(hex, sizeof(hex), HEAD_AR1 WWW_A OPT "%04zx 0008 %04zx %s", option + 4, option,
             c->option);
    enum query_verdict verdict = parse(hex, &query);
    if (verdict != c->verdict)
        fail_msg("%s: verdict %d, expected %d", c->what, (int)verdict, (int)c->verdict);
    if (query.has_ecs != (c->verdict == QUERY_OK))
        fail_msg("%s: has_ecs %d", c->what, query.has_ecs);
    if (c->verdict != QUERY_OK)
        return;
    char text[IP_TEXT_MAX];
    assert_int_equal(query.ecs_family, c->family);
    assert_int_equal(query.ecs.len, c->len);
    if (c->network)
        assert_string_equal(ip_format(&query.ecs.addr, text), c->network);
    else
        assert_int_equal(query.ecs.addr.family, IP_NONE);
}

static void a_client_subnet_is_read(void **state)
{
    (void)state;

    static const struct ecs_case cases[] = {
        {"/24", "0001 18 00 c00002", QUERY_OK, "192.0.2.0", 24, 1},
        {"/32", "0001 20 00 c0000201", QUERY_OK, "192.0.2.1", 32, 1},
        {"/1", "0001 01 00 80", QUERY_OK, "128.0.0.0", 1, 1},
        {"/8", "0001 08 00 0a", QUERY_OK, "10.0.0.0", 8, 1},
        {"/9", "0001 09 00 0a80", QUERY_OK, "10.128.0.0", 9, 1},
        {"/23 of 24", "0001 17 00 c00002", QUERY_OK, "192.0.2.0", 23, 1},
        {"IPv4 /0: do not use my address", "0001 00 00", QUERY_OK, "0.0.0.0", 0, 1},
        {"/56", "0002 38 00 20010db8000001", QUERY_OK, "2001:db8:0:100::", 56, 2},
        {"/128", "0002 80 00 20010db8000000000000000000000001", QUERY_OK, "2001:db8::1", 128,
         2},
        {"IPv6 /0", "0002 00 00", QUERY_OK, "::", 0, 2},
        {"family 0, /0", "0000 00 00", QUERY_OK, NULL, 0, 0},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        check_ecs(&cases[i]);
}

static void a_malformed_client_subnet_is_a_formerr(void **state)
{
    (void)state;

    static const struct ecs_case cases[] = {
        {"empty", "", QUERY_FORMERR, NULL, 0, 0},
        {"half a family", "00", QUERY_FORMERR, NULL, 0, 0},
        {"no source length", "0001", QUERY_FORMERR, NULL, 0, 0},
        {"no scope length", "0001 00", QUERY_FORMERR, NULL, 0, 0},
        {"a scope in a query", "0001 18 18 c00002", QUERY_FORMERR, NULL, 0, 0},
        {"a scope with /0", "0001 00 01", QUERY_FORMERR, NULL, 0, 0},
        {"IPv4 /33", "0001 21 00 c000020100", QUERY_FORMERR, NULL, 0, 0},
        {"IPv4 /255", "0001 ff 00 c0000201", QUERY_FORMERR, NULL, 0, 0},
        {"IPv6 /129", "0002 81 00 20010db800000000000000000000000100", QUERY_FORMERR, NULL, 0,
         0},
        {"a byte too few", "0001 18 00 c000", QUERY_FORMERR, NULL, 0, 0},
        {"no byte", "0001 18 00", QUERY_FORMERR, NULL, 0, 0},
        {"a byte too many", "0001 18 00 c0000200", QUERY_FORMERR, NULL, 0, 0},
        {"the whole address with /24", "0001 18 00 c0000201", QUERY_FORMERR, NULL, 0, 0},
        {"a byte with /0", "0001 00 00 00", QUERY_FORMERR, NULL, 0, 0},
        {"a bit beyond /23", "0001 17 00 c00003", QUERY_FORMERR, NULL, 0, 0},
        {"a bit beyond /1", "0001 01 00 c0", QUERY_FORMERR, NULL, 0, 0},
        {"a bit beyond /127", "0002 7f 00 20010db8000000000000000000000001", QUERY_FORMERR,
         NULL, 0, 0},
        {"IPv6 a byte too few", "0002 38 00 20010db80000", QUERY_FORMERR, NULL, 0, 0},
        {"family 0 with a prefix", "0000 18 00 c00002", QUERY_FORMERR, NULL, 0, 0},
        {"family 0 with a byte", "0000 00 00 00", QUERY_FORMERR, NULL, 0, 0},
        {"family 3", "0003 00 00", QUERY_FORMERR, NULL, 0, 0},
        {"family 3 with a prefix", "0003 18 00 c00002", QUERY_FORMERR, NULL, 0, 0},
        {"family 256", "0100 18 00 c00002", QUERY_FORMERR, NULL, 0, 0},
        {"family 65535", "ffff 18 00 c00002", QUERY_FORMERR, NULL, 0, 0},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        check_ecs(&cases[i]);
}

static void the_first_client_subnet_counts(void **state)
{
    (void)state;

    static const char *const second[] = {
        "0008 0007 0001 18 00 cb0071", /* another one */
        "0008 0007 0001 18 18 cb0071", /* a malformed one */
        "0003 0007 0001 18 00 cb0071", /* an NSID with a payload */
    };

    for (size_t i = 0; i < sizeof(second) / sizeof(second[0]); i++) {
        struct query query;
        char hex[256], text[IP_TEXT_MAX];
        snprintf(hex, sizeof(hex), HEAD_AR1 WWW_A OPT "0016 0008 0007 0001 18 00 c00002 %s",
                 second[i]);
        assert_int_equal(parse(hex, &query), QUERY_OK);
        assert_string_equal(ip_prefix_format(&query.ecs, text), "192.0.2.0/24");
    }
}

/* ---- fields ---- */

static void the_question_is_lowered_and_kept_as_sent(void **state)
{
    (void)state;
    size_t len;
    uint8_t *packet = hex_copy(HEAD "03 'wWw' 07 'EXAMPLE' 00 001c 0003", &len);
    struct query query;
    assert_int_equal(query_parse(packet, len, &query), QUERY_OK);
    assert_int_equal(query.id, 0x1234);
    assert_int_equal(query.flags, DNS_FLAG_RD);
    assert_int_equal(query.opcode, DNS_OPCODE_QUERY);
    assert_int_equal(query.qtype, DNS_TYPE_AAAA);
    assert_int_equal(query.qclass, DNS_CLASS_CH);
    assert_int_equal(query.name_bytes, 13);
    assert_memory_equal(query.name, "\3www\7example", 13);
    assert_ptr_equal(query.question, packet + DNS_HEADER_BYTES);
    assert_int_equal(query.question_bytes, len - DNS_HEADER_BYTES);
    free(packet);
}

static void only_letters_are_lowered(void **state)
{
    (void)state;
    struct query query;
    assert_int_equal(parse(HEAD "05 '@A' 5b c1 00 00 0001 0001", &query), QUERY_OK);
    assert_memory_equal(query.name, "\5@a\x5b\xc1\0\0", 7); /* RFC 4343 section 3 */
}

static void without_opt_its_fields_are_zero(void **state)
{
    (void)state;
    struct query query;
    memset(&query, 0xff, sizeof(query));
    assert_int_equal(parse(HEAD WWW_A, &query), QUERY_OK);
    assert_false(query.has_edns);
    assert_false(query.dnssec_ok);
    assert_false(query.wants_nsid);
    assert_false(query.has_ecs);
    assert_int_equal(query.udp_size_bytes, 0);
    assert_int_equal(query.ecs.len, 0);
    assert_int_equal(query.ecs_family, 0);
}

static void the_fields_of_opt_are_read(void **state)
{
    (void)state;

    static const struct {
        const char *opt;
        unsigned size;
        bool dnssec_ok, wants_nsid;
    } cases[] = {
        {"00 0029 04d0 00 00 0000 0000", 1232, false, false},
        {"00 0029 ffff 00 00 8000 0000", 65535, true, false},
        {"00 0029 0200 00 00 ffff 0000", 512, true, false},
        {"00 0029 01ff 00 00 7fff 0000", 512, false, false}, /* RFC 6891 section 6.2.3 */
        {"00 0029 0000 00 00 0000 0000", 512, false, false},
        {"00 0029 04d0 00 00 0000 0004 0003 0000", 1232, false, true}, /* RFC 5001 */
        {"00 0029 04d0 00 00 8000 0008 0003 0000 0003 0000", 1232, true, true},
        {"00 0029 04d0 00 00 0000 0008 fde9 0000 0003 0000", 1232, false, true},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char hex[256];
        struct query query;
        snprintf(hex, sizeof(hex), HEAD_AR1 WWW_A "%s", cases[i].opt);
        assert_int_equal(parse(hex, &query), QUERY_OK);
        assert_true(query.has_edns);
        assert_int_equal(query.udp_size_bytes, cases[i].size);
        assert_int_equal(query.dnssec_ok, cases[i].dnssec_ok);
        assert_int_equal(query.wants_nsid, cases[i].wants_nsid);
    }
}

/* ---- sizes ---- */

/* put_name - labels of 63 bytes and a last one, total bytes in all. */
static size_t put_name(uint8_t *to, size_t total)
{
    size_t used = 0;
    while (used + 1 < total) {
        size_t label = total - used - 2 < 63 ? total - used - 2 : 63;
        to[used] = (uint8_t)label;
        memset(to + used + 1, 'x', label);
        used += label + 1;
    }
    to[used] = 0;
    return used + 1;
}

static enum query_verdict parse_name_of(size_t total, struct query *query)
{
    uint8_t bytes[512] = {0x12, 0x34, 0, 0, 0, 1};
    size_t len = DNS_HEADER_BYTES + put_name(bytes + DNS_HEADER_BYTES, total);
    assert_int_equal(len, DNS_HEADER_BYTES + total);
    memcpy(bytes + len, "\0\1\0\1", 4);
    uint8_t *packet = malloc(len + 4);
    memcpy(packet, bytes, len + 4);
    enum query_verdict verdict = query_parse(packet, len + 4, query);
    free(packet);
    return verdict;
}

static void a_name_has_at_most_255_bytes(void **state)
{
    (void)state;
    struct query query;
    for (size_t total = 3; total <= 255; total++) {
        if (total % 64 == 2)
            continue; /* would need an empty label */
        assert_int_equal(parse_name_of(total, &query), QUERY_OK);
        assert_int_equal(query.name_bytes, total);
        assert_int_equal(query.name[total - 1], 0);
    }
    for (size_t total = 256; total <= 320; total++) {
        if (total % 64 == 2)
            continue;
        assert_int_equal(parse_name_of(total, &query), QUERY_FORMERR);
        assert_false(query.has_question);
    }
}

static void a_name_has_at_most_127_labels(void **state)
{
    (void)state;
    for (unsigned labels = 126; labels <= 129; labels++) {
        uint8_t packet[512] = {0x12, 0x34, 0, 0, 0, 1};
        size_t len = DNS_HEADER_BYTES;
        struct query query;
        for (unsigned i = 0; i < labels; i++) {
            packet[len++] = 1;
            packet[len++] = 'a';
        }
        packet[len++] = 0;
        memcpy(packet + len, "\0\1\0\1", 4);
        assert_int_equal(query_parse(packet, len + 4, &query),
                         labels <= DNS_LABELS_MAX ? QUERY_OK : QUERY_FORMERR);
    }
}

static void every_cut_of_a_good_packet_is_judged_without_reading_on(void **state)
{
    (void)state;
    size_t len;
    uint8_t *whole =
        hex_copy(HEAD_AR2 WWW_A OPT "000f 0003 0000 0008 0007 0001 18 00 c00002" TSIG, &len);
    for (size_t cut = 0; cut < len; cut++) {
        uint8_t *packet = malloc(cut > 0 ? cut : 1);
        memcpy(packet, whole, cut);
        struct query query;
        enum query_verdict verdict = query_parse(packet, cut, &query);
        assert_int_equal(verdict, cut < DNS_HEADER_BYTES ? QUERY_DROP : QUERY_FORMERR);
        free(packet);
    }
    struct query query;
    assert_int_equal(query_parse(whole, len, &query), QUERY_BADKEY);
    free(whole);
}

/* RFC 7873 sections 4 and 5.2 */
static void a_cookie_has_8_or_16_to_40_bytes(void **state)
{
    (void)state;
    for (unsigned len = 0; len <= 48; len++) {
        uint8_t packet[128] = {0x12, 0x34, 0, 0, 0, 1, 0, 0, 0, 0, 0, 1, 0, 0, 1, 0, 1};
        static const uint8_t opt[] = {0, 0, 41, 4, 208, 0, 0, 0, 0, 0, 0, 0, 10, 0, 0};
        const size_t start = 17 + sizeof(opt);
        struct query query;
        memcpy(packet + 17, opt, sizeof(opt));
        packet[start - 5] = (uint8_t)(len + 4); /* of OPT's data */
        packet[start - 1] = (uint8_t)len;
        packet[start] = 0x77;
        bool good = len == 8 || (len >= 16 && len <= 40);
        assert_int_equal(query_parse(packet, start + len, &query),
                         good ? QUERY_OK : QUERY_FORMERR);
        assert_int_equal(query.cookie_bytes, good ? len : 0);
        assert_true(!good || query.cookie == packet + start);
    }
}

static void a_query_for_a_cookie_has_no_question(void **state)
{
    (void)state;
#define COOKIE8 "000c 000a 0008 0102030405060708 "

    static const struct verdict_case cases[] = {
        {"with a cookie", "1234 0000 0000 0000 0000 0001" OPT COOKIE8, QUERY_OK, false, true},
        {"without", "1234 0000 0000 0000 0000 0001" OPT "0004 0003 0000", QUERY_FORMERR, false,
         true},
        {"with a cookie and an authority", "1234 0000 0000 0000 0001 0001" SOA OPT COOKIE8,
         QUERY_FORMERR, false, false},
        {"with a cookie of seven bytes",
         "1234 0000 0000 0000 0000 0001" OPT "000b 000a 0007 01020304050607", QUERY_FORMERR,
         false, true},
    };

    CHECK_VERDICTS(cases);
}

static void each_option_is_a_wish_of_its_own(void **state)
{
    (void)state;

    static const struct {
        unsigned code;
        bool nsid, keepalive, padding, zoneversion;
    } cases[] = {
        {3, true, false, false, false},   {11, false, true, false, false},
        {12, false, false, true, false},  {19, false, false, false, true},
        {9, false, false, false, false},  {15, false, false, false, false},
        {18, false, false, false, false}, {65535, false, false, false, false},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        for (unsigned len = 0; len <= 2; len += 2) { /* what stands in it is no matter */
            char hex[200];
            struct query query;
            snprintf(hex, sizeof(hex), HEAD_AR1 WWW_A OPT "%04x %04x %04x %s", 4 + len,
                     cases[i].code, len, len > 0 ? "abcd" : "");
            assert_int_equal(parse(hex, &query), QUERY_OK);
            assert_int_equal(query.wants_nsid, cases[i].nsid);
            assert_int_equal(query.wants_keepalive, cases[i].keepalive);
            assert_int_equal(query.wants_padding, cases[i].padding);
            assert_int_equal(query.wants_zoneversion, cases[i].zoneversion);
        }
    }
}

/* RFC 8945 sections 4.2 and 5.1 */
static void tsig_is_whole_and_last(void **state)
{
    (void)state;
#define TSIG_HEAD "03 'key' 00 00fa 00ff 00000000 "
#define TIMES     "000000000000 012c "

    static const struct verdict_case cases[] = {
        {"an algorithm that is a name",
         HEAD_AR1 WWW_A TSIG_HEAD "0015 03 'abc' 00" TIMES "0000 1234 0000 0000", QUERY_BADKEY,
         true, false},
        {"an algorithm that is a pointer",
         HEAD_AR1 WWW_A TSIG_HEAD "0012 c00c" TIMES "0000 1234 0000 0000", QUERY_BADKEY, true,
         false},
        {"with a MAC", HEAD_AR1 WWW_A TSIG_HEAD "0013 00" TIMES "0002 abcd 1234 0000 0000",
         QUERY_BADKEY, true, false},
        {"with other data", HEAD_AR1 WWW_A TSIG_HEAD "0013 00" TIMES "0000 1234 0012 0002 abcd",
         QUERY_BADKEY, true, false},
        {"a MAC too long", HEAD_AR1 WWW_A TSIG_HEAD "0011 00" TIMES "0001 1234 0000 0000",
         QUERY_FORMERR, true, false},
        {"a byte too many", HEAD_AR1 WWW_A TSIG_HEAD "0012 00" TIMES "0000 1234 0000 0000 00",
         QUERY_FORMERR, true, false},
        {"of another class",
         HEAD_AR1 WWW_A "00 00fa 0001 00000000 0011 00" TIMES "0000 1234 0000 0000",
         QUERY_FORMERR, true, false},
        {"with a TTL",
         HEAD_AR1 WWW_A "00 00fa 00ff 00000001 0011 00" TIMES "0000 1234 0000 0000",
         QUERY_FORMERR, true, false},
        {"an algorithm that does not end", HEAD_AR1 WWW_A TSIG_HEAD "0001 01", QUERY_FORMERR,
         true, false},
        {"twice", HEAD_AR2 WWW_A TSIG TSIG, QUERY_FORMERR, true, false},
        {"a byte behind it", HEAD_AR1 WWW_A TSIG "00", QUERY_FORMERR, true, false},
    };

    CHECK_VERDICTS(cases);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_no_query_is_dropped),
        cmocka_unit_test(a_plain_query_is_fine),
        cmocka_unit_test(another_opcode_is_not_looked_into),
        cmocka_unit_test(counts_are_judged_before_the_question_is_read),
        cmocka_unit_test(a_broken_question_is_a_bare_formerr),
        cmocka_unit_test(a_broken_additional_section_is_a_formerr_with_its_question),
        cmocka_unit_test(opt_comes_once_and_at_the_root),
        cmocka_unit_test(options_fill_opt_exactly),
        cmocka_unit_test(another_edns_version_is_badvers),
        cmocka_unit_test(ixfr_may_bring_one_authority),
        cmocka_unit_test(a_client_subnet_is_read),
        cmocka_unit_test(a_malformed_client_subnet_is_a_formerr),
        cmocka_unit_test(the_first_client_subnet_counts),
        cmocka_unit_test(the_question_is_lowered_and_kept_as_sent),
        cmocka_unit_test(only_letters_are_lowered),
        cmocka_unit_test(without_opt_its_fields_are_zero),
        cmocka_unit_test(the_fields_of_opt_are_read),
        cmocka_unit_test(a_name_has_at_most_255_bytes),
        cmocka_unit_test(a_name_has_at_most_127_labels),
        cmocka_unit_test(every_cut_of_a_good_packet_is_judged_without_reading_on),
        cmocka_unit_test(a_cookie_has_8_or_16_to_40_bytes),
        cmocka_unit_test(a_query_for_a_cookie_has_no_question),
        cmocka_unit_test(each_option_is_a_wish_of_its_own),
        cmocka_unit_test(tsig_is_whole_and_last),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
