/* config_build_check_grpc.c - `grpc:` of a check. */
#include <string.h>

#include "config_build_check.h"

enum { SERVICE_MAX = 255 };

static void read_service(struct config_reader *reader, const struct config_node_entry *entry,
                         void *object)
{
    struct check_draft *draft = object;
    const char *text;
    if (!config_expect_text(reader, entry, &text))
        return;
    if (strlen(text) <= SERVICE_MAX)
        draft->check.grpc_service = text;
    else
        config_error(reader, &entry->value->place, "'service' is longer than %d bytes",
                     SERVICE_MAX);
}

/* refuse_tls_keys - what is said about certificates must not be in vain. */
static void refuse_tls_keys(struct config_reader *reader, const struct config_node_entry *entry)
{
    static const char *const keys[] = {"verify", "ca_file", "min_cert_days"};

    for (size_t i = 0; i < COUNT(keys); i++) {
        const struct config_node_entry *found = config_node_find(entry->value, keys[i]);
        if (!found)
            continue;
        config_error(reader, &found->key_place, "without TLS there is no certificate for '%s'",
                     keys[i]);
        config_remedy(reader, "write tls: true beside it");
    }
}

void config_read_check_grpc(struct config_reader *reader, const struct config_node_entry *entry,
                            void *object)
{
    static const struct config_field fields[] = {
        CHECK_FIELD("port", CONFIG_FIELD_UINT16, port, 1, UINT16_MAX),
        OTHER_FIELD("service", read_service),
        OTHER_FIELD("host", config_read_check_host),
        OTHER_FIELD("source", config_read_check_source),
        CHECK_FIELD("tls", CONFIG_FIELD_BOOL, grpc_tls, 0, 1),
        TLS_FIELDS,
    };

    struct check_draft *draft = object;
    if (!config_begin_check_kind(reader, entry, draft, CONFIG_CHECK_GRPC) ||
        !config_read_fields(reader, entry, fields, COUNT(fields), draft))
        return;
    config_need_port(reader, entry, "50051");
    if (!draft->check.grpc_tls)
        refuse_tls_keys(reader, entry);
}
