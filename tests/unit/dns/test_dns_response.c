/* What response_*() writes, read back by the independent parser of tests/support. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "rhumb/dns_response.h"

#include "../../support/hex.h"
#include "../../support/message.h"

#define OPT_SIZE(size) "00 0029 " size " 00 00 0000 "

static const uint8_t www[] = "\3www\7example\3com";
static const uint8_t example[] = "\7example\3com";
static const uint8_t other[] = "\5other\3net";

/* One response under construction. The buffer is filled with pointers to themselves and of the
 * limit's exact size: a read of what was not written loops or is seen by a sanitizer. */
struct draft {
    uint8_t packet[512];
    size_t packet_bytes;
    struct query query;
    struct response response;
    uint8_t *buffer;
    size_t limit;
    struct message message;
};

static struct draft *draft_new(const char *query_hex, size_t limit)
{
    struct draft *d = calloc(1, sizeof(*d));
    assert_non_null(d);
    d->packet_bytes = hex_bytes(query_hex, d->packet, sizeof(d->packet));
    assert_int_not_equal(d->packet_bytes, SIZE_MAX);
    assert_int_equal(query_parse(d->packet, d->packet_bytes, &d->query), QUERY_OK);
    d->limit = limit;
    d->buffer = malloc(limit);
    assert_non_null(d->buffer);
    memset(d->buffer, 0xc0, limit);
    response_init(&d->response, &d->query, d->buffer, limit);
    return d;
}

static void draft_free(struct draft *d)
{
    free(d->buffer);
    free(d);
}

/* finish - the reply is sound and not above the limit. */
static size_t finish(struct draft *d)
{
    size_t len = response_finish(&d->response);
    assert_true(len <= d->limit);
    const char *fault = message_parse(d->buffer, len, &d->message);
    if (fault)
        fail_msg("the response is unsound: %s", fault);
    return len;
}

static void expect_record(const struct draft *d, size_t idx, const char *text)
{
    char line[4096];
    assert_true(idx < d->message.record_count);
    message_record_text(&d->message, &d->message.records[idx], line, sizeof(line));
    assert_string_equal(line, text);
}

static void expect_opt(const struct draft *d, const char *text)
{
    char line[512];
    message_opt_text(&d->message, line, sizeof(line));
    assert_string_equal(line, text);
}

#define QUERY     "1234 0100 0001 0000 0000 0000 "
#define QUERY_OPT "1234 0100 0001 0000 0000 0001 "
#define QUESTION  "03 'wWw' 07 'Example' 03 'com' 00 0001 0001 "
#define PLAIN     QUERY QUESTION

enum { QUESTION_END = 12 + 17 + 4 };

/* ---- header and question ---- */

static void an_empty_response_echoes_the_question_bit_for_bit(void **state)
{
    (void)state;
    struct draft *d = draft_new(PLAIN, 512);
    assert_int_equal(finish(d), QUESTION_END);
    assert_int_equal(d->message.id, 0x1234);
    assert_int_equal(d->message.flags, DNS_FLAG_QR | DNS_FLAG_RD);
    assert_memory_equal(d->buffer + 12, d->packet + 12, QUESTION_END - 12);
    draft_free(d);
}

static void without_a_question_there_is_none_to_echo(void **state)
{
    (void)state;
    struct draft *d = draft_new(PLAIN, 512);
    d->query.has_question = false;
    response_init(&d->response, &d->query, d->buffer, 512);
    assert_true(response_put(&d->response, RESPONSE_ANSWER, other, DNS_TYPE_A, 1,
                             (const uint8_t *)"\1\2\3\4", 4));
    response_clear(&d->response);
    assert_int_equal(finish(d), 12);
    assert_int_equal(d->message.counts[0], 0);
    draft_free(d);
}

static void flags_and_rcode_are_set_and_foreign_flags_are_not_copied(void **state)
{
    (void)state;

    static const struct {
        const char *query;
        unsigned set, rcode, expected;
    } cases[] = {
        {"1234 0000 0001 0000 0000 0000 " QUESTION, 0, 0, 0x8000},
        {"1234 07ff 0001 0000 0000 0000 " QUESTION, 0, 0, 0x8100}, /* RFC 4035 section 3.1.6 */
        {PLAIN, DNS_FLAG_AA, 3, 0x8503},
        {PLAIN, DNS_FLAG_AA | DNS_FLAG_TC, 0, 0x8700},
        {PLAIN, 0, 5, 0x8105},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct draft *d = draft_new(cases[i].query, 512);
        d->response.flags |= (uint16_t)cases[i].set;
        d->response.rcode = cases[i].rcode;
        finish(d);
        assert_int_equal(d->message.flags, cases[i].expected);
        draft_free(d);
    }
}

