/* A harness without libFuzzer: every file of the folders named goes through it once. Each file
 * kept as a finding is a test; all seeds together are one.
 *
 *   replay_NAME FINDINGS SEEDS      prints TAP; the last "# file" tells which one ended it
 */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"

enum { FILE_BYTES_MAX = 1 << 20 };

static unsigned tests;

/* read_exact - the file on the heap, of exactly its size, so that a sanitizer sees every step
 * beyond; NULL when it cannot be read. */
static uint8_t *read_exact(const char *path, size_t *out_len)
{
    FILE *file = fopen(path, "re");
    uint8_t *room = malloc(FILE_BYTES_MAX), *exact = NULL;
    if (file && room) {
        *out_len = fread(room, 1, FILE_BYTES_MAX, file);
        if (!ferror(file) && *out_len < FILE_BYTES_MAX)
            exact = malloc(*out_len > 0 ? *out_len : 1);
    }
    if (exact)
        memcpy(exact, room, *out_len);
    if (file)
        fclose(file);
    free(room);
    return exact;
}

static void run_file(const char *path)
{
    size_t len = 0;
    printf("# %s\n", path);
    uint8_t *bytes = read_exact(path, &len);
    if (!bytes) {
        printf("Bail out! %s cannot be read\n", path);
        exit(1);
    }
    (void)LLVMFuzzerTestOneInput(bytes, len);
    free(bytes);
}

static int is_visible(const struct dirent *entry)
{
    return entry->d_name[0] != '.';
}

/* run_folder - in order of the names, so that each run is the same; returns how many files. */
static unsigned run_folder(const char *folder, int one_test_a_file)
{
    struct dirent **entries;
    int count = scandir(folder, &entries, is_visible, alphasort);
    for (int i = 0; i < count; i++) {
        char path[FUZZ_PATH_MAX];
        snprintf(path, sizeof(path), "%s/%s", folder, entries[i]->d_name);
        run_file(path);
        if (one_test_a_file)
            printf("ok %u - %s\n", ++tests, entries[i]->d_name);
        free(entries[i]);
    }
    if (count >= 0)
        free(entries);
    return count > 0 ? (unsigned)count : 0;
}

int main(int argc, char **argv)
{
    if (argc != 3) {
        fprintf(stderr, "usage: %s FINDINGS SEEDS\n", argv[0]);
        return 2;
    }
    setvbuf(stdout, NULL, _IOLBF,
            BUFSIZ); /* the last line is there, however the program ends */
    (void)LLVMFuzzerInitialize(&argc, &argv);
    (void)run_folder(argv[1], 1); /* there may be none */
    unsigned seeds = run_folder(argv[2], 0);
    printf("%s %u - %u seeds\n", seeds > 0 ? "ok" : "not ok", ++tests, seeds);
    printf("1..%u\n", tests);
    return seeds > 0 ? 0 : 1;
}
