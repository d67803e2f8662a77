#include <signal.h>
#include <sys/wait.h>

#include "rhumb/state_store.h"

#include "../../support/disk_case.h"

/* What is kept, and the store that keeps it. */
struct kept {
    struct test_loop loop;
    struct temp_folder folder;
    struct state_store *store;
    char text[64];
    size_t fills, closed;
};

static void fill(void *ctx, struct text *out)
{
    struct kept *kept = ctx;
    kept->fills++;
    text_printf(out, "%s", kept->text);
}

static void on_closed(void *ctx)
{
    ((struct kept *)ctx)->closed++;
}

static void open_kept(struct kept *kept)
{
    *kept = (struct kept){.fills = 0};
    temp_folder_open(&kept->folder);
    test_loop_open(&kept->loop);
    assert_int_equal(
        state_store_new(&kept->loop.uv, kept->folder.path, fill, kept, &kept->store), ERR_OK);
    test_log_open();
}

static void change(struct kept *kept, const char *text, bool urgent)
{
    snprintf(kept->text, sizeof(kept->text), "%s", text);
    state_store_changed(kept->store, urgent);
}

static bool is_written(void *ctx)
{
    return state_store_lag_ms(((struct kept *)ctx)->store) == 0;
}

static void close_kept(struct kept *kept)
{
    state_store_close(kept->store, on_closed);
    test_loop_close(&kept->loop);
    assert_int_equal(kept->closed, 1);
    test_log_close();
    temp_folder_close(&kept->folder);
}

static void assert_kept(const struct temp_folder *folder, const char *wanted)
{
    size_t len;
    char *bytes = state_store_read(folder->path, &len);
    assert_non_null(bytes);
    assert_int_equal(len, strlen(wanted));
    assert_string_equal(bytes, wanted);
    free(bytes);
}

static void what_was_kept_comes_back(void **state)
{
    (void)state;
    static const char *const texts[] = {"", "{}", "{}\n", "two\nlines\n", "\n\n"};
    for (size_t i = 0; i < COUNT(texts); i++) {
        struct kept kept;
        open_kept(&kept);
        change(&kept, texts[i], true);
        test_loop_until_count(&kept.loop, &kept.fills, 1);
        state_store_close(kept.store, on_closed);
        test_loop_close(&kept.loop);
        assert_kept(&kept.folder, texts[i]);
        assert_int_equal(test_log_count(""), 0);
        test_log_close();
        temp_folder_close(&kept.folder);
    }
}

static void a_missing_file_is_fine_and_its_folder_is_made(void **state)
{
    (void)state;
    struct temp_folder folder;
    char path[TEMP_PATH_MAX];
    size_t len = 1;
    temp_folder_open(&folder);
    test_log_open();
    assert_null(state_store_read(temp_path(&folder, "state", path), &len));
    assert_int_equal(len, 0);
    assert_int_equal(access(path, W_OK), 0);
    assert_int_equal(test_log_count(""), 0);
    test_log_close();
    temp_folder_close(&folder);
}

static void a_folder_that_cannot_be_is_logged_with_a_remedy(void **state)
{
    (void)state;
    struct temp_folder folder;
    char path[TEMP_PATH_MAX];
    size_t len;
    temp_folder_open(&folder);
    temp_write(&folder, "file", "");
    test_log_open();
    assert_null(state_store_read(temp_path(&folder, "file", path), &len));
    assert_null(state_store_read(temp_path(&folder, "no/where", path), &len));
    assert_int_equal(test_log_count("event=state_folder_unusable"), 2);
    assert_int_equal(test_log_count("remedy=\"name a folder"), 1);
    assert_int_equal(test_log_count("remedy=\"create the folder"), 1);
    test_log_close();
    temp_folder_close(&folder);
}

/* make_good - a file as the store writes it; returns its text, to be freed. */
static char *make_good(struct temp_folder *folder, const char *text)
{
    struct kept kept;
    open_kept(&kept);
    change(&kept, text, true);
    state_store_close(kept.store, NULL);
    test_loop_close(&kept.loop);
    test_log_close();
    *folder = kept.folder;
    return slurp(folder->path, "health.json");
}

/* assert_set_aside - the file is not used, is out of the way, and the log says so. */
static void assert_set_aside(const struct temp_folder *folder)
{
    size_t len, before = test_log_count("event=state_corrupt");
    assert_null(state_store_read(folder->path, &len));
    assert_int_equal(test_log_count("event=state_corrupt"), before + 1);
    assert_null(state_store_read(folder->path, &len)); /* nothing there now: no word about it */
    assert_int_equal(test_log_count(""), before + 1);
}

