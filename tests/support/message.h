/* message.h - a second, independent reader of DNS messages, for the tests.
 *
 * It shares no code with src/dns, so that a mistake there is not made twice, and it is strict:
 * whatever a careful resolver might refuse is a fault. Compression pointers must lead to the
 * start of a label of an earlier name; names in the data of the types of RFC 1035 and RFC 3597
 * end where the data ends; OPT stands once, at the root, in the additional section; no byte is
 * left over.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

enum { MESSAGE_RECORDS_MAX = 2048, MESSAGE_NAME_TEXT_MAX = 1025 };

struct message_record {
    unsigned section;    /* 1 answer, 2 authority, 3 additional */
    size_t owner, rdata; /* offsets in the message */
    uint16_t type, class, rdata_bytes;
    uint32_t ttl_s;
};

struct message {
    const uint8_t *bytes; /* borrowed */
    size_t len;
    uint16_t id, flags, counts[4];
    size_t question_bytes; /* 0: none */
    uint16_t qtype, qclass;
    struct message_record records[MESSAGE_RECORDS_MAX];
    size_t record_count;
    const struct message_record *opt; /* NULL: none */
};

/* message_parse - NULL when the message is sound, else what is wrong with it (static text). */
const char *message_parse(const uint8_t *bytes, size_t len, struct message *out_message);

/* message_rcode - all twelve bits. */
unsigned message_rcode(const struct message *message);

/* message_name_text - the name at an offset, in the master file's form; returns buffer. */
const char *message_name_text(const struct message *message, size_t offset,
                              char buffer[MESSAGE_NAME_TEXT_MAX]);

/* message_record_text - "owner ttl class type data" in one line, as in a master file. */
void message_record_text(const struct message *message, const struct message_record *record,
                         char *buffer, size_t capacity);

/* message_opt_text - "udp=1232 do ecs=192.0.2.0/24/24 nsid=text ede=0:text". */
void message_opt_text(const struct message *message, char *buffer, size_t capacity);
