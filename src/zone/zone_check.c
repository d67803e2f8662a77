#include "zone_check.h"

#include <string.h>

#include "rhumb/dns_query.h"
#include "rhumb/dns_type.h"

#include "zone_limits.h"
#include "zone_rdata.h"

enum {
    TYPE_NSEC3 = 50,
    RECORD_HEAD_BYTES = 12, /* compressed owner, type, class, TTL, length */
    /* What one RRset may take of an answer: the rest is for the header, the question, an alias
     * or two before it, and OPT. */
    RRSET_BYTES_MAX = DNS_MESSAGE_MAX - 2048,
};

/* Short forms for the messages. */
struct words {
    char name[DNS_NAME_TEXT_MAX], other[DNS_NAME_TEXT_MAX];
    char type[ZONE_TYPE_TEXT_MAX];
    struct zone_place place;
};

void zone_check_refer(struct diag_list *diags, const char *what, const struct zone_spot *spot)
{
    diag_remedy(diags, "%s %s:%u:%u", what, spot->source->path, spot->line,
                zone_spot_column(spot));
}

/* check_single - SOA, CNAME and DNAME stand alone in their RRset (RFC 2181 section 10.1, RFC
 * 6672 section 2.4). */
static void check_single(const struct zone_check *c, const struct zone_owner *owner,
                         uint16_t type)
{
    struct words w;
    const struct zone_record *first = zone_draft_first(c->draft, owner, type);
    for (size_t i = 0; first && i < owner->count; i++) {
        const struct zone_record *record = zone_draft_record(c->draft, owner, i);
        if (record->type != type || record == first || record->duplicate)
            continue;
        diag_error(c->diags, zone_spot_place(&record->spot, &w.place),
                   "%s has a second %s record", dns_name_to_text(owner->name, w.name),
                   zone_rdata_type_name(type, w.type));
        zone_check_refer(c->diags, "the first one is at", &first->spot);
    }
}

/* may_stand_beside_cname - RFC 4035 section 2.5. */
static bool may_stand_beside_cname(uint16_t type)
{
    return type == DNS_TYPE_CNAME || type == DNS_TYPE_RRSIG || type == DNS_TYPE_NSEC;
}

static void check_cname_alone(const struct zone_check *c, const struct zone_owner *owner)
{
    struct words w;
    const struct zone_record *cname = zone_draft_first(c->draft, owner, DNS_TYPE_CNAME);
    for (size_t i = 0; cname && i < owner->count; i++) {
        const struct zone_record *record = zone_draft_record(c->draft, owner, i);
        if (may_stand_beside_cname(record->type))
            continue;
        diag_error(c->diags, zone_spot_place(&record->spot, &w.place),
                   "%s has a CNAME and %s data", dns_name_to_text(owner->name, w.name),
                   zone_rdata_type_name(record->type, w.type));
        zone_check_refer(c->diags, "the CNAME is at", &cname->spot);
        return;
    }
}

/* is_covered_by_dname - a record that may not stand below a DNAME; NSEC3 hashes are not names
 * (RFC 6672 section 2.4, RFC 5155). */
static bool is_covered_by_dname(const struct zone_record *record)
{
    return record->type != TYPE_NSEC3 && record->type != DNS_TYPE_RRSIG;
}

/* check_dname - nothing below it, and not at the parent's side of a delegation (RFC 6672
 * sections 2.3, 2.4). */
static void check_dname(const struct zone_check *c, const struct zone_owner *owner)
{
    struct words w;
    const struct zone_record *dname = zone_draft_first(c->draft, owner, DNS_TYPE_DNAME);
    if (dname && owner->flags & ZONE_NODE_CUT) {
        diag_error(c->diags, zone_spot_place(&dname->spot, &w.place),
                   "%s has a DNAME and is delegated", dns_name_to_text(owner->name, w.name));
        zone_check_refer(c->diags, "the NS is at",
                         &zone_draft_first(c->draft, owner, DNS_TYPE_NS)->spot);
    }
    if (owner->cut == ZONE_NO_OWNER)
        return;
    const struct zone_owner *above = &c->draft->owners[owner->cut];
    if (above->flags & ZONE_NODE_CUT)
        return;
    for (size_t i = 0; i < owner->count; i++) {
        const struct zone_record *record = zone_draft_record(c->draft, owner, i);
        if (!is_covered_by_dname(record))
            continue;
        diag_error(c->diags, zone_spot_place(&record->spot, &w.place),
                   "%.120s stands below the DNAME of %.80s",
                   dns_name_to_text(owner->name, w.name),
                   dns_name_to_text(above->name, w.other));
        zone_check_refer(c->diags, "the DNAME is at",
                         &zone_draft_first(c->draft, above, DNS_TYPE_DNAME)->spot);
        return;
    }
}

