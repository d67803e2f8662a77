#include "fuzz.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#if defined(__SANITIZE_ADDRESS__)
#define HAS_ADDRESS_SANITIZER 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define HAS_ADDRESS_SANITIZER 1
#endif
#endif

#ifdef HAS_ADDRESS_SANITIZER
enum { SLOWER_BY = 2 };
#else
enum { SLOWER_BY = 1 };
#endif

enum { ATTEMPTS = 3 };

void fuzz_broken(const char *promise)
{
    fprintf(stderr, "broken promise: %s\n", promise);
    abort();
}

const char *fuzz_data_path(const char *name, char buffer[FUZZ_PATH_MAX])
{
    const char *data = getenv("RHUMB_TEST_DATA");
    snprintf(buffer, FUZZ_PATH_MAX, "%s/%s", data ? data : "tests/data", name);
    return buffer;
}

struct fuzz_file fuzz_file_open(void)
{
    struct fuzz_file file = {.fd = memfd_create("fuzz", MFD_CLOEXEC)};
    if (file.fd < 0) {
        perror("fuzz: no file in memory");
        exit(1);
    }
    snprintf(file.path, sizeof(file.path), "/proc/self/fd/%d", file.fd);
    return file;
}

void fuzz_file_write(const struct fuzz_file *file, const void *bytes, size_t len)
{
    if (ftruncate(file->fd, 0) != 0 || pwrite(file->fd, bytes, len, 0) != (ssize_t)len) {
        perror("fuzz: a file in memory cannot be written");
        exit(1);
    }
}

/* ---- one input ---- */

/* By processor time: other programs run meanwhile. */
static double now_us(void)
{
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

static double run_us(const uint8_t *data, size_t size)
{
    double start = now_us();
    fuzz_harness.run(data, size);
    return now_us() - start;
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc;
    (void)argv;
    if (fuzz_harness.set_up)
        fuzz_harness.set_up();
    return 0;
}

static bool is_fast_enough(const uint8_t *data, size_t size, double limit_us)
{
    for (int i = 0; i < ATTEMPTS; i++)
        if (run_us(data, size) <= limit_us)
            return true;
    return false;
}

/* ends_well - judge a suspicion in a process of its own: what an input reaches is counted once, so a
 * fuzzer's choices do not depend on the clock. The best of some attempts counts. */
static bool ends_well(const uint8_t *data, size_t size, double limit_us)
{
    int status = 0;
    pid_t child = fork();
    if (child == 0)
        _exit(is_fast_enough(data, size, limit_us) ? 0 : 1);
    while (child > 0 && waitpid(child, &status, 0) < 0 && errno == EINTR)
        ;
    return child > 0 && status == 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const double limit_us = (double)fuzz_harness.limit_us * SLOWER_BY;
    if (run_us(data, size) <= limit_us)
        return 0;
    if (!(fuzz_harness.has_threads ? is_fast_enough : ends_well)(data, size, limit_us))
        fuzz_broken("the input takes too long");
    return 0;
}
