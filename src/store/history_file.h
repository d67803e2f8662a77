/* history_file.h - FOLDER/history.jsonl as a book, and back. Waits for the disk: for a disk
 * worker's thread. Errors are errno values. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "history_book.h"

extern const char history_file_name[];

/* history_file_read - a book of all lines that are whole; the others are counted. A file that is
 * too large to be ours (EFBIG, 512 MiB) or no ordinary one (EINVAL, ELOOP) is set aside.
 * owns     *out_book is the caller's to free, on success */
int history_file_read(const char *folder, struct history_book **out_book, size_t *out_bad_lines,
                      uint64_t *out_file_bytes);

/* history_file_compact - write the file anew with what a book of it would hold. */
int history_file_compact(const char *folder, uint64_t *out_file_bytes);
