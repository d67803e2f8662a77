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

#include "rhumb/diag.h"
#include "rhumb/geo_file.h"

enum { BYTES = 200 * 1000 };

static void make_file(char path[64], const uint8_t *bytes, size_t len)
{
    snprintf(path, 64, "/tmp/rhumb-geo-file-XXXXXX");
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, bytes, len), len);
    close(fd);
}

static void a_copy_is_whole_and_cannot_be_changed(void **state)
{
    (void)state;
    static uint8_t bytes[BYTES], again[BYTES + 1];
    char path[64];
    for (size_t i = 0; i < BYTES; i++)
        bytes[i] = (uint8_t)(i * 31 >> 3);
    make_file(path, bytes, BYTES);
    struct diag_list *diags = diag_list_new();
    int fd;
    assert_int_equal(geo_file_copy(path, NULL, diags, &fd), ERR_OK);
    assert_int_equal(truncate(path, 0), 0); /* the original is another file */
    assert_int_equal(pread(fd, again, sizeof(again), 0), BYTES);
    assert_memory_equal(bytes, again, BYTES);
    assert_int_equal(pwrite(fd, bytes, 1, 0), -1);
    assert_int_equal(errno, EPERM);
    assert_int_equal(ftruncate(fd, 1), -1);
    assert_int_equal(errno, EPERM);
    close(fd);
    unlink(path);
    assert_int_equal(diag_count(diags), 0);
    diag_list_free(diags);
}

static void check_refusal(const char *path, const char *why)
{
    struct diag_list *diags = diag_list_new();
    int fd = -7;
    assert_int_equal(geo_file_copy(path, NULL, diags, &fd), ERR_INVALID);
    assert_int_equal(fd, -7);
    assert_int_equal(diag_error_count(diags), 1);
    assert_non_null(strstr(diag_get(diags, 0)->message, why));
    diag_list_free(diags);
}

static void what_cannot_be_copied_is_named(void **state)
{
    (void)state;
    char path[64];
    make_file(path, (const uint8_t *)"x", 1);
    assert_int_equal(truncate(path, ((off_t)1 << 30) + 1), 0);
    check_refusal(path, "File too large");
    unlink(path);
    check_refusal(path, "No such file or directory");
    check_refusal("/tmp", "is not a regular file");
    check_refusal("/dev/null", "is not a regular file");
    assert_int_equal(mkfifo(path, 0600), 0); /* must not wait for a writer */
    check_refusal(path, "is not a regular file");
    unlink(path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_copy_is_whole_and_cannot_be_changed),
        cmocka_unit_test(what_cannot_be_copied_is_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
