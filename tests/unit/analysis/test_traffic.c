#include "rhumb/analysis_traffic.h"

#include "analysis_case.h"

static const char YAML[] =
    "regions: {eu: {}, us: {}}\n"
    "services:\n"
    "  app: {policy: weighted, regions: {eu: {addresses: [192.0.2.1]}, us: {addresses: "
    "[192.0.2.2]}}}\n"
    "  api: {policy: failover, sticky: true, regions: {us: {addresses: [192.0.2.3]}}}\n"
    "zones:\n"
    "  example.com: {file: z, names: {www: app, '*.shop': api, '{region}.app': app}}\n";
static const char ZONE[] = ZONE_HEAD "alias CNAME www\n"
                                     "far CNAME elsewhere.example.net.\n"
                                     "loop CNAME loop\n"
                                     "txt TXT hello\n";

/* What a text was read as. */
struct reading {
    struct snapshot *snapshot;
    struct traffic traffic;
    struct diag_list *diags;
    enum err err;
};

static void read_bytes(struct reading *r, const void *bytes, size_t len)
{
    r->snapshot = case_snapshot(YAML, ZONE);
    r->diags = diag_list_new();
    assert_non_null(r->diags);
    traffic_init(&r->traffic);
    r->err = traffic_read(bytes, len, "file", r->snapshot, r->diags, &r->traffic);
}

static void read_text(struct reading *r, const char *text)
{
    read_bytes(r, text, strlen(text));
}

static void drop(struct reading *r)
{
    traffic_free(&r->traffic);
    diag_list_free(r->diags);
    snapshot_free(r->snapshot);
}

static const struct traffic_client *client_at(const struct reading *r, size_t idx)
{
    return intern_get(&r->traffic.clients, idx);
}

static uint64_t count_at(const struct reading *r, size_t idx)
{
    return ((const uint64_t *)r->traffic.counts.items)[idx];
}

/* ---- lines ---- */

static void lines_tell_who_asked_for_what(void **state)
{
    static const struct {
        const char *line, *client, *name; /* name NULL: none */
        uint16_t qtype;
        bool is_ecs;
    } cases[] = {
        {"client=192.0.2.7 name=WWW.Example.com type=A", "192.0.2.7/32", "www.example.com.", 1,
         false},
        {"2026-01-02T03:04:05Z level=info event=query client=2001:db8::7 ecs=198.51.100.0/24 "
         "name=www.example.com. type=AAAA rcode=NOERROR",
         "198.51.100.0/24", "www.example.com.", 28, true},
        {"event=query client=\"192.0.2.7:5353\" name=\"a\\\\.b.example\" type=TYPE65",
         "192.0.2.7/32", "a\\.b.example.", 65, false},
        {"client=[2001:db8::7]:53 ecs=- name=.", "2001:db8::7/128", ".", 0, false},
        {"ecs=2001:db8::/56", "2001:db8::/56", NULL, 0, true},
        {"ecs=0.0.0.0/0 client=192.0.2.7", "192.0.2.7/32", NULL, 0, false},
        {"ecs=0.0.0.0/0", "0.0.0.0/0", NULL, 0, true},
        {"time=2026-01-02T03:04:05.000006Z client=192.0.2.0/24 proto=udp name=x. type=A",
         "192.0.2.0/24", "x.", 1, false},
        {"{\"time\":\"2026\",\"client\":\"2001:db8::7\",\"proto\":\"udp\",\"name\":\"a\\\\.b."
         "\", "
         "\"type\" : \"AAAA\",\"ecs\":\"192.0.2.0/24\",\"scope\":24,\"size\":90}",
         "192.0.2.0/24", "a\\.b.", 28, true},
        {" {\"size\":5,\"client\":\"192.0.2.7\"}", "192.0.2.7/32", NULL, 0, false},
        {"  client=192.0.2.7\tother=x=y \r", "192.0.2.7/32", NULL, 0, false},
        {"a-very-long-key-that-is-nobodys=1 clientx=2 client=192.0.2.7", "192.0.2.7/32", NULL,
         0, false},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct traffic_query query;
        uint32_t column;
        char text[DNS_NAME_TEXT_MAX];
        const char *wrong =
            traffic_log_line(cases[i].line, strlen(cases[i].line), &query, &column);
        if (wrong)
            print_error("%s: %s\n", cases[i].line, wrong);
        assert_null(wrong);
        assert_string_equal(ip_prefix_format(&query.client.network, text), cases[i].client);
        assert_int_equal(query.client.is_ecs, cases[i].is_ecs);
        assert_int_equal(query.has_name, cases[i].name != NULL);
        if (cases[i].name)
            assert_string_equal(dns_name_to_text(query.name, text), cases[i].name);
        assert_int_equal(query.qtype, cases[i].qtype);
    }
}

