/* What a client gets who asks too often, or has no cookie: whole queries through answer_query(),
 * with a configuration of the test's own. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "../../support/answer_fixture.h"
#include "../../support/message.h"
#include "../../support/temp_folder.h"

enum { RATE = 10, START_MS = 3600000, START_S = 1750000000, DAY_S = 86400 };

#define ZONE                                                                                   \
    "$TTL 300\n@ SOA ns h 7 2 3 4 300\n@ NS ns\nns A 192.0.2.53\nwww A 192.0.2.1\n"            \
    "mail A 192.0.2.2\n*.wild A 192.0.2.3\nsub NS ns.sub\nns.sub A 192.0.2.4\nd DNAME wild\n"  \
    "$GENERATE 1-40 big TXT \"text number $ that makes the answer a large one\"\n"

struct world {
    struct temp_folder folder;
    struct snapshot *snapshot;
    struct answer_limiter *limiter;
    struct answer_worker worker;
    struct answer_request request; /* what the next query comes with */
    struct message reply;
    bool silent;
    uint8_t buffer[DNS_MESSAGE_MAX];
};

static struct world w;

/* open_world - server: is what stands below the key. */
static void open_world(const char *server)
{
    char path[TEMP_PATH_MAX];
    temp_folder_open(&w.folder);
    temp_write(&w.folder, "example.zone", ZONE);
    temp_write(&w.folder, "old.secrets", "00112233445566778899aabbccddeeff\n");
    temp_write(&w.folder, "both.secrets",
               "ffeeddccbbaa99887766554433221100\n00112233445566778899aabbccddeeff\n");
    temp_printf(&w.folder, "rhumb.yaml",
                "server: { listen: '127.0.0.1:5300', %s }\n"
                "regions: { here: }\n"
                "services: { many: { policy: failover, max_answers: 64, regions: { here: {\n"
                "  addresses: [ 10.0.0.1, 10.0.0.2, 10.0.0.3, 10.0.0.4, 10.0.0.5, 10.0.0.6,\n"
                "               10.0.0.7, 10.0.0.8, 10.0.0.9, 10.0.0.10 ] } } } }\n"
                "zones: { example.com: { file: example.zone, names: { steered: many } } }\n",
                server);
    struct diag_list *diags = diag_list_new();
    enum err err = snapshot_compile(temp_path(&w.folder, "rhumb.yaml", path),
                                    &(struct snapshot_options){0}, diags, &w.snapshot);
    if (err != ERR_OK)
        diag_print_all(diags, stderr);
    assert_int_equal(err, ERR_OK);
    diag_list_free(diags);
    w.limiter = answer_limiter_new((const uint8_t *)"a key of sixteen");
    answer_worker_init(&w.worker, &(struct answer_worker_options){
                                      .seed = 1,
                                      .cookie_key = (const uint8_t *)"another of these",
                                      .limiter = w.limiter});
    w.request = (struct answer_request){.wall_s = START_S, .steady_ms = START_MS};
    assert_true(ip_parse("198.51.100.1", &w.request.client));
}

static void close_world(void)
{
    snapshot_free(w.snapshot);
    answer_limiter_free(w.limiter);
    temp_folder_close(&w.folder);
}

static void send_packet(const struct packet *packet)
{
    w.request.packet = packet->bytes;
    w.request.packet_bytes = packet->len;
    size_t len = answer_query(w.snapshot, &w.worker, &w.request, w.buffer, sizeof(w.buffer));
    w.silent = len == 0;
    if (!w.silent)
        assert_null(message_parse(w.buffer, len, &w.reply));
}

static void ask(const char *name, uint16_t type)
{
    struct packet packet;
    assert_true(packet_init(&packet, 0, name, type, DNS_CLASS_IN));
    send_packet(&packet);
}

/* ask_cookie - the query with a cookie of len bytes; 0: with OPT alone. */
static void ask_cookie(const char *name, uint16_t type, const void *cookie, size_t len)
{
    struct packet packet;
    assert_true(packet_init(&packet, 0, name, type, DNS_CLASS_IN));
    packet_put_opt(&packet, 4096, 0, false);
    if (len > 0)
        packet_put_option(&packet, DNS_OPTION_COOKIE, cookie, len);
    send_packet(&packet);
}

