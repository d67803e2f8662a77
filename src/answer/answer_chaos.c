/* Class CH: who answers here (RFC 4892). Only where the operator has given an identity. */
#include <string.h>

#include "answer_stage.h"

static const uint8_t id_server[] = "\x02id\x06server";
static const uint8_t hostname_bind[] = "\x08hostname\x04"
                                       "bind";

void answer_chaos(struct stage *stage)
{
    struct response *response = stage->response;
    const struct query *query = stage->query;
    const char *identity = stage->snapshot->config->server.identity;
    bool known =
        dns_name_equal(query->name, id_server) || dns_name_equal(query->name, hostname_bind);
    if (!known || !identity || (query->qtype != DNS_TYPE_TXT && query->qtype != DNS_TYPE_ANY)) {
        response->rcode = DNS_RCODE_REFUSED;
        return;
    }
    uint8_t text[256];
    size_t len = strnlen(identity, sizeof(text) - 1);
    text[0] = (uint8_t)len;
    memcpy(text + 1, identity, len);
    response->flags |= DNS_FLAG_AA;
    response->class = DNS_CLASS_CH;
    response_put(response, RESPONSE_ANSWER, query->name, DNS_TYPE_TXT, 0, text,
                 (uint16_t)(len + 1));
}