static void wrong_values_are_named_with_their_column(void **state)
{
    static const struct {
        const char *line, *wrong;
        uint32_t column;
    } cases[] = {
        {"client=somebody name=a.example", "client= is no address", 8},
        {"client=192.0.2.7/24", "client= is no address", 8},
        {"name=x client=192.0.2.7 ecs=198.51.100.1/24", "ecs= is no network", 29},
        {"client=192.0.2.7 name=a..example", "name= is no domain name", 23},
        {"client=192.0.2.7 type=BOGUS", "type= is no record type", 23},
        {"{\"client\":\"x\",\"name\":\"a\"}", "client= is no address", 12},
        {"{\"client\"", "", 1},
        {"{\"a\":{\"client\":5}}", "", 1},
        {"client=x ecs=y", "client= is no address", 8}, /* the first one */
        {"event=reload client=x", "", 1},
        {"name=www.example.com type=A", "", 1},
        {"", "", 1},
        {"just some words", "", 1},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct traffic_query query;
        uint32_t column;
        const char *wrong =
            traffic_log_line(cases[i].line, strlen(cases[i].line), &query, &column);
        assert_non_null(wrong);
        assert_string_equal(wrong, cases[i].wrong);
        if (*wrong != '\0')
            assert_int_equal(column, cases[i].column);
    }
}

/* ---- logs ---- */

static void equal_questions_are_kept_once_and_lead_to_services(void **state)
{
    (void)state;
    struct reading r;
    read_text(&r, "client=192.0.2.7 name=www.example.com type=A\n"
                  "client=192.0.2.7 name=alias.example.com type=A\n" /* the same in the end */
                  "client=192.0.2.7 name=www.example.com type=AAAA\n"
                  "client=192.0.2.7 name=a.shop.example.com type=A\n"
                  "client=192.0.2.7 name=us.app.example.com type=A\n"
                  "client=192.0.2.7 name=txt.example.com type=A\n"
                  "client=192.0.2.7 name=www.example.com type=MX\n"
                  "client=192.0.2.7 name=www.example.org type=A\n"
                  "client=192.0.2.7 name=far.example.com type=A\n"
                  "client=192.0.2.7 name=loop.example.com type=A\n"
                  "client=192.0.2.7 name=no.example.com type=A\n"
                  "event=reload result=ok\n"
                  "client=192.0.2.7"); /* without a name: for every service */
    assert_int_equal(r.err, ERR_OK);
    assert_int_equal(r.traffic.kind, TRAFFIC_QUERIES);
    assert_int_equal(r.traffic.queries, 12);
    assert_int_equal(r.traffic.steered, 6);
    assert_int_equal(r.traffic.elsewhere, 6);
    assert_int_equal(r.traffic.unreadable, 0);
    assert_int_equal(r.traffic.counts.count, 5);
    assert_int_equal(count_at(&r, 0), 2);
    assert_int_equal(client_at(&r, 0)->service, 0);
    assert_int_equal(client_at(&r, 0)->family, IP_V4);
    assert_int_equal(client_at(&r, 0)->pinned, POLICY_NO_REGION);
    assert_int_equal(client_at(&r, 1)->family, IP_V6);
    assert_int_equal(client_at(&r, 2)->service, 1);
    assert_int_equal(client_at(&r, 2)->sticky, 1);
    assert_int_equal(client_at(&r, 3)->pinned, 1);
    assert_int_equal(client_at(&r, 4)->service, CONFIG_NONE);
    assert_int_equal(client_at(&r, 4)->family, IP_NONE);
    drop(&r);
}

