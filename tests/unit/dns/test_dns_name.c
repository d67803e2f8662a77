#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "rhumb/dns_name.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* Labels of 63, 63, 63 and 61 bytes: 255 with the length bytes and the root. */
#define L10     "aaaaaaaaaa"
#define L60     L10 L10 L10 L10 L10 L10
#define L63     L60 "aaa"
#define LONGEST L63 "." L63 "." L63 "." L60 "a."

static const uint8_t example_com[] = "\7example\3com";

static size_t parse(const char *text, const uint8_t *origin, uint8_t name[DNS_NAME_MAX])
{
    const char *reason;
    return dns_name_from_text(text, strlen(text), origin, name, &reason);
}

static void texts_become_wire_form(void **state)
{
    (void)state;

    static const struct {
        const char *text;
        const char *wire;
        size_t len;
    } cases[] = {
        {".", "\0", 1},
        {"com.", "\3com\0", 5},
        {"Example.COM.", "\7Example\3COM\0", 13},
        {"www", "\3www\7example\3com\0", 17},
        {"@", "\7example\3com\0", 13},
        {"*", "\1*\7example\3com\0", 15},
        {"a.b", "\1a\1b\7example\3com\0", 17},
        {"\\@.", "\1@\0", 3},
        {"@.", "\1@\0", 3},
        {"a@b.", "\3a@b\0", 5},
        {"a\\.b.", "\3a.b\0", 5},
        {"a\\\\.", "\2a\\\0", 4},
        {"\\000\\255.", "\2\0\xff\0", 4},
        {"\\046.", "\1.\0", 3},
        {"\\a.", "\1a\0", 3},
        {"\\\"\\;\\(\\).", "\4\";()\0", 6},
        {"a b.", "\3a b\0", 5},
        {"_sip._tcp.", "\4_sip\4_tcp\0", 11},
        {"xn--bcher-kva.", "\15xn--bcher-kva\0", 15},
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        uint8_t name[DNS_NAME_MAX];
        assert_int_equal(parse(cases[i].text, example_com, name), cases[i].len);
        assert_memory_equal(name, cases[i].wire, cases[i].len);
    }
}

static void malformed_texts_are_refused_with_a_reason(void **state)
{
    (void)state;

    static const struct {
        const char *text, *reason;
    } cases[] = {
        {"", "the name is empty"},
        {"..", "a label is empty"},
        {".a.", "a label is empty"},
        {"a..b.", "a label is empty"},
        {"a..", "a label is empty"},
        {"a\\", "malformed escape, expected \\X or \\DDD with DDD at most 255"},
        {"\\1.", "malformed escape, expected \\X or \\DDD with DDD at most 255"},
        {"\\12.", "malformed escape, expected \\X or \\DDD with DDD at most 255"},
        {"\\12", "malformed escape, expected \\X or \\DDD with DDD at most 255"},
        {"\\12a.", "malformed escape, expected \\X or \\DDD with DDD at most 255"},
        {"\\256.", "malformed escape, expected \\X or \\DDD with DDD at most 255"},
        {"\\999.", "malformed escape, expected \\X or \\DDD with DDD at most 255"},
        {L63 "a.", "a label is longer than 63 bytes"},
        {L63 "." L63 "." L63 "." L60 "aa.", "the name is longer than 255 bytes"},
        {L63 "." L63 "." L63 "." L60 "a.a.", "the name is longer than 255 bytes"},
        {L63 "." L63 "." L63 "." L60, "the name is longer than 255 bytes"},
        {L63 "." L63 "." L63 "." L63 "." L63 ".", "the name is longer than 255 bytes"},
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        uint8_t name[DNS_NAME_MAX] = {42};
        const char *reason = NULL;
        size_t len = dns_name_from_text(cases[i].text, strlen(cases[i].text), example_com, name,
                                        &reason);
        assert_int_equal(len, 0);
        assert_string_equal(reason, cases[i].reason);
        assert_int_equal(name[0], 42); /* untouched */
    }
}

static void relative_texts_need_an_origin(void **state)
{
    (void)state;
    uint8_t name[DNS_NAME_MAX];
    assert_int_equal(parse("www", NULL, name), 0);
    assert_int_equal(parse("@", NULL, name), 0);
    assert_int_equal(parse("www.", NULL, name), 5);
    assert_int_equal(parse("www", (const uint8_t *)"", name), 5); /* the root is an origin */
}

