/* What a record holds of a query, and above all what it does not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "rhumb/answer_record.h"

#include "../../support/answer_fixture.h"
#include "../../support/message.h"
#include "../../support/temp_folder.h"

enum { RING_BYTES = 1 << 16 };

struct bed {
    struct temp_folder folder;
    struct snapshot *snapshot;
    struct answer_limiter *limiter;
    struct answer_worker worker;
    struct byte_ring ring;
    struct answer_request request;
    uint8_t buffer[DNS_MESSAGE_MAX];
    size_t sent; /* bytes of the latest answer */
};

static _Alignas(BYTE_RING_LINE) struct bed bed;

/* open_bed - query_log: what stands below the key. */
static void open_bed(const char *query_log)
{
    char path[TEMP_PATH_MAX];
    struct diag_list *diags = diag_list_new();
    memset(&bed, 0, sizeof(bed));
    temp_folder_open(&bed.folder);
    temp_write(&bed.folder, "zone",
               "$TTL 300\n@ SOA ns h 7 2 3 4 300\n@ NS ns\nns A 192.0.2.53\nt TXT text\n");
    temp_printf(&bed.folder, "rhumb.yaml",
                "server: { listen: '127.0.0.1:5300', rate_limit: { per_second: 4 } }\n"
                "query_log: { %s }\n"
                "geo: { networks: { 198.51.100.0/24: { country: JP }, '2001:db8::/32': { "
                "country: DE } } }\n"
                "regions: { a: {} }\n"
                "services: { app: { policy: failover, regions: { a: { addresses: [ 10.0.0.1 ] "
                "} } } }\n"
                "zones: { example.com: { file: zone, names: { www: app } } }\n",
                query_log);
    if (snapshot_compile(temp_path(&bed.folder, "rhumb.yaml", path),
                         &(struct snapshot_options){0}, diags, &bed.snapshot) != ERR_OK)
        diag_print_all(diags, stderr);
    diag_list_free(diags);
    assert_non_null(bed.snapshot);
    assert_int_equal(byte_ring_init(&bed.ring, RING_BYTES), ERR_OK);
    bed.limiter = answer_limiter_new((const uint8_t *)"a key of sixteen");
    answer_worker_init(&bed.worker,
                       &(struct answer_worker_options){.seed = 1, .limiter = bed.limiter});
    bed.request = (struct answer_request){
        .client_port = 53535, .steady_ms = 3600000, .wall_s = 1750000000, .wants_note = true};
    assert_true(ip_parse("203.0.113.77", &bed.request.client));
}

static void close_bed(void)
{
    snapshot_free(bed.snapshot);
    answer_limiter_free(bed.limiter);
    byte_ring_deinit(&bed.ring);
    temp_folder_close(&bed.folder);
}

/* log_packet - answer it, and take its record; false: there is none. */
static bool log_packet(const struct packet *packet, struct answer_record_view *out_record)
{
    bed.request.packet = packet->bytes;
    bed.request.packet_bytes = packet->len;
    bed.sent =
        answer_query(bed.snapshot, &bed.worker, &bed.request, bed.buffer, sizeof(bed.buffer));
    struct answer_record_source source = {
        .snapshot = bed.snapshot,
        .worker = &bed.worker,
        .request = &bed.request,
        .response = bed.buffer,
        .response_bytes = bed.sent,
        .wall_ns = 12,
        .took_ns = 34,
    };
    size_t len;
    answer_record_put(&bed.ring, &source);
    const void *bytes = byte_ring_look(&bed.ring, &len);
    if (!bytes)
        return false;
    answer_record_read(bytes, out_record);
    assert_ptr_equal(out_record->message + out_record->head.message_bytes,
                     (const uint8_t *)bytes + len);
    byte_ring_drop(&bed.ring); /* its bytes stay until the next one comes */
    return true;
}

static struct answer_record_view log_query(const char *name, uint16_t type, const char *subnet)
{
    struct answer_record_view record;
    struct packet packet;
    assert_true(packet_init(&packet, 0, name, type, DNS_CLASS_IN));
    if (subnet) {
        packet_put_opt(&packet, 1232, 0, false);
        assert_true(packet_put_ecs(&packet, subnet));
    }
    assert_true(log_packet(&packet, &record));
    return record;
}

static void assert_network(const struct ip_prefix *network, const char *text)
{
    char buffer[IP_TEXT_MAX];
    assert_string_equal(ip_prefix_format(network, buffer), text);
}

