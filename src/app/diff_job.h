/* diff_job.h - a configuration compared with what is served, for the admin API.
 *
 *   asked -> pool thread: compile it, pin what is served, compare    -> control turn: tell
 *
 * One at a time: each takes the memory of a snapshot. Control loop only.
 */
#pragma once

#include <stdbool.h>

#include <uv.h>

#include "rhumb/admin.h"
#include "rhumb/snapshot.h"

struct diff_jobs {
    uv_loop_t *loop;
    struct snapshot_slot *slot;
    const char *config_path; /* borrowed; what is compared when nobody says */
    bool running;
};

/* diff_job_start - path NULL: config_path, as it is on disk now. on_done() is told once: ERR_OK and
 * the document of docs/diff.md, with the shipped weights of countries; ERR_INVALID and the first
 * mistake; another error in words. */
void diff_job_start(struct diff_jobs *jobs, const char *path, admin_on_done on_done, void *ctx);
