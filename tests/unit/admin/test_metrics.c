/* The page, from queries that were really answered. Health is left out here: see
 * tests/e2e/test_metrics.py. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "rhumb/metrics.h"

#include "../../support/answer_fixture.h"
#include "metrics_text.h"

enum { PAGE_MAX = 16 * 1024 * 1024 };

struct bed {
    struct snapshot *snapshot;
    struct answer_worker worker;
    struct answer_counts *counts;
    struct net_totals totals;
    struct metrics_sources sources;
    struct text page;
};

static struct bed bed;

static int set_up(void **state)
{
    (void)state;
    memset(&bed, 0, sizeof(bed));
    bed.snapshot = answer_fixture_new();
    bed.counts = answer_counts_new();
    assert_true(bed.snapshot && bed.counts);
    answer_worker_init(&bed.worker,
                       &(struct answer_worker_options){.seed = 1, .counts = bed.counts});
    bed.sources = (struct metrics_sources){
        .now_ms = 1000000,
        .started_ms = 940500,
        .version = "1.2\"3",
        .snapshot = bed.snapshot,
        .answers = bed.counts,
        .net = &bed.totals,
        .workers = 4,
        .reload = {.loaded_ms = 970000, .is_good = true, .grace_us = 1500},
    };
    text_init(&bed.page, PAGE_MAX);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    text_deinit(&bed.page);
    answer_counts_free(bed.counts);
    snapshot_free(bed.snapshot);
    return 0;
}

static void ask(const char *name, uint16_t type, const char *subnet)
{
    static uint8_t buffer[DNS_MESSAGE_MAX];
    struct packet packet;
    struct answer_request request = {.client = {IP_V4, {8, 8, 8, 8}}};
    assert_true(packet_init(&packet, 0, name, type, DNS_CLASS_IN));
    packet_put_opt(&packet, 1232, 0, false);
    if (subnet)
        assert_true(packet_put_ecs(&packet, subnet));
    request.packet = packet.bytes;
    request.packet_bytes = packet.len;
    assert_true(answer_query(bed.snapshot, &bed.worker, &request, buffer, sizeof(buffer)) > 0);
}

static void write_page(void)
{
    bed.page.len = 0;
    metrics_write(&bed.page, &bed.sources);
    assert_false(bed.page.failed);
}

/* has_line - once, and whole. */
static bool has_line(const char *line)
{
    const char *at = text_get(&bed.page), *end;
    unsigned found = 0;
    for (; *at != '\0'; at = end + 1) {
        end = strchr(at, '\n');
        assert_non_null(end);
        found += (size_t)(end - at) == strlen(line) && strncmp(at, line, strlen(line)) == 0;
    }
    assert_true(found <= 1);
    return found == 1;
}

static void assert_line(const char *line)
{
    if (!has_line(line))
        fail_msg("no line %s in\n%s", line, text_get(&bed.page));
}

/* ---- the format ---- */

static void samples_are_written_as_the_format_says(void **state)
{
    (void)state;
    struct metrics_sample sample;
    metrics_family(&bed.page, "x_total", METRICS_COUNTER, "Some.");
    metrics_begin(&sample, &bed.page, "x_total");
    metrics_uint(&sample, 0);
    metrics_begin(&sample, &bed.page, "x_total");
    metrics_label(&sample, "a", "back\\slash \"quote\" line\nfeed");
    metrics_label(&sample, "b", "");
    metrics_uint(&sample, UINT64_MAX);
    metrics_one_real(&bed.page, "y_seconds", METRICS_GAUGE, "Other.", 0.25);
    metrics_labelled(&bed.page, "z", "k", "v", 12);
    assert_string_equal(text_get(&bed.page),
                        "# HELP x_total Some.\n# TYPE x_total counter\n"
                        "x_total 0\n"
                        "x_total{a=\"back\\\\slash \\\"quote\\\" line\\nfeed\",b=\"\"} "
                        "18446744073709551615\n"
                        "# HELP y_seconds Other.\n# TYPE y_seconds gauge\n"
                        "y_seconds 0.25\n"
                        "z{k=\"v\"} 12\n");
}

/* ---- the page ---- */

