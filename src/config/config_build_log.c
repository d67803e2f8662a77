/* config_build_log.c - the sections `log:`, `query_log:` and `metrics:`: what is told of the work.
 *
 *   log:       { format: json, level: info }
 *   query_log: { sample: 1%, file: /var/log/rhumb/queries.log, format: json, clients: prefix }
 *   query_log: { dnstap: /run/dnstap.sock }
 *   metrics:   { countries: false }
 */
#include <string.h>

#include "config_build.h"

enum { SOCKET_PATH_MAX = 107 /* of Linux: sun_path without its zero byte */ };

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static void read_format(struct config_reader *reader, const struct config_node_entry *entry,
                        enum config_log_format *out_format)
{
    static const char *const NAMES[] = {[CONFIG_LOGFMT] = "logfmt", [CONFIG_JSON] = "json"};

    int format = config_read_enum(reader, entry, NAMES, COUNT(NAMES));
    if (format >= 0)
        *out_format = (enum config_log_format)format;
}

/* ---- log ---- */

static void read_log_format(struct config_reader *reader, const struct config_node_entry *entry,
                            void *log)
{
    read_format(reader, entry, &((struct config_log *)log)->format);
}

static void read_level(struct config_reader *reader, const struct config_node_entry *entry,
                       void *log)
{
    static const char *const NAMES[] = {"debug", "info", "warning", "error"};

    int level = config_read_enum(reader, entry, NAMES, COUNT(NAMES));
    if (level >= 0)
        ((struct config_log *)log)->level = (enum config_log_level)level;
}

void config_build_log(struct config_builder *builder, const struct config_node_entry *entry)
{
    static const struct config_field fields[] = {
        {.key = "format", .kind = CONFIG_FIELD_OTHER, .read = read_log_format},
        {.key = "level", .kind = CONFIG_FIELD_OTHER, .read = read_level},
    };

    struct config_log *log = &builder->config->log;
    log->level = CONFIG_LOG_INFO;
    if (config_has_content(entry))
        config_read_fields(&builder->reader, entry, fields, COUNT(fields), log);
}

/* ---- query_log ---- */

/* What is said of it, before it is judged as a whole. */
struct query_log_draft {
    struct config_query_log log;
    double sample;
    bool has_output, has_format;
    struct diag_place format_place;
};

static void read_output(struct config_reader *reader, const struct config_node_entry *entry,
                        struct query_log_draft *draft, const char **out_path)
{
    const char *path;
    draft->has_output = true;
    if (!config_expect_text(reader, entry, &path))
        return;
    *out_path = config_join_path(reader, path);
    draft->log.place = entry->value->place;
}

static void read_file(struct config_reader *reader, const struct config_node_entry *entry,
                      void *object)
{
    struct query_log_draft *draft = object;
    read_output(reader, entry, draft, &draft->log.file);
}

static void read_dnstap(struct config_reader *reader, const struct config_node_entry *entry,
                        void *object)
{
    struct query_log_draft *draft = object;
    read_output(reader, entry, draft, &draft->log.dnstap);
    if (!draft->log.dnstap || strlen(draft->log.dnstap) <= SOCKET_PATH_MAX)
        return;
    config_error(reader, &entry->value->place, "the path of a Unix socket has at most %d bytes",
                 SOCKET_PATH_MAX);
    config_remedy(reader, "write /run/dnstap.sock");
}

static void read_query_format(struct config_reader *reader,
                              const struct config_node_entry *entry, void *object)
{
    struct query_log_draft *draft = object;
    read_format(reader, entry, &draft->log.format);
    draft->has_format = true;
    draft->format_place = entry->key_place;
}

static void read_clients(struct config_reader *reader, const struct config_node_entry *entry,
                         void *object)
{
    static const char *const NAMES[] = {[CONFIG_CLIENTS_FULL] = "full",
                                        [CONFIG_CLIENTS_PREFIX] = "prefix",
                                        [CONFIG_CLIENTS_NONE] = "none"};

    int clients = config_read_enum(reader, entry, NAMES, COUNT(NAMES));
    if (clients >= 0)
        ((struct query_log_draft *)object)->log.clients = (enum config_log_clients)clients;
}

/* judge - what the keys say together. */
static void judge(struct config_reader *reader, const struct config_node_entry *entry,
                  const struct query_log_draft *draft)
{
    const struct config_query_log *log = &draft->log;
    if (log->file && log->dnstap) {
        config_error(reader, &log->place,
                     "a query log goes to a file or to dnstap, not to both");
        config_remedy(reader, "leave one of them out");
    } else if (!draft->has_output && log->chance > 0) {
        config_error(reader, &entry->key_place, "'query_log' does not say where to");
        config_remedy(reader, "give file: PATH, or dnstap: SOCKET");
    } else if (log->dnstap && draft->has_format) {
        config_error(reader, &draft->format_place, "'format' is for files; dnstap has its own");
        config_remedy(reader, "leave it out");
    }
}

void config_build_query_log(struct config_builder *builder,
                            const struct config_node_entry *entry)
{
    static const struct config_field fields[] = {
        {.key = "sample",
         .kind = CONFIG_FIELD_SHARE,
         .offset = offsetof(struct query_log_draft, sample),
         .min = 0,
         .max = 1},
        {.key = "file", .kind = CONFIG_FIELD_OTHER, .read = read_file},
        {.key = "dnstap", .kind = CONFIG_FIELD_OTHER, .read = read_dnstap},
        {.key = "format", .kind = CONFIG_FIELD_OTHER, .read = read_query_format},
        {.key = "clients", .kind = CONFIG_FIELD_OTHER, .read = read_clients},
    };

    struct query_log_draft draft = {.log = {.clients = CONFIG_CLIENTS_PREFIX}, .sample = 1};
    if (!config_has_content(entry) ||
        !config_read_fields(&builder->reader, entry, fields, COUNT(fields), &draft))
        return;
    draft.log.chance =
        (uint64_t)(draft.sample * (double)(UINT64_C(1) << CONFIG_CHANCE_BITS) + 0.5);
    judge(&builder->reader, entry, &draft);
    builder->config->query_log = draft.log;
}

/* ---- metrics ---- */

void config_build_metrics(struct config_builder *builder, const struct config_node_entry *entry)
{
    static const struct config_field fields[] = {
        {.key = "countries",
         .kind = CONFIG_FIELD_BOOL,
         .offset = offsetof(struct config_metrics, by_country)},
    };

    struct config_metrics *metrics = &builder->config->metrics;
    metrics->by_country = true;
    if (config_has_content(entry))
        config_read_fields(&builder->reader, entry, fields, COUNT(fields), metrics);
}
