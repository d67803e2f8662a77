/* A packet capture: the queries in it, read as the server reads them. */
#include <stdio.h>
#include <string.h>

#include "rhumb/analysis_pcap.h"
#include "rhumb/dns_query.h"

#include "traffic_kinds.h"

enum { CLASS_IN = 1 };

bool traffic_capture_is(const struct traffic_file *file)
{
    return pcap_is(file->bytes, file->len);
}

/* query_of - what a datagram asks; false: it is no query that would be answered. */
static bool query_of(const struct pcap_query *datagram, struct traffic_query *out_query)
{
    struct query query;
    if (query_parse(datagram->payload, datagram->len, &query) != QUERY_OK ||
        !query.has_question || query.qclass != CLASS_IN)
        return false;
    out_query->has_name = true;
    memcpy(out_query->name, query.name, query.name_bytes);
    out_query->qtype = query.qtype;
    out_query->client.is_ecs = query.has_ecs && query.ecs.len > 0;
    out_query->client.network =
        out_query->client.is_ecs
            ? query.ecs
            : (struct ip_prefix){.addr = datagram->source,
                                 .len = (uint8_t)ip_bits(datagram->source.family)};
    return true;
}

static void complain(const struct traffic_file *file, struct traffic *traffic, size_t packet,
                     const char *what)
{
    char reason[120];
    (void)snprintf(reason, sizeof(reason), "packet %zu %s", packet, what);
    traffic_complain(file, traffic, &(struct diag_place){.file = file->path}, reason);
}

enum err traffic_capture_read(const struct traffic_file *file, struct traffic *traffic)
{
    struct pcap pcap;
    struct pcap_query datagram;
    struct traffic_query query;
    enum pcap_result result;
    size_t packet = 0;
    const char *wrong = pcap_open(&pcap, file->bytes, file->len);
    if (wrong) {
        diag_error(file->diags, &(struct diag_place){.file = file->path}, "%s", wrong);
        return ERR_INVALID;
    }
    while ((result = pcap_next(&pcap, &datagram)) != PCAP_END && result != PCAP_BROKEN) {
        packet++;
        if (result == PCAP_OTHER)
            continue;
        if (!query_of(&datagram, &query)) {
            complain(file, traffic, packet,
                     datagram.cut ? "was captured in part only" : "is no query");
            continue;
        }
        enum err err = traffic_add(traffic, file->snapshot, &query);
        if (err != ERR_OK)
            return err;
    }
    if (result == PCAP_BROKEN)
        complain(file, traffic, packet + 1, "goes beyond the end of the file");
    return ERR_OK;
}
