#include "snapshot_question.h"

#include <string.h>

#include "rhumb/hash.h"

static uint64_t hash_number(uint64_t hash, uint64_t number)
{
    return hash_bytes(hash, &number, sizeof(number));
}

/* hash_text - with its length, 0 for NULL: "ab" "c" is not "a" "bc", and none is not "". */
static uint64_t hash_text(uint64_t hash, const char *text)
{
    size_t len = text ? strlen(text) + 1 : 0;
    return hash_bytes(hash_number(hash, len), text, len);
}

static uint64_t hash_length_and_bytes(uint64_t hash, const struct config_bytes *bytes)
{
    return hash_bytes(hash_number(hash, bytes->len), bytes->bytes, bytes->len);
}

static uint64_t hash_real(uint64_t hash, double number)
{
    return hash_bytes(hash, &number, sizeof(number));
}

/* hash_answer - what is expected of an answer over HTTP. */
static uint64_t hash_answer(uint64_t hash, const struct config_check *check)
{
    const struct config_metric *metric = &check->metric;
    hash = hash_text(hash, check->body);
    hash = hash_text(hash, check->body_regex);
    for (size_t i = 0; i < check->status_count; i++)
        hash = hash_number(hash,
                           (uint64_t)check->statuses[i].first << 16 | check->statuses[i].last);
    hash = hash_text(hash, metric->json);
    hash = hash_text(hash, metric->header);
    hash = hash_real(hash, metric->degraded);
    return hash_real(hash, metric->down);
}

/* hash_other_kinds - dns, command and file. A command is told the name of its check, so that is
 * part of its question. */
static uint64_t hash_other_kinds(uint64_t hash, const struct config_check *check)
{
    const struct config_check_dns *dns = &check->dns;
    const uint64_t numbers[] = {dns->type, dns->rcode, dns->tcp, check->file.max_age_ms};
    for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
        hash = hash_number(hash, numbers[i]);
    hash = hash_text(hash, dns->name);
    hash = hash_bytes(hash, &dns->address, sizeof(dns->address));
    hash = hash_text(hash, check->file.path);
    if (check->kind == CONFIG_CHECK_COMMAND)
        hash = hash_text(hash, check->name);
    for (size_t i = 0; i < check->command.count; i++)
        hash = hash_text(hash, check->command.argv[i]);
    return hash;
}

/* hash_source - from where it is asked; a host may have addresses of both families. */
static uint64_t hash_source(uint64_t hash, const struct config_check *check,
                            const struct snapshot_asked *asked)
{
    if (asked->addr.family != IP_V6)
        hash = hash_bytes(hash, &check->source.v4, sizeof(check->source.v4));
    if (asked->addr.family != IP_V4)
        hash = hash_bytes(hash, &check->source.v6, sizeof(check->source.v6));
    return hash;
}

static uint64_t hash_check(uint64_t hash, const struct config_check *check,
                           const struct snapshot_asked *asked)
{
    const uint64_t numbers[] = {
        check->kind,   check->port,         check->verify,   check->min_cert_days,
        check->follow, check->http_version, check->grpc_tls,
    };
    for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
        hash = hash_number(hash, numbers[i]);
    hash = hash_source(hash, check, asked);
    hash = hash_text(hash, check->path);
    hash = hash_text(hash, check->method);
    hash = hash_text(hash, check->host);
    hash = hash_text(hash, check->ca_file);
    hash = hash_text(hash, check->grpc_service);
    hash = hash_length_and_bytes(hash, &check->send);
    hash = hash_length_and_bytes(hash, &check->expect);
    hash = hash_number(hash, check->header_count);
    for (size_t i = 0; i < check->header_count; i++) {
        hash = hash_text(hash, check->headers[i].name);
        hash = hash_text(hash, check->headers[i].value);
    }
    return hash_other_kinds(hash_answer(hash, check), check);
}

/* hash_parts - a check made of others asks what they ask, each at its own pace. */
static uint64_t hash_parts(uint64_t hash, const struct config *config,
                           const struct config_check *check, const struct snapshot_asked *asked)
{
    hash = hash_number(hash_number(hash, check->kind), check->parts_needed);
    for (size_t i = 0; i < check->part_count; i++) {
        const struct config_check *part = &config->checks[check->parts[i]];
        uint64_t question = snapshot_question_of(config, part, asked);
        hash = hash_number(hash, snapshot_key_of(question, part));
    }
    return hash;
}

uint64_t snapshot_question_of(const struct config *config, const struct config_check *check,
                              const struct snapshot_asked *asked)
{
    uint64_t hash = hash_bytes(HASH_SEED, &asked->addr, sizeof(asked->addr));
    if (asked->host)
        hash = hash_text(hash, asked->host);
    if (check->kind == CONFIG_CHECK_PARTS)
        return hash_parts(hash, config, check, asked);
    return hash_check(hash, check, asked);
}

uint64_t snapshot_key_of(uint64_t question, const struct config_check *check)
{
    const uint64_t numbers[] = {
        check->interval_ms, check->timeout_ms, check->confirm_ms, check->fall,   check->rise,
        check->min_down_ms, check->assume_up,  check->ramp_ms,    check->damped,
    };
    for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
        question = hash_number(question, numbers[i]);
    return question;
}