/* take_cookie - the 24 bytes in the reply's OPT, whose only option it is. */
static void take_cookie(uint8_t cookie[DNS_COOKIE_BYTES])
{
    assert_non_null(w.reply.opt);
    assert_int_equal(w.reply.opt->rdata_bytes, 4 + DNS_COOKIE_BYTES);
    memcpy(cookie, w.buffer + w.reply.opt->rdata + 4, DNS_COOKIE_BYTES);
}

static bool is_truncated(void)
{
    return (w.reply.flags & DNS_FLAG_TC) != 0;
}

static uint64_t total(const _Atomic uint64_t *counter)
{
    return atomic_load(counter);
}

struct outcome {
    unsigned answered, cut, silent;
};

/* flood - count queries at one instant; a name that starts with a dot gets a new label each time. */
static struct outcome flood(const char *name, unsigned count)
{
    struct outcome o = {0};
    for (unsigned i = 0; i < count; i++) {
        char text[64];
        if (name[0] == '.')
            snprintf(text, sizeof(text), "n%u%s", i, name);
        else
            snprintf(text, sizeof(text), "%s", name);
        ask(text, DNS_TYPE_A);
        o.silent += w.silent;
        o.cut += !w.silent && is_truncated();
        o.answered += !w.silent && !is_truncated();
    }
    return o;
}

#define LIMIT "rate_limit: { per_second: 10, slip: 2 }"

/* The count is exact; which of those over the rate slip is chance, one in two. */
static void over_the_rate_half_is_dropped_and_half_is_told_to_use_tcp(void **state)
{
    (void)state;
    open_world(LIMIT);
    struct outcome o = flood("www.example.com", 2010);
    assert_int_equal(o.answered, RATE);
    assert_int_equal(o.cut + o.silent, 2000);
    assert_in_range(o.cut, 900, 1100);
    assert_int_equal(total(&w.worker.counters.rate_slipped), o.cut);
    assert_int_equal(total(&w.worker.counters.rate_dropped), o.silent);
    w.request.steady_ms += 1000;
    assert_int_equal(flood("www.example.com", 100).answered, RATE);
    close_world();
}

static void what_slips_is_the_question_and_nothing_else(void **state)
{
    (void)state;
    open_world("rate_limit: { per_second: 10, slip: 1 }");
    flood("www.example.com", RATE);
    ask("www.example.com", DNS_TYPE_A);
    assert_false(w.silent);
    assert_int_equal(message_rcode(&w.reply), DNS_RCODE_NOERROR);
    assert_true(is_truncated());
    assert_int_equal(w.reply.record_count, 0);
    assert_int_equal(w.reply.len, w.request.packet_bytes);
    close_world();
}

static void without_slip_all_is_dropped(void **state)
{
    (void)state;
    open_world("rate_limit: { per_second: 10, slip: 0 }");
    struct outcome o = flood("www.example.com", 100);
    assert_int_equal(o.answered, RATE);
    assert_int_equal(o.silent, 100 - RATE);
    close_world();
}

static void the_rate_can_be_off(void **state)
{
    (void)state;
    open_world("rate_limit: { per_second: 0 }");
    assert_int_equal(flood("www.example.com", 5000).answered, 5000);
    close_world();
}

/* Names that can be made up without end count as one. */
static void made_up_names_count_by_what_makes_them(void **state)
{
    (void)state;
    open_world(LIMIT);
    assert_int_equal(flood(".example.com", 500).answered, RATE);      /* NXDOMAIN: the zone */
    assert_int_equal(flood(".wild.example.com", 500).answered, RATE); /* the wildcard */
    assert_int_equal(flood(".d.example.com", 500).answered, RATE);    /* the DNAME */
    assert_int_equal(flood(".sub.example.com", 500).answered, RATE);  /* the cut */
    assert_int_equal(flood("www.example.com", 500).answered, RATE);   /* names by name */
    assert_int_equal(flood("mail.example.com", 500).answered, RATE);
    close_world();
}

