#include "wire_query.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../support/hex.h"

enum { OPTION_NSID = 3, DEFAULT_SIZE = 1232, OPTIONS_MAX = 8 };

/* What the words ask for, before bytes are made of it: OPT comes behind the question. */
struct words {
    const char *name, *type;
    uint16_t class, flags;
    bool has_opt, dnssec_ok;
    unsigned long size, version;
    const char *options[OPTIONS_MAX]; /* "nsid", "ecs=...", "option=..." */
    size_t option_count;
};

static const char *value_of(const char *word, const char *key)
{
    size_t len = strlen(key);
    return strncmp(word, key, len) == 0 && word[len] == '=' ? word + len + 1 : NULL;
}

static bool read_flag(const char *word, struct words *w)
{
    static const struct {
        const char *word;
        uint16_t flag;
    } flags[] = {
        {"+rd", DNS_FLAG_RD}, {"+cd", DNS_FLAG_CD}, {"+tc", DNS_FLAG_TC}, {"+aa", DNS_FLAG_AA},
        {"+qr", DNS_FLAG_QR}, {"+ra", 0x0080},      {"+z", 0x0040},       {"+ad", 0x0020},
    };

    for (size_t i = 0; i < sizeof(flags) / sizeof(flags[0]); i++) {
        if (strcmp(word, flags[i].word) != 0)
            continue;
        w->flags |= flags[i].flag;
        return true;
    }
    return false;
}

static bool read_opt_word(const char *word, struct words *w)
{
    const char *value;
    if (strcmp(word, "+do") == 0)
        w->dnssec_ok = true;
    else if ((value = value_of(word, "+edns")))
        w->size = strtoul(value, NULL, 10);
    else if ((value = value_of(word, "+version")))
        w->version = strtoul(value, NULL, 10);
    else if (strcmp(word, "+nsid") == 0 || value_of(word, "+ecs") || value_of(word, "+option"))
        w->options[w->option_count++] = word + 1;
    else if (strcmp(word, "+edns") != 0)
        return false;
    w->has_opt = true;
    return w->option_count < OPTIONS_MAX;
}

static const char *read_word(const char *word, struct words *w, struct wire_case *out)
{
    const char *value;
    if (word[0] != '+') {
        if (!w->name)
            w->name = word;
        else if (!w->type)
            w->type = word;
        else if (strncmp(word, "CLASS", 5) == 0)
            w->class = (uint16_t)strtoul(word + 5, NULL, 10);
        else
            w->class = strcmp(word, "CH") == 0 ? DNS_CLASS_CH : DNS_CLASS_IN;
    } else if (strcmp(word, "+tcp") == 0) {
        out->transport = ANSWER_TCP;
    } else if (strcmp(word, "+tls") == 0) {
        out->transport = ANSWER_TLS;
    } else if ((value = value_of(word, "+from"))) {
        if (!ip_parse(value, &out->client))
            return "+from= wants an address";
    } else if ((value = value_of(word, "+opcode"))) {
        w->flags |= (uint16_t)(strtoul(value, NULL, 10) << 11);
    } else if (!read_flag(word, w) && !read_opt_word(word, w)) {
        return "unknown word in the query";
    }
    return NULL;
}

static const char *put_option(struct packet *packet, const char *option)
{
    const char *value;
    if (strcmp(option, "nsid") == 0) {
        packet_put_option(packet, OPTION_NSID, "", 0);
    } else if ((value = value_of(option, "ecs"))) {
        if (!packet_put_ecs(packet, value))
            return "+ecs= wants a prefix";
    } else {
        uint8_t data[256];
        char *hex;
        unsigned long code = strtoul(value_of(option, "option"), &hex, 10);
        size_t len = *hex == ':' ? hex_bytes(hex + 1, data, sizeof(data)) : SIZE_MAX;
        if (len == SIZE_MAX)
            return "+option= wants CODE:HEX";
        packet_put_option(packet, (uint16_t)code, data, len);
    }
    return NULL;
}

const char *wire_query_parse(char *words, struct wire_case *out_case)
{
    struct words w = {.class = DNS_CLASS_IN, .size = DEFAULT_SIZE};
    char *rest = words;
    for (char *word; (word = strsep(&rest, " "));) {
        const char *fault = *word != '\0' ? read_word(word, &w, out_case) : NULL;
        if (fault)
            return fault;
    }
    uint16_t type = w.type ? dns_type_parse(w.type) : 0;
    if (type == 0 && (!w.type || strcmp(w.type, "TYPE0") != 0))
        return "a query wants a name and a type";
    if (!packet_init(&out_case->packet, w.flags, w.name, type, w.class))
        return "malformed name";
    out_case->has_opt = w.has_opt;
    if (w.has_opt)
        packet_put_opt(&out_case->packet, (uint16_t)w.size, (uint8_t)w.version, w.dnssec_ok);
    for (size_t i = 0; i < w.option_count; i++) {
        const char *fault = put_option(&out_case->packet, w.options[i]);
        if (fault)
            return fault;
    }
    return NULL;
}