static void the_longest_name_fits_and_no_byte_more(void **state)
{
    (void)state;
    uint8_t name[DNS_NAME_MAX], again[DNS_NAME_MAX];
    char text[DNS_NAME_TEXT_MAX];
    assert_int_equal(parse(LONGEST, NULL, name), DNS_NAME_MAX);
    assert_int_equal(dns_name_len(name), DNS_NAME_MAX);
    assert_int_equal(dns_name_labels(name), 4);
    assert_string_equal(dns_name_to_text(name, text), LONGEST);
    assert_int_equal(parse(text, NULL, again), DNS_NAME_MAX);
    assert_memory_equal(name, again, DNS_NAME_MAX);
}

static void a_name_of_127_labels_fits(void **state)
{
    (void)state;
    char text[DNS_NAME_TEXT_MAX] = "";
    uint8_t name[DNS_NAME_MAX];
    for (size_t i = 0; i < DNS_LABELS_MAX; i++)
        memcpy(text + 2 * i, "x.", 3);
    assert_int_equal(parse(text, NULL, name), DNS_NAME_MAX);
    assert_int_equal(dns_name_labels(name), DNS_LABELS_MAX);
    assert_true(dns_name_hash(name) != 0);
    memcpy(text + 2 * (size_t)DNS_LABELS_MAX, "x.", 3);
    assert_int_equal(parse(text, NULL, name), 0);
}

static void every_byte_survives_text_and_back(void **state)
{
    (void)state;
    for (unsigned byte = 0; byte < 256; byte++) {
        const uint8_t name[] = {3, 'a', (uint8_t)byte, 'b', 0};
        uint8_t again[DNS_NAME_MAX];
        char text[DNS_NAME_TEXT_MAX];
        dns_name_to_text(name, text);
        assert_int_equal(parse(text, example_com, again), sizeof(name));
        assert_memory_equal(name, again, sizeof(name));
        for (const char *t = text; *t; t++)
            assert_true(*t > ' ' && *t < 0x7f); /* nothing that a terminal or a log obeys */
    }
}

static void texts_are_escaped_and_absolute(void **state)
{
    (void)state;

    static const struct {
        const char *wire, *text;
    } cases[] = {
        {"\0", "."},
        {"\3com\0", "com."},
        {"\3a.b\0", "a\\.b."},
        {"\2a\\\0", "a\\\\."},
        {"\1@\0", "\\@."},
        {"\1 \0", "\\032."},
        {"\1\xff\0", "\\255."},
        {"\4\";()\0", "\\\"\\;\\(\\)."},
        {"\1$\0", "\\$."},
        {"\1*\3com\0", "*.com."},
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        char text[DNS_NAME_TEXT_MAX];
        const char *result = dns_name_to_text((const uint8_t *)cases[i].wire, text);
        assert_string_equal(result, cases[i].text);
    }
}

static void lengths_and_labels_are_counted(void **state)
{
    (void)state;
    assert_int_equal(dns_name_len((const uint8_t *)"\0"), 1);
    assert_int_equal(dns_name_labels((const uint8_t *)"\0"), 0);
    assert_int_equal(dns_name_len(example_com), 13);
    assert_int_equal(dns_name_labels(example_com), 2);
    assert_null(dns_name_parent((const uint8_t *)"\0"));
    assert_memory_equal(dns_name_parent(example_com), "\3com", 5);
}

static void only_ascii_letters_are_folded(void **state)
{
    (void)state;
    uint8_t name[] = "\5AZaz@\4[`{\xc4";
    dns_name_lower(name, sizeof(name));
    assert_memory_equal(name, "\5azaz@\4[`{\xc4", sizeof(name));
    uint8_t longest[DNS_NAME_MAX];
    assert_int_equal(parse(LONGEST, NULL, longest), DNS_NAME_MAX);
    dns_name_lower(longest, DNS_NAME_MAX); /* length bytes 63 and 61 stay */
    assert_int_equal(dns_name_len(longest), DNS_NAME_MAX);
}