static void assert_text(const char *text, size_t len, const char *expected)
{
    assert_int_equal(len, strlen(expected));
    assert_memory_equal(text, expected, len);
}

/* ---- tests ---- */

static void a_record_tells_what_was_asked_and_decided(void **state)
{
    (void)state;
    open_bed("file: q, clients: full");
    struct answer_record_view record =
        log_query("www.example.com", DNS_TYPE_A, "198.51.100.0/24");
    char country[POLICY_COUNTRY_TEXT_MAX];
    assert_int_equal(record.head.wall_ns, 12);
    assert_int_equal(record.head.took_ns, 34);
    assert_memory_equal(record.name, "\3www\7example\3com", record.head.name_bytes);
    assert_memory_equal(record.zone, "\7example\3com", record.head.zone_bytes);
    assert_int_equal(record.head.name_bytes, 17);
    assert_int_equal(record.head.zone_bytes, 13);
    assert_text(record.service, record.head.service_bytes, "app");
    assert_text(record.region, record.head.region_bytes, "a");
    assert_int_equal(record.head.qtype, DNS_TYPE_A);
    assert_int_equal(record.head.rcode, DNS_RCODE_NOERROR);
    assert_int_equal(record.head.reason, POLICY_FIRST);
    assert_int_equal(record.head.response_bytes, bed.sent);
    assert_int_equal(record.head.message_bytes, 0); /* a file has no use for it */
    assert_string_equal(policy_country_name(record.head.country, country), "JP");
    assert_network(&record.head.client, "203.0.113.77/32");
    assert_int_equal(record.head.client_port, 53535);
    assert_network(&record.head.ecs, "198.51.100.0/24");
    close_bed();
}

static void an_ordinary_answer_has_no_service(void **state)
{
    (void)state;
    open_bed("file: q");
    struct answer_record_view record = log_query("t.example.com", DNS_TYPE_TXT, NULL);
    assert_false(record.head.is_steered || record.head.has_ecs);
    assert_int_equal(record.head.service_bytes + record.head.region_bytes, 0);
    assert_int_equal(record.head.zone_bytes, 13);
    record = log_query("www.example.net", DNS_TYPE_A, NULL);
    assert_int_equal(record.head.rcode, DNS_RCODE_REFUSED);
    assert_int_equal(record.head.zone_bytes, 0);
    record = log_query("www.example.com", DNS_TYPE_AAAA, NULL);
    assert_int_equal(record.head.reason, POLICY_NOTHING);
    assert_text(record.service, record.head.service_bytes, "app");
    assert_int_equal(record.head.region_bytes, 0);
    close_bed();
}

static void of_a_prefix_nobody_can_tell_the_client(void **state)
{
    (void)state;
    open_bed("file: q");
    struct answer_record_view record =
        log_query("www.example.com", DNS_TYPE_A, "198.51.100.99/32");
    assert_network(&record.head.client, "203.0.113.0/24");
    assert_network(&record.head.ecs, "198.51.100.0/24");
    assert_int_equal(record.head.client_port, 0);
    assert_true(ip_parse("2001:db8:1:2:3:4:5:6", &bed.request.client));
    record = log_query("www.example.com", DNS_TYPE_A, "2001:db8:1:2:3::/80");
    assert_network(&record.head.client, "2001:db8:1::/56");
    assert_network(&record.head.ecs, "2001:db8:1::/56");
    record = log_query("www.example.com", DNS_TYPE_A, "198.51.0.0/16");
    assert_network(&record.head.ecs, "198.51.0.0/16");
    close_bed();
}

static void told_nothing_of_clients_a_record_knows_their_country_at_most(void **state)
{
    (void)state;
    open_bed("file: q, clients: none");
    struct answer_record_view record =
        log_query("www.example.com", DNS_TYPE_A, "198.51.100.0/24");
    assert_int_equal(record.head.client.addr.family, IP_NONE);
    assert_int_equal(record.head.ecs.addr.family, IP_NONE);
    assert_int_equal(record.head.client_port, 0);
    assert_true(record.head.has_ecs);
    assert_int_not_equal(record.head.country, POLICY_COUNTRY_UNKNOWN);
    close_bed();
}

/* options_of - how many records and OPTs the message of a record has. */
static unsigned opts_of(const struct answer_record_view *record, unsigned *out_records)
{
    static struct message message;
    assert_null(message_parse(record->message, record->head.message_bytes, &message));
    *out_records = (unsigned)message.record_count;
    return message.opt != NULL;
}

