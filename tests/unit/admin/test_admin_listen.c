#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

#include "../../support/temp_folder.h"
#include "admin_listen.h"

struct bed {
    struct temp_folder folder;
    struct diag_list *diags;
    char path[TEMP_PATH_MAX];
    struct admin_socket_file file;
};

static int open_bed(void **state)
{
    static struct bed bed;
    temp_folder_open(&bed.folder);
    temp_path(&bed.folder, "admin.sock", bed.path);
    bed.diags = diag_list_new();
    *state = &bed;
    return bed.diags ? 0 : -1;
}

static int close_bed(void **state)
{
    struct bed *bed = *state;
    diag_list_free(bed->diags);
    temp_folder_close(&bed->folder);
    return 0;
}

static int open_unix(struct bed *bed)
{
    const struct config_admin_listener listener = {.path = bed->path};
    return admin_listen_open(&listener, bed->diags, &bed->file);
}

static bool is_there(const struct bed *bed)
{
    struct stat status;
    return lstat(bed->path, &status) == 0;
}

static bool answers(const struct bed *bed)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    memcpy(address.sun_path, bed->path, strnlen(bed->path, sizeof(address.sun_path) - 1));
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    bool good = connect(fd, (const struct sockaddr *)&address, sizeof(address)) == 0;
    close(fd);
    return good;
}

static void assert_told(const struct bed *bed, const char *message, const char *remedy)
{
    assert_int_equal(diag_error_count(bed->diags), 1);
    const struct diag *diag = diag_get(bed->diags, 0);
    assert_non_null(strstr(diag->message, message));
    assert_non_null(strstr(diag->remedy, remedy));
}

static void a_socket_is_for_its_user_and_group(void **state)
{
    struct bed *bed = *state;
    struct stat status;
    mode_t before = umask(0);
    int fd = open_unix(bed);
    umask(before);
    assert_true(fd >= 0);
    assert_return_code(lstat(bed->path, &status), errno);
    assert_true(S_ISSOCK(status.st_mode));
    assert_int_equal(status.st_mode & 0777, 0660);
    assert_true(answers(bed));
    admin_listen_forget(&bed->file);
    assert_false(is_there(bed));
    close(fd);
}

static void one_that_nobody_serves_is_taken_over(void **state)
{
    struct bed *bed = *state;
    close(open_unix(bed)); /* as kill -9 leaves it */
    assert_true(is_there(bed));
    assert_false(answers(bed));
    int fd = open_unix(bed);
    assert_true(fd >= 0);
    assert_true(answers(bed));
    admin_listen_forget(&bed->file);
    assert_false(is_there(bed));
    close(fd);
}

static void one_that_is_served_is_left_alone(void **state)
{
    struct bed *bed = *state;
    int first = open_unix(bed);
    assert_true(first >= 0);
    struct admin_socket_file first_file = bed->file;
    assert_int_equal(open_unix(bed), -1);
    assert_told(bed, bed->path, "give each its own path");
    assert_string_equal(bed->file.path, "");
    admin_listen_forget(&bed->file); /* of nothing */
    assert_true(answers(bed));
    admin_listen_forget(&first_file);
    close(first);
}

static void another_file_is_left_alone(void **state)
{
    struct bed *bed = *state;
    temp_write(&bed->folder, "admin.sock", "somebody's notes");
    assert_int_equal(open_unix(bed), -1);
    assert_told(bed, "cannot listen on", "own path");
    assert_true(is_there(bed));
    assert_return_code(unlink(bed->path), errno);
    assert_return_code(symlink("/tmp/nowhere", bed->path), errno);
    assert_int_equal(open_unix(bed), -1);
    assert_true(is_there(bed));
}

static void in_the_end_only_our_own_file_goes(void **state)
{
    struct bed *bed = *state;
    int old = open_unix(bed);
    struct admin_socket_file old_file = bed->file;
    assert_return_code(unlink(bed->path), errno);
    int fd = open_unix(bed); /* of the server that comes next */
    admin_listen_forget(&old_file);
    assert_true(answers(bed));
    close(old);
    close(fd);
    assert_return_code(unlink(bed->path), errno);
    temp_write(&bed->folder, "admin.sock", "somebody's notes");
    admin_listen_forget(&bed->file);
    assert_true(is_there(bed));
}

static void a_folder_that_is_not_there_is_told(void **state)
{
    struct bed *bed = *state;
    temp_path(&bed->folder, "nowhere/admin.sock", bed->path);
    assert_int_equal(open_unix(bed), -1);
    assert_told(bed, "No such file", "its folder must be there");
}

static void a_path_that_is_too_long_is_told(void **state)
{
    struct bed *bed = *state;
    memset(bed->path, 'x', 108);
    bed->path[108] = '\0';
    assert_int_equal(open_unix(bed), -1);
    assert_told(bed, "cannot listen on xxxx", "shorter path");
}

static void an_address_is_taken_once(void **state)
{
    struct bed *bed = *state;
    struct config_admin_listener listener = {.port = 0};
    struct sockaddr_storage address;
    socklen_t len = sizeof(address);
    struct ip_addr addr;
    assert_true(ip_parse("127.0.0.1", &listener.addr));
    int first = admin_listen_open(&listener, bed->diags, &bed->file);
    assert_true(first >= 0);
    assert_string_equal(bed->file.path, "");
    assert_return_code(getsockname(first, (struct sockaddr *)&address, &len), errno);
    assert_true(ip_from_sockaddr((const struct sockaddr *)&address, &addr, &listener.port));
    assert_int_equal(admin_listen_open(&listener, bed->diags, &bed->file), -1);
    assert_told(bed, "127.0.0.1 port", "choose another port");
    close(first);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_socket_is_for_its_user_and_group, open_bed,
                                        close_bed),
        cmocka_unit_test_setup_teardown(one_that_nobody_serves_is_taken_over, open_bed,
                                        close_bed),
        cmocka_unit_test_setup_teardown(one_that_is_served_is_left_alone, open_bed, close_bed),
        cmocka_unit_test_setup_teardown(another_file_is_left_alone, open_bed, close_bed),
        cmocka_unit_test_setup_teardown(in_the_end_only_our_own_file_goes, open_bed, close_bed),
        cmocka_unit_test_setup_teardown(a_folder_that_is_not_there_is_told, open_bed,
                                        close_bed),
        cmocka_unit_test_setup_teardown(a_path_that_is_too_long_is_told, open_bed, close_bed),
        cmocka_unit_test_setup_teardown(an_address_is_taken_once, open_bed, close_bed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
