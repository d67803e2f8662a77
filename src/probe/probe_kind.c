#include "probe_kind.h"

#include <stddef.h>

const struct probe_kind *probe_kind_of(enum config_check_kind kind)
{
    switch (kind) {
    case CONFIG_CHECK_NONE:
    case CONFIG_CHECK_PARTS: break;
    case CONFIG_CHECK_TCP:
    case CONFIG_CHECK_TLS: return &PROBE_KIND_STREAM;
    case CONFIG_CHECK_HTTP:
    case CONFIG_CHECK_HTTPS:
    case CONFIG_CHECK_GRPC: return &PROBE_KIND_HTTP;
    case CONFIG_CHECK_DNS: return &PROBE_KIND_DNS;
    case CONFIG_CHECK_ICMP: return &PROBE_KIND_ICMP;
    case CONFIG_CHECK_COMMAND: return &PROBE_KIND_COMMAND;
    case CONFIG_CHECK_FILE: return &PROBE_KIND_FILE;
    }
    return NULL;
}
