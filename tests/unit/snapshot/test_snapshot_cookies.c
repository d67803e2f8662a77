#include <sys/stat.h>

#include "../../support/temp_folder.h"
#include "snapshot_case.h"
#include "snapshot_cookies.h"

#define OLD "00112233445566778899aabbccddeeff"
#define NEW "FFEEDDCCBBAA99887766554433221100"

struct reading {
    struct temp_folder folder;
    struct diag_list *diags;
    struct dns_cookie_secrets secrets;
    char path[TEMP_PATH_MAX];
};

/* read_text - a file of mode 0600 with this text; NULL: no file. */
static void read_text(struct reading *r, const char *text)
{
    static const struct diag_place place = {.file = "rhumb.yaml", .line = 3, .column = 7};

    *r = (struct reading){.diags = diag_list_new()};
    assert_non_null(r->diags);
    temp_folder_open(&r->folder);
    temp_path(&r->folder, "cookie.secrets", r->path);
    if (text) {
        temp_write(&r->folder, "cookie.secrets", text);
        assert_int_equal(chmod(r->path, 0600), 0);
    }
    snapshot_read_cookies(r->path, &place, r->diags, &r->secrets);
}

static void end(struct reading *r)
{
    diag_list_free(r->diags);
    temp_folder_close(&r->folder);
}

static void one_or_two_secrets_between_comments(void **state)
{
    (void)state;

    static const struct {
        const char *text;
        unsigned count;
    } cases[] = {
        {OLD, 1},
        {"# a comment\n\n  " OLD " # in force\n", 1},
        {OLD "\n" NEW "\n", 2},
        {OLD "\r\n\t" NEW "\t\r\n\r\n# end", 2},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct reading r;
        read_text(&r, cases[i].text);
        assert_int_equal(diag_count(r.diags), 0);
        assert_int_equal(r.secrets.count, cases[i].count);
        for (unsigned b = 0; b < DNS_COOKIE_SECRET_BYTES; b++) {
            assert_int_equal(r.secrets.secret[0][b], 0x11 * b);
            assert_int_equal(r.secrets.secret[1][b], cases[i].count == 2 ? 0xff - 0x11 * b : 0);
        }
        end(&r);
    }
}

static void a_faulty_file_is_refused_whole_without_showing_it(void **state)
{
    (void)state;

    static const struct {
        const char *text, *message, *remedy;
        unsigned line;
    } cases[] = {
        {"", "no secret in", "openssl rand -hex 16", 3},
        {"# nothing\n", "no secret in", NULL, 3},
        {OLD "\n" NEW "\n" OLD "\n", "more than 2 secrets", "the one in force first", 3},
        {OLD "0\n", "this is no secret", "openssl rand", 1},
        {"\n0" OLD "\n", "this is no secret", NULL, 2},
        {"0011223344556677889\n", "this is no secret", NULL, 1},
        {OLD "\n" OLD "g\n", "this is no secret", NULL, 2},
        {"g0112233445566778899aabbccddeeff", "this is no secret", NULL, 1},
        {OLD " and more\n", "this is no secret", NULL, 1},
        {NULL, "cannot read", NULL, 3},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct reading r;
        read_text(&r, cases[i].text);
        assert_int_equal(diag_error_count(r.diags), 1);
        const struct diag *diag = diag_get(r.diags, 0);
        assert_non_null(strstr(diag->message, cases[i].message));
        assert_int_equal(diag->place.line, cases[i].line);
        assert_null(strstr(diag->message, "0011"));
        assert_null(diag->place.excerpt);
        if (cases[i].remedy)
            assert_non_null(strstr(diag->remedy, cases[i].remedy));
        assert_int_equal(r.secrets.count, 0);
        end(&r);
    }
}

/* Whoever reads it waits for nobody: a reload would hang, and with it the end of the server. */
static void what_is_no_ordinary_file_is_refused_at_once(void **state)
{
    (void)state;
    struct reading r;
    read_text(&r, NULL);
    assert_int_equal(mkfifo(r.path, 0600), 0);
    snapshot_read_cookies(r.path, NULL, r.diags, &r.secrets);
    assert_int_equal(diag_error_count(r.diags), 2);
    assert_non_null(strstr(diag_get(r.diags, 1)->message, "no ordinary file"));
    snapshot_read_cookies(r.folder.path, NULL, r.diags, &r.secrets);
    assert_non_null(strstr(diag_get(r.diags, 2)->message, "no ordinary file"));
    end(&r);
}

static void a_file_that_others_may_read_is_warned_of(void **state)
{
    (void)state;
    struct reading r;
    read_text(&r, OLD);
    assert_int_equal(chmod(r.path, 0640), 0);
    snapshot_read_cookies(r.path, NULL, r.diags, &r.secrets);
    assert_int_equal(diag_warning_count(r.diags), 1);
    assert_non_null(strstr(diag_get(r.diags, 0)->remedy, "chmod 600"));
    assert_int_equal(r.secrets.count, 1);
    end(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_or_two_secrets_between_comments),
        cmocka_unit_test(a_faulty_file_is_refused_whole_without_showing_it),
        cmocka_unit_test(what_is_no_ordinary_file_is_refused_at_once),
        cmocka_unit_test(a_file_that_others_may_read_is_warned_of),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
