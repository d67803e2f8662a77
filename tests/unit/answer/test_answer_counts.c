/* What is counted by kind: exactly what was sent, no more and no less. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "../../support/answer_corpus.h"
#include "../../support/message.h"
#include "../../support/temp_folder.h"

enum { RCODES = 32, PACKETS = 20000 };

static struct answer_worker worker;
static struct answer_counts *counts;
static uint8_t buffer[DNS_MESSAGE_MAX];

static int set_up(void **state)
{
    (void)state;
    counts = answer_counts_new();
    assert_non_null(counts);
    answer_worker_init(&worker, &(struct answer_worker_options){.seed = 1, .counts = counts});
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    answer_counts_free(counts);
    return 0;
}

/* ---- reading ---- */

struct sums {
    uint64_t base;      /* the zone or region that is looked for */
    uint64_t low[8192]; /* its counts, by the low bits of the key */
    uint64_t rcodes[RCODES];
    uint64_t all;
};

static void sum_response(void *ctx, uint64_t key, uint64_t count)
{
    struct sums *sums = ctx;
    sums->all += count;
    sums->rcodes[answer_key_rcode(key)] += count;
    if (answer_key_zone(key) == sums->base)
        sums->low[answer_key_rcode(key)] += count;
}

static void sum_answer(void *ctx, uint64_t key, uint64_t count)
{
    struct sums *sums = ctx;
    sums->all += count;
    if (answer_key_region(key) == sums->base)
        sums->low[key & 8191] += count;
}

/* of_zone - responses; NULL: of none of ours. */
static struct sums of_zone(const struct zone *zone)
{
    struct sums sums = {.base = answer_key_of_zone(zone)};
    tally_each(&counts->responses, sum_response, &sums);
    return sums;
}

static const struct policy_service *find_service(const struct snapshot *snapshot,
                                                 const char *name)
{
    for (size_t i = 0; i < snapshot->policies.service_count; i++)
        if (strcmp(snapshot->policies.services[i].name, name) == 0)
            return &snapshot->policies.services[i];
    fail_msg("no service %s", name);
    return NULL;
}

static uint64_t answers(const struct snapshot *snapshot, const char *service_name,
                        const char *region_name, const char *country, enum policy_reason reason)
{
    const struct policy_service *service = find_service(snapshot, service_name);
    const struct policy_region *region = NULL;
    for (uint8_t i = 0; region_name && i < service->region_count; i++)
        if (strcmp(service->regions[i].name, region_name) == 0)
            region = &service->regions[i];
    assert_true(!region_name || region);
    unsigned number = country ? (unsigned)((country[0] - 'A') * 26 + country[1] - 'A' + 1) : 0;
    static struct sums sums;
    memset(&sums, 0, sizeof(sums));
    sums.base = answer_key_of_region(service, region);
    tally_each(&counts->answers, sum_answer, &sums);
    return sums.low[number << ANSWER_REASON_BITS | (unsigned)reason];
}

static uint64_t all_answers(void)
{
    static struct sums sums;
    memset(&sums, 0, sizeof(sums));
    tally_each(&counts->answers, sum_answer, &sums);
    return sums.all;
}

static uint64_t requests(enum answer_transport transport, unsigned family, uint16_t qtype)
{
    return counts->requests[transport][family][answer_counts_type(qtype)];
}

static uint64_t all_requests(void)
{
    uint64_t all = 0;
    for (unsigned t = 0; t < ANSWER_TRANSPORTS; t++)
        for (unsigned f = 0; f < ANSWER_FAMILIES; f++)
            for (unsigned c = 0; c < ANSWER_TYPES; c++)
                all += counts->requests[t][f][c];
    return all;
}

/* ---- asking ---- */

static size_t deliver(const struct snapshot *snapshot, const struct packet *packet,
                      struct answer_request request)
{
    request.packet = packet->bytes;
    request.packet_bytes = packet->len;
    request.wants_note = true;
    return answer_query(snapshot, &worker, &request, buffer, sizeof(buffer));
}

/* ask - over UDP from 198.51.100.1, with a client subnet (NULL: none). */
static void ask(const struct snapshot *snapshot, const char *name, uint16_t type,
                const char *subnet)
{
    struct packet packet;
    struct answer_request request = {.client = {IP_V4, {198, 51, 100, 1}}};
    assert_true(packet_init(&packet, 0, name, type, DNS_CLASS_IN));
    if (subnet) {
        packet_put_opt(&packet, 1232, 0, false);
        assert_true(packet_put_ecs(&packet, subnet));
    }
    assert_true(deliver(snapshot, &packet, request) > 0);
}

/* ---- tests ---- */

