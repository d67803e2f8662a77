/* answer_fixture.h - the snapshot of tests/data/wire, and the packets the tests send into it.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "rhumb/answer.h"

/* answer_fixture_new - NULL after printing why. Free it with snapshot_free(). */
struct snapshot *answer_fixture_new(void);

/* A query under construction. */
struct packet {
    uint8_t bytes[1024];
    size_t len;
};

enum { PACKET_ID = 0x1234, ANSWER_FIXTURE_UDP_BYTES = 1232 };

/* packet_init - header with one question, no record; name is in text form, case kept. False
 * when the name is malformed. */
bool packet_init(struct packet *packet, uint16_t flags, const char *name, uint16_t type,
                 uint16_t class);

/* packet_put_opt - OPT without options; then the options one by one. */
void packet_put_opt(struct packet *packet, uint16_t size, uint8_t version, bool dnssec_ok);
void packet_put_option(struct packet *packet, uint16_t code, const void *data, size_t len);

/* packet_put_ecs - network is as text, "192.0.2.0/24". */
bool packet_put_ecs(struct packet *packet, const char *network);
