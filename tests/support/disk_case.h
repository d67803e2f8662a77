/* disk_case.h - what the tests of kept files share. */
#pragma once

#include <dirent.h>
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "rhumb/disk_file.h"

#include "disk_fault.h"
#include "temp_folder.h"
#include "test_loop.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* slurp - a file as text; to be freed. It must be there. */
static inline char *slurp(const char *folder, const char *name)
{
    char *bytes = NULL;
    size_t len;
    struct stat seen;
    assert_int_equal(disk_read(folder, name, SIZE_MAX / 2, &bytes, &len, &seen), 0);
    return bytes;
}

/* count_files - how many names of the folder contain part. */
static inline size_t count_files(const char *folder, const char *part)
{
    size_t count = 0;
    DIR *dir = opendir(folder);
    assert_non_null(dir);
    for (struct dirent *entry = readdir(dir); entry; entry = readdir(dir))
        count += strstr(entry->d_name, part) != NULL;
    closedir(dir);
    return count;
}

static inline bool is_hanging(void *ctx)
{
    (void)ctx;
    return disk_fault_hanging() > 0;
}