static void class_ch_counts_by_name(void **state)
{
    (void)state;
    open_world(LIMIT ", identity: ams1, version: nine");
    static const char *const names[] = {"version.bind", "id.server"};
    for (unsigned n = 0; n < 2; n++) {
        unsigned whole = 0;
        for (unsigned i = 0; i < 500; i++) {
            struct packet packet;
            assert_true(packet_init(&packet, 0, names[n], DNS_TYPE_TXT, DNS_CLASS_CH));
            send_packet(&packet);
            whole += !w.silent && w.reply.counts[1] == 1;
        }
        assert_int_equal(whole, RATE);
    }
    close_world();
}

static void errors_of_every_kind_count_as_one(void **state)
{
    (void)state;
    open_world("rate_limit: { per_second: 10, slip: 0 }");
    unsigned answered = 0;
    for (unsigned i = 0; i < 100; i++) {
        struct packet packet;
        assert_true(packet_init(&packet, i % 3 == 0 ? 5 << 11 : 0, "www.example.net",
                                DNS_TYPE_A, DNS_CLASS_IN));
        packet.len -= i % 3 == 1; /* UPDATE, FORMERR, REFUSED */
        send_packet(&packet);
        answered += !w.silent;
    }
    assert_int_equal(answered, RATE);
    assert_int_equal(flood("www.example.com", 100).answered, RATE);
    close_world();
}

static void an_error_that_slips_stays_an_error(void **state)
{
    (void)state;
    open_world("rate_limit: { per_second: 10, slip: 1 }");
    assert_int_equal(flood("www.example.net", 100).answered, 100);
    assert_int_equal(message_rcode(&w.reply), DNS_RCODE_REFUSED);
    assert_int_equal(total(&w.worker.counters.rate_slipped), 100 - RATE);
    close_world();
}

static void who_is_exempt_or_uses_tcp_is_not_counted(void **state)
{
    (void)state;
    open_world("rate_limit: { per_second: 10, exempt: [ 192.0.2.0/24 ] }");
    assert_true(ip_parse("192.0.2.77", &w.request.client));
    assert_int_equal(flood("www.example.com", 500).answered, 500);
    assert_true(ip_parse("127.0.0.1", &w.request.client)); /* not exempt any more */
    assert_int_equal(flood("www.example.com", 500).answered, RATE);
    for (w.request.transport = ANSWER_TCP; w.request.transport <= ANSWER_TLS;
         w.request.transport++)
        assert_int_equal(flood("www.example.com", 500).answered, 500);
    close_world();
}

static void loopback_is_exempt_unless_told_otherwise(void **state)
{
    (void)state;
    open_world(LIMIT);
    assert_true(ip_parse("127.8.9.1", &w.request.client));
    assert_int_equal(flood("www.example.com", 500).answered, 500);
    assert_true(ip_parse("::1", &w.request.client));
    assert_int_equal(flood("www.example.com", 500).answered, 500);
    close_world();
}

static void a_valid_cookie_is_never_limited(void **state)
{
    (void)state;
    open_world(LIMIT);
    uint8_t cookie[DNS_COOKIE_BYTES];
    ask_cookie("www.example.com", DNS_TYPE_A, "clientck", 8);
    take_cookie(cookie);
    flood("www.example.com", 500);
    for (unsigned i = 0; i < 500; i++) {
        ask_cookie("www.example.com", DNS_TYPE_A, cookie, sizeof(cookie));
        assert_false(w.silent);
        assert_int_equal(message_rcode(&w.reply), DNS_RCODE_NOERROR);
        assert_int_equal(w.reply.counts[1], 1);
    }
    close_world();
}

/* RFC 7873 section 5.2.3: who knows cookies is given one, and comes back with it. */
static void a_client_without_our_cookie_gets_badcookie_and_then_its_answer(void **state)
{
    (void)state;
    open_world("rate_limit: { per_second: 10, slip: 1 }");
    uint8_t cookie[DNS_COOKIE_BYTES];
    flood("www.example.com", RATE);
    ask_cookie("www.example.com", DNS_TYPE_A, "clientck", 8);
    assert_int_equal(message_rcode(&w.reply), DNS_RCODE_BADCOOKIE);
    assert_false(is_truncated());
    assert_int_equal(w.reply.flags & DNS_FLAG_AA, 0);
    assert_int_equal(w.reply.counts[1], 0);
    take_cookie(cookie);
    assert_memory_equal(cookie, "clientck", 8);
    ask_cookie("www.example.com", DNS_TYPE_A, cookie, sizeof(cookie));
    assert_int_equal(message_rcode(&w.reply), DNS_RCODE_NOERROR);
    assert_int_equal(total(&w.worker.counters.badcookie), 1);
    close_world();
}

