/* SVCB and HTTPS records whose target is steered: the address hints in them are those of the region
 * this client gets. A hint that stands in the zone file says that there shall be one; its value is
 * replaced. Without an address of that family the hint is left out, and with it its name in
 * `mandatory`. A target that is an alias is followed.
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
    PARAM_HEAD_BYTES = 4,
    LOOKED_AT_MAX =
        20, /* records of one set whose target is looked up; later ones get no hint */
    ALIASES_MAX = 8,
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

/* The addresses of both families that replace the hints of one record. */
struct hints {
    size_t v4_bytes, v6_bytes; /* 0: no such hint */
    uint8_t v4[4 * POLICY_ADDRESSES_MAX], v6[16 * POLICY_ADDRESSES_MAX];
    uint32_t ttl_s;
};

static size_t choose(struct stage *stage, const struct zone_node *node, enum ip_family family,
                     struct hints *hints, uint8_t *out_bytes)
{
    const struct policy_answer *answer = answer_select(stage, node, family);
    size_t each = ip_bits(family) / 8, used = 0;
    if (answer->ttl_s < hints->ttl_s)
        hints->ttl_s = answer->ttl_s;
    if (answer->outcome != POLICY_ADDRESSES)
        return 0;
    for (uint16_t i = 0; i < answer->count; i++, used += each)
        memcpy(out_bytes + used, answer->addresses[i]->bytes, each);
    return used;
}

static size_t bytes_of(const struct hints *hints, uint16_t key)
{
    return key == KEY_IPV4HINT ? hints->v4_bytes : hints->v6_bytes;
}

static void put_param(struct writer *w, uint16_t key, const uint8_t *value, size_t len)
{
    writer_u16(w, key);
    writer_u16(w, (uint16_t)len);
    writer_bytes(w, value, len);
}

/* put_mandatory - the keys that still are in the record. */
static void put_mandatory(struct writer *w, const struct param *param,
                          const struct hints *hints)
{
    struct reader keys = reader_init(param->value, param->len);
    size_t start = writer_len(w);
    put_param(w, KEY_MANDATORY, NULL, 0);
    while (reader_left(&keys) > 0) {
        uint16_t key = reader_u16(&keys);
        if (!is_hint(key) || bytes_of(hints, key) > 0)
            writer_u16(w, key);
    }
    size_t len = writer_len(w) - start - PARAM_HEAD_BYTES;
    if (len > 0)
        store_u16(w->start + start + 2, (uint16_t)len);
    else
        writer_rewind(w, start);
}

static void put_params(struct writer *w, struct reader params, const struct hints *hints)
{
    struct param param;
    while (next_param(&params, &param)) {
        if (param.key == KEY_MANDATORY)
            put_mandatory(w, &param, hints);
        else if (!is_hint(param.key))
            put_param(w, param.key, param.value, param.len);
        else if (bytes_of(hints, param.key) > 0)
            put_param(w, param.key, param.key == KEY_IPV4HINT ? hints->v4 : hints->v6,
                      bytes_of(hints, param.key));
    }
}

/* find_steered - the node whose policy speaks for this name, behind aliases of the zones; NULL:
 * none. */
static const struct zone_node *find_steered(struct stage *stage, const uint8_t *name)
{
    uint8_t lower[DNS_NAME_MAX];
    for (unsigned i = 0; i <= ALIASES_MAX; i++) {
        size_t len = dns_name_len(name);
        memcpy(lower, name, len);
        dns_name_lower(lower, len);
        const struct zone_node *node = answer_find_target(stage, lower);
        if (!node || node->binding != ZONE_NOT_STEERED)
            return node;
        const struct rrset *alias = zone_node_rrset(node, DNS_TYPE_CNAME);
        const uint8_t *cursor = NULL;
        uint16_t alias_bytes;
        if (!alias)
            return NULL;
        name = rrset_next(alias, &cursor, &alias_bytes);
    }
    return NULL;
}

static bool has_hints(struct reader params)
{
    struct param param;
    while (next_param(&params, &param))
        if (is_hint(param.key))
            return true;
    return false;
}

/* A record on its way into the response. */
struct record {
    const uint8_t *rdata;
    uint16_t len;
};

/* steer - the record for this client, in the worker's buffer; untouched when nothing steers it.
 * may_look: else its hints, which may be wrong, are left out. */
static void steer(struct stage *stage, const uint8_t *owner, bool may_look,
                  struct record *record, uint32_t *ttl_s)
{
    const uint8_t *target = record->rdata + 2;
    size_t target_bytes = dns_name_len(target), head = 2 + target_bytes;
    struct reader params = reader_init(record->rdata + head, record->len - head);
    struct hints hints;
    hints.v4_bytes = hints.v6_bytes = 0;
    hints.ttl_s = *ttl_s;
    if (!has_hints(params))
        return;
    if (may_look) {
        const struct zone_node *node = find_steered(stage, target_bytes == 1 ? owner : target);
        if (!node)
            return;
        hints.v4_bytes = choose(stage, node, IP_V4, &hints, hints.v4);
        hints.v6_bytes = choose(stage, node, IP_V6, &hints, hints.v6);
        *ttl_s = hints.ttl_s;
    }
    struct writer w = writer_init(stage->worker->rdata, sizeof(stage->worker->rdata));
    writer_bytes(&w, record->rdata, head);
    put_params(&w, params, &hints);
    *record = (struct record){stage->worker->rdata, (uint16_t)writer_len(&w)};
}

bool answer_put_svcb(struct stage *stage, enum response_section section, const uint8_t *owner,
                     const struct rrset *set)
{
    struct response *response = stage->response;
    struct response_mark start = response_mark(response);
    const uint8_t *cursor = NULL;
    uint32_t ttl_s = set->ttl_s;
    struct record record;
    if (set->rdata_bytes > writer_left(&response->out))
        return false; /* before any effort; with shorter hints it might have fitted */
    for (unsigned i = 0; (record.rdata = rrset_next(set, &cursor, &record.len)); i++) {
        steer(stage, owner, i < LOOKED_AT_MAX, &record, &ttl_s);
        if (!response_put(response, section, owner, set->type, set->ttl_s, record.rdata,
                          record.len)) {
            response_revert(response, start);
            return false;
        }
    }
    if (ttl_s < set->ttl_s)
        response_cap_ttl(response, start, ttl_s); /* one for all: RFC 2181 section 5.2 */
    return true;
}
