#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "rhumb/dns_cookie.h"

#include "../../support/hex.h"

enum { NOW_S = 1559731985, LIFETIME_S = 3600, AHEAD_S = 300 };

static struct ip_addr address(const char *text)
{
    struct ip_addr addr;
    assert_true(ip_parse(text, &addr));
    return addr;
}

static void bytes(const char *hex, uint8_t *out, size_t len)
{
    assert_int_equal(hex_bytes(hex, out, len), len);
}

static struct dns_cookie_secrets one_secret(const char *hex)
{
    struct dns_cookie_secrets secrets = {.count = 1};
    bytes(hex, secrets.secret[0], DNS_COOKIE_SECRET_BYTES);
    return secrets;
}

/* RFC 9018 appendix A: what each client gets, and that what it sent was once given to it. (By the
 * times there the cookie of A.3 is older than an hour, so it is judged as of its own time.) */
static void the_vectors_of_rfc_9018(void **state)
{
    (void)state;

    static const struct {
        const char *secret, *old_secret, *client, *client_cookie;
        uint32_t now_s;
        const char *sent, *made; /* server cookies; sent NULL: none yet */
    } cases[] = {
        {"e5e973e5a6b2a43f48e7dc849e37bfcf", NULL, "198.51.100.100", "2464c4abcf10c957",
         1559731985, NULL, "010000005cf79f111f8130c3eee29480"},
        {"e5e973e5a6b2a43f48e7dc849e37bfcf", NULL, "198.51.100.100", "2464c4abcf10c957",
         1559734385, "010000005cf79f111f8130c3eee29480", "010000005cf7a871d4a564a1442aca77"},
        {"e5e973e5a6b2a43f48e7dc849e37bfcf", NULL, "203.0.113.203", "fc93fc62807ddb86",
         1559734700, "01abcdef5cf78f71a314227b6679ebf5", "010000005cf7a9acf73a7810aca2381e"},
        {"445536bcd2513298075a5d379663c962", "dd3bdf9344b678b185a6f5cb60fca715",
         "2001:db8:220:1:59de:d0f4:8769:82b8", "22681ab97d52c298", 1559741961,
         "010000005cf7c57926556bd0934c72f8", "010000005cf7c609a6bb79d16625507a"},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct ip_addr client = address(cases[i].client);
        struct dns_cookie_secrets secrets = one_secret(cases[i].secret);
        uint8_t sent[DNS_COOKIE_BYTES], expected[DNS_COOKIE_BYTES], made[DNS_COOKIE_BYTES];
        bytes(cases[i].client_cookie, expected, DNS_COOKIE_CLIENT_BYTES);
        bytes(cases[i].made, expected + DNS_COOKIE_CLIENT_BYTES, 16);
        dns_cookie_make(secrets.secret[0], expected, &client, cases[i].now_s, made);
        assert_memory_equal(made, expected, sizeof(made));
        if (!cases[i].sent)
            continue;
        if (cases[i].old_secret)
            bytes(cases[i].old_secret, secrets.secret[secrets.count++],
                  DNS_COOKIE_SECRET_BYTES);
        bytes(cases[i].client_cookie, sent, DNS_COOKIE_CLIENT_BYTES);
        bytes(cases[i].sent, sent + DNS_COOKIE_CLIENT_BYTES, 16);
        uint32_t sent_s = (uint32_t)sent[12] << 24 | (uint32_t)sent[13] << 16 |
                          (uint32_t)sent[14] << 8 | sent[15];
        assert_true(dns_cookie_is_valid(&secrets, sent, sizeof(sent), &client, sent_s));
    }
}

struct made {
    struct dns_cookie_secrets secrets;
    struct ip_addr client;
    uint8_t cookie[DNS_COOKIE_BYTES];
};

static struct made make_one(uint32_t now_s)
{
    struct made m = {.secrets = one_secret("000102030405060708090a0b0c0d0e0f"),
                     .client = address("192.0.2.1")};
    dns_cookie_make(m.secrets.secret[0], (const uint8_t *)"clientck", &m.client, now_s,
                    m.cookie);
    return m;
}

static bool is_valid(const struct made *m, uint32_t now_s)
{
    return dns_cookie_is_valid(&m->secrets, m->cookie, sizeof(m->cookie), &m->client, now_s);
}

