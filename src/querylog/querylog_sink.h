/* querylog_sink.h - where records end up: a file, or whoever reads a socket. Used by the thread
 * alone, and any of its functions may wait.
 *
 * A sink that cannot be written to takes records all the same, counts them as lost, and tries
 * again once a second. It says so in the log when that begins and when it ends.
 */
#pragma once

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "rhumb/answer_record.h"
#include "rhumb/config.h"

/* Written by the thread, read by the control thread. */
struct querylog_counts {
    _Atomic uint64_t written, lost;
};

struct querylog_sink {
    void (*put)(struct querylog_sink *sink, const struct answer_record_view *record);
    void (*flush)(struct querylog_sink *sink);  /* what was put is written, or lost */
    void (*reopen)(struct querylog_sink *sink); /* after a flush */
    void (*free)(struct querylog_sink *sink);   /* likewise */
    struct querylog_counts *counts;             /* borrowed */
    char *path;                                 /* owned */
    uint64_t again_ms;                          /* when to try again, by clock_monotonic_ms() */
    bool is_failing;
};

enum { QUERYLOG_RETRY_MS = 1000 };

/* querylog_file_new - lines, appended to a file that others may move away at any time.
 * querylog_dnstap_new - frames, to whoever listens at a Unix socket; identity and version are
 * copied, NULL: not told.
 * returns  NULL: out of memory; nothing is opened yet */
struct querylog_sink *querylog_file_new(const char *path, enum config_log_format format,
                                        struct querylog_counts *counts);
struct querylog_sink *querylog_dnstap_new(const char *path, const char *identity,
                                          const char *version, struct querylog_counts *counts);

/* ---- for both ---- */

/* querylog_sink_init - false: out of memory. querylog_sink_deinit - what it owns. */
bool querylog_sink_init(struct querylog_sink *sink, const char *path,
                        struct querylog_counts *counts);
void querylog_sink_deinit(struct querylog_sink *sink);

/* querylog_sink_wrote, querylog_sink_lost - so many records; reason: in words. */
void querylog_sink_wrote(struct querylog_sink *sink, uint64_t count);
void querylog_sink_lost(struct querylog_sink *sink, uint64_t count);

/* querylog_sink_fail - it cannot be written to now; reason: in words. */
void querylog_sink_fail(struct querylog_sink *sink, const char *reason);

/* querylog_sink_may_try - is it time to open it again? */
bool querylog_sink_may_try(const struct querylog_sink *sink);