static void dnstap_gets_the_answer_without_what_tells_the_client(void **state)
{
    (void)state;
    unsigned records;
    open_bed("dnstap: s");
    struct answer_record_view record =
        log_query("www.example.com", DNS_TYPE_A, "198.51.100.0/24");
    assert_true(record.head.message_bytes < record.head.response_bytes);
    assert_int_equal(opts_of(&record, &records), 0);
    assert_int_equal(records, 1);
    record = log_query("www.example.com", DNS_TYPE_A, NULL); /* no OPT: whole */
    assert_int_equal(record.head.message_bytes, record.head.response_bytes);
    close_bed();
    open_bed("dnstap: s, clients: full");
    record = log_query("www.example.com", DNS_TYPE_A, "198.51.100.0/24");
    assert_int_equal(record.head.message_bytes, record.head.response_bytes);
    assert_memory_equal(record.message, bed.buffer, bed.sent);
    assert_int_equal(opts_of(&record, &records), 1);
    close_bed();
}

static void over_the_rate_a_record_says_so(void **state)
{
    (void)state;
    unsigned limited = 0, silent = 0;
    open_bed("dnstap: s");
    for (unsigned i = 0; i < 40; i++) {
        struct answer_record_view record = log_query("www.example.com", DNS_TYPE_A, NULL);
        assert_int_equal(record.head.fate, i < 4 ? ANSWER_WHOLE : ANSWER_LIMITED);
        limited += record.head.fate == ANSWER_LIMITED;
        silent += record.head.response_bytes == 0;
        assert_int_equal(record.head.message_bytes, record.head.response_bytes);
        assert_int_equal(record.head.is_steered, i < 4);
    }
    assert_int_equal(limited, 36);
    assert_in_range(silent, 1, 35); /* one in two, by chance */
    close_bed();
}

static void a_bare_header_is_a_record_and_no_query_is_none(void **state)
{
    (void)state;
    struct answer_record_view record;
    struct packet packet;
    open_bed("dnstap: s");
    assert_true(packet_init(&packet, 5 << 11, "www.example.com", DNS_TYPE_A, DNS_CLASS_IN));
    assert_true(log_packet(&packet, &record)); /* UPDATE */
    assert_int_equal(record.head.fate, ANSWER_BARE);
    assert_int_equal(record.head.rcode, DNS_RCODE_NOTIMP);
    assert_false(record.head.has_question);
    assert_int_equal(record.head.message_bytes, 12);
    assert_true(packet_init(&packet, DNS_FLAG_QR, "www.example.com", DNS_TYPE_A, DNS_CLASS_IN));
    assert_false(log_packet(&packet, &record)); /* a response */
    assert_int_equal(bed.sent, 0);
    close_bed();
}

static void a_full_ring_drops_and_the_answer_goes_out(void **state)
{
    (void)state;
    struct packet packet;
    open_bed("file: q");
    assert_true(packet_init(&packet, 0, "t.example.com", DNS_TYPE_TXT, DNS_CLASS_IN));
    bed.request.packet = packet.bytes;
    bed.request.packet_bytes = packet.len;
    bed.request.transport = ANSWER_TCP; /* no rate limit */
    for (unsigned i = 0; i < RING_BYTES / 100; i++) {
        struct answer_record_source source = {
            .snapshot = bed.snapshot, .worker = &bed.worker, .request = &bed.request};
        source.response = bed.buffer;
        source.response_bytes = answer_query(bed.snapshot, &bed.worker, &bed.request,
                                             bed.buffer, sizeof(bed.buffer));
        assert_true(source.response_bytes > 0);
        answer_record_put(&bed.ring, &source);
    }
    assert_true(byte_ring_dropped(&bed.ring) > 0);
    close_bed();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_record_tells_what_was_asked_and_decided),
        cmocka_unit_test(an_ordinary_answer_has_no_service),
        cmocka_unit_test(of_a_prefix_nobody_can_tell_the_client),
        cmocka_unit_test(told_nothing_of_clients_a_record_knows_their_country_at_most),
        cmocka_unit_test(dnstap_gets_the_answer_without_what_tells_the_client),
        cmocka_unit_test(over_the_rate_a_record_says_so),
        cmocka_unit_test(a_bare_header_is_a_record_and_no_query_is_none),
        cmocka_unit_test(a_full_ring_drops_and_the_answer_goes_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