static void every_changed_bit_makes_it_wrong(void **state)
{
    (void)state;
    struct made m = make_one(NOW_S);
    assert_true(is_valid(&m, NOW_S));
    for (unsigned bit = 0; bit < 8 * DNS_COOKIE_BYTES; bit++) {
        m.cookie[bit / 8] ^= (uint8_t)(1u << bit % 8);
        assert_false(is_valid(&m, NOW_S));
        m.cookie[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
}

static void it_is_worth_nothing_to_another_client(void **state)
{
    (void)state;
    struct made m = make_one(NOW_S);
    m.client = address("192.0.2.2");
    assert_false(is_valid(&m, NOW_S));
    m.client = address("::192.0.2.1");
    assert_false(is_valid(&m, NOW_S));
}

static void it_has_exactly_our_length(void **state)
{
    (void)state;
    uint8_t longer[DNS_COOKIE_BYTES_MAX] = {0};
    struct made m = make_one(NOW_S);
    memcpy(longer, m.cookie, sizeof(m.cookie));
    for (size_t len = DNS_COOKIE_CLIENT_BYTES; len <= DNS_COOKIE_BYTES_MAX; len++)
        assert_int_equal(dns_cookie_is_valid(&m.secrets, longer, len, &m.client, NOW_S),
                         len == DNS_COOKIE_BYTES);
}

/* At ordinary times, where signed seconds end (2038), and where unsigned ones do (2106). */
static void it_lives_for_an_hour(void **state)
{
    (void)state;

    static const uint32_t times[] = {NOW_S, INT32_MAX, (uint32_t)INT32_MAX + 1, UINT32_MAX, 0};

    for (size_t i = 0; i < sizeof(times) / sizeof(times[0]); i++) {
        struct made m = make_one(times[i]);
        assert_true(is_valid(&m, times[i]));
        assert_true(is_valid(&m, times[i] + LIFETIME_S));
        assert_false(is_valid(&m, times[i] + LIFETIME_S + 1));
        assert_true(is_valid(&m, times[i] - AHEAD_S));
        assert_false(is_valid(&m, times[i] - AHEAD_S - 1));
    }
}

/* RFC 9018 section 5: add the new one behind, swap, drop the old one. */
static void a_rollover_leaves_no_gap(void **state)
{
    (void)state;
    struct made old = make_one(NOW_S), fresh = make_one(NOW_S);
    memset(fresh.secrets.secret[0], 0x5a, DNS_COOKIE_SECRET_BYTES);
    dns_cookie_make(fresh.secrets.secret[0], (const uint8_t *)"clientck", &fresh.client, NOW_S,
                    fresh.cookie);
    struct dns_cookie_secrets both = {.count = 2};
    for (unsigned old_first = 0; old_first < 2; old_first++) {
        memcpy(both.secret[!old_first], old.secrets.secret[0], DNS_COOKIE_SECRET_BYTES);
        memcpy(both.secret[old_first], fresh.secrets.secret[0], DNS_COOKIE_SECRET_BYTES);
        assert_true(
            dns_cookie_is_valid(&both, old.cookie, sizeof(old.cookie), &old.client, NOW_S));
        assert_true(
            dns_cookie_is_valid(&both, fresh.cookie, sizeof(fresh.cookie), &old.client, NOW_S));
    }
    assert_false(dns_cookie_is_valid(&fresh.secrets, old.cookie, sizeof(old.cookie),
                                     &old.client, NOW_S));
    both.count = 0;
    assert_false(
        dns_cookie_is_valid(&both, old.cookie, sizeof(old.cookie), &old.client, NOW_S));
}

static void own_secrets_roll_over_from_day_to_day(void **state)
{
    (void)state;
    uint8_t key[DNS_COOKIE_SECRET_BYTES] = "a key of sixteen",
            other[DNS_COOKIE_SECRET_BYTES] = {0};
    struct dns_cookie_secrets today, tomorrow, elsewhere;
    dns_cookie_own_secrets(key, 18000, &today);
    dns_cookie_own_secrets(key, 18001, &tomorrow);
    dns_cookie_own_secrets(other, 18000, &elsewhere);
    assert_int_equal(today.count, 2);
    assert_memory_equal(tomorrow.secret[1], today.secret[0], DNS_COOKIE_SECRET_BYTES);
    assert_memory_not_equal(tomorrow.secret[0], today.secret[0], DNS_COOKIE_SECRET_BYTES);
    assert_memory_not_equal(elsewhere.secret[0], today.secret[0], DNS_COOKIE_SECRET_BYTES);
    assert_memory_not_equal(today.secret[0], today.secret[0] + 8, 8);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_vectors_of_rfc_9018),
        cmocka_unit_test(every_changed_bit_makes_it_wrong),
        cmocka_unit_test(it_is_worth_nothing_to_another_client),
        cmocka_unit_test(it_has_exactly_our_length),
        cmocka_unit_test(it_lives_for_an_hour),
        cmocka_unit_test(a_rollover_leaves_no_gap),
        cmocka_unit_test(own_secrets_roll_over_from_day_to_day),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
