/* A scripted DNS server on the loop of the test. The real one is in tests/e2e/test_dns_check.py. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>
#include <curl/curl.h>

#include "rhumb/cursor.h"

#include "dns_answer.h"
#include "fake_server.h"
#include "loop_fixture.h"

enum { OPT_BYTES = 11, UDP_MAX = 1500 };

enum behaviour {
    ANSWERS,
    SILENT_ONCE,    /* the first query is lost */
    SILENT,         /* all of them are */
    FORGED_FIRST,   /* an answer with another id comes before the right one */
    FORGED_ONLY,    /* no right one comes */
    OTHER_QUESTION, /* to the question that nobody asked */
    CUT,            /* the record is missing that the header counts */
    TRUNCATES,      /* by UDP; TCP has it all */
    BARE_FORMERR,   /* knows no EDNS */
};

struct fake_dns {
    uv_udp_t udp;
    uv_tcp_t listener, peer;
    bool has_peer;
    uint16_t port;
    enum behaviour behaviour;
    uint8_t rcode;
    size_t udp_queries, tcp_queries;
    uint8_t buffer[UDP_MAX];
};

static void on_alloc(uv_handle_t *handle, size_t size, uv_buf_t *out)
{
    (void)size;
    struct fake_dns *server = (struct fake_dns *)handle->data;
    *out = uv_buf_init((char *)server->buffer, sizeof(server->buffer));
}

/* answer - the query with one record 192.0.2.1 behind its question, and without its OPT. */
static size_t answer(const struct fake_dns *server, const uint8_t *query, size_t len,
                     uint8_t out[UDP_MAX])
{
    static const uint8_t record[] = {0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4, 192, 0, 2, 1};
    struct writer w = writer_init(out, UDP_MAX);
    writer_bytes(&w, query, len - OPT_BYTES);
    out[2] = 0x81;
    out[3] = 0x80 | server->rcode;
    out[7] = 1;
    out[11] = 0;
    if (server->behaviour == OTHER_QUESTION)
        out[13] ^= 1;
    if (server->behaviour != CUT)
        writer_bytes(&w, record, sizeof(record));
    return writer_len(&w);
}

static void reply(struct fake_dns *server, const uint8_t *bytes, size_t len,
                  const struct sockaddr *to)
{
    uv_buf_t buf = uv_buf_init((char *)(uintptr_t)bytes, (unsigned)len);
    assert_int_equal(uv_udp_try_send(&server->udp, &buf, 1, to), len);
}

static void on_query(uv_udp_t *udp, ssize_t got, const uv_buf_t *buf,
                     const struct sockaddr *from, unsigned flags)
{
    (void)flags;
    struct fake_dns *server = (struct fake_dns *)udp->data;
    uint8_t out[UDP_MAX] = {0};
    if (got <= 0 || !from)
        return;
    server->udp_queries++;
    size_t len = answer(server, (const uint8_t *)buf->base, (size_t)got, out);
    if (server->behaviour == SILENT ||
        (server->behaviour == SILENT_ONCE && server->udp_queries == 1))
        return;
    if (server->behaviour == FORGED_FIRST || server->behaviour == FORGED_ONLY) {
        out[0] ^= 1;
        reply(server, out, len, from);
        out[0] ^= 1;
    }
    if (server->behaviour == TRUNCATES) {
        out[2] |= 2;
        out[7] = 0;
        len -= 16;
    }
    if (server->behaviour == BARE_FORMERR) {
        memset(out + 4, 0, 8);
        out[3] = 1;
        len = 12;
    }
    if (server->behaviour != FORGED_ONLY)
        reply(server, out, len, from);
}

/* on_stream - the whole query comes in one piece on loopback; the answer goes back in two. */
static void on_stream(uv_stream_t *stream, ssize_t got, const uv_buf_t *buf)
{
    struct fake_dns *server = (struct fake_dns *)stream->data;
    uint8_t out[2 + UDP_MAX] = {0};
    if (got < 2)
        return;
    server->tcp_queries++;
    size_t len = answer(server, (const uint8_t *)buf->base + 2, (size_t)got - 2, out + 2);
    if (server->behaviour == SILENT)
        return;
    store_u16(out, (uint16_t)len);
    uv_buf_t pieces[] = {uv_buf_init((char *)out, 1),
                         uv_buf_init((char *)out + 1, (unsigned)len + 1)};
    assert_int_equal(uv_try_write(stream, &pieces[0], 1), 1);
    assert_int_equal(uv_try_write(stream, &pieces[1], 1), len + 1);
}

static void on_connection(uv_stream_t *listener, int status)
{
    struct fake_dns *server = (struct fake_dns *)listener->data;
    assert_int_equal(status, 0);
    uv_tcp_init(listener->loop, &server->peer);
    server->peer.data = server;
    server->has_peer = true;
    assert_int_equal(uv_accept(listener, (uv_stream_t *)&server->peer), 0);
    uv_read_start((uv_stream_t *)&server->peer, on_alloc, on_stream);
}

