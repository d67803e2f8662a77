/* config_build.h - nodes -> struct config, one function per section of the file.
 *
 * config_load.c calls them in this order, whatever the order in the file, because each resolves
 * names of those before it. An entry may be missing (NULL): then the defaults stand.
 */
#pragma once

#include "rhumb/config.h"

#include "config_index.h"
#include "config_reader.h"

/* The names of one section: for look-ups and for "did you mean". */
struct config_names {
    struct config_index index; /* name -> index into texts */
    const char **texts;
    size_t count;
};

struct config_builder {
    struct config_reader reader;
    struct config *config;
    struct config_names regions, checks, services;
    bool *service_inherited; /* by index: some other service inherits it */
};

void config_build_server(struct config_builder *builder, const struct config_node_entry *entry);

/* Keys of `server:` that say how far strangers are served (config_build_abuse.c). */
void config_read_cookies(struct config_reader *reader, const struct config_node_entry *entry,
                         void *server);
void config_read_rate_limit(struct config_reader *reader, const struct config_node_entry *entry,
                            void *server);
void config_read_udp_without_cookie(struct config_reader *reader,
                                    const struct config_node_entry *entry, void *server);
void config_default_abuse(struct config_server *server);

void config_build_admin(struct config_builder *builder, const struct config_node_entry *entry);
void config_build_log(struct config_builder *builder, const struct config_node_entry *entry);
void config_build_query_log(struct config_builder *builder,
                            const struct config_node_entry *entry);
void config_build_metrics(struct config_builder *builder,
                          const struct config_node_entry *entry);
void config_build_notify(struct config_builder *builder, const struct config_node_entry *entry);
void config_build_geo(struct config_builder *builder, const struct config_node_entry *entry);
void config_build_regions(struct config_builder *builder,
                          const struct config_node_entry *entry);
void config_build_checks(struct config_builder *builder, const struct config_node_entry *entry);
void config_build_services(struct config_builder *builder,
                           const struct config_node_entry *entry);
void config_build_limits(struct config_builder *builder, const struct config_node_entry *entry);
void config_build_zones(struct config_builder *builder, const struct config_node_entry *entry);

/* config_read_limits - those that are said replace what *limits holds. */
void config_read_limits(struct config_reader *reader, const struct config_node_entry *entry,
                        struct config_limits *limits);

/* config_list_file - a reload must watch path. */
void config_list_file(struct config_builder *builder, const char *path);

/* config_has_content - is there an entry with something in it? `zones:` alone is nothing. */
bool config_has_content(const struct config_node_entry *entry);

/* config_names_init - room for max names. False when out of memory. */
WARN_UNUSED bool config_names_init(struct config_reader *reader, struct config_names *names,
                                   size_t max);

/* config_names_add - the next name; *names is as large as the section. An error when it cannot
 * be a name, or when it differs from an earlier one in case at most. what: "region". */
void config_names_add(struct config_reader *reader, struct config_names *names,
                      const struct config_node_entry *entry, const char *what);

/* config_names_find - the index of text, CONFIG_NONE after an error with a suggestion. */
uint16_t config_names_find(struct config_reader *reader, const struct config_names *names,
                           const char *text, const struct diag_place *place, const char *what);
