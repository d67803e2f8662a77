#include "rhumb/state_store.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rhumb/clock.h"
#include "rhumb/disk_file.h"
#include "rhumb/disk_writer.h"
#include "rhumb/hash.h"
#include "rhumb/log.h"

static const char file_name[] = "health.json";

enum { SEAL_MAX = 128 };

struct state_store {
    char folder[DISK_PATH_MAX];
    struct disk_writer *writer;
    state_store_fill fill;
    void (*on_closed)(void *ctx);
    void *ctx;
};

/* ---- the line behind the text ---- */

static size_t make_seal(const char *bytes, size_t len, char seal[SEAL_MAX])
{
    return (size_t)snprintf(seal, SEAL_MAX,
                            "\n{\"rhumb_state\":1,\"bytes\":%zu,\"hash\":\"%016llx\"}\n", len,
                            (unsigned long long)hash_bytes(HASH_SEED, bytes, len));
}

/* find_sealed - how long the text is in front of its line; false when the line is not the one
 * that this text must have. */
static bool find_sealed(const char *bytes, size_t len, size_t *out_len)
{
    char seal[SEAL_MAX];
    if (len < 2 || bytes[len - 1] != '\n')
        return false;
    const char *line = memrchr(bytes, '\n', len - 1);
    if (!line)
        return false;
    size_t text_len = (size_t)(line - bytes);
    size_t seal_len = make_seal(bytes, text_len, seal);
    if (seal_len != len - text_len || memcmp(line, seal, seal_len) != 0)
        return false;
    *out_len = text_len;
    return true;
}

/* ---- reading ---- */

static void set_aside(const char *folder, const char *reason)
{
    char aside[DISK_PATH_MAX], path[LOG_QUOTE_MAX], quoted[LOG_QUOTE_MAX];
    int error = disk_set_aside(folder, file_name, "corrupt", clock_wall_ms(), aside);
    log_event(LOG_LEVEL_ERROR, "state_corrupt", "folder=%s file=%s reason=%s %s=%s",
              log_quote(folder, path), file_name, log_quote(reason, quoted),
              error == 0 ? "set_aside" : "not_set_aside", aside);
}

static void log_unusable(const char *event, const char *folder, int error)
{
    char path[LOG_QUOTE_MAX], reason[LOG_QUOTE_MAX], remedy[LOG_QUOTE_MAX];
    char text[DISK_ERROR_MAX];
    log_event(LOG_LEVEL_ERROR, event, "folder=%s reason=%s remedy=%s", log_quote(folder, path),
              log_quote(disk_error_text(error, text), reason),
              log_quote(disk_remedy(error), remedy));
}

char *state_store_read(const char *folder, size_t *out_len)
{
    char *bytes = NULL, text[DISK_ERROR_MAX];
    size_t len = 0;
    struct stat seen;
    *out_len = 0;
    int error = disk_make_folder(folder);
    if (error != 0)
        log_unusable("state_folder_unusable", folder, error);
    /* the line comes on top of the text */
    error = disk_read(folder, file_name, STATE_STORE_MAX_BYTES + SEAL_MAX, &bytes, &len, &seen);
    if (error == ENOENT || error == ENOTDIR)
        return NULL;
    if (error == ENOMEM || error == EMFILE || error == ENFILE) { /* not the file's fault */
        log_unusable("state_not_read", folder, error);
        return NULL;
    }
    if (error != 0) {
        set_aside(folder, disk_error_text(error, text));
        return NULL;
    }
    if (!find_sealed(bytes, len, out_len)) {
        free(bytes);
        set_aside(folder, "its last line does not fit the rest");
        return NULL;
    }
    bytes[*out_len] = '\0';
    return bytes;
}

/* ---- writing ---- */

struct write_job {
    struct disk_job job;
    char folder[DISK_PATH_MAX];
    struct text text;
};

static void run_write(struct disk_job *job)
{
    struct write_job *write = (struct write_job *)job; /* its first member */
    char seal[SEAL_MAX];
    size_t seal_len = make_seal(text_get(&write->text), write->text.len, seal);
    write->text.max += seal_len;
    text_put(&write->text, seal, seal_len);
    job->error = write->text.failed ? ENOMEM
                                    : disk_replace(write->folder, file_name, write->text.bytes,
                                                   write->text.len, NULL);
}

static void free_write(struct disk_job *job)
{
    struct write_job *write = (struct write_job *)job;
    text_deinit(&write->text);
    free(write);
}

static struct disk_job *take(void *ctx)
{
    struct state_store *store = ctx;
    struct write_job *write = malloc(sizeof(*write));
    if (!write)
        return NULL;
    write->job = (struct disk_job){.run = run_write, .free = free_write};
    memcpy(write->folder, store->folder, sizeof(write->folder));
    text_init(&write->text, STATE_STORE_MAX_BYTES);
    store->fill(store->ctx, &write->text);
    return &write->job;
}

static void on_closed(void *ctx)
{
    struct state_store *store = ctx;
    if (store->on_closed)
        store->on_closed(store->ctx);
    free(store);
}

enum err state_store_new(uv_loop_t *loop, const char *folder, state_store_fill fill, void *ctx,
                         struct state_store **out_store)
{
    static const struct disk_writer_calls calls = {.take = take, .on_closed = on_closed};
    struct state_store *store = calloc(1, sizeof(*store));
    if (!store)
        return ERR_NO_MEMORY;
    snprintf(store->folder, sizeof(store->folder), "%s", folder);
    store->fill = fill;
    store->ctx = ctx;
    enum err err = disk_writer_new(loop, folder, file_name, &calls, store, &store->writer);
    if (err != ERR_OK) {
        free(store);
        return err;
    }
    *out_store = store;
    return ERR_OK;
}

void state_store_changed(struct state_store *store, bool urgent)
{
    disk_writer_changed(store->writer, urgent);
}

uint64_t state_store_lag_ms(const struct state_store *store)
{
    return disk_writer_lag_ms(store->writer);
}

void state_store_close(struct state_store *store, void (*closed)(void *ctx))
{
    store->on_closed = closed;
    disk_writer_close(store->writer);
}
