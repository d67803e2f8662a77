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

/* hash_other_kinds - dns, command, file and parts. A command is told the name of its check, so
 * that is part of its question. Indexes of parts mean nothing in the next run of the program:
 * see snapshot_question_of_parts(). */
static uint64_t hash_other_kinds(uint64_t hash, const struct config_check *check)
{
    const struct config_check_dns *dns = &check->dns;
    const uint64_t numbers[] = {dns->type, dns->rcode, dns->tcp, check->file.max_age_ms,
                                check->parts_needed};
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
    return hash_other_kinds(hash, check);
}

uint64_t snapshot_question_of_parts(const struct config *config,
                                    const struct config_check *check,
                                    const struct ip_addr *addr)
{
    uint64_t hash = hash_number(snapshot_question_of(check, addr), check->part_count);
    for (size_t i = 0; i < check->part_count; i++) {
        const struct config_check *part = &config->checks[check->parts[i]];
        hash = hash_number(hash, snapshot_key_of(snapshot_question_of(part, addr), part));
    }
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