static void own_cookies_live_over_midnight(void **state)
{
    (void)state;
    open_world(LIMIT);
    uint8_t cookie[DNS_COOKIE_BYTES];
    w.request.wall_s = (START_S / DAY_S + 1) * DAY_S - 10;
    ask_cookie("www.example.com", DNS_TYPE_A, "clientck", 8);
    take_cookie(cookie);
    flood("www.example.com", 500);
    w.request.wall_s += 20;
    ask_cookie("www.example.com", DNS_TYPE_A, cookie, sizeof(cookie));
    assert_false(w.silent);
    assert_int_equal(w.reply.counts[1], 1);
    close_world();
}

static void shared_secrets_are_accepted_by_every_server(void **state)
{
    (void)state;
    uint8_t cookie[DNS_COOKIE_BYTES];
    open_world(LIMIT ", cookies: { secrets_file: old.secrets }");
    ask_cookie("www.example.com", DNS_TYPE_A, "clientck", 8);
    take_cookie(cookie);
    close_world();
    open_world(LIMIT ", cookies: { secrets_file: both.secrets }"); /* another, in a rollover */
    flood("www.example.com", 500);
    ask_cookie("www.example.com", DNS_TYPE_A, cookie, sizeof(cookie));
    assert_false(w.silent);
    assert_int_equal(w.reply.counts[1], 1);
    close_world();
}

static void cookies_can_be_off(void **state)
{
    (void)state;
    open_world("cookies: { enabled: false }");
    ask_cookie("www.example.com", DNS_TYPE_A, "clientck", 8);
    assert_non_null(w.reply.opt);
    assert_int_equal(w.reply.opt->rdata_bytes, 0);
    assert_int_equal(message_rcode(&w.reply), DNS_RCODE_NOERROR);
    close_world();
}

/* ---- sizes ---- */

static size_t reply_to_big(const void *cookie, size_t len)
{
    ask_cookie("big.example.com", DNS_TYPE_TXT, cookie, len);
    assert_false(w.silent);
    return w.reply.len;
}

static void a_large_answer_needs_a_cookie_where_the_operator_says_so(void **state)
{
    (void)state;
    uint8_t cookie[DNS_COOKIE_BYTES];
    open_world("udp_size: 4096, max_udp_without_cookie: 512");
    assert_true(reply_to_big("clientck", 8) <= 512);
    assert_true(is_truncated());
    take_cookie(cookie);
    assert_true(reply_to_big(cookie, sizeof(cookie)) > 1000);
    assert_false(is_truncated());
    w.request.transport = ANSWER_TCP;
    assert_true(reply_to_big(NULL, 0) > 1000);
    close_world();
    open_world("udp_size: 4096");
    assert_true(reply_to_big(NULL, 0) > 1000); /* by default the client's size counts */
    close_world();
}

/* Sets of options: one bit each, and the lowest is OPT itself. */
enum { WITH_OPT = 1, WITH_COOKIE = 2, WITH_SUBNET = 4, WITH_EMPTY = 8, OPTION_SETS = 128 };

static void make_query(const char *name, uint16_t type, unsigned set, struct packet *packet)
{
    static const uint16_t empty[] = {DNS_OPTION_NSID, DNS_OPTION_ZONEVERSION,
                                     DNS_OPTION_PADDING, DNS_OPTION_KEEPALIVE};

    assert_true(packet_init(packet, 0, name, type, DNS_CLASS_IN));
    if (!(set & WITH_OPT))
        return;
    packet_put_opt(packet, 4096, 0, true);
    if (set & WITH_COOKIE)
        packet_put_option(packet, DNS_OPTION_COOKIE, "clientck", 8);
    if (set & WITH_SUBNET)
        assert_true(packet_put_ecs(packet, "192.0.2.0/24"));
    for (unsigned i = 0; i < 4; i++)
        if (set & (unsigned)WITH_EMPTY << i)
            packet_put_option(packet, empty[i], "", 0);
}

/* Every kind of name and every type, with and without options: never more than four times the
 * query. */
