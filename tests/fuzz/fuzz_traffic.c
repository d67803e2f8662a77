/* Traffic: a file of any kind to traffic_read(), as `rhumb diff --traffic` and `rhumb simulate` read
 * it, and to the reader of captures alone.
 *
 *   input   | the file ...
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rhumb/analysis_pcap.h"
#include "rhumb/analysis_traffic.h"

#include "fuzz.h"

static struct snapshot *snapshot;

static void set_up(void)
{
    static const char zone[] = "$TTL 300\n@ SOA ns h 1 2 3 4 5\n@ NS ns\nns A 192.0.2.53\n"
                               "a CNAME www\nloop CNAME loop\n";
    char text[1024];
    const struct snapshot_options options = {.keep_map = false};
    struct fuzz_file config_file = fuzz_file_open(), zone_file = fuzz_file_open();
    struct diag_list *diags = diag_list_new();
    fuzz_file_write(&zone_file, zone, sizeof(zone) - 1);
    int len =
        snprintf(text, sizeof(text),
                 "regions: {eu: {}, us: {}}\n"
                 "services: {app: {policy: weighted, regions: {eu: {addresses: [10.0.0.1]}, "
                 "us: {addresses: ['2001:db8::1']}}}}\n"
                 "zones: {test: {file: %s, names: {www: app, '*.s': {service: app, sticky: "
                 "true}, '{region}.p': app}}}\n",
                 zone_file.path);
    fuzz_file_write(&config_file, text, (size_t)len);
    if (!diags || snapshot_compile(config_file.path, &options, diags, &snapshot) != ERR_OK)
        exit(1);
    diag_list_free(diags);
}

/* ---- captures ---- */

static void check_capture(const uint8_t *data, size_t size)
{
    struct pcap pcap;
    struct pcap_query query;
    enum pcap_result result;
    size_t packets = 0;
    const char *wrong = pcap_open(&pcap, data, size);
    FUZZ_PROMISE(wrong || pcap_is(data, size), "what is opened is a capture");
    if (wrong)
        return;
    while ((result = pcap_next(&pcap, &query)) != PCAP_END) {
        packets++;
        FUZZ_PROMISE(packets * 16 <= size, "each packet takes its header's bytes");
        if (result == PCAP_BROKEN) {
            FUZZ_PROMISE(pcap_next(&pcap, &query) == PCAP_END,
                         "nothing follows what is broken");
            return;
        }
        if (result != PCAP_QUERY)
            continue;
        FUZZ_PROMISE(query.payload >= data && query.len <= size &&
                         query.payload + query.len <= data + size,
                     "a payload lies in the file");
        FUZZ_PROMISE(query.source.family == IP_V4 || query.source.family == IP_V6,
                     "a query has a source");
    }
}

/* ---- any file ---- */

static void check_clients(const struct traffic *traffic)
{
    const uint64_t *counts = traffic->counts.items;
    uint64_t sum = 0;
    FUZZ_PROMISE(traffic->counts.count == traffic->clients.items.count, "a count for each");
    for (size_t i = 0; i < traffic->counts.count; i++) {
        const struct traffic_client *client = intern_get(&traffic->clients, i);
        const struct ip_prefix *network = &client->network;
        struct ip_addr masked = ip_masked(&network->addr, network->len);
        FUZZ_PROMISE(network->len <= ip_bits(network->addr.family) &&
                         ip_equal(&masked, &network->addr),
                     "a client is a network");
        FUZZ_PROMISE(client->service == CONFIG_NONE ||
                         client->service < snapshot->config->service_count,
                     "a service is one");
        FUZZ_PROMISE(client->pinned == POLICY_NO_REGION || client->pinned < 2,
                     "a region is one");
        FUZZ_PROMISE(counts[i] > 0, "whoever is listed has asked");
        sum += counts[i];
    }
    FUZZ_PROMISE(sum == traffic->steered, "each steered query is counted once");
    FUZZ_PROMISE(traffic->queries == traffic->steered + traffic->elsewhere,
                 "a query is steered or asks elsewhere");
}

static void check_weights(const struct traffic *traffic)
{
    double sum = 0;
    for (size_t i = 0; i < POLICY_COUNTRY_COUNT; i++) {
        FUZZ_PROMISE(traffic->weights[i] >= 0 && isfinite(traffic->weights[i]),
                     "a weight is a number");
        sum += traffic->weights[i];
    }
    FUZZ_PROMISE(sum > 0 && traffic->weights[0] <= 0, "some country has one");
}

/* check_places - complaints stand in the file. */
static void check_places(const struct diag_list *diags, const uint8_t *data, size_t size)
{
    size_t lines = 1;
    for (size_t i = 0; i < size; i++)
        lines += data[i] == '\n';
    for (size_t i = 0; i < diag_count(diags); i++)
        FUZZ_PROMISE(diag_get(diags, i)->place.line <= lines, "a line of the file");
}

static void run(const uint8_t *data, size_t size)
{
    struct traffic traffic;
    struct diag_list *diags = diag_list_new();
    if (!diags)
        return;
    check_capture(data, size);
    traffic_init(&traffic);
    enum err err = traffic_read(data, size, "file", snapshot, diags, &traffic);
    FUZZ_PROMISE(err == ERR_OK || err == ERR_INVALID, "read, or wrong");
    FUZZ_PROMISE((err == ERR_INVALID) == (diag_error_count(diags) > 0),
                 "what is wrong is told");
    check_places(diags, data, size);
    if (traffic.kind == TRAFFIC_QUERIES)
        check_clients(&traffic);
    else if (err == ERR_OK)
        check_weights(&traffic);
    traffic_free(&traffic);
    diag_list_free(diags);
}

const struct fuzz_harness fuzz_harness = {.limit_us = 20000, .set_up = set_up, .run = run};
