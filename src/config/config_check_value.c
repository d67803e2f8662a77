/* config_check_value.c - values that several kinds of check have in common. */
#include <ctype.h>
#include <string.h>

#include "config_build_check.h"

enum {
    HOST_MAX = 253,
    BYTES_MAX = 4096, /* of send and expect */
};

static bool is_host(const char *text)
{
    size_t len = strlen(text);
    return len <= HOST_MAX &&
           strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                        "0123456789-._") == len;
}

void config_read_check_host(struct config_reader *reader, const struct config_node_entry *entry,
                            void *object)
{
    struct check_draft *draft = object;
    const char *text;
    if (!config_expect_text(reader, entry, &text))
        return;
    if (is_host(text)) {
        draft->check.host = text;
        return;
    }
    config_error(reader, &entry->value->place, "'%.80s' is no host name", text);
    config_remedy(reader, "write it without a port: app.example.net");
}

/* read_source_address - one item of `source:`, into the place of its family. */
static void read_source_address(struct config_reader *reader,
                                const struct config_node_entry *item,
                                struct config_probe_source *source)
{
    struct ip_addr addr;
    const char *text;
    if (!config_expect_text(reader, item, &text))
        return;
    if (!ip_parse(text, &addr)) {
        config_error(reader, &item->value->place, "'%.80s' is no address", text);
        config_remedy(reader, "write an address of this machine, such as 192.0.2.53");
        return;
    }
    struct ip_addr *place = addr.family == IP_V4 ? &source->v4 : &source->v6;
    if (place->family != IP_NONE)
        config_error(reader, &item->value->place, "two sources of one family");
    *place = addr;
}

void config_read_check_source(struct config_reader *reader,
                              const struct config_node_entry *entry, void *object)
{
    struct check_draft *draft = object;
    const struct config_node_entry *items;
    size_t count;
    if (!config_read_list(reader, entry, 1, 2, &items, &count))
        return;
    for (size_t i = 0; i < count; i++)
        read_source_address(reader, &items[i], &draft->check.source);
}

static int hex_digit(char c)
{
    static const char digits[] = "0123456789abcdef";
    const char *found = c ? strchr(digits, tolower((unsigned char)c)) : NULL;
    return found ? (int)(found - digits) : -1;
}

/* unescape - one byte of a text with \r \n \t \\ \" \0 and \xHH; -1 when it is none of them.
 * *at moves behind it. */
static int unescape(const char **at)
{
    static const char letters[] = "rnt\\\"0", meanings[] = "\r\n\t\\\"\0";

    const char *text = *at;
    *at += 1;
    if (*text != '\\')
        return (unsigned char)*text;
    const char *letter = text[1] ? strchr(letters, text[1]) : NULL;
    if (letter) {
        *at = text + 2;
        return (unsigned char)meanings[letter - letters];
    }
    int high = text[1] == 'x' ? hex_digit(text[2]) : -1;
    int low = high >= 0 ? hex_digit(text[3]) : -1;
    if (low < 0)
        return -1;
    *at = text + 4;
    return high * 16 + low;
}

static void read_bytes(struct config_reader *reader, const struct config_node_entry *entry,
                       struct config_bytes *out_bytes)
{
    const char *text;
    if (!config_expect_text(reader, entry, &text))
        return;
    size_t room = strlen(text), len = 0;
    if (room > BYTES_MAX) {
        config_error(reader, &entry->value->place, "'%s' is longer than %d bytes", entry->key,
                     BYTES_MAX);
        return;
    }
    char *bytes = config_alloc(reader, room, 1);
    if (!bytes)
        return;
    for (const char *at = text; *at != '\0';) {
        const char *start = at;
        int byte = unescape(&at);
        if (byte < 0) {
            config_error(reader, &entry->value->place, "'%.4s' means nothing in '%s'", start,
                         entry->key);
            config_remedy(reader, "write \\r \\n \\t \\0 \\xHH, and \\\\ for a backslash");
            return;
        }
        bytes[len++] = (char)byte;
    }
    *out_bytes = (struct config_bytes){bytes, len};
}

void config_read_check_send(struct config_reader *reader, const struct config_node_entry *entry,
                            void *object)
{
    read_bytes(reader, entry, &((struct check_draft *)object)->check.send);
}

void config_read_check_expect(struct config_reader *reader,
                              const struct config_node_entry *entry, void *object)
{
    read_bytes(reader, entry, &((struct check_draft *)object)->check.expect);
}

void config_need_port(struct config_reader *reader, const struct config_node_entry *entry,
                      const char *example)
{
    if (config_node_find(entry->value, "port"))
        return;
    config_error(reader, &entry->key_place, "a %s check needs a port", entry->key);
    config_remedy(reader, "write %s: {port: %s}", entry->key, example);
}
