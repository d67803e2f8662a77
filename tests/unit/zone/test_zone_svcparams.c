#include "zone_rdata.h"
#include "zone_test.h"

/* Room for the values of all parameters, and for one value. */
enum { ROOM = 16384 };

/* put - the words of a text; the wire form, or the word that is wrong as !index. */
static const char *put(const char *text)
{
    static char shown[4 * ROOM];
    const struct zone_source source = {.text = text, .len = strlen(text)};
    struct zone_lexer lexer;
    struct zone_entry entry = {0};
    struct zone_fault fault;
    uint8_t wire_form[ROOM], scratch[2 * ROOM];
    struct writer w = writer_init(wire_form, sizeof(wire_form));
    zone_lexer_init(&lexer, &source);
    assert_int_equal(zone_lexer_next(&lexer, &entry, &fault), ZONE_LEX_ENTRY);
    size_t good = zone_svcparams_put(entry.tokens, entry.count, &w, scratch, sizeof(scratch));
    if (good < entry.count)
        snprintf(shown, sizeof(shown), "!%zu", good);
    else
        hex(wire_form, writer_len(&w), shown, sizeof(shown));
    zone_entry_deinit(&entry);
    return shown;
}

/* RFC 9460 appendix D, and more. */
static void words_become_parameters_sorted_by_key(void **state)
{
    (void)state;

    static const struct {
        const char *text, *wire;
    } cases[] = {
        {"port=53", "000300020035"},
        {"key667=hello", "029b000568656c6c6f"},
        {"key667=\"hello\\210qoo\"", "029b000968656c6c6fd2716f6f"},
        {"ipv6hint=\"2001:db8::1,2001:db8::53:1\"",
         "0006002020010db800000000000000000000000120010db8000000000000000000530001"},
        {"ipv6hint=\"2001:db8:122:344::192.0.2.33\"",
         "0006001020010db80122034400000000c0000221"},
        {"alpn=h2,h3-19 mandatory=ipv4hint,alpn ipv4hint=192.0.2.1",
         "0000000400010004000100090268320568332d313900040004c0000201"},
        {"alpn=\"f\\\\\\\\oo\\\\,bar,h2\"", "0001000c08665c6f6f2c626172026832"},
        {"alpn=f\\\\\\092oo\\092,bar,h2", "0001000c08665c6f6f2c626172026832"},
        {"alpn=h2", "00010003026832"},
        {"alpn=\"h2\"", "00010003026832"},
        {"alpn=h2 no-default-alpn", "0001000302683200020000"},
        {"port=65535", "00030002ffff"},
        {"ohttp", "00080000"},
        {"dohpath=/q{?dns}", "000700082f717b3f646e737d"},
        {"key9", "00090000"},
        {"key9=", "00090000"},
        {"key9=\"\"", "00090000"},
        {"key65534=x", "fffe000178"},
    };

    for (size_t i = 0; i < COUNT(cases); i++)
        assert_string_equal(put(cases[i].text), cases[i].wire);
}

