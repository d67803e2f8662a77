/* config_build_limits.c - the section `limits:`, and the same of one zone. */
#include "config_build.h"
#include "config_units.h"

#define LIMIT(name, member, high)                                                              \
    {                                                                                          \
        .key = (name), .kind = CONFIG_FIELD_UINT32,                                            \
        .offset = offsetof(struct config_limits, member), .min = 1, .max = (high)              \
    }

void config_read_limits(struct config_reader *reader, const struct config_node_entry *entry,
                        struct config_limits *limits)
{
    static const struct config_field fields[] = {
        LIMIT("records", records, 1000000000),
        LIMIT("records_per_rrset", records_per_rrset, UINT16_MAX),
        LIMIT("types_per_name", types_per_name, UINT16_MAX),
        LIMIT("records_per_generate", records_per_generate, 1000000000),
        LIMIT("includes", includes, 1000000),
        LIMIT("include_depth", include_depth, 100),
        {.key = "size",
         .kind = CONFIG_FIELD_SIZE,
         .offset = offsetof(struct config_limits, bytes),
         .min = 1,
         .max = 1024 * (int64_t)CONFIG_GIB},
    };

    if (config_has_content(entry))
        config_read_fields(reader, entry, fields, sizeof(fields) / sizeof(fields[0]), limits);
}

void config_build_limits(struct config_builder *builder, const struct config_node_entry *entry)
{
    config_read_limits(&builder->reader, entry, &builder->config->limits);
}
