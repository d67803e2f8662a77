/* dns_type.h - the numbers of the protocol that rhumb acts upon. */
#pragma once

#include <stddef.h>
#include <stdint.h>

enum dns_type {
    DNS_TYPE_A = 1,
    DNS_TYPE_NS = 2,
    DNS_TYPE_MD = 3,
    DNS_TYPE_MF = 4,
    DNS_TYPE_CNAME = 5,
    DNS_TYPE_SOA = 6,
    DNS_TYPE_MB = 7,
    DNS_TYPE_MG = 8,
    DNS_TYPE_MR = 9,
    DNS_TYPE_PTR = 12,
    DNS_TYPE_MINFO = 14,
    DNS_TYPE_MX = 15,
    DNS_TYPE_TXT = 16,
    DNS_TYPE_AAAA = 28,
    DNS_TYPE_SRV = 33,
    DNS_TYPE_DNAME = 39,
    DNS_TYPE_OPT = 41,
    DNS_TYPE_DS = 43,
    DNS_TYPE_RRSIG = 46,
    DNS_TYPE_NSEC = 47,
    DNS_TYPE_DNSKEY = 48,
    DNS_TYPE_SVCB = 64,
    DNS_TYPE_HTTPS = 65,
    DNS_TYPE_TSIG = 250,
    DNS_TYPE_IXFR = 251,
    DNS_TYPE_AXFR = 252,
    DNS_TYPE_MAILB = 253,
    DNS_TYPE_MAILA = 254,
    DNS_TYPE_ANY = 255,
};

enum dns_class {
    DNS_CLASS_IN = 1,
    DNS_CLASS_CH = 3,
    DNS_CLASS_NONE = 254,
    DNS_CLASS_ANY = 255
};

enum dns_opcode { DNS_OPCODE_QUERY = 0, DNS_OPCODE_NOTIFY = 4, DNS_OPCODE_UPDATE = 5 };

enum dns_rcode {
    DNS_RCODE_NOERROR = 0,
    DNS_RCODE_FORMERR = 1,
    DNS_RCODE_SERVFAIL = 2,
    DNS_RCODE_NXDOMAIN = 3,
    DNS_RCODE_NOTIMP = 4,
    DNS_RCODE_REFUSED = 5,
    DNS_RCODE_YXDOMAIN = 6,
    DNS_RCODE_NOTAUTH = 9,
    DNS_RCODE_BADVERS = 16,   /* the upper eight bits travel in OPT */
    DNS_RCODE_BADCOOKIE = 23, /* RFC 7873 section 8 */
};

enum { DNS_TSIG_BADKEY = 17 }; /* in TSIG's own error field: RFC 8945 section 3 */

/* What OPT may carry. */
enum dns_option {
    DNS_OPTION_NSID = 3,        /* RFC 5001 */
    DNS_OPTION_ECS = 8,         /* RFC 7871 */
    DNS_OPTION_COOKIE = 10,     /* RFC 7873 */
    DNS_OPTION_KEEPALIVE = 11,  /* RFC 7828 */
    DNS_OPTION_PADDING = 12,    /* RFC 7830 */
    DNS_OPTION_EDE = 15,        /* RFC 8914 */
    DNS_OPTION_REPORT = 18,     /* RFC 9567, Report-Channel */
    DNS_OPTION_ZONEVERSION = 19 /* RFC 9660 */
};

enum { DNS_OPT_FLAG_DO = 0x8000 }; /* in the lower half of OPT's TTL: RFC 6891 section 6.1.4 */

/* Extended DNS errors, RFC 8914 section 4. */
enum dns_ede {
    DNS_EDE_OTHER = 0,
    DNS_EDE_PROHIBITED = 18,
    DNS_EDE_NOT_AUTHORITATIVE = 20,
    DNS_EDE_NOT_SUPPORTED = 21,
};

/* dns_type_name - "AAAA", or "TYPE1234" into buffer. */
enum { DNS_TYPE_TEXT_MAX = 16 };

const char *dns_type_name(uint16_t type, char buffer[DNS_TYPE_TEXT_MAX]);

/* dns_type_parse - "AAAA", "aaaa", "TYPE28" -> 28; 0 when unknown. */
uint16_t dns_type_parse(const char *text);

const char *dns_rcode_name(unsigned rcode);