static void equality_is_by_bytes(void **state)
{
    (void)state;

    static const struct {
        const char *a, *b;
        bool equal;
    } cases[] = {
        {".", ".", true},           {"a.", "a.", true},        {"a.", "b.", false},
        {"a.b.", "ab.", false},     {"a.b.", "a\\.b.", false}, {"a.", "a.b.", false},
        {"a.b.c.", "a.b.c.", true}, {"a.", "A.", false},
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        uint8_t a[DNS_NAME_MAX], b[DNS_NAME_MAX];
        assert_true(parse(cases[i].a, NULL, a) > 0 && parse(cases[i].b, NULL, b) > 0);
        assert_int_equal(dns_name_equal(a, b), cases[i].equal);
        assert_int_equal(dns_name_equal(b, a), cases[i].equal);
        assert_int_equal(dns_name_compare(a, b) == 0, cases[i].equal);
        assert_int_equal(dns_name_hash(a) == dns_name_hash(b), cases[i].equal);
    }
}

static void below_means_whole_labels(void **state)
{
    (void)state;

    static const struct {
        const char *name, *ancestor;
        bool below;
    } cases[] = {
        {".", ".", true},
        {"com.", ".", true},
        {".", "com.", false},
        {"example.com.", "example.com.", true},
        {"www.example.com.", "example.com.", true},
        {"a.b.c.example.com.", "example.com.", true},
        {"com.", "example.com.", false},
        {"badexample.com.", "example.com.", false},
        {"example.com.evil.", "example.com.", false},
        {"x\\.example.com.", "example.com.", false},
        {"example.org.", "example.com.", false},
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        uint8_t name[DNS_NAME_MAX], ancestor[DNS_NAME_MAX];
        assert_true(parse(cases[i].name, NULL, name) > 0);
        assert_true(parse(cases[i].ancestor, NULL, ancestor) > 0);
        assert_int_equal(dns_name_is_at_or_below(name, ancestor), cases[i].below);
    }
}

/* RFC 4034 section 6.1, in lower case, with a few more. */
static void canonical_order_is_that_of_rfc_4034(void **state)
{
    (void)state;

    static const char *const sorted[] = {
        ".",
        "example.",
        "a.example.",
        "yljkjljk.a.example.",
        "z.a.example.",
        "zabc.a.example.",
        "z.example.",
        "\\001.z.example.",
        "*.z.example.",
        "\\200.z.example.",
        "\\200\\000.z.example.",
        "zz.example.",
    };

    for (size_t i = 0; i < COUNT(sorted); i++) {
        for (size_t j = 0; j < COUNT(sorted); j++) {
            uint8_t a[DNS_NAME_MAX], b[DNS_NAME_MAX];
            assert_true(parse(sorted[i], NULL, a) > 0 && parse(sorted[j], NULL, b) > 0);
            int order = dns_name_compare(a, b);
            assert_int_equal((order > 0) - (order < 0), (i > j) - (i < j));
        }
    }
}

static void hashes_chain_from_the_right(void **state)
{
    (void)state;
    static const uint8_t www[] = "\3www\7example\3com", root[] = "";
    uint64_t com = dns_name_hash_label(DNS_NAME_HASH_ROOT, (const uint8_t *)"\3com");
    uint64_t example = dns_name_hash_label(com, example_com);
    assert_true(dns_name_hash(root) == DNS_NAME_HASH_ROOT);
    assert_true(dns_name_hash(example_com) == example);
    assert_true(dns_name_hash(www) == dns_name_hash_label(example, www));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(texts_become_wire_form),
        cmocka_unit_test(malformed_texts_are_refused_with_a_reason),
        cmocka_unit_test(relative_texts_need_an_origin),
        cmocka_unit_test(the_longest_name_fits_and_no_byte_more),
        cmocka_unit_test(a_name_of_127_labels_fits),
        cmocka_unit_test(every_byte_survives_text_and_back),
        cmocka_unit_test(texts_are_escaped_and_absolute),
        cmocka_unit_test(lengths_and_labels_are_counted),
        cmocka_unit_test(only_ascii_letters_are_folded),
        cmocka_unit_test(equality_is_by_bytes),
        cmocka_unit_test(below_means_whole_labels),
        cmocka_unit_test(canonical_order_is_that_of_rfc_4034),
        cmocka_unit_test(hashes_chain_from_the_right),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
