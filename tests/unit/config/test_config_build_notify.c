#include <sys/stat.h>

#include "../../support/temp_folder.h"
#include "config_case.h"

static void receivers_have_defaults(void **state)
{
    (void)state;
    struct loaded loaded =
        load_good("notify:\n"
                  "  - webhook: {url: 'https://hooks.example.net/rhumb?a=b'}\n"
                  "  - command: [bin/page, --now, 'two words']\n"
                  "  - command: page\n");
    const struct config *config = loaded.config;
    assert_int_equal(config->receiver_count, 3);
    const struct config_receiver *webhook = &config->receivers[0], *command = webhook + 1;
    assert_int_equal(webhook->kind, CONFIG_WEBHOOK);
    assert_string_equal(webhook->url, "https://hooks.example.net/rhumb?a=b");
    assert_string_equal(webhook->name, "https://hooks.example.net"); /* no secret of a path */
    assert_int_equal(webhook->severity, CONFIG_WARNING);
    assert_int_equal(webhook->timeout_ms, 5000);
    assert_int_equal(webhook->header_count, 0);
    assert_true(webhook->verify);
    assert_null(webhook->ca_file);
    assert_int_equal(webhook->place.line, 2);
    assert_int_equal(command->kind, CONFIG_COMMAND);
    assert_int_equal(command->severity, CONFIG_WARNING);
    assert_int_equal(command->timeout_ms, 10000);
    assert_int_equal(command->argument_count, 3);
    assert_string_equal(command->argv[0], "dir/bin/page"); /* as every path: from the folder */
    assert_string_equal(command->argv[1], "--now");
    assert_string_equal(command->argv[2], "two words");
    assert_null(command->argv[3]);
    assert_string_equal(config->receivers[2].argv[0], "page"); /* looked for in PATH */
    assert_string_equal(config->receivers[2].name, "page");
    assert_int_equal(config->file_count, 1);
    unload(&loaded);
}

static void everything_can_be_said(void **state)
{
    (void)state;
    struct loaded loaded =
        load_good("notify:\n"
                  "  - webhook: {url: 'http://[2001:db8::1]:8080', severity: critical,\n"
                  "      headers: {Authorization: Bearer x, X-Empty: ''}, timeout: 250ms,\n"
                  "      ca_file: ca.pem, verify: false}\n"
                  "  - command: [/bin/page]\n"
                  "    severity: info\n"
                  "    timeout: 1m\n");
    const struct config_receiver *webhook = &loaded.config->receivers[0],
                                 *command = webhook + 1;
    assert_string_equal(webhook->name, "http://[2001:db8::1]:8080");
    assert_int_equal(webhook->severity, CONFIG_CRITICAL);
    assert_int_equal(webhook->header_count, 2);
    assert_string_equal(webhook->headers[0].name, "Authorization");
    assert_string_equal(webhook->headers[0].value, "Bearer x");
    assert_string_equal(webhook->headers[1].value, "");
    assert_int_equal(webhook->timeout_ms, 250);
    assert_string_equal(webhook->ca_file, "dir/ca.pem");
    assert_false(webhook->verify);
    assert_string_equal(command->argv[0], "/bin/page");
    assert_int_equal(command->severity, CONFIG_INFO);
    assert_int_equal(command->timeout_ms, 60000);
    unload(&loaded);
}

static void nothing_to_notify_is_fine(void **state)
{
    (void)state;
    static const char *const texts[] = {"server: {}\n", "notify:\n", "notify: []\n"};
    for (size_t i = 0; i < COUNT(texts); i++) {
        struct loaded loaded = load_good(texts[i]);
        assert_int_equal(loaded.config->receiver_count, 0);
        unload(&loaded);
    }
}