static void unreadable_lines_are_named_and_left_out(void **state)
{
    (void)state;
    struct reading r;
    char text[2000] = "client=192.0.2.7 name=www.example.com type=A\n";
    for (int i = 0; i < 12; i++)
        strncat(text, "client=x\x01 name=www.example.com\n", sizeof(text) - strlen(text) - 1);
    read_text(&r, text);
    assert_int_equal(r.err, ERR_OK);
    assert_int_equal(r.traffic.unreadable, 12);
    assert_int_equal(r.traffic.steered, 1);
    assert_int_equal(diag_count(r.diags), 10); /* the first of them */
    const struct diag *diag = diag_get(r.diags, 0);
    assert_int_equal(diag->severity, DIAG_WARNING);
    assert_int_equal(diag->place.line, 2);
    assert_int_equal(diag->place.column, 8);
    assert_string_equal(diag->place.excerpt, "client=x? name=www.example.com");
    assert_string_equal(diag->message, "client= is no address: left out");
    drop(&r);
}

static void a_file_without_a_query_is_an_error(void **state)
{
    static const char *const texts[] = {"", "\n\n", "some words\n",
                                        "client=192.0.2.7 name=www.example.net type=A\n"};

    (void)state;
    for (size_t i = 0; i < COUNT(texts); i++) {
        struct reading r;
        read_text(&r, texts[i]);
        assert_int_equal(r.err, ERR_INVALID);
        assert_int_equal(diag_error_count(r.diags), 1);
        assert_non_null(strstr(diag_get(r.diags, 0)->message, "no query in it"));
        assert_non_null(diag_get(r.diags, 0)->remedy);
        drop(&r);
    }
}

/* ---- countries ---- */

static double weight_of(const struct traffic *traffic, const char *code)
{
    return traffic->weights[1 + (code[0] - 'A') * 26 + (code[1] - 'A')];
}

static void weights_of_countries_are_read(void **state)
{
    (void)state;
    struct reading r;
    read_text(&r, "# mine\n\ncountry,weight\nDE,12.5\r\nUS,0\nFR,3,a remark\n# more\nXK,1");
    assert_int_equal(r.err, ERR_OK);
    assert_int_equal(r.traffic.kind, TRAFFIC_COUNTRIES);
    assert_true(weight_of(&r.traffic, "DE") == 12.5);
    assert_true(weight_of(&r.traffic, "US") == 0);
    assert_true(weight_of(&r.traffic, "FR") == 3);
    assert_true(weight_of(&r.traffic, "XK") == 1);
    drop(&r);
}

static void wrong_weights_are_named_with_their_place(void **state)
{
    static const struct {
        const char *text, *message;
        uint32_t line, column;
    } cases[] = {
        {"country,weight\nde,1\n", "'de' is no country", 2, 1},
        {"country,weight\nQQ,1\n", "'QQ' is no country", 2, 1},
        {"country,weight\nDEU,1\n", "'DEU' is no country", 2, 1},
        {"country,weight\n\nDE,1\nDE,2\n", "the country DE stands here twice", 4, 1},
        {"country,weight\nDE,\n", "the weight of DE is no number", 2, 4},
        {"country,weight\nDE,-1\n", "the weight of DE is no number", 2, 4},
        {"country,weight\nDE,1.2.3\n", "the weight of DE is no number", 2, 4},
        {"country,weight\nDE,1e3\n", "the weight of DE is no number", 2, 4},
        {"country,weight\nDE\n", "the weight of DE is no number", 2, 4},
        {"country,weight\n", "no country has a weight above 0", 0, 0},
        {"country,weight\nDE,0\n", "no country has a weight above 0", 0, 0},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct reading r;
        read_text(&r, cases[i].text);
        assert_int_equal(r.err, ERR_INVALID);
        assert_int_equal(diag_error_count(r.diags), 1);
        const struct diag *diag = diag_get(r.diags, 0);
        assert_string_equal(diag->message, cases[i].message);
        assert_int_equal(diag->place.line, cases[i].line);
        assert_int_equal(diag->place.column, cases[i].column);
        drop(&r);
    }
}

