#include "temp_folder.h"

#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

enum { LEVELS = 2 };

void temp_folder_open(struct temp_folder *folder)
{
    snprintf(folder->path, sizeof(folder->path), "/tmp/rhumb-test-XXXXXX");
    assert_non_null(mkdtemp(folder->path));
}

static void remove_below(const char *path, unsigned levels)
{
    DIR *entries = opendir(path);
    assert_non_null(entries);
    for (struct dirent *entry = readdir(entries); entry; entry = readdir(entries)) {
        char below[TEMP_PATH_MAX];
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
            continue;
        snprintf(below, sizeof(below), "%s/%s", path, entry->d_name);
        if (entry->d_type == DT_DIR && levels > 1)
            remove_below(below, levels - 1);
        else
            assert_int_equal(remove(below), 0);
    }
    closedir(entries);
    assert_int_equal(rmdir(path), 0);
}

void temp_folder_close(struct temp_folder *folder)
{
    remove_below(folder->path, LEVELS);
}

const char *temp_path(const struct temp_folder *folder, const char *name,
                      char buffer[TEMP_PATH_MAX])
{
    int len = snprintf(buffer, TEMP_PATH_MAX, "%s/%s", folder->path, name);
    assert_in_range(len, 1, TEMP_PATH_MAX - 1);
    return buffer;
}

void temp_write(const struct temp_folder *folder, const char *name, const char *text)
{
    char path[TEMP_PATH_MAX];
    FILE *out = fopen(temp_path(folder, name, path), "w");
    assert_non_null(out);
    assert_true(fputs(text, out) >= 0);
    assert_int_equal(fclose(out), 0);
}

void temp_printf(const struct temp_folder *folder, const char *name, const char *format, ...)
{
    char *text;
    va_list args;
    va_start(args, format);
    int len = vasprintf(&text, format, args);
    va_end(args);
    assert_true(len >= 0);
    temp_write(folder, name, text);
    free(text);
}

void temp_replace(const struct temp_folder *folder, const char *name, const char *text)
{
    char beside[TEMP_PATH_MAX], path[TEMP_PATH_MAX];
    temp_write(folder, ".beside", text);
    assert_int_equal(
        rename(temp_path(folder, ".beside", beside), temp_path(folder, name, path)), 0);
}

void temp_remove(const struct temp_folder *folder, const char *name)
{
    char path[TEMP_PATH_MAX];
    assert_int_equal(unlink(temp_path(folder, name, path)), 0);
}

void temp_make_folder(const struct temp_folder *folder, const char *name)
{
    char path[TEMP_PATH_MAX];
    assert_int_equal(mkdir(temp_path(folder, name, path), 0700), 0);
}
