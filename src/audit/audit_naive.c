#include <pthread.h>

#include "audit_walker.h"

enum { FAMILIES = 2 };

/* One family, one thread. */
struct half {
    pthread_t thread;
    bool started;
    struct audit_walker walker;
    const struct snapshot *snapshot;
    struct diag_list *diags;
    enum ip_family family;
    uint64_t seed;
    uint32_t samples;
    enum err err;
};

static void *run_half(void *ctx)
{
    struct half *half = ctx;
    enum err err = audit_walker_open(&half->walker, half->snapshot, half->family, half->diags);
    if (err == ERR_OK)
        err = audit_walk(&half->walker);
    if (err == ERR_OK)
        err = audit_sample(&half->walker, half->seed, half->samples);
    half->err = err;
    return NULL;
}

/* hand_over - what the half has found, to the caller's list. */
static void hand_over(const struct half *half, struct diag_list *diags, struct audit_naive *out)
{
    for (size_t i = 0; i < diag_count(half->diags); i++) {
        const struct diag *diag = diag_get(half->diags, i);
        if (diag->severity == DIAG_ERROR)
            diag_error(diags, &diag->place, "%s", diag->message);
        else
            diag_warning(diags, &diag->place, "%s", diag->message);
        if (diag->remedy)
            diag_remedy(diags, "%s", diag->remedy);
    }
    out->stretches += half->walker.found.stretches;
    out->leaves += half->walker.found.leaves;
    out->samples += half->walker.found.samples;
    out->answers += half->walker.found.answers;
    out->faults += half->walker.found.faults;
}

enum err audit_naive(const struct snapshot *snapshot, const struct audit_options *options,
                     struct diag_list *diags, struct audit_naive *out_audit)
{
    struct half halves[FAMILIES] = {{.family = IP_V4}, {.family = IP_V6}};
    enum err err = ERR_OK;
    *out_audit = (struct audit_naive){0};
    for (int i = 0; i < FAMILIES; i++) {
        struct half *half = &halves[i];
        half->snapshot = snapshot;
        half->diags = diag_list_new();
        half->seed = options->seed + (uint64_t)i;
        half->samples =
            options->samples / FAMILIES + (i == 0 ? options->samples % FAMILIES : 0);
        half->err = ERR_NO_MEMORY;
        half->started =
            half->diags && i > 0 && pthread_create(&half->thread, NULL, run_half, half) == 0;
    }
    for (int i = 0; i < FAMILIES; i++) {
        struct half *half = &halves[i];
        if (half->started)
            pthread_join(half->thread, NULL);
        else if (half->diags)
            run_half(half);
        if (half->diags &&
            (i == 0 || half->err == ERR_OK)) /* else: said already by the first */
            hand_over(half, diags, out_audit);
        if (err == ERR_OK || half->err == ERR_NO_MEMORY)
            err = half->err;
        audit_walker_close(&half->walker);
        diag_list_free(half->diags);
    }
    return err == ERR_OK && out_audit->faults > 0 ? ERR_INVALID : err;
}
