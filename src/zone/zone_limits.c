#include "zone_limits.h"

/* So many records make at most twice as many owners, which are counted in 32 bits; and each
 * file that is open in another one takes a kilobyte of stack. */
enum { RECORDS_MOST = 1000 * 1000 * 1000, DEPTH_MOST = 100 };

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

/* choose - the limit, else the default; not more than the numbers of a zone can count. */
static size_t choose(size_t limit, size_t otherwise, size_t most)
{
    if (limit == 0)
        return otherwise;
    return limit < most ? limit : most;
}

struct zone_limits zone_limits_fill(const struct zone_limits *limits)
{
    if (!limits)
        return defaults;
    const struct zone_limits *l = limits, *d = &defaults;
    return (struct zone_limits){
        .max_records = choose(l->max_records, d->max_records, RECORDS_MOST),
        .max_rrset_records = choose(l->max_rrset_records, d->max_rrset_records, UINT16_MAX),
        .max_types = choose(l->max_types, d->max_types, UINT16_MAX),
        .max_bytes = choose(l->max_bytes, d->max_bytes, SIZE_MAX),
        .max_includes = choose(l->max_includes, d->max_includes, SIZE_MAX),
        .max_include_depth = choose(l->max_include_depth, d->max_include_depth, DEPTH_MOST),
        .max_generate_records =
            choose(l->max_generate_records, d->max_generate_records, SIZE_MAX),
    };
}

void zone_limits_remedy(struct diag_list *diags, const char *key)
{
    diag_remedy(diags, "to allow more, raise '%s' in the limits: of the zone", key);
}