static void a_header_alone_has_twelve_bytes(void **state)
{
    (void)state;

    static const struct {
        const char *query;
        unsigned rcode;
        const char *expected;
    } cases[] = {
        {"1234 0100 0000 0000 0000 0000", 1, "1234 8101 0000 0000 0000 0000"},
        {"abcd 2900 0001 0000 0000 0000", 4, "abcd a904 0000 0000 0000 0000"},
        {"0000 7fff ffff ffff ffff ffff", 4, "0000 f904 0000 0000 0000 0000"},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        uint8_t packet[32], expected[32], buffer[12];
        struct query query;
        size_t len = hex_bytes(cases[i].query, packet, sizeof(packet));
        query_parse(packet, len, &query);
        assert_int_equal(response_header_only(&query, cases[i].rcode, buffer), 12);
        assert_int_equal(hex_bytes(cases[i].expected, expected, sizeof(expected)), 12);
        assert_memory_equal(buffer, expected, 12);
    }
}

/* ---- compression, RFC 1035 section 4.1.4 ---- */

static void the_owner_of_the_question_is_two_bytes(void **state)
{
    (void)state;
    struct draft *d = draft_new(PLAIN, 512);
    assert_true(response_put(&d->response, RESPONSE_ANSWER, d->query.name, DNS_TYPE_A, 300,
                             (const uint8_t *)"\xc0\0\2\1", 4));
    assert_int_equal(finish(d), QUESTION_END + 2 + 10 + 4);
    expect_record(d, 0, "wWw.Example.com. 300 IN A 192.0.2.1");
    draft_free(d);
}

static void names_are_compressed_whatever_their_case(void **state)
{
    (void)state;

    static const struct {
        const char *what;
        const uint8_t *owner;
        size_t owner_bytes;
    } cases[] = {
        {"the question's name, given elsewhere", www, 2},
        {"its parent", example, 2},
        {"a sibling", (const uint8_t *)"\2ns\7example\3com", 3 + 2},
        {"below it", (const uint8_t *)"\1a\3www\7example\3com", 2 + 2},
        {"its top label only", (const uint8_t *)"\5other\3com", 6 + 2},
        {"the same label elsewhere", (const uint8_t *)"\3www\7example\3net", 4 + 8 + 4 + 1},
        {"a longer label with the same start", (const uint8_t *)"\4wwww\3com", 5 + 2},
        {"nothing in common", other, 6 + 4 + 1},
        {"the root", (const uint8_t *)"", 1},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct draft *d = draft_new(PLAIN, 512);
        assert_true(response_put(&d->response, RESPONSE_ANSWER, cases[i].owner, DNS_TYPE_A, 1,
                                 (const uint8_t *)"\1\2\3\4", 4));
        size_t len = finish(d);
        if (len != QUESTION_END + cases[i].owner_bytes + 14)
            fail_msg("%s: the owner takes %zd bytes", cases[i].what,
                     (ssize_t)len - QUESTION_END - 14);
        draft_free(d);
    }
}

static void the_root_as_a_question_is_not_worth_a_pointer(void **state)
{
    (void)state;
    struct draft *d = draft_new(QUERY "00 0001 0001", 512);
    assert_true(response_put(&d->response, RESPONSE_ANSWER, d->query.name, DNS_TYPE_A, 1,
                             (const uint8_t *)"\1\2\3\4", 4));
    assert_int_equal(finish(d), 12 + 5 + 1 + 14);
    expect_record(d, 0, ". 1 IN A 1.2.3.4");
    draft_free(d);
}

