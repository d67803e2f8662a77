/* Where NS, MX and SRV records point: missing addresses and CNAMEs. Warnings only, since the
 * data of other zones may make up for it. */
#include <string.h>

#include "rhumb/dns_type.h"

#include "zone_check.h"
#include "zone_rdata.h"

/* target_offset - where the name stands in the rdata; -1: the type points at nothing. */
static int target_offset(uint16_t type)
{
    switch (type) {
    case DNS_TYPE_NS: return 0;
    case DNS_TYPE_MX: return 2;
    case DNS_TYPE_SRV: return 6;
    default: return -1;
    }
}

static bool has_address(const struct zone_check *c, const struct zone_owner *owner)
{
    return zone_draft_first(c->draft, owner, DNS_TYPE_A) ||
           zone_draft_first(c->draft, owner, DNS_TYPE_AAAA);
}

/* is_covered - a name that does not exist gets its addresses from a wildcard or a DNAME. It is
 * longer than its encloser by a label at least, so there is room for the "*". */
static bool is_covered(const struct zone_check *c, const struct zone_owner *encloser)
{
    uint8_t wildcard[DNS_NAME_MAX] = {1, '*'};
    if (encloser->flags & ZONE_NODE_DNAME || encloser->cut != ZONE_NO_OWNER)
        return true;
    memcpy(wildcard + 2, encloser->name, dns_name_len(encloser->name));
    return zone_draft_find(c->draft, wildcard, NULL) != ZONE_NO_OWNER;
}

static void warn(const struct zone_check *c, const struct zone_record *record,
                 const uint8_t *target, const char *what)
{
    char name[DNS_NAME_TEXT_MAX], type[ZONE_TYPE_TEXT_MAX];
    struct zone_place place;
    diag_warning(c->diags, zone_spot_place(&record->spot, &place),
                 "this %s record points at %.200s, which %s",
                 zone_rdata_type_name(record->type, type), dns_name_to_text(target, name),
                 what);
}

/* check_alias - a target must have addresses of its own (RFC 2181 section 10.3). */
static bool check_alias(const struct zone_check *c, const struct zone_record *record,
                        const struct zone_owner *owner)
{
    const struct zone_record *cname = zone_draft_first(c->draft, owner, DNS_TYPE_CNAME);
    if (cname) {
        warn(c, record, owner->name, "is a CNAME");
        zone_check_refer(c->diags, "the CNAME is at", &cname->spot);
    } else if (owner->steered && owner->steered->is_alias) {
        warn(c, record, owner->name, "is answered by a CNAME");
    }
    return cname || owner->steered;
}

static void check_target(const struct zone_check *c, const struct zone_record *record,
                         const uint8_t *target)
{
    uint32_t encloser_idx;
    uint32_t idx = zone_draft_find(c->draft, target, &encloser_idx);
    const struct zone_owner *encloser = &c->draft->owners[encloser_idx];
    bool delegated = encloser->flags & (ZONE_NODE_CUT | ZONE_NODE_BELOW_CUT);
    if (idx != ZONE_NO_OWNER && !delegated && check_alias(c, record, encloser))
        return;
    if (!c->complete)
        return;
    bool addressed = idx != ZONE_NO_OWNER && has_address(c, encloser);
    if (delegated && !addressed && record->type == DNS_TYPE_NS)
        warn(c, record, target, "is delegated and has no glue here");
    else if (!delegated && idx != ZONE_NO_OWNER && !addressed)
        warn(c, record, target, "has no address");
    else if (!delegated && idx == ZONE_NO_OWNER && !is_covered(c, encloser))
        warn(c, record, target, "does not exist");
}

void zone_check_targets(const struct zone_check *c, const struct zone_owner *owner)
{
    if (owner->flags & ZONE_NODE_BELOW_CUT)
        return; /* never answered */
    for (size_t i = 0; i < owner->count; i++) {
        const struct zone_record *record = zone_draft_record(c->draft, owner, i);
        int offset = target_offset(record->type);
        if (offset < 0 || record->duplicate)
            continue;
        uint8_t target[DNS_NAME_MAX];
        size_t len = record->rdata_len - (size_t)offset;
        memcpy(target, record->rdata + offset, len);
        dns_name_lower(target, len);
        if (dns_name_is_at_or_below(target, c->draft->origin))
            check_target(c, record, target);
    }
}