/* open_pair - a TCP and a UDP socket of one port, which may well be taken for one of them. */
static uint16_t open_pair(int *out_tcp, int *out_udp)
{
    for (int tries = 0; tries < 100; tries++) {
        struct sockaddr_in any = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
        socklen_t len = sizeof(any);
        int tcp = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        int udp = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
        if (bind(tcp, (struct sockaddr *)&any, len) == 0 &&
            getsockname(tcp, (struct sockaddr *)&any, &len) == 0 &&
            bind(udp, (struct sockaddr *)&any, len) == 0) {
            *out_tcp = tcp;
            *out_udp = udp;
            return ntohs(any.sin_port);
        }
        close(tcp);
        close(udp);
    }
    fail_msg("no port is free for both");
    return 0;
}

static void fake_dns_open(struct fake_dns *server, uv_loop_t *loop, enum behaviour behaviour)
{
    int tcp = -1, udp = -1;
    *server = (struct fake_dns){.behaviour = behaviour};
    server->port = open_pair(&tcp, &udp);
    uv_udp_init(loop, &server->udp);
    uv_tcp_init(loop, &server->listener);
    server->udp.data = server->listener.data = server;
    assert_int_equal(uv_udp_open(&server->udp, udp), 0);
    assert_int_equal(uv_tcp_open(&server->listener, tcp), 0);
    assert_int_equal(uv_listen((uv_stream_t *)&server->listener, 8, on_connection), 0);
    uv_udp_recv_start(&server->udp, on_alloc, on_query);
}

static void fake_dns_close(struct fake_dns *server)
{
    uv_close((uv_handle_t *)&server->udp, NULL);
    uv_close((uv_handle_t *)&server->listener, NULL);
    if (server->has_peer)
        uv_close((uv_handle_t *)&server->peer, NULL);
}

static struct config_check dns_check(uint16_t port)
{
    struct config_check check = check_of(CONFIG_CHECK_DNS, port);
    check.dns = (struct config_check_dns){.name = "www.example.", .type = 1};
    return check;
}

static void answers_are_judged(void **state)
{
    (void)state;

    static const struct {
        enum behaviour behaviour;
        uint8_t rcode;       /* of the server */
        uint16_t expected;   /* by the check */
        const char *address; /* expected by the check */
        uint32_t timeout_ms; /* 0: long enough */
        enum health_outcome outcome;
        const char *reason;
        size_t udp_queries, tcp_queries; /* that the server has got */
    } cases[] = {
        {ANSWERS, 0, 0, NULL, 0, HEALTH_SUCCESS, "NOERROR, 1 record", 1, 0},
        {ANSWERS, 0, 0, "192.0.2.1", 0, HEALTH_SUCCESS, "NOERROR, 1 record", 1, 0},
        {ANSWERS, 0, 0, "192.0.2.2", 0, HEALTH_FAILURE, "the answer lacks 192.0.2.2", 1, 0},
        {ANSWERS, 2, 0, NULL, 0, HEALTH_FAILURE, "SERVFAIL, expected NOERROR", 1, 0},
        {ANSWERS, 0, 5, NULL, 0, HEALTH_FAILURE, "NOERROR, expected REFUSED", 1, 0},
        {ANSWERS, 5, 5, NULL, 0, HEALTH_SUCCESS, "REFUSED, 1 record", 1, 0},
        {SILENT_ONCE, 0, 0, NULL, 400, HEALTH_SUCCESS, "NOERROR, 1 record", 2, 0},
        {SILENT, 0, 0, NULL, 60, HEALTH_FAILURE, "timeout after 60 ms without an answer", 2, 0},
        {FORGED_FIRST, 0, 0, NULL, 0, HEALTH_SUCCESS, "NOERROR, 1 record", 1, 0},
        {FORGED_ONLY, 0, 0, NULL, 60, HEALTH_FAILURE,
         "timeout after 60 ms without an answer: only others with another id or question came",
         2, 0},
        {OTHER_QUESTION, 0, 0, NULL, 60, HEALTH_FAILURE,
         "timeout after 60 ms without an answer: only others with another id or question came",
         2, 0},
        {CUT, 0, 0, NULL, 0, HEALTH_FAILURE, "malformed answer", 1, 0},
        {TRUNCATES, 0, 0, "192.0.2.1", 0, HEALTH_SUCCESS, "NOERROR, 1 record", 1, 1},
        {BARE_FORMERR, 0, 0, NULL, 0, HEALTH_FAILURE, "FORMERR, expected NOERROR", 1, 0},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct loop_fixture fixture;
        struct fake_dns server;
        loop_fixture_open(&fixture, 0, 0);
        fake_dns_open(&server, &fixture.loop, cases[i].behaviour);
        server.rcode = cases[i].rcode;
        struct config_check check = dns_check(server.port);
        check.dns.rcode = cases[i].expected;
        if (cases[i].address)
            check.dns.address = local_address(cases[i].address);
        if (cases[i].timeout_ms > 0)
            check.timeout_ms = cases[i].timeout_ms;
        struct probe_result result = loop_fixture_ask(&fixture, &check);
        assert_string_equal(result.reason, cases[i].reason);
        assert_int_equal(result.outcome, cases[i].outcome);
        assert_int_equal(server.udp_queries, cases[i].udp_queries);
        assert_int_equal(server.tcp_queries, cases[i].tcp_queries);
        assert_int_equal(result.rtt_us > 0, result.outcome == HEALTH_SUCCESS);
        fake_dns_close(&server);
        loop_fixture_close(&fixture);
    }
}