/* Only the types that RFC 3597 section 4 lists; all are RFC 1035's. */
static void names_in_record_data_are_compressed_for_old_types_only(void **state)
{
    (void)state;

    static const struct {
        uint16_t type;
        const char *rdata;
        size_t bytes; /* on the wire */
        const char *text;
    } cases[] = {
        {DNS_TYPE_NS, "02 'ns' 07 'eXample' 03 'com' 00", 3 + 2, "NS ns.Example.com."},
        {DNS_TYPE_CNAME, "07 'example' 03 'com' 00", 2, "CNAME Example.com."},
        {DNS_TYPE_PTR, "03 'www' 07 'example' 03 'com' 00", 2, "PTR wWw.Example.com."},
        {DNS_TYPE_MD, "03 'www' 07 'example' 03 'com' 00", 2, "MD wWw.Example.com."},
        {DNS_TYPE_MF, "02 'mf' 07 'example' 03 'com' 00", 3 + 2, "MF mf.Example.com."},
        {DNS_TYPE_MB, "07 'example' 03 'com' 00", 2, "MB Example.com."},
        {DNS_TYPE_MG, "01 'g' 07 'example' 03 'com' 00", 2 + 2, "MG g.Example.com."},
        {DNS_TYPE_MR, "01 'r' 05 'other' 00", 9, "MR r.other."},
        {DNS_TYPE_MINFO,
         "01 'r' 07 'example' 03 'com' 00 01 'e' 01 'r' 07 'example' 03 'com' 00",
         2 + 2 + 2 + 2, "MINFO r.Example.com. e.r.Example.com."},
        {DNS_TYPE_MINFO, "00 00", 2, "MINFO . ."},
        {17, "07 'example' 03 'com' 00 00", 13 + 1,
         "TYPE17 \\# 14 076578616d706c6503636f6d0000"},
        {DNS_TYPE_MX, "000a 07 'example' 03 'com' 00", 2 + 2, "MX 10 Example.com."},
        {DNS_TYPE_SOA,
         "02 'ns' 07 'example' 03 'com' 00 01 'h' 02 'ns' 07 'example' 03 'com' 00"
         "00000001 00000002 00000003 00000004 00000005",
         5 + 2 + 2 + 20, "SOA ns.Example.com. h.ns.Example.com. 1 2 3 4 5"},
        {DNS_TYPE_SRV, "0001 0002 0003 07 'example' 03 'com' 00", 6 + 13,
         "SRV 1 2 3 example.com."},
        {DNS_TYPE_DNAME, "07 'example' 03 'com' 00", 13, "DNAME example.com."},
        {DNS_TYPE_TXT, "03 'com'", 4, "TXT \"com\""},
        {65280, "07 'example' 03 'com' 00", 13, "TYPE65280 \\# 13 076578616d706c6503636f6d00"},
        {65280, "", 0, "TYPE65280 \\# 0"},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct draft *d = draft_new(PLAIN, 512);
        uint8_t rdata[128];
        size_t bytes = hex_bytes(cases[i].rdata, rdata, sizeof(rdata));
        char text[256];
        assert_true(response_put(&d->response, RESPONSE_AUTHORITY, d->query.name, cases[i].type,
                                 5, rdata, (uint16_t)bytes));
        assert_int_equal(finish(d), QUESTION_END + 12 + cases[i].bytes);
        assert_int_equal(d->message.records[0].rdata_bytes, cases[i].bytes);
        snprintf(text, sizeof(text), "wWw.Example.com. 5 IN %s", cases[i].text);
        expect_record(d, 0, text);
        draft_free(d);
    }
}

static void a_name_in_record_data_serves_later_names(void **state)
{
    (void)state;
    struct draft *d = draft_new(PLAIN, 512);
    static const uint8_t target[] = "\2ns\5other\3net";
    assert_true(response_put(&d->response, RESPONSE_AUTHORITY, example, DNS_TYPE_NS, 5, target,
                             sizeof(target)));
    size_t before = writer_len(&d->response.out);
    assert_true(response_put(&d->response, RESPONSE_ADDITIONAL, target, DNS_TYPE_A, 5,
                             (const uint8_t *)"\1\2\3\4", 4));
    assert_int_equal(writer_len(&d->response.out) - before, 2 + 14);
    assert_true(response_put(&d->response, RESPONSE_ADDITIONAL, other, DNS_TYPE_A, 5,
                             (const uint8_t *)"\1\2\3\4", 4));
    assert_int_equal(writer_len(&d->response.out) - before, 2 * (2 + 14));
    finish(d);
    expect_record(d, 1, "ns.other.net. 5 IN A 1.2.3.4");
    expect_record(d, 2, "other.net. 5 IN A 1.2.3.4");
    draft_free(d);
}

static void a_full_table_of_names_costs_only_bytes(void **state)
{
    (void)state;
    struct draft *d = draft_new(PLAIN, DNS_MESSAGE_MAX);
    for (unsigned i = 0; i < 200; i++) {
        uint8_t owner[] = "\5h0000\1x\7example\3com";
        for (unsigned digit = 0, left = i; digit < 4; digit++, left /= 10)
            owner[5 - digit] = (uint8_t)('0' + left % 10);
        assert_true(response_put(&d->response, RESPONSE_ANSWER, owner, DNS_TYPE_A, 1,
                                 (const uint8_t *)"\1\2\3\4", 4));
    }
    assert_int_equal(d->response.name_count, RESPONSE_NAMES_MAX);
    finish(d);
    expect_record(d, 0, "h0000.x.Example.com. 1 IN A 1.2.3.4");
    expect_record(d, 199, "h0199.x.Example.com. 1 IN A 1.2.3.4");
    draft_free(d);
}

