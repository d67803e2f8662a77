/* config_facts.c - what follows from a configuration: names for messages, time to recovery. */
#include "rhumb/config.h"

const char *config_policy_name(enum config_policy policy)
{
    switch (policy) {
    case CONFIG_POLICY_FAILOVER: return "failover";
    case CONFIG_POLICY_WEIGHTED: return "weighted";
    case CONFIG_POLICY_GEO: return "geo";
    case CONFIG_POLICY_NEAREST: return "nearest";
    case CONFIG_POLICY_LATENCY: return "latency";
    }
    return "?";
}

const char *config_check_kind_name(enum config_check_kind kind)
{
    static const char *const NAMES[] = {
        [CONFIG_CHECK_NONE] = "none",       [CONFIG_CHECK_TCP] = "tcp",
        [CONFIG_CHECK_TLS] = "tls",         [CONFIG_CHECK_HTTP] = "http",
        [CONFIG_CHECK_HTTPS] = "https",     [CONFIG_CHECK_GRPC] = "grpc",
        [CONFIG_CHECK_DNS] = "dns",         [CONFIG_CHECK_ICMP] = "icmp",
        [CONFIG_CHECK_COMMAND] = "command", [CONFIG_CHECK_FILE] = "file",
        [CONFIG_CHECK_PARTS] = "parts",
    };
    return NAMES[kind];
}

static bool has_probed_endpoint(const struct config_service *service)
{
    for (size_t i = 0; i < service->region_count; i++) {
        if (service->regions[i].address_count > 0)
            return true;
    }
    return false;
}

/* find_slowness - how long after an endpoint died the first and the last of the probes that
 * make it DOWN have failed. A check made of checks knows when the slowest of them knows. */
static void find_slowness(const struct config *config, const struct config_check *check,
                          uint64_t *out_first_ms, uint64_t *out_detect_ms)
{
    *out_first_ms = (uint64_t)check->interval_ms + check->timeout_ms;
    *out_detect_ms =
        *out_first_ms + (check->fall - 1) * ((uint64_t)check->confirm_ms + check->timeout_ms);
    for (size_t i = 0; i < check->part_count; i++) {
        const struct config_check *part = &config->checks[check->parts[i]];
        uint64_t first_ms, detect_ms;
        find_slowness(config, part, &first_ms, &detect_ms);
        if (*out_detect_ms < detect_ms)
            *out_detect_ms = detect_ms;
    }
}

uint64_t config_recovery_worst_ms(const struct config *config,
                                  const struct config_service *service, uint64_t *out_detect_ms)
{
    const struct config_check *check = &config->checks[service->check];
    *out_detect_ms = 0;
    if (check->kind == CONFIG_CHECK_NONE || !has_probed_endpoint(service))
        return 0;
    uint64_t first_ms, detect_ms;
    find_slowness(config, check, &first_ms, &detect_ms);
    /* Who asked just before the first failed probe keeps a stable TTL; who asked just before
     * the last one keeps a suspect TTL. A TTL that counts from the latest success has used that
     * time up already, but for the rounding to seconds. */
    if (service->ttl.from_proof)
        first_ms = 500;
    uint64_t stable_ms = first_ms + UINT64_C(1000) * service->ttl.stable_s;
    uint64_t suspect_ms = detect_ms + UINT64_C(1000) * service->ttl.suspect_s;
    *out_detect_ms = detect_ms;
    return stable_ms > suspect_ms ? stable_ms : suspect_ms;
}
