#include "probe_kind.h"

#include <stddef.h>

const struct probe_kind *probe_kind_of(enum config_check_kind kind)
{
    switch (kind) {
    case CONFIG_CHECK_NONE: break;
    case CONFIG_CHECK_TCP: return &PROBE_KIND_TCP;
    case CONFIG_CHECK_HTTP:
    case CONFIG_CHECK_HTTPS: return &PROBE_KIND_HTTP;
    }
    return NULL;
}