/* A pointer has 14 bits. */
static void names_beyond_16383_are_not_pointed_at(void **state)
{
    (void)state;
    struct draft *d = draft_new(PLAIN, DNS_MESSAGE_MAX);
    static uint8_t filler[16384];
    assert_true(response_put(&d->response, RESPONSE_ANSWER, example, 65280, 1, filler,
                             16384 - QUESTION_END - 12 - 12));
    assert_int_equal(writer_len(&d->response.out), 16384 - 12);
    static const uint8_t early[] = "\5early\3net", late[] = "\4late\3org";
    for (unsigned i = 0; i < 3; i++) {
        assert_true(response_put(&d->response, RESPONSE_ANSWER, early, DNS_TYPE_A, 1,
                                 (const uint8_t *)"\1\2\3\4", 4));
        assert_true(response_put(&d->response, RESPONSE_ANSWER, late, DNS_TYPE_A, 1,
                                 (const uint8_t *)"\1\2\3\4", 4));
    }
    assert_int_equal(finish(d), 16384 - 12 + (11 + 14) + 2 * (2 + 14) + 3 * (10 + 14));
    expect_record(d, 5, "early.net. 1 IN A 1.2.3.4");
    expect_record(d, 6, "late.org. 1 IN A 1.2.3.4");
    draft_free(d);
}

/* A name that was cut off by the limit must not be compared with: what lies behind it in the
 * buffer is an older response, and may be a pointer to itself. */
static void a_name_that_did_not_fit_is_never_read(void **state)
{
    (void)state;
    static const uint8_t soa[] = "\1a\1b\1c\5first\3net\0"
                                 "\1a\1b\1c\5later\3org\0"
                                 "\0\0\0\1\0\0\0\1\0\0\0\1\0\0\0\1\0\0\0\1";
    for (size_t room = 0; room < 12 + sizeof(soa); room++) {
        struct draft *d = draft_new(PLAIN, 512);
        d->response.out.end = d->response.out.pos + room;
        bool fits = response_put(&d->response, RESPONSE_AUTHORITY, d->query.name, DNS_TYPE_SOA,
                                 1, soa, sizeof(soa) - 1);
        assert_int_equal(fits, room >= 12 + sizeof(soa) - 1);
        if (!fits)
            assert_int_equal(finish(d), QUESTION_END);
        draft_free(d);
    }
}

/* ---- sizes ---- */

/* make_run - count A records as the zone stores them; returns the bytes used. */
static size_t make_run(uint8_t *run, unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        static const uint16_t four = 4;
        memcpy(run + 6 * i, &four, sizeof(four));
        memcpy(run + 6 * i + 2, "\xc0\0\2", 3);
        run[6 * i + 5] = (uint8_t)i;
    }
    return 6u * count;
}

static void an_rrset_goes_in_whole_or_not_at_all(void **state)
{
    (void)state;
    uint8_t run[6 * 30];
    make_run(run, 30);
    for (unsigned count = 0; count <= 30; count++) {
        struct draft *d = draft_new(PLAIN, 512);
        bool fits = response_put_run(&d->response, RESPONSE_ANSWER, d->query.name, DNS_TYPE_A,
                                     60, run, count);
        assert_int_equal(fits, QUESTION_END + 16 * count <= 512);
        size_t len = finish(d);
        assert_int_equal(len, QUESTION_END + (fits ? 16 * count : 0));
        assert_int_equal(d->message.counts[1], fits ? count : 0);
        draft_free(d);
    }
}

static void a_smaller_set_fits_after_a_larger_one_did_not(void **state)
{
    (void)state;
    uint8_t run[6 * 40];
    make_run(run, 40);
    struct draft *d = draft_new(PLAIN, 512);
    static const uint8_t owner[] = "\4glue\5other\3net";
    assert_false(
        response_put_run(&d->response, RESPONSE_ADDITIONAL, owner, DNS_TYPE_A, 1, run, 40));
    assert_true(
        response_put_run(&d->response, RESPONSE_ADDITIONAL, owner, DNS_TYPE_A, 1, run, 2));
    assert_int_equal(finish(d), QUESTION_END + 16 + 14 + 16);
    expect_record(d, 0, "glue.other.net. 1 IN A 192.0.2.0");
    expect_record(d, 1, "glue.other.net. 1 IN A 192.0.2.1");
    draft_free(d);
}

static void the_limit_is_kept_to_the_byte(void **state)
{
    (void)state;
    static uint8_t filler[1024];
    for (size_t limit = 512; limit <= 600; limit++) {
        size_t room = limit - QUESTION_END - 12;
        for (size_t bytes = room - 1; bytes <= room + 1; bytes++) {
            struct draft *d = draft_new(PLAIN, limit);
            bool fits = response_put(&d->response, RESPONSE_ANSWER, d->query.name, 65280, 1,
                                     filler, (uint16_t)bytes);
            assert_int_equal(fits, bytes <= room);
            assert_int_equal(finish(d), fits ? limit - room + bytes : QUESTION_END);
            draft_free(d);
        }
    }
}

