/* config_build_check.h - one check while it is read: config_build_checks.c reads what all kinds
 * have in common, config_build_check_<kind>.c what is theirs. */
#pragma once

#include "config_build.h"
#include "config_units.h"

struct check_draft {
    struct config_check check;
    struct config_builder *builder;
    const struct config_node_entry *kind_entry;   /* the key of the kind that was seen first */
    const struct config_node_entry *metric_entry; /* `metric:`; NULL: none */
};

#define CHECK_FIELD(name, type, member, low, high)                                             \
    {                                                                                          \
        .key = (name), .kind = (type), .offset = offsetof(struct check_draft, check.member),   \
        .min = (low), .max = (high)                                                            \
    }
#define OTHER_FIELD(name, function)                                                            \
    {                                                                                          \
        .key = (name), .kind = CONFIG_FIELD_OTHER, .read = (function)                          \
    }
#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* The fields of whatever speaks TLS. */
enum { CERT_DAYS_MAX = 3650 };

#define TLS_FIELDS                                                                             \
    CHECK_FIELD("verify", CONFIG_FIELD_BOOL, verify, 0, 1),                                    \
        CHECK_FIELD("ca_file", CONFIG_FIELD_PATH, ca_file, 0, 0),                              \
        CHECK_FIELD("min_cert_days", CONFIG_FIELD_UINT32, min_cert_days, 0, CERT_DAYS_MAX)

/* config_begin_check_kind - is this the first kind that the check names? An error when not. */
bool config_begin_check_kind(struct config_reader *reader,
                             const struct config_node_entry *entry, struct check_draft *draft,
                             enum config_check_kind kind);

/* config_resolve_check_parts - `all:`, `any:` and `at_least:` of a check, when every other check
 * has been read. entry is that of the whole check, self its index. */
void config_resolve_check_parts(struct config_builder *builder,
                                const struct config_node_entry *entry, uint16_t self);

/* One reader per kind, for the table of fields; object is a struct check_draft. */
void config_read_check_command(struct config_reader *reader,
                               const struct config_node_entry *entry, void *object);
void config_read_check_dns(struct config_reader *reader, const struct config_node_entry *entry,
                           void *object);
void config_read_check_file(struct config_reader *reader, const struct config_node_entry *entry,
                            void *object);
void config_read_check_http(struct config_reader *reader, const struct config_node_entry *entry,
                            void *object);
void config_read_check_https(struct config_reader *reader,
                             const struct config_node_entry *entry, void *object);
void config_read_check_icmp(struct config_reader *reader, const struct config_node_entry *entry,
                            void *object);
void config_read_check_parts(struct config_reader *reader,
                             const struct config_node_entry *entry, void *object);
void config_read_check_tcp(struct config_reader *reader, const struct config_node_entry *entry,
                           void *object);
void config_read_check_tls(struct config_reader *reader, const struct config_node_entry *entry,
                           void *object);
void config_read_check_grpc(struct config_reader *reader, const struct config_node_entry *entry,
                            void *object);

/* `metric:` stands beside the kind, and may come before it: read, then judged at the end. */
void config_read_check_metric(struct config_reader *reader,
                              const struct config_node_entry *entry, void *object);
void config_finish_check_metric(struct config_reader *reader, const struct check_draft *draft);

/* Values that several kinds have: config_check_value.c. */
void config_read_check_host(struct config_reader *reader, const struct config_node_entry *entry,
                            void *object);
void config_read_check_source(struct config_reader *reader,
                              const struct config_node_entry *entry, void *object);
void config_read_check_send(struct config_reader *reader, const struct config_node_entry *entry,
                            void *object);
void config_read_check_expect(struct config_reader *reader,
                              const struct config_node_entry *entry, void *object);

/* config_is_header_name - RFC 9110 section 5.6.2, token. */
bool config_is_header_name(const char *text);

/* config_need_port - an error when the mapping of the kind does not say one. */
void config_need_port(struct config_reader *reader, const struct config_node_entry *entry,
                      const char *example);
