/* Names that rhumb.yaml steers: what may stand at them in the zone file, and where they may
 * stand themselves. */
#include "rhumb/dns_type.h"

#include "zone_check.h"
#include "zone_limits.h"
#include "zone_rdata.h"

static void refer_to_yaml(struct diag_list *diags, const char *what,
                          const struct diag_place *place)
{
    if (place->file)
        diag_remedy(diags, "%s %s:%u:%u", what, place->file, place->line, place->column);
}

enum err zone_check_bind(struct zone_draft *draft, const struct zone_steered *steered,
                         size_t steered_count, struct diag_list *diags)
{
    char name[DNS_NAME_TEXT_MAX];
    for (size_t i = 0; i < steered_count; i++) {
        uint32_t idx;
        if (!dns_name_is_at_or_below(steered[i].name, draft->origin)) {
            diag_error(diags, &steered[i].place, "steered name %s is not in the zone",
                       dns_name_to_text(steered[i].name, name));
            continue;
        }
        enum err err = zone_draft_add_owner(draft, steered[i].name, &idx);
        if (err == ERR_LIMIT) {
            diag_error(diags, &steered[i].place, "the zone has too many names");
            zone_limits_remedy(diags, "records");
            return ERR_OK;
        }
        if (err != ERR_OK)
            return err;
        struct zone_owner *owner = &draft->owners[idx];
        if (owner->steered) {
            diag_error(diags, &steered[i].place, "%s is steered twice",
                       dns_name_to_text(owner->name, name));
            refer_to_yaml(diags, "the first time is at", &owner->steered->place);
        } else {
            owner->steered = &steered[i];
        }
    }
    return ERR_OK;
}

/* clashes - may a record of this type not stand at the steered name? */
static bool clashes(const struct zone_steered *steered, uint16_t type)
{
    if (type == DNS_TYPE_RRSIG || type == DNS_TYPE_NSEC)
        return false;
    return steered->is_alias || type == DNS_TYPE_A || type == DNS_TYPE_AAAA ||
           type == DNS_TYPE_CNAME;
}

/* check_data - one error a type. */
static void check_data(const struct zone_check *c, const struct zone_owner *owner)
{
    char name[DNS_NAME_TEXT_MAX], type[ZONE_TYPE_TEXT_MAX];
    struct zone_place place;
    uint16_t last = 0;
    for (size_t i = 0; i < owner->count; i++) {
        const struct zone_record *record = zone_draft_record(c->draft, owner, i);
        if (record->type == last || !clashes(owner->steered, record->type))
            continue;
        last = record->type;
        diag_error(c->diags, zone_spot_place(&record->spot, &place),
                   "steered name %.200s has %s records in the zone file",
                   dns_name_to_text(owner->name, name), zone_rdata_type_name(last, type));
        refer_to_yaml(
            c->diags,
            owner->steered->is_alias
                ? "its endpoints are names, so nothing else may stand there: steered at"
                : "it is steered at",
            &owner->steered->place);
    }
}

/* check_position - below a cut or a DNAME the name is not ours to answer. */
static void check_position(const struct zone_check *c, const struct zone_owner *owner)
{
    char name[DNS_NAME_TEXT_MAX], above[DNS_NAME_TEXT_MAX];
    const struct zone_owner *cut = owner->cut != ZONE_NO_OWNER ? &c->draft->owners[owner->cut]
                                   : owner->flags & ZONE_NODE_CUT ? owner
                                                                  : NULL;
    if (cut) {
        bool delegation = cut->flags & ZONE_NODE_CUT;
        diag_error(c->diags, &owner->steered->place, "steered name %.120s is %s %.80s",
                   dns_name_to_text(owner->name, name),
                   delegation ? "at or below the delegation of" : "below the DNAME of",
                   dns_name_to_text(cut->name, above));
        uint16_t type = delegation ? DNS_TYPE_NS : DNS_TYPE_DNAME;
        zone_check_refer(c->diags, delegation ? "the NS is at" : "the DNAME is at",
                         &zone_draft_first(c->draft, cut, type)->spot);
    }
}

void zone_check_steered(const struct zone_check *c, const struct zone_owner *owner)
{
    char name[DNS_NAME_TEXT_MAX];
    if (!owner->steered)
        return;
    check_position(c, owner);
    if (owner->steered->is_alias && owner->parent == ZONE_NO_OWNER) {
        diag_error(c->diags, &owner->steered->place,
                   "%.200s is the apex: its endpoints cannot be names",
                   dns_name_to_text(owner->name, name));
        diag_remedy(c->diags, "a CNAME cannot stand beside SOA and NS; give addresses");
        return;
    }
    check_data(c, owner);
}
