#include "rhumb/history.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rhumb/disk_file.h"
#include "rhumb/disk_writer.h"
#include "rhumb/log.h"
#include "rhumb/text.h"

#include "history_book.h"
#include "history_file.h"
#include "history_line.h"

enum {
    PENDING_MAX_BYTES = 8 * 1024 * 1024,
    COMPACT_MIN_BYTES = 1024 * 1024,
    LINE_MAX_BYTES = 4096,
};

struct history {
    uv_loop_t *loop;
    char folder[DISK_PATH_MAX];
    struct disk_writer *writer; /* NULL: in memory only */
    struct history_book *book;
    struct text pending; /* lines that are not in the file */
    bool is_loaded, is_closing;
    uint64_t file_bytes;
    uint64_t compacted_bytes; /* how short the file could be made last time */
};

/* One turn of the thread: first read what the last process left; later add lines, and shorten
 * the file when that pays. */
struct history_job {
    struct disk_job job;
    char folder[DISK_PATH_MAX];
    bool loads, compacts;
    struct text lines;
    struct history_book *loaded; /* out; owned */
    int load_error;
    size_t bad_lines;
    uint64_t file_bytes; /* out */
};

/* ---- the thread ---- */

static void run(struct disk_job *job)
{
    struct history_job *work = (struct history_job *)job; /* its first member */
    if (work->loads) {
        work->load_error =
            history_file_read(work->folder, &work->loaded, &work->bad_lines, &work->file_bytes);
        return;
    }
    if (work->lines.len > 0)
        job->error = disk_append(work->folder, history_file_name, work->lines.bytes,
                                 work->lines.len, &work->file_bytes);
    if (job->error == 0)
        text_deinit(&work->lines); /* they are in the file, whatever comes */
    if (job->error == 0 && work->compacts)
        job->error = history_file_compact(work->folder, &work->file_bytes);
}

static void free_job(struct disk_job *job)
{
    struct history_job *work = (struct history_job *)job;
    history_book_free(work->loaded);
    text_deinit(&work->lines);
    free(work);
}

/* ---- the loop ---- */

static bool pays_to_compact(const struct history *history)
{
    uint64_t kept = history_book_line_bytes(history->book);
    if (kept < history->compacted_bytes)
        kept = history->compacted_bytes;
    return !history->is_closing && history->file_bytes > COMPACT_MIN_BYTES &&
           history->file_bytes > 2 * kept;
}

static struct disk_job *take(void *ctx)
{
    struct history *history = ctx;
    struct history_job *work = calloc(1, sizeof(*work));
    if (!work)
        return NULL;
    work->job = (struct disk_job){.run = run, .free = free_job};
    memcpy(work->folder, history->folder, sizeof(work->folder));
    work->loads = !history->is_loaded;
    work->file_bytes = history->file_bytes;
    if (work->loads)
        return &work->job;
    work->compacts = pays_to_compact(history);
    work->lines = history->pending;
    text_init(&history->pending, PENDING_MAX_BYTES);
    return &work->job;
}

static void add_to_book(void *ctx, const struct history_entry *entry, size_t line_bytes)
{
    if (history_book_add(ctx, entry, line_bytes) != ERR_OK)
        log_event(LOG_LEVEL_ERROR, "out_of_memory", "what=history");
}

static void log_loaded(const struct history *history, const struct history_job *work)
{
    char path[LOG_QUOTE_MAX], reason[LOG_QUOTE_MAX], text[DISK_ERROR_MAX];
    const char *folder = log_quote(history->folder, path);
    if (work->load_error != 0 && work->load_error != ENOENT)
        log_event(LOG_LEVEL_ERROR, "history_not_read", "folder=%s reason=%s", folder,
                  log_quote(disk_error_text(work->load_error, text), reason));
    if (work->bad_lines > 0)
        log_event(LOG_LEVEL_WARNING, "history_lines_ignored", "folder=%s count=%zu", folder,
                  work->bad_lines);
}

/* put_under - what was loaded goes below what has been added since the start, of which there is
 * little. */
static void put_under(struct history *history, struct history_job *work)
{
    history->is_loaded = true;
    log_loaded(history, work);
    if (!work->loaded)
        return;
    history_book_each(history->book, add_to_book, work->loaded);
    struct history_book *young = history->book;
    history->book = work->loaded;
    work->loaded = young; /* goes with the job */
}

/* put_back - lines that were refused come before those that were added meanwhile. */
static void put_back(struct history *history, struct history_job *work)
{
    struct text younger = history->pending;
    if (younger.len > PENDING_MAX_BYTES - work->lines.len) {
        log_event(LOG_LEVEL_ERROR, "history_lines_lost", "bytes=%zu", work->lines.len);
        return;
    }
    history->pending = work->lines;
    text_init(&work->lines, 0);
    text_put(&history->pending, text_get(&younger), younger.len);
    text_deinit(&younger);
}

static void on_written(void *ctx, struct disk_job *job)
{
    struct history *history = ctx;
    struct history_job *work = (struct history_job *)job;
    if (work->loads && job->error == 0)
        put_under(history, work);
    else if (job->error != 0 && work->lines.len > 0)
        put_back(history, work);
    history->file_bytes = work->file_bytes;
    if (job->error != 0)
        return;
    if (work->compacts)
        history->compacted_bytes = work->file_bytes;
    if (history->pending.len > 0 || pays_to_compact(history))
        disk_writer_changed(history->writer, false);
}

static void on_closed(void *ctx)
{
    struct history *history = ctx;
    history_book_free(history->book);
    text_deinit(&history->pending);
    free(history);
}

enum err history_new(uv_loop_t *loop, const char *folder, struct history **out_history)
{
    static const struct disk_writer_calls calls = {
        .take = take, .on_written = on_written, .on_closed = on_closed};
    struct history *history = calloc(1, sizeof(*history));
    if (!history)
        return ERR_NO_MEMORY;
    text_init(&history->pending, PENDING_MAX_BYTES);
    history->book = history_book_new();
    enum err err = history->book ? ERR_OK : ERR_NO_MEMORY;
    if (err == ERR_OK && folder)
        err =
            disk_writer_new(loop, folder, history_file_name, &calls, history, &history->writer);
    if (err != ERR_OK) {
        on_closed(history);
        return err;
    }
    if (folder) {
        snprintf(history->folder, sizeof(history->folder), "%s", folder);
        disk_writer_changed(history->writer, true); /* the first job reads */
    }
    *out_history = history;
    return ERR_OK;
}

void history_add(struct history *history, const struct history_entry *entry)
{
    struct text line;
    text_init(&line, LINE_MAX_BYTES);
    bool is_put = history_line_put(&line, entry);
    if (is_put)
        add_to_book(history->book, entry, line.len);
    if (is_put && history->writer && history->pending.len + line.len <= PENDING_MAX_BYTES) {
        text_put(&history->pending, line.bytes, line.len);
        disk_writer_changed(history->writer, false);
    }
    text_deinit(&line);
}

size_t history_get(const struct history *history, uint64_t key,
                   struct history_entry *out_entries, size_t max)
{
    return history_book_get(history->book, key, out_entries, max);
}

uint64_t history_lag_ms(const struct history *history)
{
    return history->writer ? disk_writer_lag_ms(history->writer) : 0;
}

void history_close(struct history *history)
{
    history->is_closing = true;
    if (history->writer)
        disk_writer_close(history->writer);
    else
        on_closed(history);
}
