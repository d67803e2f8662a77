/* What probed servers and other programs send: DNS answers, state files, the output of commands.
 *
 *   input   | which (1) | bytes ...
 *   which   0: an answer to www.example, type A, of whatever id it has; wanted is the address in
 *              its last four bytes   1: a state file   2: output, in pieces of 1 + which/3 bytes
 */
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "../../src/probe/command_output.h"
#include "../../src/probe/dns_answer.h"
#include "../../src/probe/state_table.h"
#include "fuzz.h"

enum { KINDS = 3, RECORD_BYTES_MIN = 11 };

static bool is_printable(const char *text)
{
    for (; *text != '\0'; text++)
        if (*text < ' ' || *text > '~')
            return false;
    return true;
}

/* ---- DNS ---- */

static void check_answer(const struct dns_answer *a, const struct ip_addr *wanted, size_t size)
{
    bool found = false;
    for (size_t i = 0; i < a->address_count; i++)
        found = found || ip_equal(&a->addresses[i], wanted);
    FUZZ_PROMISE(a->address_count <= DNS_ANSWER_ADDRESSES_MAX, "at most so many addresses");
    FUZZ_PROMISE(a->address_count <= a->records, "an address is a record");
    FUZZ_PROMISE(a->records <= size / RECORD_BYTES_MIN, "a record takes bytes");
    FUZZ_PROMISE((a->ttl_min_s == UINT32_MAX) == (a->records == 0), "a record has a TTL");
    FUZZ_PROMISE(a->ttl_min_s == UINT32_MAX || a->ttl_min_s <= INT32_MAX, "RFC 2181 section 8");
    FUZZ_PROMISE(!found || a->has_address, "what is there is seen");
    FUZZ_PROMISE(!a->has_address || found || a->address_count == DNS_ANSWER_ADDRESSES_MAX,
                 "what is seen is there");
    FUZZ_PROMISE(a->rcode <= 0xfff, "an rcode has 12 bits");
}

static void run_dns(const uint8_t *data, size_t size)
{
    struct dns_question question = {
        .name = {3, 'w', 'w', 'w', 7, 'e', 'x', 'a', 'm', 'p', 'l', 'e', 0}, .type = 1};
    struct ip_addr wanted = {.family = IP_V4};
    struct dns_answer answer = {.records = 77};
    if (size >= 4) {
        question.id = (uint16_t)(data[0] << 8 | data[1]);
        memcpy(wanted.bytes, data + size - 4, 4);
    }
    if (dns_answer_read(data, size, &question, &wanted, &answer) == DNS_ANSWER_OURS)
        check_answer(&answer, &wanted, size);
    else
        FUZZ_PROMISE(answer.records == 77, "what is refused leaves nothing behind");
}

/* ---- state files ---- */

static void run_states(const uint8_t *data, size_t size)
{
    char fault[STATE_FAULT_MAX] = "";
    struct state_table *table = state_table_parse((const char *)data, size, fault);
    FUZZ_PROMISE(table || fault[0] != '\0', "a refused file has a fault");
    FUZZ_PROMISE(memchr(fault, '\0', sizeof(fault)), "a fault ends");
    for (size_t i = 0; table && i < table->count; i++) {
        const struct state_entry *entry = &table->entries[i];
        FUZZ_PROMISE(state_table_find(table, &entry->addr) == entry, "each address is found");
        FUZZ_PROMISE(entry->scale <= 100, "a scale is a percentage");
        FUZZ_PROMISE(is_printable(entry->reason), "a reason can be logged");
    }
    free(table);
}

/* ---- commands ---- */

static void run_output(const uint8_t *data, size_t size, size_t piece)
{
    struct command_output output = {0};
    struct probe_result result;
    const uint8_t *newline = memchr(data, '\n', size);
    size_t line = newline ? (size_t)(newline - data) : size;
    for (size_t at = 0; at < size; at += piece) {
        size_t len = size - at < piece ? size - at : piece;
        command_output_feed(&output, (const char *)data + at, len);
    }
    command_output_judge(&output, 1, 0, &result);
    FUZZ_PROMISE(output.bytes == size, "every byte counts");
    FUZZ_PROMISE(output.len == (line < PROBE_REASON_MAX - 1 ? line : PROBE_REASON_MAX - 1),
                 "the first line is kept, as far as it fits");
    FUZZ_PROMISE(is_printable(result.reason), "a reason can be logged");
}

static void run(const uint8_t *data, size_t size)
{
    if (size == 0)
        return;
    switch (data[0] % KINDS) {
    case 0: run_dns(data + 1, size - 1); break;
    case 1: run_states(data + 1, size - 1); break;
    default: run_output(data + 1, size - 1, 1u + data[0] / KINDS); break;
    }
}

/* Jansson's tables are ordered by chance; the executions are to be the same each time. */
static void set_up(void)
{
    json_object_seed(1);
}

const struct fuzz_harness fuzz_harness = {.limit_us = 5000, .set_up = set_up, .run = run};
