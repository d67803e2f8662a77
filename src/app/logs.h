/* logs.h - the log of the process and that of the queries, as the configuration says. Control
 * thread only.
 */
#pragma once

#include "rhumb/config.h"
#include "rhumb/err.h"
#include "rhumb/net.h"
#include "rhumb/querylog.h"

struct logs;

/* logs_new - follows config from now on. net: borrowed until logs_close(). */
WARN_UNUSED enum err logs_new(struct net *net, const struct config *config,
                              struct logs **out_logs);

/* logs_set - after a reload. */
void logs_set(struct logs *logs, const struct config *config);

/* logs_reopen - files may have been moved away. */
void logs_reopen(struct logs *logs);

const struct querylog *logs_queries(const struct logs *logs);

/* logs_close - after net_stop(). NULL is fine. */
void logs_close(struct logs *logs);
