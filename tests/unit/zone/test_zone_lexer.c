#include "zone_lexer.h"
#include "zone_test.h"

enum { SHOWN_BYTES = 4096 };

/* show - all entries of a text: words in [], strings in "" (+ glued), _ for a blank owner, |
 * between entries, and faults as !line:column message. */
static void show(const char *text, char out[SHOWN_BYTES])
{
    const struct zone_source source = {.text = text, .len = strlen(text)};
    struct zone_lexer lexer;
    struct zone_entry entry = {0};
    struct zone_fault fault;
    enum zone_lex result;
    size_t used = 0;
    zone_lexer_init(&lexer, &source);
    out[0] = '\0';
    while ((result = zone_lexer_next(&lexer, &entry, &fault)) != ZONE_LEX_END) {
        assert_int_not_equal(result, ZONE_LEX_NO_MEMORY);
        if (used > 0)
            used += (size_t)snprintf(out + used, SHOWN_BYTES - used, "|");
        if (result == ZONE_LEX_FAULT) {
            used +=
                (size_t)snprintf(out + used, SHOWN_BYTES - used, "!%u:%u %s", fault.spot.line,
                                 zone_spot_column(&fault.spot), fault.message);
            continue;
        }
        if (entry.blank_owner)
            used += (size_t)snprintf(out + used, SHOWN_BYTES - used, "_");
        for (size_t i = 0; i < entry.count; i++)
            used += (size_t)snprintf(out + used, SHOWN_BYTES - used,
                                     entry.tokens[i].glued    ? "+\"%.*s\""
                                     : entry.tokens[i].quoted ? "\"%.*s\""
                                                              : "[%.*s]",
                                     (int)entry.tokens[i].len, entry.tokens[i].text);
    }
    zone_entry_deinit(&entry);
}

static void texts_become_entries_and_words(void **state)
{
    (void)state;

    static const struct {
        const char *text, *shown;
    } cases[] = {
        {"", ""},
        {"\n\n  \n\t\n", ""},
        {"; only a comment", ""},
        {"a b c", "[a][b][c]"},
        {"a b c\n", "[a][b][c]"},
        {"a\tb  \t c \r\n", "[a][b][c]"},
        {"a b\nc d\n", "[a][b]|[c][d]"},
        {"a b ; comment ( \" \nc\n", "[a][b]|[c]"},
        {"a;b\n", "[a]"},
        {" b c\n", "_[b][c]"},
        {"\tb c\n", "_[b][c]"},
        {"; x\n  ; y\n b\n", "_[b]"},
        {"  ; y\nb\n", "[b]"},
        {"a ( b\n c ) d\n", "[a][b][c][d]"},
        {"a (b ; x )\n;y )\n\n c)\ne", "[a][b][c]|[e]"},
        {"a(b)c", "[a][b][c]"},
        {"( a\nb )", "[a][b]"},
        {"(\na\n)\n", "[a]"},
        {"()\na", "[a]"},
        {"a ((b)\n(c))\nd", "[a][b][c]|[d]"},
        {" ( b\n c )\n", "_[b][c]"},
        {"a \"b c\" d", "[a]\"b c\"[d]"},
        {"a \"\"", "[a]\"\""},
        {"a \";()\" b", "[a]\";()\"[b]"},
        {"a \"x\\\"y\" b", "[a]\"x\\\"y\"[b]"},
        {"a \"x\\\\\" b", "[a]\"x\\\\\"[b]"},
        {"a \"b\"\"c\"", "[a]\"b\"+\"c\""},
        {"a \"b\"(c)", "[a]\"b\"[c]"},
        {"a\\ b c", "[a\\ b][c]"},
        {"a\\;b c", "[a\\;b][c]"},
        {"a\\(b\\) c", "[a\\(b\\)][c]"},
        {"a\\\"b c", "[a\\\"b][c]"},
        {"a\\\\ c", "[a\\\\][c]"},
        {"a \\# 2 0a0b", "[a][\\#][2][0a0b]"},
        {"alpn=\"h2, h3\" port=1", "[alpn=]+\"h2, h3\"[port=1]"},
        {"k=\"a\\\"b\" c", "[k=]+\"a\\\"b\"[c]"},
        {"a \"b\"c d", "[a]\"b\"[c][d]"},
        {"a b\"c\" d", "[a][b]+\"c\"[d]"},
        {"a (\"b\")", "[a]\"b\""},
        {"\xef\xbb\xbf"
         "a b",
         "[a][b]"},
        {"a \xc3\xa4 b", "[a][\xc3\xa4][b]"},
        {"$TTL 5\n", "[$TTL][5]"},
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        char shown[SHOWN_BYTES];
        show(cases[i].text, shown);
        assert_string_equal(shown, cases[i].shown);
    }
}