static void secrets_come_from_files_that_are_watched(void **state)
{
    (void)state;
    struct temp_folder folder;
    char url[TEMP_PATH_MAX], headers[TEMP_PATH_MAX], text[2 * TEMP_PATH_MAX + 200];
    temp_folder_open(&folder);
    temp_write(&folder, "url", " https://hooks.example.net/s3cret\n\n");
    temp_write(&folder, "headers",
               "# who we are\n\n Authorization: Bearer x:y \r\nX-Team:ops\n");
    assert_int_equal(chmod(temp_path(&folder, "url", url), 0600), 0);
    assert_int_equal(chmod(temp_path(&folder, "headers", headers), 0600), 0);
    snprintf(text, sizeof(text),
             "notify: [{webhook: {url_file: %s, headers: {A: b}, headers_file: %s}}]\n", url,
             headers);
    struct loaded loaded = load_good(text);
    const struct config_receiver *webhook = &loaded.config->receivers[0];
    assert_string_equal(webhook->url, "https://hooks.example.net/s3cret");
    assert_string_equal(webhook->name, "https://hooks.example.net");
    assert_int_equal(webhook->header_count, 3);
    assert_string_equal(webhook->headers[0].name, "A");
    assert_string_equal(webhook->headers[1].name, "Authorization");
    assert_string_equal(webhook->headers[1].value, "Bearer x:y");
    assert_string_equal(webhook->headers[2].name, "X-Team");
    assert_string_equal(webhook->headers[2].value, "ops");
    assert_int_equal(loaded.config->file_count, 3);
    assert_string_equal(loaded.config->files[1], url);
    assert_string_equal(loaded.config->files[2], headers);
    assert_false(has_warning(&loaded, "others than its owner"));
    unload(&loaded);
    assert_int_equal(chmod(url, 0644), 0);
    expect_warning(text, 1, "others than its owner may read the secret");
    temp_folder_close(&folder);
}

static void a_secret_file_that_is_wrong_is_named_but_not_shown(void **state)
{
    (void)state;
    static char large[20000];
    memset(large, 'x', sizeof(large) - 1);

    static const struct {
        const char *key, *content;
        unsigned line;
        const char *message;
    } cases[] = {
        {"url_file", "hooks.example.net/s3cret", 1, "'url_file' is no URL of a webhook"},
        {"url_file", "", 1, "'url_file' is no URL of a webhook"},
        {"url_file", "https://a/s3cret\nhttps://b/s3cret", 1, "'url_file' is no URL"},
        {"url_file", large, 1, "is larger than 16384 bytes"},
        {"url: 'https://a', headers_file", "A: b\ns3cret\n", 2, "this is no header"},
        {"url: 'https://a', headers_file", "Host: s3cret\n", 1, "this header is set by rhumb"},
        {"url: 'https://a', headers_file", "A: s3\001cret\n", 1, "control characters"},
        {"url: 'https://a', headers_file", NULL, 1, "is no ordinary file"},
        {"url: 'https://a', url_file", "https://b/", 1, "exclude each other"},
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        struct temp_folder folder;
        char path[TEMP_PATH_MAX], text[TEMP_PATH_MAX + 200];
        temp_folder_open(&folder);
        if (cases[i].content) {
            temp_write(&folder, "file", cases[i].content);
            assert_int_equal(chmod(temp_path(&folder, "file", path), 0600), 0);
        }
        snprintf(text, sizeof(text), "notify: [{webhook: {%s: %s}}]\n", cases[i].key,
                 cases[i].content ? path : "/dev/zero");
        struct loaded loaded = load_bytes(text, strlen(text));
        assert_int_equal(loaded.err, ERR_INVALID);
        assert_int_equal(diag_error_count(loaded.diags), 1);
        const struct diag *error = first_of(loaded.diags, DIAG_ERROR);
        assert_non_null(strstr(error->message, cases[i].message));
        assert_int_equal(error->place.line, cases[i].line);
        assert_null(strstr(error->message, "s3cret"));
        assert_null(error->remedy ? strstr(error->remedy, "s3cret") : NULL);
        unload(&loaded);
        temp_folder_close(&folder);
    }
}

