#include "resolver_lookup.h"

#include <arpa/nameser.h>
#include <netdb.h>
#include <resolv.h>
#include <stdlib.h>
#include <string.h>

#include "dns_answer.h"

/* Twice 2 s for each name server of resolv.conf, instead of twice 5 s. */
enum { WAIT_S = 2, TRIES = 2, MESSAGE_MAX = 65535 };

static const char *reason_of(int code)
{
    switch (code) {
    case HOST_NOT_FOUND: return "there is no such name";
    case TRY_AGAIN: return "no name server answers";
    case NO_RECOVERY: return "the name servers refuse or fail";
    default: return "the answer cannot be read";
    }
}

static int compare_addresses(const void *left, const void *right)
{
    return memcmp(left, right, sizeof(struct ip_addr));
}

/* take_addresses - sorted, each once. */
static void take_addresses(const struct dns_answer *answer, struct lookup_family *out)
{
    struct ip_addr addrs[DNS_ANSWER_ADDRESSES_MAX];
    memcpy(addrs, answer->addresses, sizeof(addrs));
    qsort(addrs, answer->address_count, sizeof(addrs[0]), compare_addresses);
    for (size_t i = 0; i < answer->address_count; i++)
        if (i == 0 || !ip_equal(&addrs[i], &addrs[i - 1]))
            out->addrs[out->count++] = addrs[i];
}

/* read_family - a message that libc has matched with its question. The section of answers holds
 * the whole chain from the name to its addresses. */
static bool read_family(const uint8_t *message, size_t len, struct dns_question *question,
                        struct lookup *lookup, struct lookup_family *out)
{
    static const struct ip_addr none = {.family = IP_NONE};
    struct dns_answer answer;
    question->id = (uint16_t)(message[0] << 8 | message[1]);
    if (dns_answer_read(message, len, question, &none, &answer) != DNS_ANSWER_OURS)
        return false;
    take_addresses(&answer, out);
    if (answer.ttl_min_s < lookup->ttl_s)
        lookup->ttl_s = answer.ttl_min_s;
    return true;
}

static void ask_family(res_state resolver, const char *host, struct dns_question *question,
                       uint8_t *message, struct lookup *lookup, struct lookup_family *out)
{
    int len = res_nquery(resolver, host, ns_c_in, question->type, message, MESSAGE_MAX);
    if (len < 0 && resolver->res_h_errno == NO_DATA)
        return;
    out->failed = len < HFIXEDSZ || len > MESSAGE_MAX ||
                  !read_family(message, (size_t)len, question, lookup, out);
    if (out->failed)
        lookup->reason = reason_of(len < 0 ? resolver->res_h_errno : 0);
}

void lookup_host(const uint8_t name[DNS_NAME_MAX], struct lookup *out)
{
    static const uint16_t types[] = {ns_t_a, ns_t_aaaa};
    struct __res_state resolver = {0};
    struct dns_question question;
    char host[DNS_NAME_TEXT_MAX];
    uint8_t *message = (uint8_t *)malloc(MESSAGE_MAX);
    *out = (struct lookup){.ttl_s = UINT32_MAX};
    if (!message || res_ninit(&resolver) != 0) {
        free(message);
        out->families[0].failed = out->families[1].failed = true;
        out->reason = "out of memory, or no resolv.conf";
        return;
    }
    resolver.retrans = WAIT_S;
    resolver.retry = TRIES;
    memcpy(question.name, name, sizeof(question.name));
    dns_name_to_text(name, host);
    for (size_t i = 0; i < 2; i++) {
        question.type = types[i];
        ask_family(&resolver, host, &question, message, out, &out->families[i]);
    }
    res_nclose(&resolver);
    free(message);
}

size_t lookup_merge(struct lookup_family known[2], const struct lookup *lookup,
                    struct ip_addr out[RESOLVER_ADDRESSES_MAX])
{
    size_t count = 0;
    for (size_t i = 0; i < 2; i++) {
        if (!lookup->families[i].failed)
            known[i] = lookup->families[i];
        for (size_t a = 0; a < known[i].count && count < RESOLVER_ADDRESSES_MAX; a++)
            out[count++] = known[i].addrs[a];
    }
    return count;
}