static void a_message_of_65535_bytes_can_be_written(void **state)
{
    (void)state;
    static uint8_t filler[DNS_MESSAGE_MAX];
    struct draft *d = draft_new(PLAIN, DNS_MESSAGE_MAX);
    assert_true(response_put(&d->response, RESPONSE_ANSWER, d->query.name, 65280, 1, filler,
                             DNS_MESSAGE_MAX - QUESTION_END - 12));
    assert_false(
        response_put(&d->response, RESPONSE_ANSWER, d->query.name, 65280, 1, filler, 0));
    assert_int_equal(finish(d), DNS_MESSAGE_MAX);
    draft_free(d);
}

/* ---- marks ---- */

static void revert_undoes_bytes_counts_and_names(void **state)
{
    (void)state;
    struct draft *d = draft_new(PLAIN, 512);
    assert_true(response_put(&d->response, RESPONSE_ANSWER, d->query.name, DNS_TYPE_A, 1,
                             (const uint8_t *)"\1\2\3\4", 4));
    struct response_mark mark = response_mark(&d->response);
    for (unsigned section = RESPONSE_ANSWER; section <= RESPONSE_ADDITIONAL; section++)
        assert_true(response_put(&d->response, (enum response_section)section, other,
                                 DNS_TYPE_NS, 1, other, sizeof(other)));
    response_revert(&d->response, mark);
    assert_true(response_put(&d->response, RESPONSE_AUTHORITY, other, DNS_TYPE_A, 1,
                             (const uint8_t *)"\5\6\7\10", 4));
    assert_int_equal(finish(d), QUESTION_END + 16 + sizeof(other) + 14);
    assert_int_equal(d->message.record_count, 2);
    expect_record(d, 1, "other.net. 1 IN A 5.6.7.8");
    draft_free(d);
}

static void clear_leaves_header_question_flags_and_edns(void **state)
{
    (void)state;
    struct draft *d = draft_new(QUERY_OPT QUESTION OPT_SIZE("04d0") "0000", 512);
    d->response.edns.udp_size_bytes = 1400;
    d->response.flags |= DNS_FLAG_AA | DNS_FLAG_TC;
    d->response.rcode = DNS_RCODE_NXDOMAIN;
    assert_true(response_put(&d->response, RESPONSE_ANSWER, other, DNS_TYPE_A, 1,
                             (const uint8_t *)"\1\2\3\4", 4));
    response_clear(&d->response);
    size_t len = finish(d);
    assert_int_equal(len, QUESTION_END + 11);
    assert_int_equal(d->message.flags, 0x8703);
    assert_int_equal(d->message.record_count, 1);
    expect_opt(d, "udp=1400");
    draft_free(d);
}

static void names_are_compressed_after_clear_as_before(void **state)
{
    (void)state;
    struct draft *d = draft_new(PLAIN, 512);
    response_clear(&d->response);
    assert_true(response_put(&d->response, RESPONSE_AUTHORITY, example, DNS_TYPE_A, 1,
                             (const uint8_t *)"\1\2\3\4", 4));
    assert_int_equal(finish(d), QUESTION_END + 2 + 14);
    draft_free(d);
}

/* ---- OPT ---- */

#define ECS24  "0008 0007 0001 18 00 c00002 "
#define ECS128 "0008 0014 0002 80 00 20010db8000000000000000000000001 "
#define NSID   "0003 0000 "