static void queries_stand_on_the_page_by_kind(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 3; i++)
        ask("www.steered.example.org", DNS_TYPE_A, "203.0.113.0/25");
    ask("www.steered.example.org", DNS_TYPE_AAAA, NULL);
    ask("nothing.example.com", DNS_TYPE_MX, NULL);
    ask("example.net", 65280, NULL);
    bed.totals.rate_dropped = 5;
    bed.totals.udp_send_dropped = 6;
    bed.sources.kernel_drops = 7;
    bed.sources.connections = 8;
    write_page();
    assert_line("rhumb_dns_requests_total{proto=\"udp\",family=\"ipv4\",type=\"A\"} 3");
    assert_line("rhumb_dns_requests_total{proto=\"udp\",family=\"ipv4\",type=\"AAAA\"} 1");
    assert_line("rhumb_dns_requests_total{proto=\"udp\",family=\"ipv4\",type=\"other\"} 1");
    assert_line("rhumb_dns_responses_total{zone=\"steered.example.org.\",rcode=\"NOERROR\"} 4");
    assert_line("rhumb_dns_responses_total{zone=\"example.com.\",rcode=\"NXDOMAIN\"} 1");
    assert_line("rhumb_dns_responses_total{zone=\"other\",rcode=\"REFUSED\"} 1");
    assert_line("rhumb_answers_total{service=\"app\",region=\"eu\",country=\"DE\",reason="
                "\"first\"} 3");
    assert_line("rhumb_answers_total{service=\"app\",region=\"us\",country=\"unknown\",reason="
                "\"first\"} 1");
    assert_line("rhumb_geo_lookup_total{result=\"found\"} 3");
    assert_line("rhumb_geo_lookup_total{result=\"unknown\"} 1");
    assert_line("rhumb_rrl_dropped_total 5");
    assert_line("rhumb_udp_dropped_total{reason=\"send\"} 6");
    assert_line("rhumb_udp_dropped_total{reason=\"receive_queue\"} 7");
    assert_line("rhumb_tcp_connections 8");
}

static void what_found_no_room_is_shown_as_other(void **state)
{
    (void)state;
    bed.counts->responses.free_count = bed.counts->answers.free_count = 0;
    ask("www.steered.example.org", DNS_TYPE_A, NULL);
    write_page();
    assert_line("rhumb_dns_responses_total{zone=\"other\",rcode=\"other\"} 1");
    assert_line("rhumb_answers_total{service=\"other\",region=\"other\",country=\"other\","
                "reason=\"other\"} 1");
}

static void times_are_in_seconds(void **state)
{
    (void)state;
    write_page();
    assert_line("process_start_time_seconds 940.5");
    assert_line("rhumb_config_last_reload_success_timestamp_seconds 970");
    assert_line("rhumb_state_age_seconds{source=\"zone\"} 30");
    assert_line("rhumb_snapshot_grace_period_seconds 0.0015");
    assert_line("rhumb_build_info{version=\"1.2\\\"3\"} 1");
    assert_line("rhumb_workers 4");
    assert_line("rhumb_zone_serial{zone=\"steered.example.org.\"} 1");
}

/* Every sample belongs to the family whose head stands before it, and no family comes twice. */
static void samples_stand_behind_the_head_of_their_family(void **state)
{
    (void)state;
    static char families[200][80];
    char *save, *copy;
    size_t count = 0, samples = 0;
    ask("www.steered.example.org", DNS_TYPE_A, "203.0.113.0/25");
    write_page();
    copy = strdup(text_get(&bed.page));
    for (char *line = strtok_r(copy, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
        if (strncmp(line, "# HELP ", 7) == 0) {
            size_t len = strcspn(line + 7, " ");
            snprintf(families[count++], sizeof(families[0]), "%.*s", (int)len, line + 7);
            for (size_t i = 0; i + 1 < count; i++)
                assert_string_not_equal(families[i], families[count - 1]);
        } else if (*line != '#') {
            size_t len = strcspn(line, "{ ");
            assert_int_equal(len, strlen(families[count - 1]));
            assert_memory_equal(line, families[count - 1], len);
            samples++;
        }
    }
    free(copy);
    assert_true(count > 30 && samples > count);
}

static void a_page_without_room_says_so(void **state)
{
    (void)state;
    struct text small;
    text_init(&small, 1000);
    metrics_write(&small, &bed.sources);
    assert_true(small.failed);
    text_deinit(&small);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
        CASE(samples_are_written_as_the_format_says),
        CASE(queries_stand_on_the_page_by_kind),
        CASE(what_found_no_room_is_shown_as_other),
        CASE(times_are_in_seconds),
        CASE(samples_stand_behind_the_head_of_their_family),
        CASE(a_page_without_room_says_so),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
