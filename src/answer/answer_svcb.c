/* SVCB and HTTPS records whose target is steered: the address hints in them are those of the region
 * this client gets. A hint that stands in the zone file says that there shall be one; its value is
 * replaced. Without an address of that family the hint is left out, unless the record declares it
 * mandatory: then it stays as written, for the record would be malformed without it.
 *
 *   rdata    | priority (2) | target | key (2) | length (2) | value | key ...
 *
 * source   RFC 9460 sections 2.2, 7.3 and 8
 */
#include <string.h>

#include "answer_stage.h"

enum {
    KEY_MANDATORY = 0,
    KEY_IPV4HINT = 4,
    KEY_IPV6HINT = 6,
    STEERED_MAX = 20, /* records of one set that are looked at, as in answer_additional.c */
    RDATA_MAX = 4096, /* a longer record stays as written */
};

struct param {
    uint16_t key, len;
    const uint8_t *value;
};

/* next_param - the zone was checked when it was loaded: what is there is whole. */
static bool next_param(struct reader *r, struct param *out_param)
{
    out_param->key = reader_u16(r);
    out_param->len = reader_u16(r);
    out_param->value = reader_take(r, out_param->len);
    return out_param->value != NULL;
}

static bool is_hint(uint16_t key)
{
    return key == KEY_IPV4HINT || key == KEY_IPV6HINT;
}

struct hints {
    bool any, mandatory_v4, mandatory_v6;
};

static struct hints look_for_hints(struct reader params)
{
    struct hints hints = {0};
    struct param param;
    while (next_param(&params, &param)) {
        hints.any |= is_hint(param.key);
        if (param.key != KEY_MANDATORY)
            continue;
        struct reader keys = reader_init(param.value, param.len);
        while (reader_left(&keys) >= 2) {
            uint16_t key = reader_u16(&keys);
            hints.mandatory_v4 |= key == KEY_IPV4HINT;
            hints.mandatory_v6 |= key == KEY_IPV6HINT;
        }
    }
    return hints;
}

/* put_hint - the region's addresses in place of what the zone file has; lowers *ttl_s. */
static void put_hint(struct stage *stage, const struct zone_node *node, struct writer *w,
                     const struct param *param, bool is_mandatory, uint32_t *ttl_s)
{
    enum ip_family family = param->key == KEY_IPV4HINT ? IP_V4 : IP_V6;
    size_t each = ip_bits(family) / 8;
    const struct policy_answer *answer = answer_select(stage, node, family);
    if (answer->ttl_s < *ttl_s)
        *ttl_s = answer->ttl_s;
    bool has_addresses = answer->outcome == POLICY_ADDRESSES;
    if (!has_addresses && !is_mandatory)
        return;
    writer_u16(w, param->key);
    writer_u16(w, has_addresses ? (uint16_t)(answer->count * each) : param->len);
    if (!has_addresses)
        writer_bytes(w, param->value, param->len);
    for (uint16_t i = 0; has_addresses && i < answer->count; i++)
        writer_bytes(w, answer->addresses[i]->bytes, each);
}

/* steered_target - the node whose policy speaks for this record; NULL: none. */
static const struct zone_node *steered_target(struct stage *stage, const uint8_t *owner,
                                              const uint8_t *target)
{
    uint8_t lower[DNS_NAME_MAX];
    size_t len = dns_name_len(target);
    bool is_owner = len == 1;
    if (!is_owner) {
        memcpy(lower, target, len);
        dns_name_lower(lower, len);
    }
    const struct zone_node *node = answer_find_target(stage, is_owner ? owner : lower);
    return node && node->binding != ZONE_NOT_STEERED ? node : NULL;
}

/* write_record - the record for this client to w; false: as it is in the zone. */
static bool write_record(struct stage *stage, const uint8_t *owner, const uint8_t *rdata,
                         uint16_t len, struct writer *w, uint32_t *ttl_s)
{
    const uint8_t *target = rdata + 2;
    size_t head = 2 + dns_name_len(target);
    struct reader params = reader_init(rdata + head, len - head);
    struct hints hints = look_for_hints(params);
    const struct zone_node *node = hints.any ? steered_target(stage, owner, target) : NULL;
    if (!node)
        return false;
    const struct rng before = stage->worker->rng; /* both families from one region */
    struct param param;
    writer_bytes(w, rdata, head);
    while (next_param(&params, &param)) {
        if (is_hint(param.key)) {
            stage->worker->rng = before;
            put_hint(stage, node, w, &param,
                     param.key == KEY_IPV4HINT ? hints.mandatory_v4 : hints.mandatory_v6,
                     ttl_s);
        } else {
            writer_u16(w, param.key);
            writer_u16(w, param.len);
            writer_bytes(w, param.value, param.len);
        }
    }
    return !w->failed;
}

bool answer_put_svcb(struct stage *stage, enum response_section section, const uint8_t *owner,
                     const struct rrset *set)
{
    struct response *response = stage->response;
    struct response_mark start = response_mark(response);
    const uint8_t *cursor = NULL, *rdata;
    uint32_t ttl_s = set->ttl_s;
    uint8_t steered[RDATA_MAX];
    uint16_t len;
    for (unsigned i = 0; (rdata = rrset_next(set, &cursor, &len)); i++) {
        struct writer w = writer_init(steered, sizeof(steered));
        if (i < STEERED_MAX && write_record(stage, owner, rdata, len, &w, &ttl_s)) {
            rdata = steered;
            len = (uint16_t)writer_len(&w);
        }
        if (!response_put(response, section, owner, set->type, set->ttl_s, rdata, len)) {
            response_revert(response, start);
            return false;
        }
    }
    if (ttl_s < set->ttl_s)
        response_cap_ttl(response, start, ttl_s); /* one for all: RFC 2181 section 5.2 */
    return true;
}
