/* Class CH: who answers here, and by which program (RFC 4892). Only what the operator tells. */
#include <string.h>

#include "answer_stage.h"

enum { STRING_MAX = 255 };

/* text_of - the text a name of this class stands for; NULL: none. */
static const char *text_of(const struct config_server *server, const uint8_t *name)
{
    const struct {
        const char *name; /* wire form */
        const char *text;
    } names[] = {
        {"\x02id\x06server", server->identity},
        {"\x08hostname\x04"
         "bind",
         server->identity},
        {"\x07version\x06server", server->version},
        {"\x07version\x04"
         "bind",
         server->version},
    };

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        if (dns_name_equal(name, (const uint8_t *)names[i].name))
            return names[i].text;
    return NULL;
}

void answer_chaos(struct stage *stage)
{
    struct response *response = stage->response;
    const struct query *query = stage->query;
    const char *told = text_of(&stage->snapshot->config->server, query->name);
    if (!told || (query->qtype != DNS_TYPE_TXT && query->qtype != DNS_TYPE_ANY)) {
        response->rcode = DNS_RCODE_REFUSED;
        answer_explain(stage, DNS_EDE_NOT_SUPPORTED, NULL);
        return;
    }
    stage->class = (struct answer_limit_class){.kind = ANSWER_LIMIT_NAME,
                                               .hash = dns_name_hash(query->name)};
    uint8_t text[1 + STRING_MAX];
    size_t len = strnlen(told, STRING_MAX);
    text[0] = (uint8_t)len;
    memcpy(text + 1, told, len);
    response->flags |= DNS_FLAG_AA;
    response->class = DNS_CLASS_CH;
    if (!response_put(response, RESPONSE_ANSWER, query->name, DNS_TYPE_TXT, 0, text,
                      (uint16_t)(len + 1)))
        stage->is_full = true;
}
