/* config_build_checks.c - the section `checks:`: which checks there are, of which kind, at which
 * pace. What belongs to one kind is read by a file of its own. */
#include <string.h>

#include "config_build_check.h"

enum { CHECKS_MAX = 4096 };

bool config_begin_check_kind(struct config_reader *reader,
                             const struct config_node_entry *entry, struct check_draft *draft,
                             enum config_check_kind kind)
{
    if (draft->kind_entry) {
        config_error(reader, &entry->key_place, "a check is of one kind, not of two");
        config_remedy(reader, "'%s' stands in line %u: make two checks", draft->kind_entry->key,
                      draft->kind_entry->key_place.line);
        return false;
    }
    draft->kind_entry = entry;
    draft->check.kind = kind;
    return true;
}

static void read_assume(struct config_reader *reader, const struct config_node_entry *entry,
                        void *object)
{
    static const char *const states[] = {"up", "down"};

    struct check_draft *draft = object;
    int which = config_read_enum(reader, entry, states, COUNT(states));
    if (which >= 0)
        draft->check.assume_up = which == 0;
}

/* warn_retransmission - a timeout near the first or second retransmission of a SYN.
 *
 * source   RFC 6298 section 2: 1 s at first, doubled each time, so 1 s and 3 s after the first
 */
static void warn_retransmission(struct config_reader *reader, const struct diag_place *place,
                                uint32_t timeout_ms)
{
    static const uint32_t marks_ms[] = {1000, 3000};

    for (size_t i = 0; i < COUNT(marks_ms); i++) {
        uint32_t near_ms = marks_ms[i] / 10;
        if (timeout_ms < marks_ms[i] - near_ms || timeout_ms > marks_ms[i] + near_ms)
            continue;
        config_warning(reader, place,
                       "a lost SYN is sent again after %u s: near that, one lost packet "
                       "decides whether the probe fails",
                       marks_ms[i] / 1000);
        config_remedy(reader, "take a timeout more than 10%% away from %u s, such as %s",
                      marks_ms[i] / 1000, i == 0 ? "500ms or 2s" : "2s or 4s");
    }
}

/* begins_with_tcp - does a probe begin with the SYN of a connection? */
static bool begins_with_tcp(const struct config_check *check)
{
    return check->kind != CONFIG_CHECK_ICMP && check->kind != CONFIG_CHECK_COMMAND &&
           check->kind != CONFIG_CHECK_FILE &&
           (check->kind != CONFIG_CHECK_DNS || check->dns.tcp);
}

/* settle_timeout - a timeout that was written may not pass the interval; one that was not
 * leaves room in it. */
static void settle_timeout(struct config_reader *reader, const struct config_node_entry *entry,
                           struct config_check *check)
{
    const struct config_node_entry *timeout = config_node_find(entry->value, "timeout");
    if (!timeout) {
        uint32_t most_ms = check->interval_ms / 5 * 4;
        if (check->timeout_ms > most_ms)
            check->timeout_ms = most_ms;
    } else if (check->timeout_ms > check->interval_ms) {
        char high[CONFIG_DURATION_TEXT_MAX];
        config_error(reader, &timeout->value->place,
                     "the timeout is longer than the interval of %s",
                     config_format_duration(check->interval_ms, high));
        config_remedy(reader, "probes of one endpoint do not overlap: make it at most as long");
    } else if (begins_with_tcp(check)) {
        warn_retransmission(reader, &timeout->value->place, check->timeout_ms);
    }
}