static void tcp_from_the_start(void **state)
{
    (void)state;

    static const struct {
        enum behaviour behaviour;
        uint32_t timeout_ms;
        enum health_outcome outcome;
        const char *reason;
    } cases[] = {
        {ANSWERS, 5000, HEALTH_SUCCESS, "NOERROR, 1 record"},
        {OTHER_QUESTION, 5000, HEALTH_FAILURE, "answer to another question"},
        {CUT, 5000, HEALTH_FAILURE, "malformed answer"},
        {SILENT, 60, HEALTH_FAILURE, "timeout after 60 ms without an answer over TCP"},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct loop_fixture fixture;
        struct fake_dns server;
        loop_fixture_open(&fixture, 0, 0);
        fake_dns_open(&server, &fixture.loop, cases[i].behaviour);
        struct config_check check = dns_check(server.port);
        check.dns.tcp = true;
        check.timeout_ms = cases[i].timeout_ms;
        struct probe_result result = loop_fixture_ask(&fixture, &check);
        assert_string_equal(result.reason, cases[i].reason);
        assert_int_equal(result.outcome, cases[i].outcome);
        assert_int_equal(server.udp_queries, 0);
        assert_int_equal(server.tcp_queries, 1);
        fake_dns_close(&server);
        loop_fixture_close(&fixture);
    }
}

static void a_closed_port_is_refused_at_once(void **state)
{
    (void)state;
    for (int tcp = 0; tcp < 2; tcp++) {
        struct loop_fixture fixture;
        loop_fixture_open(&fixture, 0, 0);
        struct config_check check = dns_check(closed_port());
        check.dns.tcp = tcp != 0;
        struct probe_result result = loop_fixture_ask(&fixture, &check);
        assert_int_equal(result.outcome, HEALTH_FAILURE);
        assert_string_equal(result.reason, "connection refused");
        loop_fixture_close(&fixture);
    }
}

static void a_connection_that_closes_early_is_a_failure(void **state)
{
    (void)state;
    static const char *const pieces[] = {NULL, "\x01", "\x01\x02half"};
    for (size_t i = 0; i < 3; i++) {
        struct loop_fixture fixture;
        struct fake_server server;
        loop_fixture_open(&fixture, 0, 0);
        fake_server_open(&server, &fixture.loop, "127.0.0.1",
                         (struct fake_script){.pieces = {pieces[i]}, .ending = FAKE_CLOSE});
        server.greets = true;
        struct config_check check = dns_check(server.port);
        check.dns.tcp = true;
        struct probe_result result = loop_fixture_ask(&fixture, &check);
        assert_int_equal(result.outcome, HEALTH_FAILURE);
        assert_string_equal(result.reason, "connection reset");
        fake_server_close(&server);
        loop_fixture_close(&fixture);
    }
}

static void a_run_that_is_cut_leaves_nothing(void **state)
{
    (void)state;
    for (int tcp = 0; tcp < 2; tcp++) {
        struct loop_fixture fixture;
        struct fake_dns server;
        struct seen seen = {.fixture = &fixture};
        struct ip_addr addr = local_address("127.0.0.1");
        struct probe *probe;
        loop_fixture_open(&fixture, 0, 0);
        fake_dns_open(&server, &fixture.loop, SILENT);
        struct config_check check = dns_check(server.port);
        check.dns.tcp = tcp != 0;
        assert_int_equal(
            probe_add(fixture.prober, &check, &addr, 0, 0, seen_record, &seen, &probe), ERR_OK);
        loop_fixture_until(&fixture, tcp ? &server.tcp_queries : &server.udp_queries, 1);
        assert_int_equal(prober_in_flight(fixture.prober), 1);
        probe_remove(probe);
        assert_int_equal(seen.count, 0);
        fake_dns_close(&server);
        loop_fixture_close(&fixture);
    }
}

int main(void)
{
    curl_global_init(CURL_GLOBAL_DEFAULT);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(answers_are_judged),
        cmocka_unit_test(tcp_from_the_start),
        cmocka_unit_test(a_closed_port_is_refused_at_once),
        cmocka_unit_test(a_connection_that_closes_early_is_a_failure),
        cmocka_unit_test(a_run_that_is_cut_leaves_nothing),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    curl_global_cleanup();
    return failed;
}
