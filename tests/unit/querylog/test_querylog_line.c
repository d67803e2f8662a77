#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>
#include <jansson.h>

#include "rhumb/rng.h"

#include "querylog_line.h"
#include "record_case.h"

static const char WWW[] = "\3www\7example\3com";

static void assert_line(const struct answer_record_view *record, enum config_log_format format,
                        const char *expected)
{
    char line[QUERYLOG_LINE_MAX + 1];
    size_t len = querylog_line(record, format, line);
    line[len] = '\0';
    assert_string_equal(line, expected);
}

static void a_steered_answer_has_every_field(void **state)
{
    (void)state;
    struct answer_record_view record = a_record(WWW);
    assert_line(&record, CONFIG_LOGFMT,
                "time=2026-08-01T12:00:00.123456Z client=192.0.2.0/24 proto=udp "
                "name=www.example.com. type=A rcode=NOERROR ecs=198.51.100.0/24 scope=20 "
                "service=app region=eu-west country=DE reason=first size=61 duration_us=4.2\n");
    assert_line(&record, CONFIG_JSON,
                "{\"time\":\"2026-08-01T12:00:00.123456Z\",\"client\":\"192.0.2.0/24\","
                "\"proto\":\"udp\",\"name\":\"www.example.com.\",\"type\":\"A\","
                "\"rcode\":\"NOERROR\",\"ecs\":\"198.51.100.0/24\",\"scope\":20,"
                "\"service\":\"app\",\"region\":\"eu-west\",\"country\":\"DE\","
                "\"reason\":\"first\",\"size\":61,\"duration_us\":4.2}\n");
}

static void what_does_not_apply_is_left_out(void **state)
{
    (void)state;
    struct answer_record_view record = a_record(WWW);
    record.head.has_ecs = record.head.is_steered = false;
    record.head.service_bytes = record.head.region_bytes = 0;
    record.head.client = (struct ip_prefix){0};
    record.head.country = POLICY_COUNTRY_UNKNOWN;
    record.head.rcode = DNS_RCODE_NXDOMAIN;
    record.head.qtype = 65280;
    record.head.transport = ANSWER_TLS;
    assert_line(&record, CONFIG_LOGFMT,
                "time=2026-08-01T12:00:00.123456Z proto=tls name=www.example.com. "
                "type=TYPE65280 rcode=NXDOMAIN country=unknown size=61 duration_us=4.2\n");
}

static void an_address_that_is_told_whole_has_no_length(void **state)
{
    (void)state;
    struct answer_record_view record = a_record(WWW);
    record.head.client = network_of("2001:db8::1");
    record.head.ecs = network_of("198.51.100.7/32");
    char line[QUERYLOG_LINE_MAX];
    line[querylog_line(&record, CONFIG_LOGFMT, line)] = '\0';
    assert_non_null(strstr(line, " client=2001:db8::1 "));
    assert_non_null(strstr(line, " ecs=198.51.100.7/32 "));
}

static void over_the_rate_nothing_is_sent_or_come_again(void **state)
{
    (void)state;
    struct answer_record_view record = a_record(WWW);
    record.head.fate = ANSWER_LIMITED;
    record.head.is_steered = record.head.has_ecs = false;
    record.head.service_bytes = record.head.region_bytes = 0;
    record.head.response_bytes = 0;
    assert_line(&record, CONFIG_LOGFMT,
                "time=2026-08-01T12:00:00.123456Z client=192.0.2.0/24 proto=udp "
                "name=www.example.com. type=A country=DE reason=rate_limit size=0 "
                "duration_us=4.2\n");
}

static void a_query_without_a_question_has_no_name(void **state)
{
    (void)state;
    struct answer_record_view record = a_record(WWW);
    record.head.fate = ANSWER_BARE;
    record.head.rcode = DNS_RCODE_NOTIMP;
    record.head.has_question = record.head.has_ecs = record.head.is_steered = false;
    record.head.service_bytes = record.head.region_bytes = 0;
    assert_line(&record, CONFIG_LOGFMT,
                "time=2026-08-01T12:00:00.123456Z client=192.0.2.0/24 proto=udp rcode=NOTIMP "
                "country=DE size=61 duration_us=4.2\n");
}