static void build_check(struct config_builder *builder, const struct config_node_entry *entry,
                        struct config_check *out_check)
{
    static const struct config_field fields[] = {
        OTHER_FIELD("http", config_read_check_http),
        OTHER_FIELD("https", config_read_check_https),
        OTHER_FIELD("tcp", config_read_check_tcp),
        OTHER_FIELD("tls", config_read_check_tls),
        OTHER_FIELD("grpc", config_read_check_grpc),
        OTHER_FIELD("metric", config_read_check_metric),
        OTHER_FIELD("dns", config_read_check_dns),
        OTHER_FIELD("icmp", config_read_check_icmp),
        OTHER_FIELD("command", config_read_check_command),
        OTHER_FIELD("file", config_read_check_file),
        OTHER_FIELD("all", config_read_check_parts),
        OTHER_FIELD("any", config_read_check_parts),
        OTHER_FIELD("at_least", config_read_check_parts),
        CHECK_FIELD("interval", CONFIG_FIELD_DURATION_MS, interval_ms, 100, CONFIG_HOUR_MS),
        CHECK_FIELD("timeout", CONFIG_FIELD_DURATION_MS, timeout_ms, 10, CONFIG_MINUTE_MS),
        CHECK_FIELD("confirm", CONFIG_FIELD_DURATION_MS, confirm_ms, 10, CONFIG_MINUTE_MS),
        CHECK_FIELD("fall", CONFIG_FIELD_UINT32, fall, 1, 100),
        CHECK_FIELD("rise", CONFIG_FIELD_UINT32, rise, 1, 100),
        CHECK_FIELD("min_down", CONFIG_FIELD_DURATION_MS, min_down_ms, 0, CONFIG_HOUR_MS),
        CHECK_FIELD("ramp", CONFIG_FIELD_DURATION_MS, ramp_ms, 0, CONFIG_HOUR_MS),
        CHECK_FIELD("damping", CONFIG_FIELD_BOOL, damped, 0, 1),
        OTHER_FIELD("assume", read_assume),
    };

    struct config_reader *reader = &builder->reader;
    struct check_draft draft = {
        .builder = builder,
        .check = {.name = entry->key,
                  .path = "/",
                  .method = "GET",
                  .verify = true,
                  .interval_ms = 10 * CONFIG_SECOND_MS,
                  .timeout_ms = 2 * CONFIG_SECOND_MS,
                  .confirm_ms = 100,
                  .fall = 3,
                  .rise = 3,
                  .min_down_ms = 30 * CONFIG_SECOND_MS,
                  .damped = true,
                  .assume_up = true,
                  .place = entry->key_place},
    };
    if (config_read_fields(reader, entry, fields, COUNT(fields), &draft)) {
        if (draft.check.kind != CONFIG_CHECK_PARTS)
            settle_timeout(reader, entry, &draft.check);
        config_finish_check_metric(reader, &draft);
        if (!draft.kind_entry) {
            config_error(reader, &entry->key_place, "the check '%.80s' does not say what to do",
                         entry->key);
            config_remedy(reader,
                          "give it http: {path: /}, https: {path: /}, tcp: {port: N} or "
                          "another kind");
        }
    }
    *out_check = draft.check;
}

void config_build_checks(struct config_builder *builder, const struct config_node_entry *entry)
{
    struct config_reader *reader = &builder->reader;
    struct config *config = builder->config;
    bool given = config_has_content(entry) && config_expect_map(reader, entry);
    uint32_t count = given ? entry->value->count : 0;
    if (count > CHECKS_MAX) {
        config_error(reader, &entry->key_place, "more than %d checks", CHECKS_MAX);
        count = CHECKS_MAX;
    }
    config->checks = config_alloc(reader, (size_t)count + 1, sizeof(*config->checks));
    if (!config_names_init(reader, &builder->checks, (size_t)count + 1) || !config->checks)
        return;

    const struct config_node_entry none = {.key = "none", .key_place = {.file = config->path}};
    config->checks[config->check_count++] =
        (struct config_check){.name = none.key, .place = none.key_place, .assume_up = true};
    config_names_add(reader, &builder->checks, &none, "check");
    for (uint32_t i = 0; i < count; i++) {
        const struct config_node_entry *one = &entry->value->entries[i];
        build_check(builder, one, &config->checks[config->check_count++]);
        config_names_add(reader, &builder->checks, one, "check");
    }
    for (uint32_t i = 0; i < count; i++)
        config_resolve_check_parts(builder, &entry->value->entries[i], (uint16_t)(i + 1));
}