/* The counts against what an independent reader finds in the packets. */
static void of_many_packets_none_is_forgotten_or_counted_twice(void **state)
{
    (void)state;
    struct snapshot *snapshot = answer_fixture_new();
    assert_non_null(snapshot);
    uint64_t by_type[ANSWER_TRANSPORTS][2][3] = {0}, rcodes[RCODES] = {0}, sent = 0;
    static const uint16_t TYPES[3] = {DNS_TYPE_A, DNS_TYPE_HTTPS, DNS_TYPE_SOA};
    static struct message message;
    struct rng rng;
    rng_init(&rng, 3);
    for (unsigned i = 0; i < PACKETS; i++) {
        struct corpus_query query;
        corpus_query_make(&rng, (enum corpus_kind)(i % CORPUS_KINDS), &query);
        struct answer_request request = {.client = query.client, .transport = query.transport};
        size_t len = deliver(snapshot, &query.packet, request);
        if (len == 0)
            continue;
        sent++;
        assert_null(message_parse(buffer, len, &message));
        rcodes[message_rcode(&message)]++;
        for (unsigned t = 0; t < 3; t++)
            by_type[query.transport][query.client.family == IP_V6][t] +=
                message.question_bytes > 0 && message.qtype == TYPES[t];
    }
    assert_int_equal(all_requests(), PACKETS);
    for (unsigned p = 0; p < ANSWER_TRANSPORTS; p++)
        for (unsigned f = 0; f < 2; f++)
            for (unsigned t = 0; t < 3; t++)
                assert_int_equal(requests(p, f, TYPES[t]), by_type[p][f][t]);
    assert_true(by_type[ANSWER_UDP][0][0] > 0 && by_type[ANSWER_TCP][1][0] > 0);
    struct sums sums = of_zone(NULL);
    assert_int_equal(sums.all, sent);
    for (unsigned r = 0; r < RCODES; r++)
        assert_int_equal(sums.rcodes[r], rcodes[r]);
    assert_true(all_answers() > PACKETS / 10 && all_answers() <= worker.counters.steered);
    assert_int_equal(counts->countries[0] + counts->countries[1], all_answers());
    snapshot_free(snapshot);
}

static void malformed_packets_are_requests_too(void **state)
{
    (void)state;
    struct snapshot *snapshot = answer_fixture_new();
    struct rng rng;
    uint64_t sent = 0;
    rng_init(&rng, 4);
    for (unsigned i = 0; i < PACKETS; i++) {
        struct corpus_query query;
        corpus_query_make(&rng, (enum corpus_kind)(i % CORPUS_KINDS), &query);
        corpus_packet_mutate(&rng, &query.packet);
        struct answer_request request = {.client = query.client, .transport = query.transport};
        sent += deliver(snapshot, &query.packet, request) > 0;
    }
    assert_int_equal(all_requests(), PACKETS);
    assert_int_equal(of_zone(NULL).all, sent);
    assert_int_equal(of_zone(NULL).all + worker.counters.dropped, PACKETS);
    assert_true(counts->requests[ANSWER_UDP][0][ANSWER_TYPE_NONE] > 0);
    snapshot_free(snapshot);
}

static void answers_are_counted_by_whom_they_send_where(void **state)
{
    (void)state;
    struct snapshot *snapshot = answer_fixture_new();
    for (unsigned i = 0; i < 3; i++)
        ask(snapshot, "www.steered.example.org", DNS_TYPE_A, "203.0.113.0/25");
    ask(snapshot, "www.steered.example.org", DNS_TYPE_AAAA, "198.51.100.0/24");
    ask(snapshot, "www.steered.example.org", DNS_TYPE_A, NULL); /* 198.51.100.1: Japan */
    ask(snapshot, "www.steered.example.org", DNS_TYPE_A, "8.8.8.0/24");
    ask(snapshot, "eu.app.steered.example.org", DNS_TYPE_A, "198.51.100.0/24");
    ask(snapshot, "us.resident.steered.example.org", DNS_TYPE_A, "203.0.113.0/25");
    ask(snapshot, "onlyv4.steered.example.org", DNS_TYPE_AAAA, "198.51.100.0/24");
    ask(snapshot, "alias.steered.example.org", DNS_TYPE_CNAME, "203.0.113.0/25");
    assert_int_equal(answers(snapshot, "app", "eu", "DE", POLICY_FIRST), 3);
    assert_int_equal(answers(snapshot, "app", "jp", "JP", POLICY_FIRST), 2);
    assert_int_equal(answers(snapshot, "app", "us", NULL, POLICY_FIRST), 1);
    assert_int_equal(answers(snapshot, "app", "eu", "JP", POLICY_PINNED), 1);
    assert_int_equal(answers(snapshot, "resident", "eu", "DE", POLICY_RESIDENCY), 1);
    assert_int_equal(answers(snapshot, "onlyv4", NULL, "JP", POLICY_NOTHING), 1);
    assert_int_equal(answers(snapshot, "static", "eu", "DE", POLICY_FIRST), 1);
    assert_int_equal(all_answers(), 10);
    assert_int_equal(counts->countries[0], 1);
    assert_int_equal(counts->countries[1], 9);
    snapshot_free(snapshot);
}

