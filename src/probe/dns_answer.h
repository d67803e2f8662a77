/* dns_answer.h - a question to a DNS server and its answer, as bytes. Pure.
 *
 * The reader walks a message once, follows no compression pointer (only the question's name is
 * read, and that may not be compressed) and allocates nothing: its work is bounded by the
 * message's length.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "rhumb/dns_name.h"
#include "rhumb/ip.h"

enum {
    DNS_QUESTION_MAX = 12 + DNS_NAME_MAX + 4 + 11,
    DNS_ANSWER_UDP_MAX = 1232,
    DNS_ANSWER_ADDRESSES_MAX = 16,
};

struct dns_question {
    uint8_t name[DNS_NAME_MAX]; /* wire form */
    uint16_t type, id;
};

/* dns_question_put - RD 0, EDNS with 1232 bytes, no options; the length. */
size_t dns_question_put(const struct dns_question *question,
                        uint8_t out_message[DNS_QUESTION_MAX]);

enum dns_answer_kind {
    DNS_ANSWER_OURS,     /* *out is filled */
    DNS_ANSWER_OTHER,    /* no response, or to another question */
    DNS_ANSWER_MALFORMED /* to our id and question, but it cannot be read */
};

struct dns_answer {
    unsigned rcode; /* with the upper bits of OPT */
    bool truncated;
    bool has_address;   /* the wanted one is among the answers, at whatever owner */
    unsigned records;   /* in the answer section */
    uint32_t ttl_min_s; /* of the answer section; UINT32_MAX: it is empty */
    struct ip_addr
        addresses[DNS_ANSWER_ADDRESSES_MAX]; /* the first ones of the answer section */
    size_t address_count;
};

/* dns_answer_read - is this the answer to question? wanted: an address to look for, or IP_NONE.
 * A truncated answer is read as far as it goes.
 *
 * source   RFC 1035 section 4.1; RFC 5452 section 9.1 (id and question must match); RFC 6891
 *          section 6.1.3 (rcode), section 7 (a FORMERR without a question: no EDNS there)
 */
enum dns_answer_kind dns_answer_read(const uint8_t *message, size_t len,
                                     const struct dns_question *question,
                                     const struct ip_addr *wanted, struct dns_answer *out);
