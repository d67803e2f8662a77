#include <pwd.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "rhumb/privilege.h"

static void an_unknown_user_is_an_error_with_a_remedy(void **state)
{
    (void)state;
    struct diag_list *diags = diag_list_new();
    assert_non_null(diags);
    assert_int_equal(privilege_drop("rhumb-nobody-has-this-name", diags), ERR_INVALID);
    assert_int_equal(diag_error_count(diags), 1);
    assert_non_null(strstr(diag_get(diags, 0)->message, "there is no user"));
    assert_non_null(strstr(diag_get(diags, 0)->remedy, "adduser"));
    diag_list_free(diags);
}

static void who_is_already_the_user_stays(void **state)
{
    (void)state;
    const struct passwd *self =
        getpwuid(geteuid()); // NOLINT(concurrency-mt-unsafe): one thread
    if (!self)
        return; /* a container may run as a number without a name */
    struct diag_list *diags = diag_list_new();
    assert_non_null(diags);
    assert_int_equal(privilege_drop(self->pw_name, diags), ERR_OK);
    assert_int_equal(diag_count(diags), 0);
    diag_list_free(diags);
}

/* drop_in_child - 0: became the user, with no group but its own, and for good. */
static int drop_in_child(const char *user)
{
    fflush(NULL);
    pid_t child = fork();
    if (child == 0) {
        struct diag_list *diags = diag_list_new();
        int bad = privilege_drop(user, diags) != ERR_OK;
        bad |= geteuid() == 0 || getuid() == 0 || getegid() == 0 || getgroups(0, NULL) != 0;
        bad |= setuid(0) == 0 || seteuid(0) == 0;
        diag_list_free(diags);
        _exit(bad);
    }
    int status = 0;
    assert_int_equal(waitpid(child, &status, 0), child);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void root_becomes_the_user_for_good(void **state)
{
    (void)state;
    struct diag_list *diags = diag_list_new();
    assert_non_null(diags);
    if (geteuid() == 0) {
        assert_int_equal(drop_in_child("nobody"), 0);
    } else { /* and nobody else can */
        assert_int_equal(privilege_drop("root", diags), ERR_INVALID);
        assert_non_null(strstr(diag_get(diags, 0)->message, "only root"));
    }
    diag_list_free(diags);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_unknown_user_is_an_error_with_a_remedy),
        cmocka_unit_test(who_is_already_the_user_stays),
        cmocka_unit_test(root_becomes_the_user_for_good),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