static void opt_says_what_was_asked(void **state)
{
    (void)state;

    static const struct {
        const char *query, *nsid;
        uint8_t scope;
        unsigned rcode;
        const char *ede_text;
        const char *expected;
    } cases[] = {
        {PLAIN, "ams1", 24, 0, "never seen", "none"},
        {QUERY_OPT QUESTION OPT_SIZE("0200") "0000", "ams1", 24, 0, NULL, "udp=1232"},
        {QUERY_OPT QUESTION OPT_SIZE("ffff") "0004" NSID, "ams1", 0, 0, NULL,
         "udp=1232 nsid=ams1"},
        {QUERY_OPT QUESTION OPT_SIZE("ffff") "0004" NSID, NULL, 0, 0, NULL, "udp=1232"},
        {QUERY_OPT QUESTION OPT_SIZE("ffff") "0004" NSID, "", 0, 0, NULL, "udp=1232 nsid="},
        {QUERY_OPT QUESTION "00 0029 ffff 00 00 8000 0000", NULL, 0, 0, NULL, "udp=1232 do"},
        {QUERY_OPT QUESTION "00 0029 ffff 00 00 7fff 0000", NULL, 0, 0, NULL, "udp=1232"},
        {QUERY_OPT QUESTION OPT_SIZE("ffff") "0004 fde9 0000", NULL, 0, 0, NULL, "udp=1232"},
        {QUERY_OPT QUESTION OPT_SIZE("ffff") "000b" ECS24, NULL, 24, 0, NULL,
         "udp=1232 ecs=192.0.2.0/24/24"},
        {QUERY_OPT QUESTION OPT_SIZE("ffff") "000b" ECS24, NULL, 0, 0, NULL,
         "udp=1232 ecs=192.0.2.0/24/0"},
        {QUERY_OPT QUESTION OPT_SIZE("ffff") "000b" ECS24, NULL, 32, 0, NULL,
         "udp=1232 ecs=192.0.2.0/24/32"},
        {QUERY_OPT QUESTION OPT_SIZE("ffff") "0018" ECS128, NULL, 56, 0, NULL,
         "udp=1232 ecs=2001:db8::1/128/56"},
        {QUERY_OPT QUESTION OPT_SIZE("ffff") "0008 0008 0004 0001 00 00", NULL, 0, 0, NULL,
         "udp=1232 ecs=0.0.0.0/0/0"},
        {QUERY_OPT QUESTION OPT_SIZE("ffff") "0008 0008 0004 0000 00 00", NULL, 0, 0, NULL,
         "udp=1232 ecs=family0/0/0"},
        {QUERY_OPT QUESTION OPT_SIZE("ffff") "0000", NULL, 0, DNS_RCODE_BADVERS, NULL,
         "udp=1232"},
        {QUERY_OPT QUESTION OPT_SIZE("ffff") "0000", NULL, 0, 0, "down",
         "udp=1232 ede=21:down"},
        {QUERY_OPT QUESTION OPT_SIZE("ffff") "0000", NULL, 0, 0, "", "udp=1232 ede=21:"},
        {QUERY_OPT QUESTION OPT_SIZE("ffff") "000f" NSID ECS24, "ams1", 24, 0, "down",
         "udp=1232 ecs=192.0.2.0/24/24 nsid=ams1 ede=21:down"},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct draft *d = draft_new(cases[i].query, 512);
        d->response.rcode = cases[i].rcode;
        d->response.edns = (struct response_edns){
            .udp_size_bytes = 1232,
            .nsid = cases[i].nsid,
            .ecs_scope = cases[i].scope,
            .has_ede = cases[i].ede_text != NULL,
            .ede_code = DNS_EDE_NOT_SUPPORTED,
            .ede_text = cases[i].ede_text,
        };
        finish(d);
        expect_opt(d, cases[i].expected);
        assert_int_equal(message_rcode(&d->message), cases[i].rcode);
        draft_free(d);
    }
}

static void an_extended_error_needs_no_text(void **state)
{
    (void)state;
    struct draft *d = draft_new(QUERY_OPT QUESTION OPT_SIZE("ffff") "0000", 512);
    d->response.edns =
        (struct response_edns){.udp_size_bytes = 1232, .has_ede = true, .ede_code = 22};
    finish(d);
    expect_opt(d, "udp=1232 ede=22:");
    draft_free(d);
}

static void texts_in_opt_are_cut_at_their_limit(void **state)
{
    (void)state;
    char text[100], expected[300];
    memset(text, 'x', 99);
    text[99] = '\0';
    struct draft *d = draft_new(QUERY_OPT QUESTION OPT_SIZE("ffff") "0004" NSID, 512);
    d->response.edns = (struct response_edns){
        .udp_size_bytes = 1232, .nsid = text, .has_ede = true, .ede_text = text};
    finish(d);
    snprintf(expected, sizeof(expected), "udp=1232 nsid=%.*s ede=0:%.*s", RESPONSE_NSID_MAX,
             text, RESPONSE_EDE_TEXT_MAX, text);
    expect_opt(d, expected);
    draft_free(d);
}

/* fill_up - a record that leaves exactly left bytes before OPT's room. */
static void fill_up(struct draft *d, size_t left)
{
    static uint8_t filler[2048];
    size_t bytes = writer_left(&d->response.out) - 12 - left;
    assert_true(response_put(&d->response, RESPONSE_ANSWER, d->query.name, 65280, 1, filler,
                             (uint16_t)bytes));
}

