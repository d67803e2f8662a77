/* config_build_check_stream.c - `tcp:` and `tls:` of a check. */
#include "config_build_check.h"

static void read_stream(struct config_reader *reader, const struct config_node_entry *entry,
                        struct check_draft *draft, enum config_check_kind kind)
{
    /* The first TCP_FIELD_COUNT are for both; the rest is for tls alone. */
    enum { TCP_FIELD_COUNT = 4 };

    static const struct config_field fields[] = {
        CHECK_FIELD("port", CONFIG_FIELD_UINT16, port, 1, UINT16_MAX),
        OTHER_FIELD("send", config_read_check_send),
        OTHER_FIELD("expect", config_read_check_expect),
        OTHER_FIELD("source", config_read_check_source),
        OTHER_FIELD("host", config_read_check_host),
        TLS_FIELDS,
    };

    size_t count = kind == CONFIG_CHECK_TLS ? COUNT(fields) : TCP_FIELD_COUNT;
    if (config_begin_check_kind(reader, entry, draft, kind) &&
        config_read_fields(reader, entry, fields, count, draft))
        config_need_port(reader, entry, kind == CONFIG_CHECK_TLS ? "636" : "5432");
}

void config_read_check_tcp(struct config_reader *reader, const struct config_node_entry *entry,
                           void *object)
{
    read_stream(reader, entry, object, CONFIG_CHECK_TCP);
}

void config_read_check_tls(struct config_reader *reader, const struct config_node_entry *entry,
                           void *object)
{
    read_stream(reader, entry, object, CONFIG_CHECK_TLS);
}
