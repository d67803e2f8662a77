/* admin.h - the admin API: what rhumb does and why, seen from outside, and the operator's hand on
 * it. HTTP over a Unix socket or an address; docs/api.md and /v1/openapi.json say what there is.
 *
 *   GET  looks at what others own: snapshot, monitor, history, overrides
 *   POST puts an override (store) or asks for a reload (app), and answers when it is done
 *
 * Lives on the control loop; nothing here may hold it up. What takes long (explain, diff) is done
 * in the pool by whoever lends the function.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <uv.h>

#include "rhumb/diag.h"
#include "rhumb/err.h"
#include "rhumb/event.h"
#include "rhumb/history.h"
#include "rhumb/monitor.h"
#include "rhumb/net.h"
#include "rhumb/overrides.h"
#include "rhumb/snapshot.h"

struct admin;

/* What the process tells of itself. */
struct admin_process {
    uint64_t generation; /* of the snapshot, from 1 */
    uint64_t loaded_ms;  /* when it was published, since 1970 */
    uint64_t failed_ms;  /* when the latest reload failed; 0: it did not */
    bool serving, stopping;
};

/* admin_on_done - once: what was asked is done. detail: in words; JSON where the call says so. */
typedef void (*admin_on_done)(void *ctx, enum err err, const char *detail);

/* Borrowed until admin_close(), all of it. */
struct admin_sources {
    struct snapshot_slot *slot;
    struct monitor *monitor;
    struct history *history;     /* NULL: none */
    struct overrides *overrides; /* NULL: nothing is kept, nothing can be forced */
    struct net *net;
    const char *version;
    void *ctx; /* of the functions below */
    void (*process)(void *ctx, struct admin_process *out_process);
    /* reload - read the configuration again; force: even where it takes most of it away. */
    void (*reload)(void *ctx, bool force, admin_on_done on_done, void *done_ctx);
    /* diff - what a reload from path (NULL: from the file it was loaded from) would move; detail
     * is JSON on ERR_OK. */
    void (*diff)(void *ctx, const char *path, admin_on_done on_done, void *done_ctx);
    /* metrics - the page at /metrics. */
    void (*metrics)(void *ctx, struct text *out);
};

/* admin_new - binds the listeners of the configuration. ERR_INVALID: diags says which and why. */
WARN_UNUSED enum err admin_new(uv_loop_t *loop, const struct admin_sources *sources,
                               const struct config *config, struct diag_list *diags,
                               struct admin **out_admin);

/* admin_set - tokens of another configuration; listeners stay until a restart. ERR_NO_MEMORY: the
 * old tokens hold. */
WARN_UNUSED enum err admin_set(struct admin *admin, const struct config *config);

/* admin_tell - an event, for those who listen to the stream. */
void admin_tell(struct admin *admin, const struct event *event);

size_t admin_subscriber_count(const struct admin *admin);

/* admin_close - memory goes when the loop has run down. */
void admin_close(struct admin *admin);
