#include "zone_rdata.h"
#include "zone_test.h"

/* put - the words of a text; the wire form, or the word that is wrong as !index. */
static void put(const char *text, char out[1024])
{
    const struct zone_source source = {.text = text, .len = strlen(text)};
    struct zone_lexer lexer;
    struct zone_entry entry = {0};
    struct zone_fault fault;
    uint8_t wire_form[512], scratch[1024];
    struct writer w = writer_init(wire_form, sizeof(wire_form));
    zone_lexer_init(&lexer, &source);
    assert_int_equal(zone_lexer_next(&lexer, &entry, &fault), ZONE_LEX_ENTRY);
    size_t good = zone_svcparams_put(entry.tokens, entry.count, &w, scratch, sizeof(scratch));
    if (good < entry.count)
        snprintf(out, 1024, "!%zu", good);
    else
        hex(wire_form, writer_len(&w), out, 1024);
    zone_entry_deinit(&entry);
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

    for (size_t i = 0; i < COUNT(cases); i++) {
        char shown[1024];
        put(cases[i].text, shown);
        assert_string_equal(shown, cases[i].wire);
    }
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
        {"key9=\\256", "!0"},
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        char shown[1024];
        put(cases[i].text, shown);
        assert_string_equal(shown, cases[i].bad);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(words_become_parameters_sorted_by_key),
        cmocka_unit_test(the_wrong_word_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
