#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "../../support/hex.h"
#include "dns_answer.h"

/* Of a.b, type A, id 0x1234. */
static const struct dns_question QUESTION = {
    .name = {1, 'a', 1, 'b', 0}, .type = 1, .id = 0x1234};

#define HEAD "12348180" /* id, QR RD RA */
#define ASKED                                                                                  \
    "0161016200"                                                                               \
    "00010001"

static enum dns_answer_kind read_hex(const char *hex, const char *wanted,
                                     struct dns_answer *out)
{
    struct ip_addr addr = {0};
    size_t len;
    uint8_t *bytes = hex_copy(hex, &len);
    assert_non_null(bytes);
    if (wanted)
        assert_true(ip_parse(wanted, &addr));
    enum dns_answer_kind kind = dns_answer_read(bytes, len, &QUESTION, &addr, out);
    free(bytes);
    return kind;
}

static void a_question_is_short_and_has_edns(void **state)
{
    (void)state;
    uint8_t message[DNS_QUESTION_MAX], wanted[DNS_QUESTION_MAX];
    size_t len = dns_question_put(&QUESTION, message);
    size_t wanted_len = hex_bytes("123400000001000000000001" ASKED "00002904d0000000000000",
                                  wanted, sizeof(wanted));
    assert_int_equal(len, wanted_len);
    assert_memory_equal(message, wanted, len);
}

static void the_longest_question_fits(void **state)
{
    (void)state;
    struct dns_question longest = {.type = 1};
    uint8_t message[DNS_QUESTION_MAX];
    for (size_t i = 0; i < 254; i += 2)
        longest.name[i] = 1;
    assert_int_equal(dns_name_len(longest.name), DNS_NAME_MAX);
    assert_int_equal(dns_question_put(&longest, message), DNS_QUESTION_MAX);
}

static void answers_are_read(void **state)
{
    (void)state;

    static const struct {
        const char *hex, *wanted;
        unsigned rcode, records;
        bool has_address, truncated;
        uint32_t ttl_min_s;
    } cases[] = {
        {HEAD "0001000000000000" ASKED, NULL, 0, 0, false, false, UINT32_MAX},
        /* RFC 4343: the name comes back in another case */
        {HEAD "0001000000000000"
              "0141014200"
              "00010001",
         NULL, 0, 0, false, false, UINT32_MAX},
        {"12348183"
         "0001000000000000" ASKED,
         NULL, 3, 0, false, false, UINT32_MAX},
        /* one A, name compressed */
        {HEAD "0001000100000000" ASKED "c00c00010001000000640004c0000201", "192.0.2.1", 0, 1,
         true, false, 100},
        {HEAD "0001000100000000" ASKED "c00c00010001000000640004c0000201", "192.0.2.2", 0, 1,
         false, false, 100},
        {HEAD "0001000100000000" ASKED "c00c00010001000000640004c0000201", NULL, 0, 1, false,
         false, 100},
        /* behind a CNAME, at another owner written in full; the smaller TTL counts */
        {HEAD "0001000200000000" ASKED "c00c000500010000000a0003016300"
              "01630000010001000000640004c0000201",
         "192.0.2.1", 0, 2, true, false, 10},
        /* AAAA; not to be taken for an A whose bytes begin alike */
        {HEAD "0001000100000000" ASKED
              "c00c001c000100000001001020010db8000000000000000000000001",
         "2001:db8::1", 0, 1, true, false, 1},
        {HEAD "0001000100000000" ASKED "c00c001c00010000000100042001 0db8", "32.1.13.184", 0, 1,
         false, false, 1},
        /* an A of class CH */
        {HEAD "0001000100000000" ASKED "c00c00010003000000640004c0000201", "192.0.2.1", 0, 1,
         false, false, 100},
        /* RFC 2181 section 8: a TTL with the top bit set is 0 */
        {HEAD "0001000100000000" ASKED "c00c00010001800000000004c0000201", NULL, 0, 1, false,
         false, 0},
        /* an address in the additional section is no answer */
        {HEAD "0001000000000001" ASKED "c00c00010001000000640004c0000201", "192.0.2.1", 0, 0,
         false, false, UINT32_MAX},
        /* RFC 6891: BADVERS is 1 in OPT and 0 in the header */
        {HEAD "0001000000000001" ASKED "00002904d0010000000000", NULL, 16, 0, false, false,
         UINT32_MAX},
        /* an OPT in the authority section is none */
        {HEAD "0001000000010000" ASKED "00002904d0010000000000", NULL, 0, 0, false, false,
         UINT32_MAX},
        /* truncated in the middle of a record */
        {"12348380"
         "0001000200000000" ASKED "c00c00010001000000640004c0000201c00c",
         "192.0.2.1", 0, 1, true, true, 100},
        /* RFC 6891 section 7: no EDNS there, a FORMERR that echoes nothing */
        {"12348001"
         "0000000000000000",
         NULL, 1, 0, false, false, UINT32_MAX},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct dns_answer answer;
        assert_int_equal(read_hex(cases[i].hex, cases[i].wanted, &answer), DNS_ANSWER_OURS);
        assert_int_equal(answer.rcode, cases[i].rcode);
        assert_int_equal(answer.records, cases[i].records);
        assert_int_equal(answer.has_address, cases[i].has_address);
        assert_int_equal(answer.truncated, cases[i].truncated);
        assert_int_equal(answer.ttl_min_s, cases[i].ttl_min_s);
    }
}