static void four_times_the_query_is_kept_to(void **state)
{
    (void)state;

    static const char *const names[] = {".",
                                        "example.com",
                                        "www.example.com",
                                        "big.example.com",
                                        "n.sub.example.com",
                                        "nx.example.com",
                                        "x.d.example.com",
                                        "x.wild.example.com",
                                        "steered.example.com",
                                        "www.example.net"};

    open_world(
        "rate_limit: { per_second: 0 }, udp_size: 4096, max_udp_without_cookie: 4x, "
        "report_agent: an.agent.example, "
        "identity: an-identity-that-takes-all-the-sixty-four-bytes-that-may-be-sent-of-it");
    unsigned truncated = 0, whole = 0;
    for (size_t n = 0; n < sizeof(names) / sizeof(names[0]); n++)
        for (uint16_t type = 1; type < 260; type++)
            for (unsigned set = 0; set < OPTION_SETS; set += set & WITH_OPT ? 2 : 1) {
                struct packet packet;
                make_query(names[n], type, set, &packet);
                send_packet(&packet);
                assert_false(w.silent);
                assert_true(w.reply.len <= 4 * packet.len);
                truncated += is_truncated();
                whole += w.reply.counts[1] > 0;
            }
    assert_true(truncated > 0 && whole > 0);
    close_world();
}

static void a_version_that_does_not_fit_is_truncated(void **state)
{
    (void)state;
    char server[512], version[256] = {0};
    struct packet packet;
    memset(version, 'v', sizeof(version) - 1);
    snprintf(server, sizeof(server), "max_udp_without_cookie: 4x, version: %s", version);
    open_world(server);
    assert_true(packet_init(&packet, 0, "version.bind", DNS_TYPE_TXT, DNS_CLASS_CH));
    send_packet(&packet);
    assert_true(is_truncated());
    w.request.transport = ANSWER_TCP;
    send_packet(&packet);
    assert_false(is_truncated());
    assert_int_equal(w.reply.counts[1], 1);
    close_world();
}

/* ---- RFC 9567 ---- */

static bool tells_agent(const char *name)
{
    char text[512];
    ask_cookie(name, DNS_TYPE_A, NULL, 0);
    message_opt_text(&w.reply, text, sizeof(text));
    return strstr(text, "report=026572076578616d706c65036e657400") != NULL;
}

static void the_agent_for_error_reports_is_told_but_not_about_itself(void **state)
{
    (void)state;
    open_world("report_agent: ER.example.net");
    assert_true(tells_agent("www.example.com"));
    assert_true(tells_agent("nx.example.com"));
    assert_true(tells_agent("www.example.net"));
    assert_false(tells_agent("er.example.net"));
    assert_false(tells_agent("_er.1.www.7._er.er.example.net"));
    close_world();
    open_world("identity: nobody");
    assert_false(tells_agent("www.example.com"));
    close_world();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(over_the_rate_half_is_dropped_and_half_is_told_to_use_tcp),
        cmocka_unit_test(what_slips_is_the_question_and_nothing_else),
        cmocka_unit_test(without_slip_all_is_dropped),
        cmocka_unit_test(the_rate_can_be_off),
        cmocka_unit_test(made_up_names_count_by_what_makes_them),
        cmocka_unit_test(class_ch_counts_by_name),
        cmocka_unit_test(errors_of_every_kind_count_as_one),
        cmocka_unit_test(an_error_that_slips_stays_an_error),
        cmocka_unit_test(who_is_exempt_or_uses_tcp_is_not_counted),
        cmocka_unit_test(loopback_is_exempt_unless_told_otherwise),
        cmocka_unit_test(a_valid_cookie_is_never_limited),
        cmocka_unit_test(a_client_without_our_cookie_gets_badcookie_and_then_its_answer),
        cmocka_unit_test(own_cookies_live_over_midnight),
        cmocka_unit_test(shared_secrets_are_accepted_by_every_server),
        cmocka_unit_test(cookies_can_be_off),
        cmocka_unit_test(a_large_answer_needs_a_cookie_where_the_operator_says_so),
        cmocka_unit_test(four_times_the_query_is_kept_to),
        cmocka_unit_test(a_version_that_does_not_fit_is_truncated),
        cmocka_unit_test(the_agent_for_error_reports_is_told_but_not_about_itself),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