static void mistakes_are_named_with_their_place(void **state)
{
    (void)state;

    static const struct broken cases[] = {
        {"notify: {webhook: {url: 'http://a'}}\n", 1, 9, "'notify' must be a list", "- one", 0},
        {"notify: [page]\n", 1, 10, "'notify' must be a mapping, not 'page'", NULL, 0},
        {"notify: [{}]\n", 1, 10, "no webhook and no command", "command: [", 0},
        {"notify: [{severity: info}]\n", 1, 10, "no webhook and no command", NULL, 0},
        {"notify: [{webhook: {}}]\n", 1, 11, "this webhook has no URL", "url_file", 0},
        {"notify: [{webhook: 'https://a'}]\n", 1, 20, "'webhook' must be a mapping", NULL, 0},
        {"notify: [{webhook: {url: ''}}]\n", 1, 26, "'url' is empty", NULL, 0},
        {"notify: [{webhook: {url: 'ftp://a'}}]\n", 1, 26, "'url' is no URL of a webhook",
         "https://host", 0},
        {"notify: [{webhook: {url: 'https://'}}]\n", 1, 26, "no URL", NULL, 0},
        {"notify: [{webhook: {url: 'https://user:pw@a/'}}]\n", 1, 26, "no URL",
         "credentials go into 'headers'", 0},
        {"notify: [{webhook: {url: 'https://a:0/'}}]\n", 1, 26, "no URL", NULL, 0},
        {"notify: [{webhook: {url: 'https://a:65536'}}]\n", 1, 26, "no URL", NULL, 0},
        {"notify: [{webhook: {url: 'https://[::1'}}]\n", 1, 26, "no URL", NULL, 0},
        {"notify: [{webhook: {url: 'https://[1.2.3.4]/'}}]\n", 1, 26, "no URL", NULL, 0},
        {"notify: [{webhook: {url: 'https://a/b c'}}]\n", 1, 26, "no URL", NULL, 0},
        {"notify: [{webhook: {url: 'https://a/#b'}}]\n", 1, 26, "no URL", NULL, 0},
        {"notify: [{webhook: {url: 'https://a', severity: bad}}]\n", 1, 49,
         "unknown value 'bad' for 'severity'", "expected one of: info, warning, critical", 0},
        {"notify: [{webhook: {url: 'https://a', timeout: 2m}}]\n", 1, 48,
         "'timeout' must be a duration from 100ms to 1m", NULL, 0},
        {"notify: [{webhook: {url: 'https://a', verfy: no}}]\n", 1, 39, "unknown key 'verfy'",
         "did you mean 'verify'?", 0},
        {"notify: [{webhook: {url: 'https://a', headers: {content-type: x}}}]\n", 1, 49,
         "this header is set by rhumb", NULL, 0},
        {"notify: [{webhook: {url: 'https://a', headers: {'a b': x}}}]\n", 1, 49,
         "this is no name of a header", NULL, 0},
        {"notify: [{webhook: {url: 'https://a', headers: {A: [x]}}}]\n", 1, 52,
         "a single value, not a list", NULL, 0},
        {"notify: [{webhook: {url_file: dir/none}}]\n", 1, 31, "cannot read dir/dir/none", NULL,
         0},
        {"notify: [{webhook: {url: 'https://a'}, severity: info}]\n", 1, 40,
         "'severity' of a webhook stands inside it", "severity: ...}", 0},
        {"notify: [{webhook: {url: 'https://a'}, command: [a]}]\n", 1, 40,
         "a webhook or a command, not both", "'- command:'", 0},
        {"notify: [{command: []}]\n", 1, 20, "'command' has 0 items", NULL, 0},
        {"notify: [{command: 'page --now'}]\n", 1, 20, "no shell", "[/usr/local/bin/page", 0},
        {"notify: [{command: [page, '']}]\n", 1, 27, "'command' is empty", NULL, 0},
        {"notify: [{command: [page], url: x}]\n", 1, 28, "unknown key 'url'",
         "expected one of: command, severity, timeout", 0},
        {"notify: [{command: [page], timeout: 1}]\n", 1, 37, "'timeout' must be a duration",
         NULL, 0},
    };

    expect_broken(cases, COUNT(cases));
}

static void thirty_two_receivers_are_enough(void **state)
{
    (void)state;
    char text[2048] = "notify: [";
    for (size_t i = 0; i < 33; i++)
        snprintf(text + strlen(text), sizeof(text) - strlen(text), "{command: a},");
    snprintf(text + strlen(text), sizeof(text) - strlen(text), "]\n");
    expect_one_broken(&(struct broken){text, 1, 9, "has 33 items; it takes 0 to 32", NULL, 0});
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(receivers_have_defaults),
        cmocka_unit_test(everything_can_be_said),
        cmocka_unit_test(nothing_to_notify_is_fine),
        cmocka_unit_test(secrets_come_from_files_that_are_watched),
        cmocka_unit_test(a_secret_file_that_is_wrong_is_named_but_not_shown),
        cmocka_unit_test(mistakes_are_named_with_their_place),
        cmocka_unit_test(thirty_two_receivers_are_enough),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
