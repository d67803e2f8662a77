#include "zone_rdata.h"
#include "zone_test.h"

static void words_look_like_their_field_or_not(void **state)
{
    (void)state;

    static const struct {
        enum zone_field field;
        const char *word;
        bool ok;
    } cases[] = {
        {ZONE_FIELD_A, "192.0.2.1", true},
        {ZONE_FIELD_A, "0.0.0.0", true},
        {ZONE_FIELD_A, "192.0.02.1", false},
        {ZONE_FIELD_A, "+1.2.3.4", false},
        {ZONE_FIELD_A, "1.2.3.4.5.6.7.8.9", false},
        {ZONE_FIELD_AAAA, "2001:db8::192.0.2.1", true},
        {ZONE_FIELD_AAAA, "fe80::1%eth0", false},
        {ZONE_FIELD_HEX, "0aBF", true},
        {ZONE_FIELD_HEX, "0x0a", false},
        {ZONE_FIELD_BASE64, "ab+/AB==", true},
        {ZONE_FIELD_BASE64, "ab-_", false},
        {ZONE_FIELD_BITMAP, "A", true},
        {ZONE_FIELD_BITMAP, "TYPE1x", false},
        {ZONE_FIELD_TYPE, "FOO", false},
        {ZONE_FIELD_ALGORITHM, "8", false}, /* numbers do not go through ldns */
        {ZONE_FIELD_ALGORITHM, "ED25519", true},
        {ZONE_FIELD_ALGORITHM, "-8", false},
        {ZONE_FIELD_CERT_TYPE, "PKIX", true},
        {ZONE_FIELD_CERT_TYPE, "", false},
        {ZONE_FIELD_TIME, "20300101000000", true},
        {ZONE_FIELD_TIME, "4294967295", true},
        {ZONE_FIELD_TIME, "4294967296", false},
        {ZONE_FIELD_TIME, "2030-01-01", false},
        {ZONE_FIELD_APL, "1:0.0.0.0/0", true},
        {ZONE_FIELD_APL, "!2:::/128", true},
        {ZONE_FIELD_APL, "!", false},
        {ZONE_FIELD_APL, "", false},
        {ZONE_FIELD_APL, "1:", false},
        {ZONE_FIELD_APL, "11:1.2.3.4/8", false},
        {ZONE_FIELD_APL, "1:1.2.3.4/", false},
        {ZONE_FIELD_APL, "2:::/129", false},
        {ZONE_FIELD_SALT, "-", true},
        {ZONE_FIELD_SALT, "--", false},
        {ZONE_FIELD_SALT, "abc", false},
        {ZONE_FIELD_NEXT_HASH, "0123456789abcdefghijklmnopqrstuv", true},
        {ZONE_FIELD_NEXT_HASH, "w", false},
        {ZONE_FIELD_NEXT_HASH, "", false},
        {ZONE_FIELD_NEXT_HASH, "0-", false},
        {ZONE_FIELD_AAAA, "", false},
        {ZONE_FIELD_ILNP64, "0:1:2:3", true},
        {ZONE_FIELD_ILNP64, "0:1:2:g", false},
        {ZONE_FIELD_EUI48, "00-00-5e-00-53-2a", true},
        {ZONE_FIELD_EUI64, "00:00", false},
        {ZONE_FIELD_TAG, "issuewild", true},
        {ZONE_FIELD_TAG, "", false},
        {ZONE_FIELD_TAG, "a b", false},
    };

    for (size_t i = 0; i < COUNT(cases); i++)
        assert_int_equal(
            zone_field_check_word(cases[i].field, cases[i].word, strlen(cases[i].word)),
            cases[i].ok);
}

/* What overflows a length byte inside ldns never reaches it. */
static void long_salts_and_hashes_are_refused(void **state)
{
    (void)state;
    char text[600];
    memset(text, 'a', sizeof(text));
    assert_true(zone_field_check_word(ZONE_FIELD_SALT, text, 510));
    assert_false(zone_field_check_word(ZONE_FIELD_SALT, text, 512));
    assert_true(zone_field_check_word(ZONE_FIELD_NEXT_HASH, text, 400));
    assert_false(zone_field_check_word(ZONE_FIELD_NEXT_HASH, text, 408));
    assert_true(zone_field_check_word(ZONE_FIELD_TAG, text, 255));
    assert_false(zone_field_check_word(ZONE_FIELD_TAG, text, 256));
}

static bool check_loc(const char *text)
{
    const struct zone_source source = {.text = text, .len = strlen(text)};
    struct zone_lexer lexer;
    struct zone_entry entry = {0};
    struct zone_fault fault;
    zone_lexer_init(&lexer, &source);
    assert_int_equal(zone_lexer_next(&lexer, &entry, &fault), ZONE_LEX_ENTRY);
    bool ok = zone_field_check_loc(entry.tokens, entry.count);
    zone_entry_deinit(&entry);
    return ok;
}

static void locations_are_on_earth(void **state)
{
    (void)state;

    static const struct {
        const char *text;
        bool ok;
    } cases[] = {
        {"52 22 23.000 N 4 53 32.000 E -2.00m 0.00m 10000m 10m", true},
        {"52 N 4 E 0", true},
        {"52 22 N 4 53 W 10m", true},
        {"90 S 180 W -100000.00m", true},
        {"0 N 0 E 42849672.95m", false}, /* whole metres up to the limit of 32 bits */
        {"0 N 0 E 42849672m 90000000m", true},
        {"91 N 0 E 0", false},
        {"52 60 N 0 E 0", false},
        {"52 0 60 N 0 E 0", false},
        {"52 0 59.9999 N 0 E 0", false},
        {"52 0 0 0 N 0 E 0", false},
        {"52.5 N 0 E 0", false},
        {"N 0 E 0", false},
        {"52 0 E 0", false},
        {"52 N 0 0", false},
        {"52 N 181 E 0", false},
        {"52 N 0 E", false},
        {"52 N 0 E x", false},
        {"52 N 0 E -100001m", false},
        {"52 N 0 E 0 -1m", false},
        {"52 N 0 E 0 1 1 1 1", false},
        {"52 N 0 E 0 1km", false},
        {"52 n 0 E 0", false},
        {"52 22", false},
        {"52 22 23 N", false},
        {"52 N 0 E 0 0m 0M 0", true},
        {"52 N 0 E m", false},
        {"52 N 0 E -m", false},
        {"52 N 0 E 1.", true}, /* RFC 1876 has no example of it; harmless */
        {"52 N 0 E 1.234", false},
        {"52 N 0 E 1.x", false},
    };

    for (size_t i = 0; i < COUNT(cases); i++)
        assert_int_equal(check_loc(cases[i].text), cases[i].ok);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(words_look_like_their_field_or_not),
        cmocka_unit_test(long_salts_and_hashes_are_refused),
        cmocka_unit_test(locations_are_on_earth),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
