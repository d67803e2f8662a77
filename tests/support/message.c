#include "message.h"

#include <arpa/inet.h>
#include <stdarg.h>
#include <string.h>

enum {
    HEADER_BYTES = 12,
    NAME_MAX = 255,
    TYPE_OPT = 41,
    OPTION_NSID = 3,
    OPTION_ECS = 8,
    OPTION_COOKIE = 10,
    OPTION_KEEPALIVE = 11,
    OPTION_EDE = 15,
    OPTION_REPORT = 18,
    OPTION_ZONEVERSION = 19
};

static unsigned u16_at(const uint8_t *at)
{
    return (unsigned)at[0] << 8 | at[1];
}

static uint32_t u32_at(const uint8_t *at)
{
    return (uint32_t)u16_at(at) << 16 | u16_at(at + 2);
}

/* ---- names ---- */

/* skip_name - judges the name at *at, all of its pointers included, and steps over it. */
static const char *skip_name(const struct message *m, size_t *at)
{
    size_t pos = *at, total = 0, below = pos, end = 0;
    for (;;) {
        if (pos >= m->len)
            return "a name leaves the message";
        uint8_t byte = m->bytes[pos];
        if (byte >= 0xc0) {
            if (pos + 2 > m->len)
                return "a pointer is cut";
            size_t target = u16_at(m->bytes + pos) & 0x3fff;
            if (end == 0)
                end = pos + 2;
            if (target >= below || target < HEADER_BYTES)
                return "a pointer does not lead backwards";
            below = pos = target;
            continue;
        }
        if (byte > 63)
            return "a label is longer than 63 bytes";
        total += byte + 1u;
        if (total > NAME_MAX)
            return "a name is longer than 255 bytes";
        pos += byte + 1u;
        if (byte == 0)
            break;
    }
    *at = end > 0 ? end : pos;
    return NULL;
}

const char *message_name_text(const struct message *m, size_t offset,
                              char buffer[MESSAGE_NAME_TEXT_MAX])
{
    char *to = buffer;
    size_t pos = offset;
    if (m->bytes[pos] == 0)
        *to++ = '.';
    while (m->bytes[pos] != 0) {
        if (m->bytes[pos] >= 0xc0) {
            pos = u16_at(m->bytes + pos) & 0x3fff;
            if (m->bytes[pos] == 0 && to == buffer)
                *to++ = '.';
            continue;
        }
        for (unsigned i = 1; i <= m->bytes[pos]; i++) {
            uint8_t c = m->bytes[pos + i];
            if (c <= ' ' || c >= 0x7f) {
                to += snprintf(to, 5, "\\%03u", c);
                continue;
            }
            if (strchr(".\\\"();@$", c))
                *to++ = '\\';
            *to++ = (char)c;
        }
        *to++ = '.';
        pos += m->bytes[pos] + 1u;
    }
    *to = '\0';
    return buffer;
}

/* ---- record data ---- */

/* What the data of a type is made of: s: 16 bits, l: 32 bits, b: 8 bits, n: name, 4 and 6:
 * addresses, t: character strings to the end, x: anything. */
struct shape {
    uint16_t type;
    const char *name, *fields;
};

static const struct shape shapes[] = {
    {1, "A", "4"},       {2, "NS", "n"},        {3, "MD", "n"},      {4, "MF", "n"},
    {5, "CNAME", "n"},   {6, "SOA", "nnlllll"}, {7, "MB", "n"},      {8, "MG", "n"},
    {9, "MR", "n"},      {12, "PTR", "n"},      {14, "MINFO", "nn"}, {15, "MX", "sn"},
    {16, "TXT", "t"},    {28, "AAAA", "6"},     {33, "SRV", "sssn"}, {39, "DNAME", "n"},
    {43, "DS", "sbbx"},  {46, "RRSIG", "x"},    {48, "DNSKEY", "x"}, {64, "SVCB", "x"},
    {65, "HTTPS", "x"},  {250, "TSIG", "x"},    {251, "IXFR", "x"},  {252, "AXFR", "x"},
    {253, "MAILB", "x"}, {254, "MAILA", "x"},   {255, "ANY", "x"},
};

static const struct shape *shape_of(uint16_t type)
{
    static const struct shape unknown = {0, NULL, "x"};
    for (size_t i = 0; i < sizeof(shapes) / sizeof(shapes[0]); i++)
        if (shapes[i].type == type)
            return &shapes[i];
    return &unknown;
}

static size_t field_bytes(char field)
{
    switch (field) {
    case 'b': return 1;
    case 's': return 2;
    case 'l':
    case '4': return 4;
    default: return 16;
    }
}

/* may_compress - RFC 3597 section 4. */
static bool may_compress(uint16_t type)
{
    return (type >= 2 && type <= 9) || type == 12 || type == 14 || type == 15;
}

static bool has_pointer(const struct message *m, size_t from, size_t to)
{
    while (from < to && m->bytes[from] != 0) {
        if (m->bytes[from] >= 0xc0)
            return true;
        from += m->bytes[from] + 1u;
    }
    return false;
}

