#include "answer_fixture.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rhumb/cursor.h"
#include "rhumb/dns_name.h"

enum { OPTION_ECS = 8, OPT_BYTES = 11 };

struct snapshot *answer_fixture_new(void)
{
    const char *data = getenv("RHUMB_TEST_DATA");
    char path[4096];
    snprintf(path, sizeof(path), "%s/wire/rhumb.yaml", data ? data : "tests/data");
    struct diag_list *diags = diag_list_new();
    struct snapshot *snapshot = NULL;
    if (diags &&
        snapshot_compile(path, &(struct snapshot_options){0}, diags, &snapshot) != ERR_OK) {
        diag_print_all(diags, stderr);
        fprintf(stderr, "%s cannot be compiled\n", path);
    }
    diag_list_free(diags);
    return snapshot;
}

static struct writer writer_behind(struct packet *packet)
{
    struct writer w = writer_init(packet->bytes, sizeof(packet->bytes));
    writer_reserve(&w, packet->len);
    return w;
}

bool packet_init(struct packet *packet, uint16_t flags, const char *name, uint16_t type,
                 uint16_t class)
{
    uint8_t wire[DNS_NAME_MAX];
    const char *reason;
    size_t len = dns_name_from_text(name, strlen(name), (const uint8_t *)"", wire, &reason);
    packet->len = 0;
    if (len == 0)
        return false;
    struct writer w = writer_behind(packet);
    writer_u16(&w, PACKET_ID);
    writer_u16(&w, flags);
    writer_u16(&w, 1);
    writer_u32(&w, 0);
    writer_u16(&w, 0);
    writer_bytes(&w, wire, len);
    writer_u16(&w, type);
    writer_u16(&w, class);
    packet->len = writer_len(&w);
    return true;
}

void packet_put_opt(struct packet *packet, uint16_t size, uint8_t version, bool dnssec_ok)
{
    struct writer w = writer_behind(packet);
    store_u16(packet->bytes + 10, 1); /* ARCOUNT */
    writer_u8(&w, 0);
    writer_u16(&w, DNS_TYPE_OPT);
    writer_u16(&w, size);
    writer_u8(&w, 0);
    writer_u8(&w, version);
    writer_u16(&w, dnssec_ok ? 0x8000 : 0);
    writer_u16(&w, 0);
    packet->len = writer_len(&w);
}

/* opt_length - where the length of OPT's data stands: OPT is the last record. */
static uint8_t *opt_length(struct packet *packet)
{
    size_t at = DNS_HEADER_BYTES + dns_name_len(packet->bytes + DNS_HEADER_BYTES) + 4;
    return packet->bytes + at + OPT_BYTES - 2;
}

void packet_put_option(struct packet *packet, uint16_t code, const void *data, size_t len)
{
    struct writer w = writer_behind(packet);
    writer_u16(&w, code);
    writer_u16(&w, (uint16_t)len);
    writer_bytes(&w, data, len);
    packet->len = writer_len(&w);
    uint8_t *length = opt_length(packet);
    store_u16(length, (uint16_t)(packet->bytes + packet->len - length - 2));
}

bool packet_put_ecs(struct packet *packet, const char *network)
{
    struct ip_prefix prefix;
    uint8_t data[20] = {0};
    if (!ip_prefix_parse(network, &prefix))
        return false;
    size_t bytes = (prefix.len + 7u) / 8;
    data[1] = prefix.addr.family == IP_V4 ? 1 : 2;
    data[2] = prefix.len;
    memcpy(data + 4, prefix.addr.bytes, bytes);
    packet_put_option(packet, OPTION_ECS, data, 4 + bytes);
    return true;
}
