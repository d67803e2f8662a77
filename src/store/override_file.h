/* override_file.h - the file of overrides, seen from a disk worker's thread. */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>

#include "rhumb/diag.h"
#include "rhumb/disk_file.h"
#include "rhumb/disk_worker.h"

#include "override_list.h"

struct override_path {
    char folder[DISK_PATH_MAX], name[256];
};

/* Which file we speak of. All zero: none is there. */
struct override_seen {
    struct stat last;      /* as it was when it was read or written */
    struct stat candidate; /* as it was at the last look: still the same, so it is read */
    uint64_t hash;         /* of its bytes; 0: none is there */
};

enum override_look { OVERRIDE_SAME, OVERRIDE_READ, OVERRIDE_BROKEN };

struct override_look_job {
    struct disk_job job;
    struct override_path path;
    uint64_t now_ms;
    uint64_t generation;        /* of what is seen: the owner's, untouched */
    struct override_seen seen;  /* in and out */
    enum override_look look;    /* out */
    bool is_read;               /* out: seen.last is the file as it is now */
    struct override_list *list; /* out, owned; of OVERRIDE_READ */
    struct diag_list *diags;    /* out, owned; NULL: nothing was judged */
};

/* override_look_job_new - NULL when out of memory. job.error: why it could not be read. */
struct override_look_job *override_look_job_new(const struct override_path *path,
                                                const struct override_seen *seen,
                                                uint64_t now_ms);

/* override_look_now - the same in this thread, without waiting for the file to be quiet. */
void override_look_now(struct override_look_job *job);

struct override_write_job {
    struct disk_job job;
    struct override_path path;
    struct text text; /* owned */
    uint64_t now_ms;
    bool is_broken;            /* what is there: it is kept aside */
    bool is_unreadable;        /* the same, and nobody knows which file it is */
    struct override_seen seen; /* in and out */
    bool is_foreign;           /* out: there is another file than the one seen; nothing done */
};

struct override_write_job *override_write_job_new(const struct override_path *path,
                                                  const struct override_seen *seen,
                                                  uint64_t now_ms);
