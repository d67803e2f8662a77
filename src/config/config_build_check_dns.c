/* config_build_check_dns.c - `dns:` of a check.
 *
 * The folder dns stands on the same floor, so the words for types and rcodes that make sense in
 * a check stand here once more; any other type is written TYPE123.
 */
#include <string.h>
#include <strings.h>

#include "config_build_check.h"
#include "config_domain.h"

enum { TYPE_A = 1, TYPE_AAAA = 28, TYPE_OPT = 41, TYPE_TKEY = 249, TYPE_MAILA = 254 };

struct word {
    const char *text;
    uint16_t number;
};

static const struct word TYPES[] = {
    {"A", TYPE_A}, {"AAAA", TYPE_AAAA}, {"CAA", 257},  {"CNAME", 5}, {"DNSKEY", 48}, {"DS", 43},
    {"HTTPS", 65}, {"MX", 15},          {"NAPTR", 35}, {"NS", 2},    {"PTR", 12},    {"SOA", 6},
    {"SRV", 33},   {"SSHFP", 44},       {"SVCB", 64},  {"TLSA", 52}, {"TXT", 16},
};

static const struct word RCODES[] = {
    {"NOERROR", 0}, {"FORMERR", 1}, {"SERVFAIL", 2}, {"NXDOMAIN", 3},
    {"NOTIMP", 4},  {"REFUSED", 5}, {"YXDOMAIN", 6}, {"NOTAUTH", 9},
};

/* find_word - whatever the case; NULL when there is none. */
static const struct word *find_word(const struct word *words, size_t count, const char *text)
{
    for (size_t i = 0; i < count; i++) {
        if (strcasecmp(words[i].text, text) == 0)
            return &words[i];
    }
    return NULL;
}

/* parse_type - 0 when it is none that can be asked for (RFC 6895 section 3.1: 128 to 255 are
 * no data, but ANY is a question). */
static uint16_t parse_type(const char *text)
{
    const struct word *word = find_word(TYPES, COUNT(TYPES), text);
    uint64_t number;
    if (word)
        return word->number;
    if (strncasecmp(text, "TYPE", 4) != 0 || !config_parse_uint(text + 4, &number) ||
        number > UINT16_MAX || number == TYPE_OPT ||
        (number >= TYPE_TKEY && number <= TYPE_MAILA))
        return 0;
    return (uint16_t)number;
}

static void read_name(struct config_reader *reader, const struct config_node_entry *entry,
                      void *object)
{
    const char *text;
    if (config_expect_text(reader, entry, &text) &&
        config_check_domain(reader, text, &entry->value->place))
        ((struct check_draft *)object)->check.dns.name = config_absolute(reader, text);
}

static void read_type(struct config_reader *reader, const struct config_node_entry *entry,
                      void *object)
{
    const char *text;
    if (!config_expect_text(reader, entry, &text))
        return;
    uint16_t type = parse_type(text);
    if (type == 0) {
        config_error(reader, &entry->value->place, "'%.80s' is no type of record", text);
        config_remedy(reader, "write A, AAAA, SOA ..., or TYPE and its number: TYPE99");
        return;
    }
    ((struct check_draft *)object)->check.dns.type = type;
}

static void read_rcode(struct config_reader *reader, const struct config_node_entry *entry,
                       void *object)
{
    const char *names[COUNT(RCODES)];
    for (size_t i = 0; i < COUNT(RCODES); i++)
        names[i] = RCODES[i].text;
    int which = config_read_enum(reader, entry, names, COUNT(names));
    if (which >= 0)
        ((struct check_draft *)object)->check.dns.rcode = RCODES[which].number;
}

static void read_address(struct config_reader *reader, const struct config_node_entry *entry,
                         void *object)
{
    const char *text;
    if (!config_expect_text(reader, entry, &text) ||
        ip_parse(text, &((struct check_draft *)object)->check.dns.address))
        return;
    config_error(reader, &entry->value->place, "'%.80s' is no address", text);
    config_remedy(reader, "write an IPv4 or IPv6 address: 192.0.2.1");
}

/* check_address - can such an answer hold the address at all? */
static void check_address(struct config_reader *reader, const struct config_node_entry *entry,
                          const struct config_check_dns *dns)
{
    const struct config_node_entry *address = config_node_find(entry->value, "address");
    bool v6 = dns->address.family == IP_V6;
    if (!address || dns->address.family == IP_NONE)
        return;
    if (dns->type != (v6 ? TYPE_AAAA : TYPE_A)) {
        config_error(reader, &address->value->place,
                     "records of this type do not hold an IPv%d address", v6 ? 6 : 4);
        config_remedy(reader, "write type: %s beside it", v6 ? "AAAA" : "A");
    } else if (dns->rcode != 0) {
        config_error(reader, &address->value->place,
                     "an answer with that rcode has no address");
        config_remedy(reader, "leave out rcode: or address:");
    }
}

void config_read_check_dns(struct config_reader *reader, const struct config_node_entry *entry,
                           void *object)
{
    static const struct config_field fields[] = {
        OTHER_FIELD("name", read_name),
        OTHER_FIELD("type", read_type),
        CHECK_FIELD("port", CONFIG_FIELD_UINT16, port, 1, UINT16_MAX),
        OTHER_FIELD("rcode", read_rcode),
        OTHER_FIELD("address", read_address),
        CHECK_FIELD("tcp", CONFIG_FIELD_BOOL, dns.tcp, 0, 1),
    };

    struct check_draft *draft = object;
    if (!config_begin_check_kind(reader, entry, draft, CONFIG_CHECK_DNS))
        return;
    draft->check.port = 53;
    draft->check.dns.type = TYPE_A;
    if (!config_read_fields(reader, entry, fields, COUNT(fields), draft))
        return;
    check_address(reader, entry, &draft->check.dns);
    if (!config_node_find(entry->value, "name")) {
        config_error(reader, &entry->key_place, "a dns check needs a name to ask for");
        config_remedy(reader, "write dns: {name: example.com, type: SOA}");
    }
}
