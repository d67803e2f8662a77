/* querylog_frame.h - a record as a dnstap message: protocol buffers, written by hand. Pure.
 *
 *   Dnstap  identity 1, version 2, extra 3 (querylog_facts), message 14, type 15
 *   Message type 1 (AUTH_RESPONSE; AUTH_QUERY when nothing was sent), socket_family 2,
 *           socket_protocol 3, query_address 4, query_port 6, query_time 8 and 9, query_zone 11,
 *           response_time 12 and 13, response_message 14, policy 15
 *   Policy  type 1 (the reason: "failover", "rate_limit" ...), rule 2 ("service/region"), action 3
 *
 * What is not known, or not to be told, is left out.
 *
 * source   dnstap.proto (dnstap.info); Protocol Buffers, "Encoding"
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "rhumb/answer_record.h"

/* Room enough for a frame of this record. */
size_t querylog_frame_max(const struct answer_record_view *record);

/* Who writes it. */
struct querylog_sender {
    const char *identity, *version; /* NULL: not told */
};

/* querylog_frame - returns how many bytes; buffer has querylog_frame_max() of them. */
size_t querylog_frame(const struct answer_record_view *record,
                      const struct querylog_sender *sender, uint8_t *buffer);
