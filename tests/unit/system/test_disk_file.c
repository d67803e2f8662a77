#include <fcntl.h>

#include "../../support/disk_case.h"

static void what_is_written_is_read(void **state)
{
    (void)state;
    struct temp_folder folder;
    struct stat written, seen;
    char *bytes;
    size_t len;
    temp_folder_open(&folder);
    assert_int_equal(disk_replace(folder.path, "file", "one", 3, &written), 0);
    assert_int_equal(disk_read(folder.path, "file", 3, &bytes, &len, &seen), 0);
    assert_int_equal(len, 3);
    assert_string_equal(bytes, "one");
    assert_int_equal(seen.st_ino, written.st_ino);
    assert_int_equal(seen.st_mode & 07777, 0600);
    free(bytes);
    assert_int_equal(disk_replace(folder.path, "file", "", 0, NULL), 0);
    bytes = slurp(folder.path, "file");
    assert_string_equal(bytes, "");
    free(bytes);
    assert_int_equal(count_files(folder.path, "file"), 1); /* no temporary one is left */
    temp_folder_close(&folder);
}

static void only_ordinary_files_of_a_bearable_size_are_read(void **state)
{
    (void)state;
    struct temp_folder folder;
    struct stat seen;
    char *bytes, path[TEMP_PATH_MAX];
    size_t len;
    temp_folder_open(&folder);
    temp_write(&folder, "file", "1234");
    assert_int_equal(disk_read(folder.path, "file", 3, &bytes, &len, &seen), EFBIG);
    assert_int_equal(disk_read(folder.path, "gone", 3, &bytes, &len, &seen), ENOENT);
    assert_int_equal(symlink("file", temp_path(&folder, "link", path)), 0);
    assert_int_equal(disk_read(folder.path, "link", 9, &bytes, &len, &seen), ELOOP);
    assert_int_equal(mkfifo(temp_path(&folder, "pipe", path), 0600), 0);
    assert_int_equal(disk_read(folder.path, "pipe", 9, &bytes, &len, &seen), EINVAL);
    temp_make_folder(&folder, "folder");
    assert_int_equal(disk_read(folder.path, "folder", 9, &bytes, &len, &seen), EINVAL);
    temp_folder_close(&folder);
}

/* The name of our temporary file is known to who can look: what a link there points to must not
 * be written to. */
static void a_planted_link_is_not_followed(void **state)
{
    (void)state;
    struct temp_folder folder;
    char planted[TEMP_PATH_MAX], name[64], *bytes;
    temp_folder_open(&folder);
    temp_write(&folder, "victim", "precious");
    snprintf(name, sizeof(name), "file.tmp-%ld", (long)getpid());
    assert_int_equal(symlink("victim", temp_path(&folder, name, planted)), 0);
    assert_int_equal(disk_replace(folder.path, "file", "one", 3, NULL), 0);
    bytes = slurp(folder.path, "victim");
    assert_string_equal(bytes, "precious");
    free(bytes);
    bytes = slurp(folder.path, "file");
    assert_string_equal(bytes, "one");
    free(bytes);
    /* the file itself may be a link as well: it is replaced, not followed */
    assert_int_equal(symlink("victim", temp_path(&folder, "link", planted)), 0);
    assert_int_equal(disk_replace(folder.path, "link", "two", 3, NULL), 0);
    bytes = slurp(folder.path, "victim");
    assert_string_equal(bytes, "precious");
    free(bytes);
    uint64_t size;
    assert_int_equal(symlink("victim", temp_path(&folder, "log", planted)), 0);
    assert_int_equal(disk_append(folder.path, "log", "x\n", 2, &size), ELOOP);
    temp_folder_close(&folder);
}

static void what_a_killed_process_left_is_swept(void **state)
{
    (void)state;
    struct temp_folder folder;
    temp_folder_open(&folder);
    temp_write(&folder, "file.tmp-1", "half");
    temp_write(&folder, "file.tmp-2", "");
    temp_write(&folder, "other.tmp-1", "not ours");
    assert_int_equal(disk_replace(folder.path, "file", "one", 3, NULL), 0);
    assert_int_equal(count_files(folder.path, "file.tmp-"), 0);
    assert_int_equal(count_files(folder.path, "other.tmp-"), 1);
    temp_folder_close(&folder);
}