static void the_shipped_weights_are_good(void **state)
{
    (void)state;
    struct traffic traffic;
    double sum = 0;
    traffic_init(&traffic);
    assert_int_equal(traffic_ship(&traffic), ERR_OK);
    assert_int_equal(traffic.kind, TRAFFIC_COUNTRIES);
    for (size_t i = 0; i < POLICY_COUNTRY_COUNT; i++)
        sum += traffic.weights[i];
    assert_true(sum > 4e9 && sum < 7e9); /* Internet users */
    assert_true(weight_of(&traffic, "IN") > weight_of(&traffic, "DE"));
    assert_true(weight_of(&traffic, "LI") > 0);
    traffic_free(&traffic);
}

/* ---- captures ---- */

static void captures_are_read_as_the_server_reads_queries(void **state)
{
    /* header, raw IP; a query for www.example.com A from 192.0.2.7; one that is cut short; a
     * response; then a packet that the file does not have whole */
    static const uint8_t bytes[] = {
        0xa1, 0xb2, 0xc3, 0xd4, 0,    2,   0,   4,   0,   0,    0,    0,   0,    0,   0,
        0,    0,    4,    0,    0,    0,   0,   0,   101, 0,    0,    0,   1,    0,   0,
        0,    0,    0,    0,    0,    61,  0,   0,   0,   61,   0x45, 0,   0,    61,  0,
        0,    0,    0,    64,   17,   0,   0,   192, 0,   2,    7,    198, 51,   100, 1,
        0xc0, 0,    0,    53,   0,    41,  0,   0,   0,   1,    1,    0,   0,    1,   0,
        0,    0,    0,    0,    0,    3,   'w', 'w', 'w', 7,    'E',  'x', 'a',  'm', 'p',
        'l',  'e',  3,    'c',  'o',  'm', 0,   0,   1,   0,    1,    0,   0,    0,   1,
        0,    0,    0,    0,    0,    0,   0,   36,  0,   0,    0,    61,  0x45, 0,   0,
        61,   0,    0,    0,    0,    64,  17,  0,   0,   192,  0,    2,   7,    198, 51,
        100,  1,    0xc0, 0,    0,    53,  0,   41,  0,   0,    0,    1,   1,    0,   0,
        1,    0,    0,    0,    0,    0,   1,   0,   0,   0,    0,    0,   0,    0,   40,
        0,    0,    0,    40,   0x45, 0,   0,   40,  0,   0,    0,    0,   64,   17,  0,
        0,    192,  0,    2,    7,    198, 51,  100, 1,   0xc0, 0,    0,   53,   0,   20,
        0,    0,    0,    1,    0x81, 0,   0,   0,   0,   0,    0,    0,   0,    0,   0,
        0,    0,    1,
    };

    (void)state;
    struct reading r;
    read_bytes(&r, bytes, sizeof(bytes));
    assert_int_equal(r.err, ERR_OK);
    assert_int_equal(r.traffic.steered, 1);
    assert_int_equal(r.traffic.unreadable, 3);
    assert_string_equal(diag_get(r.diags, 0)->message,
                        "packet 2 was captured in part only: left out");
    assert_string_equal(diag_get(r.diags, 1)->message, "packet 3 is no query: left out");
    assert_string_equal(diag_get(r.diags, 2)->message,
                        "packet 4 goes beyond the end of the file: left out");
    assert_int_equal(client_at(&r, 0)->service, 0);
    assert_int_equal(client_at(&r, 0)->network.len, 32);
    drop(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lines_tell_who_asked_for_what),
        cmocka_unit_test(wrong_values_are_named_with_their_column),
        cmocka_unit_test(equal_questions_are_kept_once_and_lead_to_services),
        cmocka_unit_test(unreadable_lines_are_named_and_left_out),
        cmocka_unit_test(a_file_without_a_query_is_an_error),
        cmocka_unit_test(weights_of_countries_are_read),
        cmocka_unit_test(wrong_weights_are_named_with_their_place),
        cmocka_unit_test(the_shipped_weights_are_good),
        cmocka_unit_test(captures_are_read_as_the_server_reads_queries),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
