#include "rhumb/dns_type.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static const struct {
    uint16_t type;
    const char *name;
} names[] = {
    {DNS_TYPE_A, "A"},
    {DNS_TYPE_NS, "NS"},
    {DNS_TYPE_MD, "MD"},
    {DNS_TYPE_MF, "MF"},
    {DNS_TYPE_CNAME, "CNAME"},
    {DNS_TYPE_SOA, "SOA"},
    {DNS_TYPE_MB, "MB"},
    {DNS_TYPE_MG, "MG"},
    {DNS_TYPE_MR, "MR"},
    {DNS_TYPE_PTR, "PTR"},
    {DNS_TYPE_MINFO, "MINFO"},
    {DNS_TYPE_MX, "MX"},
    {DNS_TYPE_TXT, "TXT"},
    {DNS_TYPE_AAAA, "AAAA"},
    {DNS_TYPE_SRV, "SRV"},
    {DNS_TYPE_DNAME, "DNAME"},
    {DNS_TYPE_OPT, "OPT"},
    {DNS_TYPE_DS, "DS"},
    {DNS_TYPE_RRSIG, "RRSIG"},
    {DNS_TYPE_NSEC, "NSEC"},
    {DNS_TYPE_DNSKEY, "DNSKEY"},
    {DNS_TYPE_SVCB, "SVCB"},
    {DNS_TYPE_HTTPS, "HTTPS"},
    {DNS_TYPE_TSIG, "TSIG"},
    {DNS_TYPE_IXFR, "IXFR"},
    {DNS_TYPE_AXFR, "AXFR"},
    {DNS_TYPE_MAILB, "MAILB"},
    {DNS_TYPE_MAILA, "MAILA"},
    {DNS_TYPE_ANY, "ANY"},
    {35, "NAPTR"},
    {44, "SSHFP"},
    {50, "NSEC3"},
    {52, "TLSA"},
    {257, "CAA"},
};

const char *dns_type_name(uint16_t type, char buffer[DNS_TYPE_TEXT_MAX])
{
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        if (names[i].type == type)
            return names[i].name;
    snprintf(buffer, DNS_TYPE_TEXT_MAX, "TYPE%u", type);
    return buffer;
}

uint16_t dns_type_parse(const char *text)
{
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        if (strcasecmp(names[i].name, text) == 0)
            return names[i].type;
    if (strncasecmp(text, "TYPE", 4) != 0)
        return 0;
    size_t digits = strspn(text + 4, "0123456789");
    if (digits == 0 || digits > 5 || text[4 + digits] != '\0')
        return 0;
    unsigned long type = strtoul(text + 4, NULL, 10);
    return type <= UINT16_MAX ? (uint16_t)type : 0;
}

const char *dns_rcode_name(unsigned rcode)
{
    static const char *const rcodes[] = {
        "NOERROR", "FORMERR",  "SERVFAIL", "NXDOMAIN", "NOTIMP",
        "REFUSED", "YXDOMAIN", "YXRRSET",  "NXRRSET",  "NOTAUTH",
    };

    if (rcode < sizeof(rcodes) / sizeof(rcodes[0]))
        return rcodes[rcode];
    switch (rcode) {
    case DNS_RCODE_BADVERS: return "BADVERS";
    case DNS_RCODE_BADCOOKIE: return "BADCOOKIE";
    default: return "RCODE?";
    }
}
