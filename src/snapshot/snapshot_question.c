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

uint64_t snapshot_question_of(const struct config_check *check, const struct ip_addr *addr)
{
    uint64_t hash = hash_bytes(HASH_SEED, addr, sizeof(*addr));
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

uint64_t snapshot_key_of(uint64_t question, const struct config_check *check)
{
    const uint64_t numbers[] = {
        check->interval_ms, check->timeout_ms,  check->confirm_ms, check->fall,
        check->rise,        check->min_down_ms, check->assume_up,
    };
    for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
        question = hash_number(question, numbers[i]);
    return question;
}