/* shows_at_cut - what a parent zone says about a delegation (RFC 4035 section 2.4); addresses
 * may be glue; CNAME and DNAME are errors already. */
static bool shows_at_cut(uint16_t type)
{
    return type == DNS_TYPE_NS || type == DNS_TYPE_DS || type == DNS_TYPE_RRSIG ||
           type == DNS_TYPE_NSEC || type == DNS_TYPE_A || type == DNS_TYPE_AAAA ||
           type == DNS_TYPE_CNAME || type == DNS_TYPE_DNAME;
}

/* check_hidden - one warning an owner. */
static void check_hidden(const struct zone_check *c, const struct zone_owner *owner)
{
    struct words w;
    bool at_cut = owner->flags & ZONE_NODE_CUT, below = owner->flags & ZONE_NODE_BELOW_CUT;
    if (!at_cut && !below)
        return;
    for (size_t i = 0; i < owner->count; i++) {
        const struct zone_record *record = zone_draft_record(c->draft, owner, i);
        bool address = record->type == DNS_TYPE_A || record->type == DNS_TYPE_AAAA;
        if (below ? address : shows_at_cut(record->type))
            continue;
        const struct zone_owner *cut = below ? &c->draft->owners[owner->cut] : owner;
        diag_warning(c->diags, zone_spot_place(&record->spot, &w.place),
                     "the %s record of %.120s is hidden: %.80s is delegated",
                     zone_rdata_type_name(record->type, w.type),
                     dns_name_to_text(owner->name, w.name),
                     dns_name_to_text(cut->name, w.other));
        zone_check_refer(c->diags, "the delegation is at",
                         &zone_draft_first(c->draft, cut, DNS_TYPE_NS)->spot);
        return;
    }
}

/* check_rrset_size - an RRset that no message can hold would be truncated over TCP too, and
 * resolvers would ask for ever. */
static void check_rrset_size(const struct zone_check *c, const struct zone_owner *owner,
                             size_t from, size_t to)
{
    struct words w;
    size_t bytes = 0;
    for (size_t i = from; i < to; i++) {
        const struct zone_record *record = zone_draft_record(c->draft, owner, i);
        if (record->duplicate)
            continue;
        bytes += RECORD_HEAD_BYTES + record->rdata_len;
        if (bytes <= RRSET_BYTES_MAX)
            continue;
        diag_warning(c->diags, zone_spot_place(&record->spot, &w.place),
                     "the %s records of %.120s are more than one answer can hold",
                     zone_rdata_type_name(record->type, w.type),
                     dns_name_to_text(owner->name, w.name));
        diag_remedy(c->diags, "a message has at most %d bytes", DNS_MESSAGE_MAX);
        return;
    }
}

/* check_rrset - records[from .. to - 1] of the owner are of one type. RRSIGs take the TTL of
 * what they sign, so theirs may differ (RFC 4034 section 3). */
static void check_rrset(const struct zone_check *c, const struct zone_owner *owner, size_t from,
                        size_t to)
{
    struct words w;
    const struct zone_record *first = zone_draft_record(c->draft, owner, from);
    size_t records = 0;
    bool warned = first->type == DNS_TYPE_RRSIG;
    for (size_t i = from; i < to; i++) {
        const struct zone_record *record = zone_draft_record(c->draft, owner, i);
        records += !record->duplicate;
        if (records == c->draft->limits.max_rrset_records + 1 && !record->duplicate) {
            diag_error(
                c->diags, zone_spot_place(&record->spot, &w.place),
                "%.120s has more than %zu %s records", dns_name_to_text(owner->name, w.name),
                c->draft->limits.max_rrset_records, zone_rdata_type_name(first->type, w.type));
            zone_limits_remedy(c->diags, "records_per_rrset");
        }
        if (record->ttl_s == first->ttl_s || warned)
            continue;
        warned = true;
        diag_warning(c->diags, zone_spot_place(&record->spot, &w.place),
                     "the %s records of %.120s have several TTLs, the lowest is taken",
                     zone_rdata_type_name(first->type, w.type),
                     dns_name_to_text(owner->name, w.name));
        zone_check_refer(c->diags, "another one is at", &first->spot);
    }
}

