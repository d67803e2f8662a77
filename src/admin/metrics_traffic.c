/* What comes in and goes out, whatever the answer is. */
#include "metrics_page.h"
#include "metrics_text.h"

static uint64_t get(const _Atomic uint64_t *counter)
{
    return atomic_load_explicit(counter, memory_order_relaxed);
}

static void put_requests(struct text *out, const struct answer_counts *counts)
{
    static const char *const TRANSPORTS[] = {"udp", "tcp", "tls"}, *const FAMILIES[] = {"ipv4",
                                                                                        "ipv6"};
    static const char NAME[] = "rhumb_dns_requests_total";

    metrics_family(out, NAME, METRICS_COUNTER,
                   "Packets that came as queries, by transport, address family and type.");
    for (unsigned t = 0; t < ANSWER_TRANSPORTS; t++)
        for (unsigned f = 0; f < ANSWER_FAMILIES; f++)
            for (unsigned c = 0; c < ANSWER_TYPES; c++) {
                uint64_t count = get(&counts->requests[t][f][c]);
                struct metrics_sample sample;
                if (count == 0)
                    continue;
                metrics_begin(&sample, out, NAME);
                metrics_label(&sample, "proto", TRANSPORTS[t]);
                metrics_label(&sample, "family", FAMILIES[f]);
                metrics_label(&sample, "type", answer_counts_type_name(c));
                metrics_uint(&sample, count);
            }
}

static void put_outcomes(struct text *out, const struct net_totals *net)
{
    metrics_one(out, "rhumb_dns_ignored_total", METRICS_COUNTER,
                "Packets that were no queries: too short, or responses.", net->dropped);
    metrics_one(out, "rhumb_dns_nodata_total", METRICS_COUNTER,
                "Answers that the name has nothing of this type.", net->nodata);
    metrics_one(out, "rhumb_dns_referrals_total", METRICS_COUNTER,
                "Answers that another zone's servers know.", net->referral);
    metrics_one(out, "rhumb_dns_truncated_total", METRICS_COUNTER,
                "Answers that did not fit: the client is to ask over TCP.", net->truncated);
}

static void put_protection(struct text *out, const struct metrics_sources *sources)
{
    static const char *const COOKIES[] = {"client_only", "valid", "invalid"};

    metrics_one(out, "rhumb_rrl_dropped_total", METRICS_COUNTER,
                "Answers over the rate limit that were not sent.", sources->net->rate_dropped);
    metrics_one(out, "rhumb_rrl_truncated_total", METRICS_COUNTER,
                "Answers over the rate limit that said: come again over TCP, or with a cookie.",
                sources->net->rate_slipped);
    metrics_family(out, "rhumb_dns_cookies_total", METRICS_COUNTER,
                   "Queries with a DNS cookie, by what it proves.");
    for (unsigned i = 0; i <= ANSWER_COOKIE_INVALID; i++)
        metrics_labelled(out, "rhumb_dns_cookies_total", "result", COOKIES[i],
                         get(&sources->answers->cookies[i]));
}

static void put_udp(struct text *out, const struct metrics_sources *sources)
{
    static const char NAME[] = "rhumb_udp_dropped_total";
    const struct net_totals *net = sources->net;
    metrics_family(out, NAME, METRICS_COUNTER,
                   "UDP packets that were lost here: no room in the socket's queue, nobody to "
                   "answer to, an answer the kernel did not take.");
    metrics_labelled(out, NAME, "reason", "receive_queue", sources->kernel_drops);
    metrics_labelled(out, NAME, "reason", "no_sender", net->udp_no_sender);
    metrics_labelled(out, NAME, "reason", "send", net->udp_send_dropped);
    metrics_one(out, "rhumb_proxy_errors_total", METRICS_COUNTER,
                "Packets and connections of trusted proxies without a good PROXY header.",
                net->proxy_bad);
}

static void put_tcp(struct text *out, const struct metrics_sources *sources)
{
    static const char CLOSED[] = "rhumb_tcp_closed_total",
                      HANDS[] = "rhumb_tls_handshakes_total";
    const struct net_totals *net = sources->net;
    metrics_one(out, "rhumb_tcp_connections", METRICS_GAUGE,
                "Connections that are open, TLS included.", sources->connections);
    metrics_one(out, "rhumb_tcp_accepted_total", METRICS_COUNTER,
                "Connections that were accepted, TLS included.", net->tcp_accepted);
    metrics_family(out, CLOSED, METRICS_COUNTER,
                   "Connections that were closed on a client: to make room, over the limit of "
                   "its network, too slow, not DNS.");
    metrics_labelled(out, CLOSED, "reason", "evicted", net->tcp_evicted);
    metrics_labelled(out, CLOSED, "reason", "over_prefix", net->tcp_over_prefix);
    metrics_labelled(out, CLOSED, "reason", "too_slow", net->tcp_too_slow);
    metrics_labelled(out, CLOSED, "reason", "malformed", net->tcp_closed_bad);
    metrics_family(out, HANDS, METRICS_COUNTER, "TLS handshakes, by how they ended.");
    metrics_labelled(out, HANDS, "result", "success", net->tls_handshakes);
    metrics_labelled(out, HANDS, "result", "failure", net->tls_failed);
}

static void put_query_log(struct text *out, const struct querylog_totals *queries)
{
    static const char NAME[] = "rhumb_query_log_dropped_total";
    metrics_one(out, "rhumb_query_log_written_total", METRICS_COUNTER,
                "Queries written to the query log.", queries->written);
    metrics_family(out, NAME, METRICS_COUNTER,
                   "Queries that were to be logged and were not: too many at once, or nowhere "
                   "to write them.");
    metrics_labelled(out, NAME, "reason", "full", queries->dropped_full);
    metrics_labelled(out, NAME, "reason", "unwritten", queries->dropped_unwritten);
}

void metrics_put_traffic(struct text *out, const struct metrics_sources *sources)
{
    put_requests(out, sources->answers);
    put_outcomes(out, sources->net);
    put_protection(out, sources);
    put_udp(out, sources);
    put_tcp(out, sources);
    put_query_log(out, &sources->queries);
}
