/* record_case.h - records made by hand. */
#pragma once

#include <string.h>

#include "rhumb/answer_record.h"
#include "rhumb/dns_name.h"
#include "rhumb/dns_type.h"

static inline struct ip_prefix network_of(const char *text)
{
    struct ip_prefix network = {0};
    (void)ip_prefix_parse(text, &network);
    return network;
}

/* a_record - a steered answer to name, which is in wire form. */
static inline struct answer_record_view a_record(const void *name)
{
    return (struct answer_record_view){
        .head = {.wall_ns = UINT64_C(1785585600123456789), /* 2026-08-01T12:00:00 */
                 .took_ns = 4250,
                 .response_bytes = 61,
                 .message_bytes = 17,
                 .client = network_of("192.0.2.0/24"),
                 .ecs = network_of("198.51.100.0/24"),
                 .qtype = DNS_TYPE_A,
                 .country = ('D' - 'A') * 26 + 'E' - 'A' + 1,
                 .ecs_scope = 20,
                 .transport = ANSWER_UDP,
                 .fate = ANSWER_WHOLE,
                 .reason = POLICY_FIRST,
                 .family = IP_V4,
                 .has_question = true,
                 .has_ecs = true,
                 .is_steered = true,
                 .name_bytes = (uint16_t)dns_name_len(name),
                 .zone_bytes = 13,
                 .service_bytes = 3,
                 .region_bytes = 7},
        .name = name,
        .zone = (const uint8_t *)"\7example\3com",
        .service = "app",
        .region = "eu-west",
        .message = (const uint8_t *)"a message of ours",
    };
}
