/* bench_audit - what proving residency costs.
 *
 *     bench_audit CONFIG [RUNS]
 *
 * Prints seconds of processor time, the best of some runs: compiling without a proof, the first
 * walk (which runs at every load), and the second walk with a million clients (wall clock: it has
 * two threads). Linked with audit_dep alone.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "rhumb/audit.h"
#include "rhumb/policy_audit.h"

enum { RUNS = 3, SAMPLES = 1000 * 1000 };

static double now_s(clockid_t clock)
{
    struct timespec time;
    clock_gettime(clock, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

struct costs {
    double compile_s, first_s, second_s;
};

static enum err run(const char *path, struct diag_list *diags, struct costs *best)
{
    struct snapshot_options options = {.keep_map = true, .audited_by_caller = true};
    struct audit_options audit = {.seed = 1, .samples = SAMPLES};
    struct snapshot *snapshot = NULL;
    struct policy_audit first;
    struct audit_naive second;
    double start = now_s(CLOCK_PROCESS_CPUTIME_ID);
    enum err err = snapshot_compile(path, &options, diags, &snapshot);
    best->compile_s = fmin(best->compile_s, now_s(CLOCK_PROCESS_CPUTIME_ID) - start);
    start = now_s(CLOCK_PROCESS_CPUTIME_ID);
    if (err == ERR_OK)
        err = policy_audit(snapshot->config, snapshot->map, &snapshot->policies, diags, &first);
    best->first_s = fmin(best->first_s, now_s(CLOCK_PROCESS_CPUTIME_ID) - start);
    start = now_s(CLOCK_MONOTONIC);
    if (err == ERR_OK)
        err = audit_naive(snapshot, &audit, diags, &second);
    best->second_s = fmin(best->second_s, now_s(CLOCK_MONOTONIC) - start);
    snapshot_free(snapshot);
    return err;
}

int main(int argc, char **argv)
{
    struct costs best = {INFINITY, INFINITY, INFINITY};
    struct diag_list *diags = diag_list_new();
    long runs = argc > 2 ? strtol(argv[2], NULL, 10) : RUNS;
    enum err err = argc > 1 && diags ? ERR_OK : ERR_INVALID;
    for (long i = 0; i < runs && err == ERR_OK; i++)
        err = run(argv[1], diags, &best);
    if (err == ERR_OK)
        printf("compile_cpu_s=%.3f first_walk_cpu_s=%.3f second_walk_s=%.3f\n", best.compile_s,
               best.first_s, best.second_s);
    else
        fprintf(stderr, "bench_audit: %s\n", argc > 1 ? err_text(err) : "CONFIG [RUNS]");
    if (err != ERR_OK && diags)
        diag_print_all(diags, stderr);
    diag_list_free(diags);
    return err == ERR_OK ? 0 : 1;
}