static void a_file_cut_at_any_byte_is_set_aside(void **state)
{
    (void)state;
    struct temp_folder folder;
    char *good = make_good(&folder, "{\"a\":1}\n{\"b\":2}\n");
    char path[TEMP_PATH_MAX];
    test_log_open();
    for (size_t len = 0; len < strlen(good); len++) {
        temp_write(&folder, "health.json", good);
        assert_int_equal(truncate(temp_path(&folder, "health.json", path), (off_t)len), 0);
        assert_set_aside(&folder);
    }
    assert_int_equal(count_files(folder.path, "health.json.corrupt-"), 3);
    temp_write(&folder, "health.json", good);
    assert_kept(&folder, "{\"a\":1}\n{\"b\":2}\n");
    test_log_close();
    free(good);
    temp_folder_close(&folder);
}

static void a_file_with_any_byte_changed_is_set_aside(void **state)
{
    (void)state;
    struct temp_folder folder;
    char *good = make_good(&folder, "{\"a\":1}\n");
    test_log_open();
    for (size_t i = 0; i < strlen(good); i++) {
        good[i] ^= 1;
        temp_write(&folder, "health.json", good);
        assert_set_aside(&folder);
        good[i] ^= 1;
    }
    test_log_close();
    free(good);
    temp_folder_close(&folder);
}

static void what_we_did_not_write_is_set_aside(void **state)
{
    (void)state;
    struct temp_folder folder;
    char path[TEMP_PATH_MAX];
    temp_folder_open(&folder);
    test_log_open();
    temp_write(&folder, "health.json", "{\"written\": \"by hand\"}\n");
    assert_set_aside(&folder);
    assert_int_equal(symlink("/etc/passwd", temp_path(&folder, "health.json", path)), 0);
    assert_set_aside(&folder);
    assert_int_equal(mkfifo(path, 0600), 0);
    assert_set_aside(&folder);
    temp_write(&folder, "health.json", "");
    assert_int_equal(truncate(path, STATE_STORE_MAX_BYTES + 4096),
                     0); /* a hole costs nothing */
    assert_set_aside(&folder);
    test_log_close();
    temp_folder_close(&folder);
}

static void changes_close_together_are_one_write_within_a_second(void **state)
{
    (void)state;
    struct kept kept;
    open_kept(&kept);
    uint64_t before_ms = uv_now(&kept.loop.uv);
    change(&kept, "one", false);
    change(&kept, "two", false);
    test_loop_until(&kept.loop, is_written, &kept);
    assert_true(uv_now(&kept.loop.uv) > before_ms);
    assert_int_equal(kept.fills, 1);
    assert_kept(&kept.folder, "two");
    close_kept(&kept);
}

static void what_changes_during_a_write_is_in_the_next(void **state)
{
    (void)state;
    struct kept kept;
    open_kept(&kept);
    disk_fault_hang();
    change(&kept, "one", true);
    test_loop_until(&kept.loop, is_hanging, NULL);
    change(&kept, "two", true);
    change(&kept, "three", true);
    for (int turn = 0; turn < 20; turn++)
        uv_run(&kept.loop.uv, UV_RUN_ONCE);
    assert_int_equal(kept.fills, 1); /* never two at the same time */
    assert_int_equal(disk_fault_hanging(), 1);
    disk_fault_release();
    test_loop_until(&kept.loop, is_written, &kept);
    assert_int_equal(kept.fills, 2);
    assert_kept(&kept.folder, "three");
    close_kept(&kept);
}

static void a_disk_that_refuses_is_reported_once_and_tried_again(void **state)
{
    (void)state;
    static const int errors[] = {ENOSPC, EIO, EROFS};
    static const char *const remedies[] = {"free some space", "look at the disk", "writable"};
    for (size_t i = 0; i < COUNT(errors); i++) {
        struct kept kept;
        open_kept(&kept);
        disk_fault_refuse(errors[i]);
        size_t writes = disk_fault_writes();
        change(&kept, "one", true);
        while (disk_fault_writes() < writes + 2)
            (void)test_loop_turn(&kept.loop);
        assert_int_equal(test_log_count("event=state_not_written"), 1);
        assert_int_equal(test_log_count(remedies[i]), 1);
        assert_true(state_store_lag_ms(kept.store) > 0);
        disk_fault_refuse(0);
        change(&kept, "two", true);
        test_loop_until_log(&kept.loop, "event=state_written_again", 1);
        assert_kept(&kept.folder, "two");
        assert_int_equal(test_log_count(""), 2);
        close_kept(&kept);
    }
}

/* fill_long - texts that tell whether they are whole: all bytes are the same. */
static void fill_long(void *ctx, struct text *out)
{
    struct kept *kept = ctx;
    kept->fills++;
    for (int i = 0; i < 20000; i++)
        text_printf(out, "%c", 'a' + (int)(kept->fills % 26));
    state_store_changed(kept->store, true);
}

