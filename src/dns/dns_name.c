#include "rhumb/dns_name.h"

#include <string.h>

#include "rhumb/hash.h"

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* next_byte - one byte of a label from *text, escapes resolved; -1 when the escape is
 * malformed. */
static int next_byte(const char **text, const char *end)
{
    const char *t = *text;
    if (*t != '\\') {
        *text = t + 1;
        return (unsigned char)*t;
    }
    if (end - t < 2)
        return -1;
    if (!is_digit(t[1])) {
        *text = t + 2;
        return (unsigned char)t[1];
    }
    if (end - t < 4 || !is_digit(t[2]) || !is_digit(t[3]))
        return -1;
    int value = (t[1] - '0') * 100 + (t[2] - '0') * 10 + (t[3] - '0');
    *text = t + 4;
    return value > 255 ? -1 : value;
}

static const char too_long[] = "the name is longer than 255 bytes";

/* append_origin - complete a relative name of used bytes; 0 when that cannot be. */
static size_t append_origin(uint8_t *name, size_t used, const uint8_t *origin,
                            const char **out_reason)
{
    if (!origin) {
        *out_reason = "the name must be absolute (end in a dot)";
        return 0;
    }
    size_t origin_len = dns_name_len(origin);
    if (used + origin_len > DNS_NAME_MAX) {
        *out_reason = too_long;
        return 0;
    }
    memcpy(name + used, origin, origin_len);
    return used + origin_len;
}

/* put_label - the label at *text behind the used bytes of name; stops at the dot or the end.
 * Leaves room for the root label. Returns the bytes used now, or 0 with *out_reason. */
static size_t put_label(const char **text, const char *end, uint8_t name[DNS_NAME_MAX],
                        size_t used, const char **out_reason)
{
    size_t len_at = used++, first = used;
    while (*text < end && **text != '.') {
        int byte = next_byte(text, end);
        if (byte < 0) {
            *out_reason = "malformed escape, expected \\X or \\DDD with DDD at most 255";
            return 0;
        }
        if (used - first == DNS_LABEL_MAX) {
            *out_reason = "a label is longer than 63 bytes";
            return 0;
        }
        if (used >= DNS_NAME_MAX - 1) {
            *out_reason = too_long;
            return 0;
        }
        name[used++] = (uint8_t)byte;
    }
    if (used == first) {
        *out_reason = "a label is empty";
        return 0;
    }
    name[len_at] = (uint8_t)(used - first);
    return used;
}

size_t dns_name_from_text(const char *text, size_t text_len, const uint8_t *origin,
                          uint8_t out_name[DNS_NAME_MAX], const char **out_reason)
{
    if (text_len == 0) {
        *out_reason = "the name is empty";
        return 0;
    }
    if (text_len == 1 && text[0] == '.') {
        out_name[0] = 0;
        return 1;
    }
    if (text_len == 1 && text[0] == '@')
        return append_origin(out_name, 0, origin, out_reason);
    const char *end = text + text_len;
    uint8_t name[DNS_NAME_MAX];
    size_t used = 0;
    bool absolute = false;
    while (text < end) {
        used = put_label(&text, end, name, used, out_reason);
        if (used == 0)
            return 0;
        absolute = text < end; /* at a dot */
        text += absolute;
    }
    if (absolute)
        name[used++] = 0;
    else
        used = append_origin(name, used, origin, out_reason);
    if (used > 0)
        memcpy(out_name, name, used);
    return used;
}

const char *dns_name_to_text(const uint8_t *name, char buffer[DNS_NAME_TEXT_MAX])
{
    char *to = buffer;
    if (*name == 0)
        *to++ = '.';
    while (*name > 0) {
        for (unsigned i = 1; i <= *name; i++) {
            uint8_t c = name[i];
            if (c <= ' ' || c >= 0x7f) {
                *to++ = '\\';
                *to++ = (char)('0' + c / 100);
                *to++ = (char)('0' + c / 10 % 10);
                *to++ = (char)('0' + c % 10);
                continue;
            }
            if (c == '.' || c == '\\' || c == '"' || c == ';' || c == '(' || c == ')' ||
                c == '@' || c == '$')
                *to++ = '\\';
            *to++ = (char)c;
        }
        *to++ = '.';
        name += *name + 1;
    }
    *to = '\0';
    return buffer;
}

size_t dns_name_len(const uint8_t *name)
{
    const uint8_t *end = name;
    while (*end > 0)
        end += *end + 1;
    return (size_t)(end - name) + 1;
}

unsigned dns_name_labels(const uint8_t *name)
{
    unsigned labels = 0;
    for (; *name > 0; name += *name + 1)
        labels++;
    return labels;
}

void dns_name_lower(uint8_t *name, size_t len)
{
    for (size_t i = 0; i < len; i++)
        name[i] = dns_byte_lower(name[i]);
}

bool dns_name_equal(const uint8_t *a, const uint8_t *b)
{
    size_t len = dns_name_len(a);
    return len == dns_name_len(b) && memcmp(a, b, len) == 0;
}

bool dns_name_is_at_or_below(const uint8_t *name, const uint8_t *ancestor)
{
    unsigned have = dns_name_labels(name), need = dns_name_labels(ancestor);
    if (have < need)
        return false;
    for (; have > need; have--)
        name += *name + 1;
    return dns_name_equal(name, ancestor);
}

const uint8_t *dns_name_parent(const uint8_t *name)
{
    return *name > 0 ? name + *name + 1 : NULL;
}

/* label_starts - where each label begins, leftmost first. */
static unsigned label_starts(const uint8_t *name, uint8_t starts[DNS_LABELS_MAX])
{
    unsigned n = 0;
    for (const uint8_t *at = name; *at > 0; at += *at + 1)
        starts[n++] = (uint8_t)(at - name);
    return n;
}

int dns_name_compare(const uint8_t *a, const uint8_t *b)
{
    uint8_t starts_a[DNS_LABELS_MAX], starts_b[DNS_LABELS_MAX];
    unsigned left_a = label_starts(a, starts_a), left_b = label_starts(b, starts_b);
    while (left_a > 0 && left_b > 0) { /* from the root down */
        const uint8_t *label_a = a + starts_a[--left_a], *label_b = b + starts_b[--left_b];
        size_t shorter = *label_a < *label_b ? *label_a : *label_b;
        int order = memcmp(label_a + 1, label_b + 1, shorter);
        if (order == 0)
            order = (int)*label_a - (int)*label_b;
        if (order != 0)
            return order;
    }
    return (int)left_a - (int)left_b;
}

uint64_t dns_name_hash_label(uint64_t parent_hash, const uint8_t *label)
{
    return hash_bytes(parent_hash, label, *label + 1u);
}

unsigned dns_name_hash_suffixes(const uint8_t *name, uint8_t out_starts[DNS_LABELS_MAX],
                                uint64_t out_hashes[DNS_LABELS_MAX])
{
    unsigned labels = label_starts(name, out_starts);
    uint64_t hash = DNS_NAME_HASH_ROOT;
    for (unsigned i = labels; i > 0; i--) {
        hash = dns_name_hash_label(hash, name + out_starts[i - 1]);
        out_hashes[i - 1] = hash;
    }
    return labels;
}

uint64_t dns_name_hash(const uint8_t *name)
{
    uint8_t starts[DNS_LABELS_MAX];
    uint64_t hash = DNS_NAME_HASH_ROOT;
    for (unsigned i = label_starts(name, starts); i > 0; i--)
        hash = dns_name_hash_label(hash, name + starts[i - 1]);
    return hash;
}
