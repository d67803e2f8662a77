#include "logs.h"

#include <stdlib.h>

#include "rhumb/log.h"
#include "rhumb/log_output.h"

enum { CLOSE_MS = 1000 }; /* for what is still to be written at the end */

struct logs {
    struct net *net;
    struct querylog *queries;
    bool is_tapped; /* the workers have their rings */
};

static void set_process_log(const struct config_log *log)
{
    static const enum log_level LEVELS[] = {
        [CONFIG_LOG_DEBUG] = LOG_LEVEL_DEBUG,
        [CONFIG_LOG_INFO] = LOG_LEVEL_INFO,
        [CONFIG_LOG_WARNING] = LOG_LEVEL_WARNING,
        [CONFIG_LOG_ERROR] = LOG_LEVEL_ERROR,
    };

    log_set_level(LEVELS[log->level]);
    log_output_set_json(log->format == CONFIG_JSON);
}

/* tap - once, when there are rings. */
static void tap(struct logs *logs)
{
    if (logs->is_tapped || !querylog_ring(logs->queries, 0))
        return;
    for (size_t i = 0; i < net_worker_count(logs->net); i++)
        net_tap(logs->net, i, querylog_ring(logs->queries, i));
    logs->is_tapped = true;
}

void logs_set(struct logs *logs, const struct config *config)
{
    set_process_log(&config->log);
    if (querylog_set(logs->queries, config) != ERR_OK)
        log_event(LOG_LEVEL_ERROR, "out_of_memory", "what=query_log");
    tap(logs);
}

enum err logs_new(struct net *net, const struct config *config, struct logs **out_logs)
{
    struct logs *logs = calloc(1, sizeof(*logs));
    if (!logs ||
        querylog_new(net_worker_count(net), "rhumb " RHUMB_VERSION, &logs->queries) != ERR_OK) {
        free(logs);
        return ERR_NO_MEMORY;
    }
    logs->net = net;
    logs_set(logs, config);
    *out_logs = logs;
    return ERR_OK;
}

void logs_reopen(struct logs *logs)
{
    querylog_reopen(logs->queries);
}

const struct querylog *logs_queries(const struct logs *logs)
{
    return logs->queries;
}

void logs_close(struct logs *logs)
{
    if (!logs)
        return;
    querylog_close(logs->queries, CLOSE_MS);
    free(logs);
}
