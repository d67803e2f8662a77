#include "snapshot_question.h"

#include <string.h>

#include "rhumb/hash.h"

static uint64_t hash_text(uint64_t hash, const char *text)
{
    size_t len = text ? strlen(text) + 1 : 0; /* with the zero byte: "ab" "c" is not "a" "bc" */
    return hash_bytes(hash, text, len);
}

static uint64_t hash_number(uint64_t hash, uint64_t number)
{
    return hash_bytes(hash, &number, sizeof(number));
}

static uint64_t hash_check(uint64_t hash, const struct config_check *check)
{
    const uint64_t numbers[] = {check->kind, check->port, check->verify, check->min_cert_days};
    for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
        hash = hash_number(hash, numbers[i]);
    hash = hash_text(hash, check->path);
    hash = hash_text(hash, check->method);
    hash = hash_text(hash, check->host);
    hash = hash_text(hash, check->body);
    hash = hash_text(hash, check->ca_file);
    for (size_t i = 0; i < check->header_count; i++) {
        hash = hash_text(hash, check->headers[i].name);
        hash = hash_text(hash, check->headers[i].value);
    }
    for (size_t i = 0; i < check->status_count; i++)
        hash = hash_number(hash,
                           (uint64_t)check->statuses[i].first << 16 | check->statuses[i].last);
    return hash;
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
    return hash_check(hash, check);
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