/* A name is whatever a stranger sends: it must not end the line, nor begin another field. */
static void names_are_escaped(void **state)
{
    (void)state;

    static const struct {
        const char *wire, *logfmt, *json;
    } cases[] = {
        {"", " name=. ", ",\"name\":\".\","},
        {"\4a\nb=", " name=\"a\\\\010b=.\" ", ",\"name\":\"a\\\\010b=.\","},
        {"\3 c ", " name=\"\\\\032c\\\\032.\" ", ",\"name\":\"\\\\032c\\\\032.\","},
        {"\3\"e\"", " name=\"\\\\\\\"e\\\\\\\".\" ", ",\"name\":\"\\\\\\\"e\\\\\\\".\","},
        {"\2\xff\x7f", " name=\"\\\\255\\\\127.\" ", ",\"name\":\"\\\\255\\\\127.\","},
        {"\3a.b", " name=\"a\\\\.b.\" ", ",\"name\":\"a\\\\.b.\","},
        {"\2{}", " name={}. ", ",\"name\":\"{}.\","},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char line[QUERYLOG_LINE_MAX];
        struct answer_record_view record = a_record(cases[i].wire);
        line[querylog_line(&record, CONFIG_LOGFMT, line)] = '\0';
        if (!strstr(line, cases[i].logfmt))
            fail_msg("%s not in %s", cases[i].logfmt, line);
        line[querylog_line(&record, CONFIG_JSON, line)] = '\0';
        if (!strstr(line, cases[i].json))
            fail_msg("%s not in %s", cases[i].json, line);
    }
}

/* random_name - as long as names get, of the bytes that need most care. */
static void random_name(struct rng *rng, uint8_t name[DNS_NAME_MAX])
{
    static const char BYTES[] = "\"\\=\n\r \t{}\x7f\xff.;()@$a";
    size_t at = 0;
    while (at < DNS_NAME_MAX - 2) {
        size_t left = DNS_NAME_MAX - 2 - at;
        uint8_t len = (uint8_t)(1 + rng_below(rng, left < 63 ? (uint32_t)left : 63));
        name[at++] = len;
        while (len-- > 0)
            name[at++] = (uint8_t)BYTES[rng_below(rng, sizeof(BYTES))];
        if (rng_below(rng, 8) == 0)
            break;
    }
    name[at] = 0;
}

/* logfmt_value - of a key, as a reader understands it. */
static void logfmt_value(const char *line, const char *key, char *out)
{
    char start[32];
    snprintf(start, sizeof(start), " %s=", key);
    const char *at = strstr(line, start);
    assert_non_null(at);
    at += strlen(start);
    bool quoted = *at == '"';
    for (at += quoted; quoted ? *at != '"' : *at != ' '; at++) {
        if (quoted && *at == '\\')
            at++;
        *out++ = *at;
    }
    *out = '\0';
}

static void whatever_the_name_both_formats_can_be_read(void **state)
{
    (void)state;
    struct rng rng;
    rng_init(&rng, 11);
    size_t longest = 0;
    for (unsigned i = 0; i < 5000; i++) {
        uint8_t name[DNS_NAME_MAX];
        char line[QUERYLOG_LINE_MAX], text[DNS_NAME_TEXT_MAX], value[DNS_NAME_TEXT_MAX];
        random_name(&rng, name);
        dns_name_to_text(name, text);
        struct answer_record_view record = a_record(name);
        size_t len = querylog_line(&record, CONFIG_LOGFMT, line);
        longest = len > longest ? len : longest;
        assert_ptr_equal(memchr(line, '\n', len), line + len - 1);
        line[len] = '\0';
        logfmt_value(line, "name", value);
        assert_string_equal(value, text);
        logfmt_value(line, "type", value);
        assert_string_equal(value, "A");

        len = querylog_line(&record, CONFIG_JSON, line);
        longest = len > longest ? len : longest;
        assert_ptr_equal(memchr(line, '\n', len), line + len - 1);
        json_t *object = json_loadb(line, len, JSON_REJECT_DUPLICATES, NULL);
        assert_non_null(object);
        assert_string_equal(json_string_value(json_object_get(object, "name")), text);
        json_decref(object);
    }
    assert_in_range(longest, 1000, QUERYLOG_LINE_MAX);
}

static void facts_are_what_dnstap_has_no_field_for(void **state)
{
    (void)state;
    char facts[QUERYLOG_LINE_MAX];
    struct answer_record_view record = a_record(WWW);
    facts[querylog_facts(&record, facts)] = '\0';
    assert_string_equal(facts, "ecs=198.51.100.0/24 scope=20 service=app region=eu-west "
                               "country=DE reason=first");
    record.head.response_bytes = record.head.message_bytes = 0;
    record.head.fate = ANSWER_LIMITED;
    record.head.has_ecs = record.head.is_steered = false;
    record.head.service_bytes = record.head.region_bytes = 0;
    facts[querylog_facts(&record, facts)] = '\0';
    assert_string_equal(facts, "name=www.example.com. type=A country=DE reason=rate_limit");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_steered_answer_has_every_field),
        cmocka_unit_test(what_does_not_apply_is_left_out),
        cmocka_unit_test(an_address_that_is_told_whole_has_no_length),
        cmocka_unit_test(over_the_rate_nothing_is_sent_or_come_again),
        cmocka_unit_test(a_query_without_a_question_has_no_name),
        cmocka_unit_test(names_are_escaped),
        cmocka_unit_test(whatever_the_name_both_formats_can_be_read),
        cmocka_unit_test(facts_are_what_dnstap_has_no_field_for),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