static void what_no_policy_decides_is_no_answer_of_a_service(void **state)
{
    (void)state;
    struct snapshot *snapshot = answer_fixture_new();
    ask(snapshot, "www.steered.example.org", DNS_TYPE_TXT, NULL);
    ask(snapshot, "nothing.steered.example.org", DNS_TYPE_A, NULL);
    ask(snapshot, "www.elsewhere.example.net", DNS_TYPE_A, NULL);
    ask(snapshot, "mxsteered.steered.example.org", DNS_TYPE_MX, NULL); /* addresses beside it */
    assert_int_equal(all_answers(), 0);
    snapshot_free(snapshot);
}

static void of_a_truncated_answer_nobody_was_sent_anywhere(void **state)
{
    (void)state;
    struct snapshot *snapshot = answer_fixture_new();
    struct packet packet;
    struct answer_request request = {.client = {IP_V4, {198, 51, 100, 1}}};
    assert_true(packet_init(&packet, 0, "many.steered.example.org", DNS_TYPE_A, DNS_CLASS_IN));
    deliver(snapshot, &packet, request);
    assert_int_equal(worker.counters.truncated, 1);
    assert_int_equal(all_answers(), 0);
    assert_false(worker.note.is_steered);
    request.transport = ANSWER_TCP;
    deliver(snapshot, &packet, request);
    assert_int_equal(answers(snapshot, "many", "us", "JP", POLICY_FIRST), 1);
    assert_true(worker.note.is_steered);
    snapshot_free(snapshot);
}

static void responses_are_counted_by_the_zone_of_the_question(void **state)
{
    (void)state;
    struct snapshot *snapshot = answer_fixture_new();
    struct name_key key;
    name_key_init(&key, (const uint8_t *)"\7steered\7example\3org");
    const struct zone *zone = zone_set_find(&snapshot->zones, &key, false);
    ask(snapshot, "www.steered.example.org", DNS_TYPE_A, NULL);
    ask(snapshot, "www.steered.example.org", DNS_TYPE_MX, NULL);
    ask(snapshot, "nothing.steered.example.org", DNS_TYPE_A, NULL);
    ask(snapshot, "www.elsewhere.example.net", DNS_TYPE_A, NULL);
    ask(snapshot, "www.example.com", DNS_TYPE_A, NULL);
    struct sums ours = of_zone(zone), nobodys = of_zone(NULL);
    assert_int_equal(ours.low[DNS_RCODE_NOERROR], 2);
    assert_int_equal(ours.low[DNS_RCODE_NXDOMAIN], 1);
    assert_int_equal(nobodys.low[DNS_RCODE_REFUSED], 1);
    assert_int_equal(nobodys.all, 5);
    snapshot_free(snapshot);
}

static void cookies_are_counted_by_what_they_prove(void **state)
{
    (void)state;
    struct snapshot *snapshot = answer_fixture_new();
    struct packet packet;
    struct message message;
    struct answer_request request = {.client = {IP_V4, {198, 51, 100, 1}},
                                     .wall_s = 1750000000};
    uint8_t cookie[DNS_COOKIE_BYTES] = "client's";
    for (unsigned i = 0; i < 3; i++) { /* alone, then with the server's, then spoilt */
        assert_true(packet_init(&packet, 0, "www.example.com", DNS_TYPE_A, DNS_CLASS_IN));
        packet_put_opt(&packet, 1232, 0, false);
        packet_put_option(&packet, DNS_OPTION_COOKIE, cookie, i == 0 ? 8 : sizeof(cookie));
        size_t len = deliver(snapshot, &packet, request);
        assert_null(message_parse(buffer, len, &message));
        memcpy(cookie, buffer + message.opt->rdata + 4, sizeof(cookie));
        cookie[20] ^= (uint8_t)i;
    }
    for (unsigned i = 0; i <= ANSWER_COOKIE_INVALID; i++)
        assert_int_equal(counts->cookies[i], 1);
    snapshot_free(snapshot);
}

/* ---- reloads ---- */