static void what_is_not_the_answer_is_told_apart(void **state)
{
    (void)state;

    static const struct {
        const char *hex;
        enum dns_answer_kind kind;
    } cases[] = {
        {"", DNS_ANSWER_OTHER},
        {"1234818000010000000000", DNS_ANSWER_OTHER}, /* 11 bytes */
        {"12358180"
         "0001000000000000" ASKED,
         DNS_ANSWER_OTHER}, /* another id */
        {"12340180"
         "0001000000000000" ASKED,
         DNS_ANSWER_OTHER}, /* a query */
        {"1234a180"
         "0001000000000000" ASKED,
         DNS_ANSWER_OTHER},                                      /* opcode NOTIFY */
        {HEAD "0000000000000000", DNS_ANSWER_OTHER},             /* no question echoed */
        {HEAD "0002000000000000" ASKED ASKED, DNS_ANSWER_OTHER}, /* two */
        {HEAD "0001000000000000"
              "0161016300"
              "00010001",
         DNS_ANSWER_OTHER}, /* another name */
        {HEAD "0001000000000000"
              "0161016200"
              "001c0001",
         DNS_ANSWER_OTHER}, /* another type */
        {HEAD "0001000000000000"
              "0161016200"
              "00010003",
         DNS_ANSWER_OTHER}, /* class CH */
        {HEAD "0001000000000000"
              "c00c"
              "00010001",
         DNS_ANSWER_OTHER}, /* a pointer in there */
        {HEAD "0001000000000000"
              "016101",
         DNS_ANSWER_OTHER},
        {HEAD "0001000100000000" ASKED, DNS_ANSWER_MALFORMED}, /* the record is missing */
        {HEAD "0001ffff00000000" ASKED, DNS_ANSWER_MALFORMED},
        {HEAD "000100000000ffff" ASKED, DNS_ANSWER_MALFORMED},
        {HEAD "0001000100000000" ASKED "c00c00010001000000640005c0000201",
         DNS_ANSWER_MALFORMED},                                       /* data beyond the end */
        {HEAD "0001000100000000" ASKED "c0", DNS_ANSWER_MALFORMED},   /* half a pointer */
        {HEAD "0001000100000000" ASKED "4061", DNS_ANSWER_MALFORMED}, /* a label of 64 */
        {HEAD "0001000100000000" ASKED "0361", DNS_ANSWER_MALFORMED},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct dns_answer answer = {.records = 77};
        assert_int_equal(read_hex(cases[i].hex, NULL, &answer), cases[i].kind);
        assert_int_equal(answer.records, 77); /* untouched */
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_question_is_short_and_has_edns),
        cmocka_unit_test(the_longest_question_fits),
        cmocka_unit_test(answers_are_read),
        cmocka_unit_test(what_is_not_the_answer_is_told_apart),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
