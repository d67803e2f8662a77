#include "querylog_line.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "rhumb/dns_name.h"
#include "rhumb/dns_type.h"

/* A line under way. Everything that goes in has a maximum, and together they fit: see
 * QUERYLOG_LINE_MAX. */
struct line {
    char *at;
    enum config_log_format format;
    bool more; /* a field stands before */
};

static void put(struct line *line, const char *text, size_t len)
{
    memcpy(line->at, text, len);
    line->at += len;
}

static void put_key(struct line *line, const char *key)
{
    bool is_json = line->format == CONFIG_JSON;
    if (line->more)
        *line->at++ = is_json ? ',' : ' ';
    line->more = true;
    if (is_json)
        *line->at++ = '"';
    put(line, key, strlen(key));
    put(line, is_json ? "\":" : "=", is_json ? 2 : 1);
}

/* needs_quotes - a value holds printable characters only; of those, these mean something in
 * logfmt. */
static bool needs_quotes(const char *text, size_t len)
{
    return memchr(text, '"', len) || memchr(text, '\\', len) || memchr(text, '=', len);
}

static void put_string(struct line *line, const char *key, const char *text, size_t len)
{
    bool has_quotes = line->format == CONFIG_JSON || needs_quotes(text, len);
    put_key(line, key);
    if (!has_quotes) {
        put(line, text, len);
        return;
    }
    *line->at++ = '"';
    for (size_t i = 0; i < len; i++) {
        if (text[i] == '"' || text[i] == '\\')
            *line->at++ = '\\';
        *line->at++ = text[i];
    }
    *line->at++ = '"';
}

static void put_word(struct line *line, const char *key, const char *text)
{
    put_string(line, key, text, strlen(text));
}

/* put_number - in JSON without quotes; text: digits, and a point at most. */
static void put_number(struct line *line, const char *key, const char *text)
{
    put_key(line, key);
    put(line, text, strlen(text));
}

static void put_uint(struct line *line, const char *key, uint32_t value)
{
    char text[16];
    (void)snprintf(text, sizeof(text), "%u", value);
    put_number(line, key, text);
}

/* ---- values ---- */

static void put_time(struct line *line, uint64_t wall_ns)
{
    char text[64];
    struct tm parts;
    time_t seconds = (time_t)(wall_ns / 1000000000);
    gmtime_r(&seconds, &parts);
    size_t len = strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%S", &parts);
    (void)snprintf(text + len, sizeof(text) - len, ".%06uZ",
                   (unsigned)(wall_ns % 1000000000 / 1000));
    put_word(line, "time", text);
}

static void put_took(struct line *line, uint32_t took_ns)
{
    char text[16];
    (void)snprintf(text, sizeof(text), "%u.%u", took_ns / 1000, took_ns % 1000 / 100);
    put_number(line, "duration_us", text);
}

/* put_network - an address alone when all its bits are told. */
static void put_network(struct line *line, const char *key, const struct ip_prefix *network)
{
    char text[IP_TEXT_MAX];
    enum ip_family family = (enum ip_family)network->addr.family;
    if (family == IP_NONE)
        return;
    put_word(line, key,
             network->len == ip_bits(family) ? ip_format(&network->addr, text)
                                             : ip_prefix_format(network, text));
}

static const char *transport_name(uint8_t transport)
{
    static const char *const NAMES[] = {
        [ANSWER_UDP] = "udp", [ANSWER_TCP] = "tcp", [ANSWER_TLS] = "tls"};
    return NAMES[transport];
}

/* ---- the fields ---- */

static void put_question(struct line *line, const struct answer_record_view *record)
{
    char name[DNS_NAME_TEXT_MAX], type[DNS_TYPE_TEXT_MAX];
    if (!record->head.has_question)
        return;
    put_word(line, "name", dns_name_to_text(record->name, name));
    put_word(line, "type", dns_type_name(record->head.qtype, type));
}

/* put_ecs - the network whole, as it was sent: /24 of an address is no address. */
static void put_ecs(struct line *line, const struct answer_record *head)
{
    char text[IP_TEXT_MAX];
    if (!head->has_ecs)
        return;
    if (head->ecs.addr.family != IP_NONE)
        put_word(line, "ecs", ip_prefix_format(&head->ecs, text));
    put_uint(line, "scope", head->ecs_scope);
}

static void put_decision(struct line *line, const struct answer_record_view *record)
{
    const struct answer_record *head = &record->head;
    char country[POLICY_COUNTRY_TEXT_MAX];
    if (head->service_bytes > 0)
        put_string(line, "service", record->service, head->service_bytes);
    if (head->region_bytes > 0)
        put_string(line, "region", record->region, head->region_bytes);
    put_word(line, "country", policy_country_name(head->country, country));
    if (head->fate == ANSWER_LIMITED)
        put_word(line, "reason", "rate_limit");
    else if (head->is_steered)
        put_word(line, "reason", policy_reason_name((enum policy_reason)head->reason));
}

size_t querylog_line(const struct answer_record_view *record, enum config_log_format format,
                     char buffer[QUERYLOG_LINE_MAX])
{
    const struct answer_record *head = &record->head;
    struct line line = {.at = buffer, .format = format};
    if (format == CONFIG_JSON)
        *line.at++ = '{';
    put_time(&line, head->wall_ns);
    put_network(&line, "client", &head->client);
    put_word(&line, "proto", transport_name(head->transport));
    put_question(&line, record);
    if (head->response_bytes > 0)
        put_word(&line, "rcode", dns_rcode_name(head->rcode));
    put_ecs(&line, head);
    put_decision(&line, record);
    put_uint(&line, "size", head->response_bytes);
    put_took(&line, head->took_ns);
    if (format == CONFIG_JSON)
        *line.at++ = '}';
    *line.at++ = '\n';
    return (size_t)(line.at - buffer);
}

size_t querylog_facts(const struct answer_record_view *record, char buffer[QUERYLOG_LINE_MAX])
{
    struct line line = {.at = buffer, .format = CONFIG_LOGFMT};
    if (record->head.message_bytes == 0)
        put_question(&line, record); /* nothing else holds it */
    put_ecs(&line, &record->head);
    put_decision(&line, record);
    return (size_t)(line.at - buffer);
}