static struct snapshot *compile(const struct temp_folder *folder, const char *services,
                                const char *metrics)
{
    char path[TEMP_PATH_MAX];
    struct diag_list *diags = diag_list_new();
    struct snapshot *snapshot = NULL;
    temp_write(folder, "zone", "$TTL 300\n@ SOA ns h 7 2 3 4 300\n@ NS ns\nns A 192.0.2.53\n");
    temp_printf(folder, "rhumb.yaml",
                "server: { listen: '127.0.0.1:5300' }\n"
                "metrics: { countries: %s }\n"
                "geo: { networks: { 192.0.2.0/24: { country: US } } }\n"
                "regions: { a: {}, b: {} }\n"
                "services:\n%s"
                "zones: { example.com: { file: zone, names: { www: app } } }\n",
                metrics, services);
    if (snapshot_compile(temp_path(folder, "rhumb.yaml", path), &(struct snapshot_options){0},
                         diags, &snapshot) != ERR_OK)
        diag_print_all(diags, stderr);
    diag_list_free(diags);
    assert_non_null(snapshot);
    return snapshot;
}

#define A "a: { addresses: [ 10.0.0.1 ] }"
#define B "b: { addresses: [ 10.0.0.2 ] }"

static void a_reload_changes_no_count(void **state)
{
    (void)state;
    struct temp_folder folder;
    temp_folder_open(&folder);
    struct snapshot *before =
        compile(&folder, "  app: { policy: failover, regions: { " A ", " B " } }\n", "true");
    ask(before, "www.example.com", DNS_TYPE_A, NULL);
    struct snapshot *after =
        compile(&folder,
                "  another: { policy: failover, regions: { " B " } }\n"
                "  app: { policy: failover, order: [ a ], regions: { " B ", " A " } }\n",
                "true");
    assert_int_equal(answers(after, "app", "a", NULL, POLICY_FIRST), 1);
    ask(after, "www.example.com", DNS_TYPE_A, NULL);
    ask(after, "www.example.com", DNS_TYPE_A, "192.0.2.0/24");
    assert_int_equal(answers(after, "app", "a", NULL, POLICY_FIRST), 2);
    assert_int_equal(answers(after, "app", "a", "US", POLICY_FIRST), 1);
    assert_int_equal(answers(after, "app", "b", NULL, POLICY_FIRST), 0);
    assert_int_equal(of_zone(after->zones.zones[0]).low[DNS_RCODE_NOERROR], 3);
    snapshot_free(before);
    snapshot_free(after);
    temp_folder_close(&folder);
}

static void countries_can_be_left_out(void **state)
{
    (void)state;
    struct temp_folder folder;
    temp_folder_open(&folder);
    struct snapshot *snapshot =
        compile(&folder, "  app: { policy: failover, regions: { " A " } }\n", "false");
    ask(snapshot, "www.example.com", DNS_TYPE_A, "192.0.2.0/24");
    assert_int_equal(answers(snapshot, "app", "a", NULL, POLICY_FIRST), 1);
    assert_int_equal(counts->countries[0] + counts->countries[1], 0);
    snapshot_free(snapshot);
    temp_folder_close(&folder);
}

static void counts_of_workers_add_up(void **state)
{
    (void)state;
    struct snapshot *snapshot = answer_fixture_new();
    struct answer_counts *sum = answer_counts_new(), *own = counts;
    ask(snapshot, "www.steered.example.org", DNS_TYPE_A, NULL);
    answer_counts_add(sum, own);
    answer_counts_add(sum, own);
    counts = sum; /* what the readers above read */
    assert_int_equal(all_requests(), 2);
    assert_int_equal(of_zone(NULL).all, 2);
    assert_int_equal(answers(snapshot, "app", "jp", "JP", POLICY_FIRST), 2);
    assert_int_equal(counts->countries[1], 2);
    counts = own;
    answer_counts_free(sum);
    snapshot_free(snapshot);
}

static void every_column_has_a_name_of_its_own(void **state)
{
    (void)state;
    for (unsigned i = 0; i < ANSWER_TYPES; i++) {
        const char *name = answer_counts_type_name(i);
        uint16_t type = dns_type_parse(name);
        assert_true(strlen(name) > 0);
        assert_int_equal(type == 0, i <= ANSWER_TYPE_NONE);
        if (type != 0)
            assert_int_equal(answer_counts_type(type), i);
    }
    assert_string_equal(answer_counts_type_name(answer_counts_type(65280)), "other");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
        CASE(of_many_packets_none_is_forgotten_or_counted_twice),
        CASE(malformed_packets_are_requests_too),
        CASE(answers_are_counted_by_whom_they_send_where),
        CASE(what_no_policy_decides_is_no_answer_of_a_service),
        CASE(of_a_truncated_answer_nobody_was_sent_anywhere),
        CASE(responses_are_counted_by_the_zone_of_the_question),
        CASE(cookies_are_counted_by_what_they_prove),
        CASE(a_reload_changes_no_count),
        CASE(countries_can_be_left_out),
        CASE(counts_of_workers_add_up),
        CASE(every_column_has_a_name_of_its_own),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
