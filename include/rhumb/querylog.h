/* querylog.h - a part of the queries, written to a file or told over dnstap.
 *
 *   workers --(a ring each: no lock, no wait)--> one thread --> file | Unix socket
 *
 * The thread may wait for a disk or a reader, for ever if it must: the rings fill up then, and
 * what finds no room is dropped and counted. It is left behind when it does not come back.
 *
 * Control thread only.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "rhumb/byte_ring.h"
#include "rhumb/config.h"
#include "rhumb/err.h"

struct querylog;

/* Since the start. */
struct querylog_totals {
    uint64_t written;
    uint64_t dropped_full; /* the ring had no room: too many at once, or the thread waits */
    uint64_t
        dropped_unwritten; /* no file could be opened or written, nobody reads the socket */
};

/* querylog_new - for so many workers; version: of the program, borrowed. No thread yet. */
WARN_UNUSED enum err querylog_new(size_t worker_count, const char *version,
                                  struct querylog **out_log);

/* querylog_set - at the start and after each reload: what the configuration says. The first time it
 * says something, thread and rings come into being.
 * returns  ERR_OK; ERR_NO_MEMORY: everything stays as it was */
WARN_UNUSED enum err querylog_set(struct querylog *log, const struct config *config);

/* querylog_ring - of one worker, from 0; NULL as long as no query was to be logged. It is there
 * until querylog_close(). */
struct byte_ring *querylog_ring(struct querylog *log, size_t worker);

/* querylog_reopen - open the file anew: it may have been moved away. */
void querylog_reopen(struct querylog *log);

void querylog_totals(const struct querylog *log, struct querylog_totals *out_totals);

/* querylog_close - what is in the rings is written, if that takes no longer than wait_ms. Nobody may
 * put anything into them any more. NULL is fine. */
void querylog_close(struct querylog *log, uint32_t wait_ms);