static void opt_fits_however_full_the_message_is(void **state)
{
    (void)state;
    char nsid[RESPONSE_NSID_MAX + 1];
    memset(nsid, 'n', RESPONSE_NSID_MAX);
    nsid[RESPONSE_NSID_MAX] = '\0';
    for (size_t limit = 512; limit <= 1232; limit += 720) {
        struct draft *d =
            draft_new(QUERY_OPT QUESTION OPT_SIZE("04d0") "001c" NSID ECS128, limit);
        d->response.edns = (struct response_edns){
            .udp_size_bytes = 1232, .nsid = nsid, .has_ede = true, .ede_text = "no room"};
        fill_up(d, 0);
        assert_int_equal(finish(d), limit);
        char expected[256];
        snprintf(expected, sizeof(expected), "udp=1232 ecs=2001:db8::1/128/0 nsid=%s", nsid);
        expect_opt(d, expected);
        draft_free(d);
    }
}

static void an_extended_error_is_the_first_to_go(void **state)
{
    (void)state;
    for (size_t left = 0; left < 20; left++) {
        struct draft *d = draft_new(QUERY_OPT QUESTION OPT_SIZE("04d0") "0000", 512);
        d->response.edns = (struct response_edns){
            .udp_size_bytes = 1232, .has_ede = true, .ede_code = 3, .ede_text = "eight by"};
        fill_up(d, left);
        finish(d);
        expect_opt(d, left < 6    ? "udp=1232"
                      : left < 14 ? "udp=1232 ede=3:"
                                  : "udp=1232 ede=3:eight by");
        draft_free(d);
    }
}

/* RFC 8467 section 4.1 */
static void padding_fills_a_block_or_what_room_there_is(void **state)
{
    (void)state;

    static const struct {
        size_t left; /* behind the answer, OPT's own room not counted */
        const char *expected;
        size_t len;
    } cases[] = {
        {105, "udp=1232 option12=57", 468},
        {40, "udp=1232 option12=36", 512}, /* a block would be larger than what is left */
        {4, "udp=1232 option12=0", 512},   /* the head alone */
        {3, "udp=1232", 509},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct draft *d = draft_new(QUERY_OPT QUESTION OPT_SIZE("04d0") "0004 000c 0000", 512);
        d->response.edns =
            (struct response_edns){.udp_size_bytes = 1232, .padding_block_bytes = 468};
        fill_up(d, cases[i].left);
        assert_int_equal(finish(d), cases[i].len);
        expect_opt(d, cases[i].expected);
        draft_free(d);
    }
}

static void a_message_that_fills_a_block_is_padded_with_nothing(void **state)
{
    (void)state;
    struct draft *d = draft_new(QUERY_OPT QUESTION OPT_SIZE("04d0") "0004 000c 0000", 512);
    size_t block = QUESTION_END + 11 + 4;
    d->response.edns =
        (struct response_edns){.udp_size_bytes = 1232, .padding_block_bytes = (uint16_t)block};
    assert_int_equal(finish(d), block);
    expect_opt(d, "udp=1232 option12=0");
    draft_free(d);
}

static void only_what_was_asked_for_and_is_known_is_told(void **state)
{
    (void)state;
    static const uint8_t cookie[24] = "a cookie of 24 bytes ...";
    struct draft *d =
        draft_new(QUERY_OPT QUESTION OPT_SIZE(
                      "04d0") "0014 000a 0008 0102030405060708 000b 0000 0013 0000",
                  512);
    finish(d);
    expect_opt(d, "udp=0"); /* asked, not known */
    draft_free(d);
    d = draft_new(QUERY_OPT QUESTION OPT_SIZE("04d0") "0000", 512);
    d->response.edns = (struct response_edns){
        .udp_size_bytes = 1232, .cookie = cookie, .has_zone = true, .has_keepalive = true};
    finish(d);
    expect_opt(d, "udp=1232"); /* known, not asked */
    draft_free(d);
}

static void the_agent_for_reports_is_told_when_there_is_room(void **state)
{
    (void)state;
    for (size_t left = 6; left <= 7; left++) {
        struct draft *d = draft_new(QUERY_OPT QUESTION OPT_SIZE("04d0") "0000", 512);
        d->response.edns = (struct response_edns){.udp_size_bytes = 1232,
                                                  .report_agent = (const uint8_t *)"\x01"
                                                                                   "a"};
        fill_up(d, left);
        finish(d);
        expect_opt(d, left < 7 ? "udp=1232" : "udp=1232 report=016100");
        draft_free(d);
    }
}