static void faults_cost_one_entry(void **state)
{
    (void)state;

    static const struct {
        const char *text, *shown;
    } cases[] = {
        {"a \"b\nc d", "!1:3 the quoted string does not end on its line|[c][d]"},
        {"a \"b", "!1:3 the quoted string does not end on its line"},
        {"a \"b\\\nc", "!1:3 the quoted string does not end on its line|[c]"},
        {"a \"b\\", "!1:3 the quoted string does not end on its line"},
        {"a k=\"c d\ne", "!1:5 the quoted string does not end on its line|[e]"},
        {"a b\\\nc", "!1:4 a backslash ends the line|[c]"},
        {"a b\\", "!1:4 a backslash ends the line"},
        {"a ) b\nc", "!1:3 no parenthesis is open here|[c]"},
        {"a (b)) c\nd", "!1:6 no parenthesis is open here|[d]"},
        {"x\na ( b\n c\n d\n", "[x]|!2:3 the parenthesis is never closed"},
        /* the rest of the broken record is indented: no new record, no second message */
        {"a ( b\n  c\n)\nd e", "[a][b][c]|[d][e]"},
        {"a ( b\n  c\nd e\nf ( g", "!1:3 the parenthesis is never closed|[d][e]|!4:3 the "
                                   "parenthesis is never closed"},
        {"a ( \"b\n  c )\nd e", "!1:5 the quoted string does not end on its line|[d][e]"},
        {"((((((((((((((((( a", "!1:17 parentheses are nested too deep"},
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        char shown[SHOWN_BYTES];
        show(cases[i].text, shown);
        assert_string_equal(shown, cases[i].shown);
    }
}

static void words_know_their_line(void **state)
{
    (void)state;
    static const char text[] = "\na (\n \"b\"\n; x\n c )";
    const struct zone_source source = {.text = text, .len = strlen(text)};
    struct zone_lexer lexer;
    struct zone_entry entry = {0};
    struct zone_fault fault;
    zone_lexer_init(&lexer, &source);
    assert_int_equal(zone_lexer_next(&lexer, &entry, &fault), ZONE_LEX_ENTRY);
    assert_int_equal(entry.count, 3);
    static const uint32_t lines[] = {2, 3, 5}, columns[] = {1, 2, 2};
    for (size_t i = 0; i < 3; i++) {
        struct zone_spot spot = zone_token_spot(&source, &entry.tokens[i]);
        assert_int_equal(spot.line, lines[i]);
        assert_int_equal(zone_spot_column(&spot), columns[i]);
    }
    zone_entry_deinit(&entry);
}

static void an_entry_has_at_most_so_many_words(void **state)
{
    (void)state;
    size_t len = 2 * (size_t)ZONE_ENTRY_TOKENS_MAX + 4;
    char *text = malloc(len + 1);
    assert_non_null(text);
    for (size_t i = 0; i < len; i++)
        text[i] = i % 2 ? ' ' : 'x';
    memcpy(text + len - 2, "\ny", 2);
    text[len] = '\0';
    char shown[SHOWN_BYTES];
    show(text, shown);
    assert_string_equal(shown, "!1:131201 the record has more than 65600 words|[y]");
    free(text);
}

static void words_compare_in_any_case(void **state)
{
    (void)state;
    const struct zone_token word = {.text = "In", .len = 2};
    const struct zone_token quoted = {.text = "IN", .len = 2, .quoted = true};
    assert_true(zone_token_is(&word, "IN"));
    assert_false(zone_token_is(&word, "INN"));
    assert_false(zone_token_is(&word, "I"));
    assert_false(zone_token_is(&quoted, "IN"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(texts_become_entries_and_words),
        cmocka_unit_test(faults_cost_one_entry),
        cmocka_unit_test(words_know_their_line),
        cmocka_unit_test(an_entry_has_at_most_so_many_words),
        cmocka_unit_test(words_compare_in_any_case),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