static const char *check_strings(const struct message *m, size_t at, size_t end)
{
    if (at == end)
        return "a TXT record without a string";
    while (at < end)
        at += m->bytes[at] + 1u;
    return at == end ? NULL : "a character string leaves its record";
}

static const char *check_rdata(const struct message *m, const struct message_record *record)
{
    size_t at = record->rdata, end = at + record->rdata_bytes;
    for (const char *field = shape_of(record->type)->fields; *field != '\0'; field++) {
        if (*field == 'x')
            return NULL;
        if (*field == 't')
            return check_strings(m, at, end);
        if (*field != 'n') {
            at += field_bytes(*field);
            continue;
        }
        size_t start = at;
        const char *fault = skip_name(m, &at);
        if (fault)
            return fault;
        if (!may_compress(record->type) && has_pointer(m, start, at))
            return "a compressed name where RFC 3597 section 4 forbids it";
    }
    return at == end ? NULL : "record data of the wrong length";
}

/* ---- the message ---- */

static const char *check_opt(const struct message *m, const struct message_record *opt)
{
    size_t at = opt->rdata, end = at + opt->rdata_bytes;
    while (at < end) {
        if (end - at < 4 || end - at - 4 < u16_at(m->bytes + at + 2))
            return "an option leaves OPT";
        at += 4 + u16_at(m->bytes + at + 2);
    }
    return NULL;
}

static const char *parse_record(struct message *m, size_t *at, unsigned section)
{
    if (m->record_count == MESSAGE_RECORDS_MAX)
        return "more records than the test can hold";
    struct message_record *record = &m->records[m->record_count++];
    record->section = section;
    record->owner = *at;
    const char *fault = skip_name(m, at);
    if (fault)
        return fault;
    if (m->len - *at < 10)
        return "a record is cut";
    const uint8_t *fixed = m->bytes + *at;
    record->type = (uint16_t)u16_at(fixed);
    record->class = (uint16_t)u16_at(fixed + 2);
    record->ttl_s = u32_at(fixed + 4);
    record->rdata_bytes = (uint16_t)u16_at(fixed + 8);
    *at += 10;
    record->rdata = *at;
    if (m->len - *at < record->rdata_bytes)
        return "record data leave the message";
    *at += record->rdata_bytes;
    if (record->type != TYPE_OPT)
        return check_rdata(m, record);
    if (section != 3 || m->opt || m->bytes[record->owner] != 0)
        return "OPT twice, or not at the root of the additional section";
    m->opt = record;
    return check_opt(m, record);
}

static const char *parse_question(struct message *m, size_t *at)
{
    const char *fault = skip_name(m, at);
    if (fault)
        return fault;
    if (m->len - *at < 4)
        return "the question is cut";
    m->qtype = (uint16_t)u16_at(m->bytes + *at);
    m->qclass = (uint16_t)u16_at(m->bytes + *at + 2);
    *at += 4;
    m->question_bytes = *at - HEADER_BYTES;
    return NULL;
}

const char *message_parse(const uint8_t *bytes, size_t len, struct message *out_message)
{
    struct message *m = out_message;
    m->bytes = bytes;
    m->len = len;
    m->question_bytes = 0;
    m->record_count = 0;
    m->opt = NULL;
    if (len < HEADER_BYTES)
        return "shorter than a header";
    m->id = (uint16_t)u16_at(bytes);
    m->flags = (uint16_t)u16_at(bytes + 2);
    for (unsigned i = 0; i < 4; i++)
        m->counts[i] = (uint16_t)u16_at(bytes + 4 + 2 * i);
    if (m->counts[0] > 1)
        return "more than one question";
    size_t at = HEADER_BYTES;
    const char *fault = m->counts[0] == 1 ? parse_question(m, &at) : NULL;
    for (unsigned section = 1; section <= 3; section++)
        for (unsigned i = 0; !fault && i < m->counts[section]; i++)
            fault = parse_record(m, &at, section);
    if (!fault && at != len)
        fault = "bytes are left over";
    return fault;
}

unsigned message_rcode(const struct message *message)
{
    unsigned upper = message->opt ? message->opt->ttl_s >> 24 : 0;
    return upper << 4 | (message->flags & 0xfu);
}

/* ---- text ---- */

struct line {
    char *at, *end;
};