static void write_for_ever(struct kept *kept)
{
    test_loop_open(&kept->loop);
    if (state_store_new(&kept->loop.uv, kept->folder.path, fill_long, kept, &kept->store) !=
        ERR_OK)
        _exit(1);
    state_store_changed(kept->store, true);
    uv_run(&kept->loop.uv, UV_RUN_DEFAULT);
    _exit(1);
}

/* await_write - until there is another file than the last one seen. */
static void await_write(const struct temp_folder *folder, ino_t *last)
{
    char path[TEMP_PATH_MAX];
    struct stat now = {.st_ino = 0};
    temp_path(folder, "health.json", path);
    for (int ms = 0; ms < 20000 && (stat(path, &now) != 0 || now.st_ino == *last); ms++)
        usleep(1000);
    assert_int_not_equal(now.st_ino, 0);
    *last = now.st_ino;
}

static void a_kill_at_any_moment_leaves_a_whole_file(void **state)
{
    (void)state;

    enum { KILLS = 40 };

    struct kept kept = {.fills = 0};
    ino_t last = 0;
    size_t len;
    temp_folder_open(&kept.folder);
    test_log_open();
    for (unsigned i = 0; i < KILLS; i++) {
        fflush(NULL);
        pid_t child = fork();
        if (child == 0)
            write_for_ever(&kept);
        await_write(&kept.folder, &last);
        usleep(i * 997 % 5000); /* for the moment to differ, not to wait for anything */
        kill(child, SIGKILL);
        int status;
        assert_int_equal(waitpid(child, &status, 0), child);
        assert_true(WIFSIGNALED(status));
        char *bytes = state_store_read(kept.folder.path, &len);
        assert_non_null(bytes);
        assert_int_equal(len, 20000);
        assert_int_equal(strspn(bytes, (char[]){bytes[0], 0}), len);
        free(bytes);
    }
    assert_int_equal(test_log_count(""), 0);
    assert_in_range(count_files(kept.folder.path, "health.json"), 1, 2); /* one temporary */
    test_log_close();
    temp_folder_close(&kept.folder);
}

static void closing_writes_what_has_changed(void **state)
{
    (void)state;
    struct kept kept;
    open_kept(&kept);
    change(&kept, "last words", false);
    state_store_close(kept.store, on_closed);
    test_loop_close(&kept.loop);
    assert_int_equal(kept.closed, 1);
    assert_kept(&kept.folder, "last words");
    test_log_close();
    temp_folder_close(&kept.folder);
}

/* A server that is being stopped ends, even if the disk does not answer; and the thread that is
 * left behind does no harm when it does come back. */
static void closing_leaves_a_disk_that_hangs(void **state)
{
    (void)state;
    struct kept kept;
    open_kept(&kept);
    disk_fault_hang();
    change(&kept, "one", true);
    test_loop_until(&kept.loop, is_hanging, NULL);
    change(&kept, "two", true);
    uint64_t before_ms = uv_hrtime() / 1000000;
    close_kept(&kept); /* runs the loop down */
    assert_true(uv_hrtime() / 1000000 - before_ms < 2000);
    disk_fault_release();
    while (disk_fault_hanging() > 0)
        usleep(1000);
}

static void closing_does_not_insist_on_a_disk_that_refuses(void **state)
{
    (void)state;
    struct kept kept;
    open_kept(&kept);
    disk_fault_refuse(EIO);
    change(&kept, "one", false);
    close_kept(&kept);
    disk_fault_refuse(0);
    assert_int_equal(kept.fills, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_was_kept_comes_back),
        cmocka_unit_test(a_missing_file_is_fine_and_its_folder_is_made),
        cmocka_unit_test(a_folder_that_cannot_be_is_logged_with_a_remedy),
        cmocka_unit_test(a_file_cut_at_any_byte_is_set_aside),
        cmocka_unit_test(a_file_with_any_byte_changed_is_set_aside),
        cmocka_unit_test(what_we_did_not_write_is_set_aside),
        cmocka_unit_test(changes_close_together_are_one_write_within_a_second),
        cmocka_unit_test(what_changes_during_a_write_is_in_the_next),
        cmocka_unit_test(a_disk_that_refuses_is_reported_once_and_tried_again),
        cmocka_unit_test(a_kill_at_any_moment_leaves_a_whole_file),
        cmocka_unit_test(closing_writes_what_has_changed),
        cmocka_unit_test(closing_leaves_a_disk_that_hangs),
        cmocka_unit_test(closing_does_not_insist_on_a_disk_that_refuses),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
