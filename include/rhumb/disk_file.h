/* disk_file.h - files that must be whole at any moment, whatever is killed or pulled out.
 *
 * Everything here may wait for the disk as long as the disk likes: call it in a disk worker's
 * thread (disk_worker.h), or before serving. Errors are errno values, 0 is success. The last
 * part of a path is never followed when it is a symbolic link, and only regular files are read.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>

enum { DISK_PATH_MAX = 4096 };

/* disk_make_folder - created (mode 0750) when missing, in a parent that is there; 0 when files
 * can be made in it. */
int disk_make_folder(const char *folder);

/* disk_replace - folder/name becomes these bytes, or stays as it was: a temporary file beside it
 * (mode 0600), fsync, rename, fsync of the folder. The folder is made when missing.
 * out_stat: of the file as written; NULL: not wanted */
int disk_replace(const char *folder, const char *name, const char *bytes, size_t len,
                 struct stat *out_stat);

/* disk_append - bytes, whole lines, behind what is there; the file and its folder are made when
 * missing. When the last line was cut short by a crash, the first of these begins a new one. On failure none of them is there. */
int disk_append(const char *folder, const char *name, const char *bytes, size_t len,
                uint64_t *out_size);

/* disk_read - the whole file, with a zero byte behind it.
 *
 * owns     *out_bytes is the caller's to free(), on success
 * returns  0; ENOENT; EFBIG beyond max; ELOOP for a symbolic link; EINVAL for what is neither a
 *          file nor a link; ENOMEM; what open() and read() say
 */
int disk_read(const char *folder, const char *name, size_t max, char **out_bytes,
              size_t *out_len, struct stat *out_stat);

/* disk_set_aside - rename folder/name to name.LABEL-<time>, so that nobody trips over it again
 * and somebody can look at it; disk_keep_aside - the same, but it stays where it is as well. Of
 * those with this label the newest three stay.
 * out_path: where it is now, for the log */
int disk_set_aside(const char *folder, const char *name, const char *label, uint64_t wall_ms,
                   char out_path[DISK_PATH_MAX]);
int disk_keep_aside(const char *folder, const char *name, const char *label, uint64_t wall_ms,
                    char out_path[DISK_PATH_MAX]);

/* disk_error_text, disk_remedy - what happened, and what an operator can do; static text, but
 * for unknown errors, whose text is in buffer. */
enum { DISK_ERROR_MAX = 128 };

const char *disk_error_text(int error, char buffer[DISK_ERROR_MAX]);
const char *disk_remedy(int error);