static void what_stands_in_the_way_is_an_error_and_stays(void **state)
{
    (void)state;
    struct temp_folder folder;
    char name[64], below[96];
    temp_folder_open(&folder);
    temp_write(&folder, "file", "old");
    snprintf(name, sizeof(name), "file.tmp-%ld", (long)getpid());
    temp_make_folder(&folder, name);
    assert_int_equal(disk_replace(folder.path, "file", "new", 3, NULL), EEXIST);
    char *bytes = slurp(folder.path, "file");
    assert_string_equal(bytes, "old");
    free(bytes);
    snprintf(below, sizeof(below), "%s/file", folder.path);
    assert_int_equal(disk_make_folder(below), ENOTDIR);
    assert_int_equal(disk_replace(below, "file", "new", 3, NULL), ENOTDIR);
    temp_folder_close(&folder);
}

static void a_refused_write_leaves_the_old_file(void **state)
{
    (void)state;
    static const int errors[] = {ENOSPC, EIO, EDQUOT, EROFS};
    struct temp_folder folder;
    temp_folder_open(&folder);
    temp_write(&folder, "file", "old");
    for (size_t i = 0; i < COUNT(errors); i++) {
        disk_fault_refuse(errors[i]);
        assert_int_equal(disk_replace(folder.path, "file", "new", 3, NULL), errors[i]);
        disk_fault_refuse(0);
        char *bytes = slurp(folder.path, "file");
        assert_string_equal(bytes, "old");
        free(bytes);
        assert_int_equal(count_files(folder.path, "file"), 1);
    }
    temp_folder_close(&folder);
}

static void a_cut_line_is_ended_before_the_next(void **state)
{
    (void)state;

    static const struct {
        const char *there, *after;
    } cases[] = {
        {"", "two\n"},
        {"one\n", "one\ntwo\n"},
        {"one\non", "one\non\ntwo\n"},
        {"o", "o\ntwo\n"},
    };

    struct temp_folder folder;
    temp_folder_open(&folder);
    for (size_t i = 0; i < COUNT(cases); i++) {
        uint64_t size = 0;
        temp_write(&folder, "log", cases[i].there);
        assert_int_equal(disk_append(folder.path, "log", "two\n", 4, &size), 0);
        char *bytes = slurp(folder.path, "log");
        assert_string_equal(bytes, cases[i].after);
        assert_int_equal(size, strlen(cases[i].after));
        free(bytes);
    }
    temp_folder_close(&folder);
}

static void a_missing_folder_is_made(void **state)
{
    (void)state;
    struct temp_folder folder;
    struct stat seen;
    char path[TEMP_PATH_MAX];
    uint64_t size;
    temp_folder_open(&folder);
    assert_int_equal(disk_make_folder(temp_path(&folder, "a", path)), 0);
    assert_int_equal(stat(path, &seen), 0);
    assert_int_equal(seen.st_mode & 0027, 0); /* 0750 at most, whatever the umask */
    assert_int_equal(disk_replace(temp_path(&folder, "b", path), "file", "one", 3, NULL), 0);
    assert_int_equal(disk_append(temp_path(&folder, "c", path), "log", "1\n", 2, &size), 0);
    assert_int_equal(disk_make_folder(temp_path(&folder, "x/y", path)), ENOENT);
    temp_folder_close(&folder);
}

static void the_newest_three_that_were_set_aside_stay(void **state)
{
    (void)state;
    struct temp_folder folder;
    char path[DISK_PATH_MAX], text[12];
    temp_folder_open(&folder);
    for (int i = 0; i < 5; i++) {
        snprintf(text, sizeof(text), "%d", i);
        temp_write(&folder, "file", text);
        /* all at the same moment: none may overwrite another */
        assert_int_equal(disk_set_aside(folder.path, "file", "bad", 1000000, path), 0);
        assert_int_equal(access(path, F_OK), 0);
    }
    assert_int_equal(count_files(folder.path, "file.bad-"), 3);
    assert_int_equal(count_files(folder.path, "file"), 3);
    assert_int_equal(disk_set_aside(folder.path, "file", "bad", 1000000, path), ENOENT);
    temp_folder_close(&folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_written_is_read),
        cmocka_unit_test(only_ordinary_files_of_a_bearable_size_are_read),
        cmocka_unit_test(a_planted_link_is_not_followed),
        cmocka_unit_test(what_a_killed_process_left_is_swept),
        cmocka_unit_test(what_stands_in_the_way_is_an_error_and_stays),
        cmocka_unit_test(a_refused_write_leaves_the_old_file),
        cmocka_unit_test(a_cut_line_is_ended_before_the_next),
        cmocka_unit_test(a_missing_folder_is_made),
        cmocka_unit_test(the_newest_three_that_were_set_aside_stay),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