static void add(struct line *line, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static void add(struct line *line, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    int len = vsnprintf(line->at, (size_t)(line->end - line->at), format, args);
    va_end(args);
    size_t left = (size_t)(line->end - line->at) - 1;
    if (len > 0)
        line->at += (size_t)len < left ? (size_t)len : left;
}

static void add_strings(struct line *line, const uint8_t *at, const uint8_t *end)
{
    for (; at < end; at += *at + 1u) {
        add(line, " \"");
        for (unsigned i = 1; i <= *at; i++)
            add(line, at[i] < ' ' || at[i] >= 0x7f ? "\\%03u" : "%c", at[i]);
        add(line, "\"");
    }
}

static void add_hex(struct line *line, const uint8_t *at, const uint8_t *end, bool generic)
{
    if (generic)
        add(line, " \\# %td", end - at);
    if (at < end)
        add(line, " ");
    for (; at < end; at++)
        add(line, "%02x", *at);
}

static void add_address(struct line *line, int family, const uint8_t *at)
{
    char text[INET6_ADDRSTRLEN];
    add(line, " %s", inet_ntop(family, at, text, sizeof(text)));
}

void message_record_text(const struct message *m, const struct message_record *record,
                         char *buffer, size_t capacity)
{
    struct line line = {buffer, buffer + capacity};
    char name[MESSAGE_NAME_TEXT_MAX];
    const struct shape *shape = shape_of(record->type);
    add(&line, "%s %u ", message_name_text(m, record->owner, name), record->ttl_s);
    add(&line,
        record->class == 1   ? "IN "
        : record->class == 3 ? "CH "
                             : "CLASS%u ",
        record->class);
    if (shape->name)
        add(&line, "%s", shape->name);
    else
        add(&line, "TYPE%u", record->type);
    size_t at = record->rdata, end = at + record->rdata_bytes;
    for (const char *field = shape->fields; *field != '\0' && at <= end; field++) {
        const uint8_t *bytes = m->bytes + at;
        switch (*field) {
        case 'n':
            add(&line, " %s", message_name_text(m, at, name));
            skip_name(m, &at);
            continue;
        case 'b': add(&line, " %u", bytes[0]); break;
        case 's': add(&line, " %u", u16_at(bytes)); break;
        case 'l': add(&line, " %u", u32_at(bytes)); break;
        case '4': add_address(&line, AF_INET, bytes); break;
        case '6': add_address(&line, AF_INET6, bytes); break;
        case 't': add_strings(&line, bytes, m->bytes + end); return;
        default: add_hex(&line, bytes, m->bytes + end, field == shape->fields); return;
        }
        at += field_bytes(*field);
    }
}

static void add_ecs(struct line *line, const uint8_t *at, unsigned len)
{
    uint8_t address[16] = {0};
    if (len < 4 || len > 20) {
        add(line, " ecs=malformed");
        return;
    }
    unsigned family = u16_at(at);
    memcpy(address, at + 4, len - 4);
    if (family == 1 || family == 2) {
        char text[INET6_ADDRSTRLEN];
        add(line, " ecs=%s/%u/%u",
            inet_ntop(family == 1 ? AF_INET : AF_INET6, address, text, sizeof(text)), at[2],
            at[3]);
    } else {
        add(line, " ecs=family%u/%u/%u", family, at[2], at[3]);
    }
    if (len - 4 != (at[2] + 7u) / 8)
        add(line, "(%u bytes)", len - 4);
}

static void add_named_hex(struct line *line, const char *name, const uint8_t *data,
                          unsigned len)
{
    add(line, " %s=", name);
    for (unsigned i = 0; i < len; i++)
        add(line, "%02x", data[i]);
}

static void add_option(struct line *line, unsigned code, const uint8_t *data, unsigned len)
{
    if (code == OPTION_NSID)
        add(line, " nsid=%.*s", (int)len, (const char *)data);
    else if (code == OPTION_ECS)
        add_ecs(line, data, len);
    else if (code == OPTION_EDE && len >= 2)
        add(line, " ede=%u:%.*s", u16_at(data), (int)len - 2, (const char *)data + 2);
    else if (code == OPTION_COOKIE)
        add_named_hex(line, "cookie", data, len);
    else if (code == OPTION_KEEPALIVE && len == 2)
        add(line, " keepalive=%u", u16_at(data));
    else if (code == OPTION_ZONEVERSION && len == 6)
        add(line, " zoneversion=%u/%u/%u", data[0], data[1],
            u16_at(data + 2) << 16 | u16_at(data + 4));
    else if (code == OPTION_REPORT)
        add_named_hex(line, "report", data, len);
    else
        add(line, " option%u=%u", code, len);
}

void message_opt_text(const struct message *m, char *buffer, size_t capacity)
{
    struct line line = {buffer, buffer + capacity};
    if (!m->opt) {
        add(&line, "none");
        return;
    }
    add(&line, "udp=%u", m->opt->class);
    if ((m->opt->ttl_s >> 16 & 0xff) != 0)
        add(&line, " version=%u", m->opt->ttl_s >> 16 & 0xff);
    if ((m->opt->ttl_s & 0x8000) != 0)
        add(&line, " do");
    if ((m->opt->ttl_s & 0x7fff) != 0)
        add(&line, " z=%04x", m->opt->ttl_s & 0x7fff);
    size_t at = m->opt->rdata, end = at + m->opt->rdata_bytes;
    while (at < end) {
        unsigned code = u16_at(m->bytes + at), len = u16_at(m->bytes + at + 2);
        const uint8_t *data = m->bytes + at + 4;
        add_option(&line, code, data, len);
        at += 4 + len;
    }
}