static void check_rrsets(const struct zone_check *c, const struct zone_owner *owner)
{
    struct words w;
    size_t types = 0;
    for (size_t from = 0, to; from < owner->count; from = to) {
        const struct zone_record *first = zone_draft_record(c->draft, owner, from);
        to = from + 1;
        while (to < owner->count && zone_draft_record(c->draft, owner, to)->type == first->type)
            to++;
        check_rrset(c, owner, from, to);
        check_rrset_size(c, owner, from, to);
        if (++types == c->draft->limits.max_types + 1) {
            diag_error(c->diags, zone_spot_place(&first->spot, &w.place),
                       "%.120s has records of more than %zu types",
                       dns_name_to_text(owner->name, w.name), c->draft->limits.max_types);
            zone_limits_remedy(c->diags, "types_per_name");
        }
    }
}

/* check_apex_types - SOA at the apex only; no delegation of a wildcard, whose meaning is
 * undefined (RFC 4592 section 4.2). */
static void check_apex_types(const struct zone_check *c, const struct zone_owner *owner)
{
    struct words w;
    if (owner->parent == ZONE_NO_OWNER)
        return;
    const struct zone_record *soa = zone_draft_first(c->draft, owner, DNS_TYPE_SOA);
    if (soa) {
        diag_error(c->diags, zone_spot_place(&soa->spot, &w.place),
                   "the SOA record of %s stands below the apex",
                   dns_name_to_text(owner->name, w.name));
        diag_remedy(c->diags, "the SOA record of a zone belongs to %.200s",
                    dns_name_to_text(c->draft->origin, w.other));
    }
    bool wildcard = owner->name[0] == 1 && owner->name[1] == '*';
    if (wildcard && owner->flags & ZONE_NODE_CUT)
        diag_error(
            c->diags,
            zone_spot_place(&zone_draft_first(c->draft, owner, DNS_TYPE_NS)->spot, &w.place),
            "the wildcard %s cannot be delegated", dns_name_to_text(owner->name, w.name));
}

/* check_doubled - www.example.com.example.com. is almost always www.example.com without its
 * final dot. In a zone of one label, com.com. is a name like any other. */
static void check_doubled(const struct zone_check *c, const struct zone_owner *owner)
{
    struct words w;
    unsigned origin_labels = c->draft->origin_labels;
    if (owner->count == 0 || origin_labels < 2 || owner->labels < 2 * origin_labels)
        return;
    const uint8_t *name = owner->name;
    for (unsigned i = owner->labels; i > 2 * origin_labels; i--)
        name += *name + 1;
    if (memcmp(name, c->draft->origin, dns_name_len(c->draft->origin) - 1) != 0)
        return;
    diag_warning(
        c->diags, zone_spot_place(&zone_draft_record(c->draft, owner, 0)->spot, &w.place),
        "%.200s has the name of the zone twice", dns_name_to_text(owner->name, w.name));
    diag_remedy(c->diags, "if a final dot is missing, add it");
}

static void check_apex(const struct zone_check *c)
{
    const struct diag_place place = {.file = c->path};
    char name[DNS_NAME_TEXT_MAX];
    const struct zone_owner *apex = &c->draft->owners[0];
    if (!c->complete)
        return; /* the broken record may be the one that is missing */
    if (c->draft->record_count == 0) {
        diag_error(c->diags, &place, "the file holds no records");
        return;
    }
    if (!zone_draft_first(c->draft, apex, DNS_TYPE_SOA))
        diag_error(c->diags, &place, "there is no SOA record for %s",
                   dns_name_to_text(apex->name, name));
    if (!zone_draft_first(c->draft, apex, DNS_TYPE_NS))
        diag_error(c->diags, &place, "there is no NS record for %s",
                   dns_name_to_text(apex->name, name));
}

void zone_check(const struct zone_check *check)
{
    check_apex(check);
    for (size_t i = 0; i < check->draft->owner_count; i++) {
        const struct zone_owner *owner = &check->draft->owners[i];
        check_apex_types(check, owner);
        check_single(check, owner, DNS_TYPE_SOA);
        check_single(check, owner, DNS_TYPE_CNAME);
        check_single(check, owner, DNS_TYPE_DNAME);
        check_cname_alone(check, owner);
        check_dname(check, owner);
        check_hidden(check, owner);
        check_rrsets(check, owner);
        check_doubled(check, owner);
        zone_check_steered(check, owner);
        zone_check_targets(check, owner);
    }
}
