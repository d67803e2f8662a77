/* The whole path of a query under libFuzzer: parse, zones, steering, response.
 *
 *     input   | options | client, 4 bytes | packet ...
 *
 * options: bit 0 TCP, bit 1 every endpoint is down, bit 2 every endpoint is suspect, bits 3-7 how
 * many bytes above 512 a UDP buffer has, times 32. The reply is held against answer_promise.h.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../support/answer_fixture.h"
#include "../support/answer_promise.h"

enum { INPUT_TCP = 1, INPUT_DOWN = 2, INPUT_SUSPECT = 4, PREFIX_BYTES = 5 };

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct snapshot *snapshot;

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc;
    (void)argv;
    snapshot = answer_fixture_new();
    if (!snapshot)
        exit(1);
    return 0;
}

static void set_health(uint8_t options)
{
    health_word word = (options & INPUT_DOWN) != 0 ? 0 : HEALTH_WORD_ALWAYS_UP;
    if ((options & INPUT_SUSPECT) != 0)
        word |= HEALTH_WORD_SUSPECT;
    for (size_t t = 0; t < snapshot->target_count; t++)
        health_table_set(&snapshot->health, t, word);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct answer_worker worker;
    if (size < PREFIX_BYTES || size - PREFIX_BYTES > DNS_MESSAGE_MAX)
        return 0;
    struct ip_addr client = {.family = IP_V4};
    memcpy(client.bytes, data + 1, 4);
    struct answer_exchange e = {
        .request = {.packet = data + PREFIX_BYTES,
                    .packet_bytes = size - PREFIX_BYTES,
                    .client = client,
                    .transport = (data[0] & INPUT_TCP) != 0 ? ANSWER_TCP : ANSWER_UDP},
    };
    e.capacity = e.request.transport == ANSWER_TCP ? (size_t)DNS_MESSAGE_MAX
                                                   : DNS_UDP_PLAIN_BYTES + (data[0] >> 3) * 32u;
    uint8_t *buffer = malloc(e.capacity); /* of exactly that size, for the sanitizer */
    if (!buffer)
        return 0;
    memset(buffer, 0xc0, e.capacity);
    set_health(data[0]);
    answer_worker_init(&worker, &(struct answer_worker_options){.seed = 1});
    e.reply = buffer;
    e.reply_bytes = answer_query(snapshot, &worker, &e.request, buffer, e.capacity);
    const char *fault = answer_promise_broken(&e);
    if (fault) {
        fprintf(stderr, "broken promise: %s\n", fault);
        abort();
    }
    free(buffer);
    return 0;
}
