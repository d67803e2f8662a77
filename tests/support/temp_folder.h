/* temp_folder.h - a folder of its own for a test that needs files. Asserts when the system does
 * not give what is asked. */
#pragma once

#include <stddef.h>

enum { TEMP_PATH_MAX = 512 };

struct temp_folder {
    char path[64];
};

void temp_folder_open(struct temp_folder *folder);

/* temp_folder_close - remove it with what is in it, one level of folders deep. */
void temp_folder_close(struct temp_folder *folder);

/* temp_path - where `name` lies in it; returns buffer. */
const char *temp_path(const struct temp_folder *folder, const char *name,
                      char buffer[TEMP_PATH_MAX]);

/* temp_write - create the file, or write it anew in place. */
void temp_write(const struct temp_folder *folder, const char *name, const char *text);

/* temp_printf - the same, formatted. */
void temp_printf(const struct temp_folder *folder, const char *name, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* temp_replace - as a careful program saves: write beside it, then rename. */
void temp_replace(const struct temp_folder *folder, const char *name, const char *text);

void temp_remove(const struct temp_folder *folder, const char *name);
void temp_make_folder(const struct temp_folder *folder, const char *name);
