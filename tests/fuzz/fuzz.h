/* fuzz.h - what the harnesses share: the frame around one input, and telling a broken promise.
 *
 * A harness is one file that defines fuzz_harness. fuzz.c brings the functions that libFuzzer
 * calls, and holds every input against the harness's limit of time. replay.c is the other
 * caller: a main() for builds without libFuzzer.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct fuzz_harness {
    unsigned limit_us;    /* of processor time for one input; sanitizers get more */
    bool has_threads;     /* and sockets, so a fork of it is nothing that could be judged */
    void (*set_up)(void); /* once; NULL: nothing to do */

    /* data: on the heap and of exactly that size, so that a sanitizer sees each step beyond */
    void (*run)(const uint8_t *data, size_t size);
};

extern const struct fuzz_harness fuzz_harness;

/* FUZZ_PROMISE - what holds for every input, or this input is a finding. */
#define FUZZ_PROMISE(cond, promise) ((cond) ? (void)0 : fuzz_broken(promise))

/* fuzz_broken - tell which promise is broken, and abort. */
_Noreturn void fuzz_broken(const char *promise);

/* fuzz_data_path - where tests/data/NAME lies; returns buffer. */
enum { FUZZ_PATH_MAX = 4096 };

const char *fuzz_data_path(const char *name, char buffer[FUZZ_PATH_MAX]);

/* A file that exists in memory only: what a loader reads, without a folder to clean up. */
struct fuzz_file {
    int fd;
    char path[32]; /* "/proc/self/fd/N" */
};

struct fuzz_file fuzz_file_open(void);

/* fuzz_file_write - these bytes are all of it. */
void fuzz_file_write(const struct fuzz_file *file, const void *bytes, size_t len);

/* What libFuzzer and replay.c call. */
int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
