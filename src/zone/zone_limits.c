#include "zone_limits.h"

/* 1 GiB: a zone of the default record count fits; a device or a log file does not. */
static const struct zone_limits defaults = {
    .max_records = 10 * 1000 * 1000,
    .max_rrset_records = 1000,
    .max_types = 100,
    .max_bytes = (size_t)1 << 30,
    .max_includes = 10000,
    .max_include_depth = 10,
    .max_generate_records = 65536,
};

static size_t or_default(size_t limit, size_t otherwise)
{
    return limit > 0 ? limit : otherwise;
}

struct zone_limits zone_limits_fill(const struct zone_limits *limits)
{
    if (!limits)
        return defaults;
    return (struct zone_limits){
        .max_records = or_default(limits->max_records, defaults.max_records),
        .max_rrset_records = or_default(limits->max_rrset_records, defaults.max_rrset_records),
        .max_types = or_default(limits->max_types, defaults.max_types),
        .max_bytes = or_default(limits->max_bytes, defaults.max_bytes),
        .max_includes = or_default(limits->max_includes, defaults.max_includes),
        .max_include_depth = or_default(limits->max_include_depth, defaults.max_include_depth),
        .max_generate_records =
            or_default(limits->max_generate_records, defaults.max_generate_records),
    };
}

void zone_limits_remedy(struct diag_list *diags, const char *key)
{
    diag_remedy(diags, "to allow more, raise '%s' in the limits: of the zone", key);
}