/* Two names of one hash cannot be made on purpose: the table of hashes is told a lie. */
static void equal_hashes_do_not_make_equal_names(void **state)
{
    (void)state;

    static const struct {
        const uint8_t *name;
        const char *text;
    } cases[] = {
        {(const uint8_t *)"\5three\3net", "three.net. 1 IN A 192.0.2.1"}, /* another length */
        {(const uint8_t *)"\3two\3net", "two.net. 1 IN A 192.0.2.1"},
        {(const uint8_t *)"\3one\3org", "one.org. 1 IN A 192.0.2.1"},
    };

    static const uint8_t address[4] = {192, 0, 2, 1};

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct draft *d = draft_new(PLAIN, 512);
        response_put(&d->response, RESPONSE_ANSWER, (const uint8_t *)"\3one\3net", DNS_TYPE_A,
                     1, address, 4);
        for (unsigned n = 0; n < d->response.name_count; n++)
            d->response.name_hashes[n] = dns_name_hash(cases[i].name);
        response_put(&d->response, RESPONSE_ANSWER, cases[i].name, DNS_TYPE_A, 1, address, 4);
        finish(d);
        expect_record(d, 0, "one.net. 1 IN A 192.0.2.1");
        expect_record(d, 1, cases[i].text);
        draft_free(d);
    }
}

static void a_ttl_can_be_lowered_afterwards(void **state)
{
    (void)state;
    static const uint8_t elsewhere[] = "\x05"
                                       "other"
                                       "\x03"
                                       "net",
                         address[4] = {192, 0, 2, 1};
    struct draft *d = draft_new(PLAIN, 512);
    response_put(&d->response, RESPONSE_ANSWER, d->query.name, DNS_TYPE_A, 100, address, 4);
    struct response_mark mark = response_mark(&d->response);
    response_put(&d->response, RESPONSE_ANSWER, d->query.name, DNS_TYPE_A, 200, address, 4);
    response_put(&d->response, RESPONSE_ANSWER, elsewhere, DNS_TYPE_A, 10, address, 4);
    response_put(&d->response, RESPONSE_ANSWER, elsewhere, DNS_TYPE_A, 300, address, 4);
    response_put(&d->response, RESPONSE_ANSWER, (const uint8_t *)"", DNS_TYPE_A, 51, address,
                 4);
    response_cap_ttl(&d->response, mark, 50);
    finish(d);
    expect_record(d, 0, "wWw.Example.com. 100 IN A 192.0.2.1");
    expect_record(d, 1, "wWw.Example.com. 50 IN A 192.0.2.1");
    expect_record(d, 2, "other.net. 10 IN A 192.0.2.1");
    expect_record(d, 3, "other.net. 50 IN A 192.0.2.1");
    expect_record(d, 4, ". 50 IN A 192.0.2.1");
    draft_free(d);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_empty_response_echoes_the_question_bit_for_bit),
        cmocka_unit_test(without_a_question_there_is_none_to_echo),
        cmocka_unit_test(flags_and_rcode_are_set_and_foreign_flags_are_not_copied),
        cmocka_unit_test(a_header_alone_has_twelve_bytes),
        cmocka_unit_test(the_owner_of_the_question_is_two_bytes),
        cmocka_unit_test(names_are_compressed_whatever_their_case),
        cmocka_unit_test(the_root_as_a_question_is_not_worth_a_pointer),
        cmocka_unit_test(names_in_record_data_are_compressed_for_old_types_only),
        cmocka_unit_test(a_name_in_record_data_serves_later_names),
        cmocka_unit_test(a_full_table_of_names_costs_only_bytes),
        cmocka_unit_test(names_beyond_16383_are_not_pointed_at),
        cmocka_unit_test(a_name_that_did_not_fit_is_never_read),
        cmocka_unit_test(an_rrset_goes_in_whole_or_not_at_all),
        cmocka_unit_test(a_smaller_set_fits_after_a_larger_one_did_not),
        cmocka_unit_test(the_limit_is_kept_to_the_byte),
        cmocka_unit_test(a_message_of_65535_bytes_can_be_written),
        cmocka_unit_test(revert_undoes_bytes_counts_and_names),
        cmocka_unit_test(clear_leaves_header_question_flags_and_edns),
        cmocka_unit_test(names_are_compressed_after_clear_as_before),
        cmocka_unit_test(opt_says_what_was_asked),
        cmocka_unit_test(an_extended_error_needs_no_text),
        cmocka_unit_test(texts_in_opt_are_cut_at_their_limit),
        cmocka_unit_test(opt_fits_however_full_the_message_is),
        cmocka_unit_test(an_extended_error_is_the_first_to_go),
        cmocka_unit_test(padding_fills_a_block_or_what_room_there_is),
        cmocka_unit_test(a_message_that_fills_a_block_is_padded_with_nothing),
        cmocka_unit_test(only_what_was_asked_for_and_is_known_is_told),
        cmocka_unit_test(the_agent_for_reports_is_told_when_there_is_room),
        cmocka_unit_test(equal_hashes_do_not_make_equal_names),
        cmocka_unit_test(a_ttl_can_be_lowered_afterwards),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
