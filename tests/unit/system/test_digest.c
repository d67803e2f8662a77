#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "rhumb/digest.h"

#include "../../support/temp_folder.h"

/* FIPS 180-2, appendix B; the empty one is widely known. */
static const struct {
    const char *text, *digest;
} known[] = {
    {"", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
    {"abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
    {"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
     "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"},
};

static void known_texts_have_known_digests(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
        uint8_t whole[DIGEST_BYTES], pieces[DIGEST_BYTES];
        char text[DIGEST_TEXT_MAX];
        size_t len = strlen(known[i].text);
        assert_true(digest_of(known[i].text, len, whole));
        assert_string_equal(digest_format(whole, text), known[i].digest);
        struct digest *digest = digest_new();
        assert_non_null(digest);
        for (size_t at = 0; at < len; at++)
            digest_add(digest, known[i].text + at, 1);
        assert_true(digest_finish(digest, pieces));
        assert_true(digest_equal(whole, pieces));
        pieces[DIGEST_BYTES - 1] ^= 1;
        assert_false(digest_equal(whole, pieces));
    }
}

/* A million times "a" is longer than what is read at once. */
static void a_file_has_the_digest_of_what_is_in_it(void **state)
{
    enum { LONG = 1000 * 1000 };

    (void)state;
    struct temp_folder folder;
    char path[TEMP_PATH_MAX], hex[DIGEST_TEXT_MAX], *text = malloc(LONG + 1);
    uint8_t digest[DIGEST_BYTES];
    uint64_t bytes;
    assert_non_null(text);
    memset(text, 'a', LONG);
    text[LONG] = '\0';
    temp_folder_open(&folder);
    temp_write(&folder, "long", text);
    temp_write(&folder, "empty", "");
    assert_int_equal(digest_file(temp_path(&folder, "long", path), digest, &bytes), ERR_OK);
    assert_int_equal(bytes, LONG);
    assert_string_equal(digest_format(digest, hex),
                        "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
    assert_int_equal(digest_file(temp_path(&folder, "empty", path), digest, &bytes), ERR_OK);
    assert_int_equal(bytes, 0);
    assert_string_equal(digest_format(digest, hex), known[0].digest);
    temp_folder_close(&folder);
    free(text);
}

static void what_is_no_file_is_refused(void **state)
{
    (void)state;
    struct temp_folder folder;
    char path[TEMP_PATH_MAX];
    uint8_t digest[DIGEST_BYTES];
    uint64_t bytes;
    temp_folder_open(&folder);
    assert_int_equal(digest_file(temp_path(&folder, "none", path), digest, &bytes), ERR_IO);
    assert_int_equal(errno, ENOENT);
    assert_int_equal(digest_file(folder.path, digest, &bytes), ERR_IO);
    assert_int_equal(errno, EINVAL);
    assert_int_equal(mkfifo(temp_path(&folder, "fifo", path), 0600), 0);
    assert_int_equal(digest_file(path, digest, &bytes), ERR_IO); /* nobody waits for a writer */
    temp_remove(&folder, "fifo");
    temp_folder_close(&folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(known_texts_have_known_digests),
        cmocka_unit_test(a_file_has_the_digest_of_what_is_in_it),
        cmocka_unit_test(what_is_no_file_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
