/* rhumb diff: what would change if one configuration replaced another. Both are compiled by the
 * code that a reload uses, side by side. */
#include <stdio.h>
#include <stdlib.h>

#include <uv.h>

#include "rhumb/analysis_diff.h"
#include "rhumb/snapshot.h"

#include "commands.h"
#include "traffic_file.h"

#define OUTPUT_BYTES_MAX ((size_t)1 << 30)

/* One of the two, on its way. */
struct compilation {
    const char *path;
    struct diag_list *diags;
    struct snapshot *snapshot;
    enum err err;
};

static void compile(void *ctx)
{
    struct compilation *one = ctx;
    const struct snapshot_options options = {.keep_map = false};
    one->diags = diag_list_new();
    one->err = one->diags ? snapshot_compile(one->path, &options, one->diags, &one->snapshot)
                          : ERR_NO_MEMORY;
}

static void compile_both(struct compilation *old, struct compilation *fresh)
{
    uv_thread_t thread;
    bool threaded = uv_thread_create(&thread, compile, old) == 0;
    if (!threaded)
        compile(old);
    compile(fresh);
    if (threaded)
        uv_thread_join(&thread);
}

/* told - warnings of the new one are `rhumb check`'s business. */
static bool told(const struct compilation *one)
{
    if (one->err == ERR_OK)
        return true;
    if (one->diags)
        diag_print_all(one->diags, stderr);
    fprintf(stderr, "rhumb: %s: %s\n", one->path, err_text(one->err));
    return false;
}

static int show(const struct diff *diff, const struct options *options)
{
    struct text out;
    text_init(&out, OUTPUT_BYTES_MAX);
    if (options->json)
        diff_put_json(diff, &out);
    else
        diff_put_text(diff, options->all, &out);
    bool failed = out.failed;
    fputs(text_get(&out), stdout);
    text_deinit(&out);
    if (failed) {
        fputs("rhumb: out of memory\n", stderr);
        return EXIT_STATUS_TROUBLE;
    }
    return diff_is_empty(diff) ? EXIT_STATUS_OK : EXIT_STATUS_DIFFERENT;
}

static int compare(const struct snapshot *old, const struct snapshot *fresh,
                   const struct options *options)
{
    struct diff *diff = NULL;
    struct traffic traffic;
    struct diag_list *diags = diag_list_new();
    int status = EXIT_STATUS_TROUBLE;
    traffic_init(&traffic);
    enum err err = diags ? ERR_OK : ERR_NO_MEMORY;
    if (err == ERR_OK && options->traffic)
        err = traffic_file_read(options->traffic, fresh, diags, &traffic);
    if (diags)
        diag_print_all(diags, stderr);
    if (err == ERR_OK)
        err = analysis_diff(old, fresh, &traffic, &diff);
    if (err == ERR_OK)
        status = show(diff, options);
    else if (err != ERR_INVALID)
        fprintf(stderr, "rhumb: %s\n", err_text(err));
    diff_free(diff);
    traffic_free(&traffic);
    diag_list_free(diags);
    return status;
}

int command_diff(const struct options *options)
{
    struct compilation old = {.path = options->config_path};
    struct compilation fresh = {.path = options->new_path};
    compile_both(&old, &fresh);
    bool good = told(&old);
    good = told(&fresh) && good;
    int status = good ? compare(old.snapshot, fresh.snapshot, options) : EXIT_STATUS_TROUBLE;
    snapshot_free(old.snapshot);
    snapshot_free(fresh.snapshot);
    diag_list_free(old.diags);
    diag_list_free(fresh.diags);
    return status;
}
