/* reload.h - replace what is served, without a gap.
 *
 *   asked (SIGHUP, a file changed)
 *     -> pool thread: snapshot_compile(), net_tls_load()      errors: log all, keep the old one
 *     -> control turn: monitor_retarget(), snapshot_publish(), net_set_tls(),
 *        notify_set(), watch the new files
 *     -> pool thread: snapshot_retire() the old one
 *
 * Asked again meanwhile: it runs once more afterwards. Control loop only.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <uv.h>

#include "rhumb/admin.h"
#include "rhumb/err.h"
#include "rhumb/monitor.h"
#include "rhumb/net.h"
#include "rhumb/snapshot.h"

struct logs;
struct notify;
struct reload;

/* What reload_new() starts from: slot holds the first snapshot, compiled from config_path;
 * begun_ms is clock_wall_ms() when that compilation began; net serves until reload_close(), and notify is there until then. */
struct reload_start {
    const char *config_path;
    uint64_t begun_ms;
    struct snapshot_slot *slot;
    struct monitor *monitor;
    struct net *net;
    struct notify *notify; /* told of failures; NULL: nobody is */
    struct logs *logs;     /* follow the configuration; until reload_close() */
    bool keep_map;         /* snapshots keep their geography, to be explained */
};

/* How it went so far; ms since 1970. */
struct reload_facts {
    uint64_t loaded_ms;         /* when what is served was published */
    uint64_t failed_ms;         /* when the latest reload failed; 0: it did not */
    uint64_t succeeded, failed; /* how many reloads; the start is none */
    uint64_t took_ms;           /* the latest that succeeded, from its beginning */
    uint64_t grace_us; /* until no worker saw the snapshot before it; 0: not known yet */
};

WARN_UNUSED enum err reload_new(uv_loop_t *loop, const struct reload_start *from,
                                struct reload **out_reload);

/* reload_tell_ready - we answer: tell the service manager, now and after each reload. */
void reload_tell_ready(struct reload *reload);

/* reload_request - why is for the log: "SIGHUP", a file. */
void reload_request(struct reload *reload, const char *why);

/* reload_ask - the same, and on_done() is told how it went. force: this once, even where it takes
 * most of what is served away (analysis_shrink.h). */
void reload_ask(struct reload *reload, const char *why, bool force, admin_on_done on_done,
                void *ctx);

struct reload_facts reload_facts(const struct reload *reload);

/* reload_set_admin - told of new tokens; NULL: nobody is any more. */
void reload_set_admin(struct reload *reload, struct admin *admin);

/* reload_close - nothing is published any more; a compilation under way ends by itself. Memory
 * goes when the loop has run down. */
void reload_close(struct reload *reload);