static void the_wrong_word_is_told(void **state)
{
    (void)state;

    static const struct {
        const char *text, *bad;
    } cases[] = {
        {"alpn=h2 port=65536", "!1"},
        {"alpn=h2 port=1x", "!1"},
        {"alpn=h2 port=", "!1"},
        {"alpn=h2 port", "!1"},
        {"alpn=h2 alpn=h3", "!1"},
        {"port=1 alpn=h2 port=2", "!2"},
        {"alpn=", "!0"},
        {"alpn=h2,", "!0"},
        {"alpn=,h2", "!0"},
        {"foo=bar", "!0"},
        {"=x", "!0"},
        {"ALPN=h2", "!0"},
        {"key65535=x", "!0"},
        {"key=x", "!0"},
        {"keyx=x", "!0"},
        {"ipv4hint=192.0.2", "!0"},
        {"ipv4hint=192.0.2.1,", "!0"},
        {"ipv4hint=", "!0"},
        {"ipv6hint=192.0.2.1", "!0"},
        {"mandatory=foo", "!0"},
        {"mandatory=", "!0"},
        {"no-default-alpn=x", "!0"},
        {"ohttp=x", "!0"},
        {"ech=*", "!0"},
        {"ech=", "!0"},
        {"ech=AAAAA", "!0"},
        {"ech=\"A A=\"", "!0"},
        {"key9=x y", "!1"},
        {"key9 \"x\"", "!1"},
        {"key9=x\"y\"", "!0"},
        {"key9\"y\"", "!0"},
        {"\"key9\"=x", "!0"},
        {"alpn=h2\\\\", "!0"}, /* the escape of the list ends in the middle */
        {"mandatory=alpn,,port", "!0"},
        {"ipv6hint=2001:db8:2001:db8:2001:db8:2001:db8:2001:db8:2001:db8", "!0"},
        {"key9=\\256", "!0"},
    };

    for (size_t i = 0; i < COUNT(cases); i++)
        assert_string_equal(put(cases[i].text), cases[i].bad);
}

/* repeat - prefix, then count times the word with a comma between, then suffix. */
static char *repeat(const char *prefix, const char *word, size_t count, const char *comma,
                    const char *suffix)
{
    size_t size = strlen(prefix) + count * (strlen(word) + 1) + strlen(suffix) + 1, used;
    char *text = malloc(size);
    assert_non_null(text);
    used = (size_t)snprintf(text, size, "%s", prefix);
    for (size_t i = 0; i < count; i++)
        used += (size_t)snprintf(text + used, size - used, "%s%s", i > 0 ? comma : "", word);
    snprintf(text + used, size - used, "%s", suffix);
    return text;
}

static void what_is_too_long_or_too_much_is_refused(void **state)
{
    (void)state;

    static const struct {
        const char *prefix, *word;
        size_t count;
        const char *comma, *suffix;
        const char *bad; /* NULL: it is good */
    } cases[] = {
        {"alpn=", "a", 255, "", "", NULL},
        {"alpn=", "a", 256, "", "", "!0"},
        {"alpn=", "a", 256, "", ",h2", "!0"},
        {"ech=", "AAAA", 100, "", "", NULL},
        {"ech=", "AAAA", 2048, "", "", "!0"},
        {"mandatory=", "port", 200, ",", "", NULL}, /* zone_rdata_check() sees the doubles */
        {"mandatory=", "port", 257, ",", "", "!0"},
        {"key9=", "a", ROOM - 16, "", " alpn=h2,h3 ech=AAAA", NULL},
        {"key9=", "a", ROOM + 1, "", "", "!0"},
        {"key9=", "a", ROOM - 2, "", " alpn=h2", "!1"},
        {"key9=", "a", ROOM, "", " alpn=h2", "!1"},
        {"key9=", "a", ROOM - 1, "", " alpn=h2,h3", "!1"},
        {"key9=", "a", ROOM - 2, "", " ech=AAAA", "!1"},
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        char *text = repeat(cases[i].prefix, cases[i].word, cases[i].count, cases[i].comma,
                            cases[i].suffix);
        const char *shown = put(text);
        assert_string_equal(shown[0] == '!' ? shown : "good",
                            cases[i].bad ? cases[i].bad : "good");
        free(text);
    }
}

static void parameters_have_a_maximum_number(void **state)
{
    (void)state;
    char text[8192];
    size_t used = 0;
    for (unsigned i = 0; i < 257; i++)
        used += (size_t)snprintf(text + used, sizeof(text) - used, "key%u ", 1000 + i);
    assert_string_equal(put(text), "!256");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(words_become_parameters_sorted_by_key),
        cmocka_unit_test(the_wrong_word_is_told),
        cmocka_unit_test(what_is_too_long_or_too_much_is_refused),
        cmocka_unit_test(parameters_have_a_maximum_number),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
