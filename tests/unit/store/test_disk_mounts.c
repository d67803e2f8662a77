/* Disks that are really full, and really read-only: small file systems in a mount namespace of
 * this process. */
#include <sched.h>
#include <sys/mount.h>

#include "rhumb/state_store.h"

#include "../../support/disk_case.h"

enum { DISK_BYTES = 64 * 1024 };

struct disk {
    struct test_loop loop;
    struct temp_folder folder;
    struct state_store *store;
    const char *text;
};

static void fill(void *ctx, struct text *out)
{
    text_printf(out, "%s", ((struct disk *)ctx)->text);
}

static void open_disk(struct disk *disk)
{
    *disk = (struct disk){.text = "kept"};
    temp_folder_open(&disk->folder);
    assert_int_equal(mount("tmpfs", disk->folder.path, "tmpfs", 0, "size=64k"), 0);
    test_loop_open(&disk->loop);
    assert_int_equal(
        state_store_new(&disk->loop.uv, disk->folder.path, fill, disk, &disk->store), ERR_OK);
    test_log_open();
}

static void close_disk(struct disk *disk)
{
    state_store_close(disk->store, NULL);
    test_loop_close(&disk->loop);
    test_log_close();
    assert_int_equal(umount(disk->folder.path), 0);
    temp_folder_close(&disk->folder);
}

static void assert_kept(const struct disk *disk, const char *wanted)
{
    size_t len;
    char *bytes = state_store_read(disk->folder.path, &len);
    assert_non_null(bytes);
    assert_string_equal(bytes, wanted);
    free(bytes);
}

static void a_full_disk_keeps_the_old_file_until_there_is_room(void **state)
{
    (void)state;
    struct disk disk;
    open_disk(&disk);
    state_store_changed(disk.store, true);
    while (state_store_lag_ms(disk.store) > 0)
        uv_run(&disk.loop.uv, UV_RUN_ONCE);
    char path[TEMP_PATH_MAX];
    FILE *filler = fopen(temp_path(&disk.folder, "filler", path), "w");
    assert_non_null(filler);
    for (int i = 0; i < DISK_BYTES; i++)
        fputc('x', filler);
    fclose(filler);
    disk.text = "newer";
    state_store_changed(disk.store, true);
    test_loop_until_log(&disk.loop, "event=state_not_written", 1);
    assert_int_equal(test_log_count("free some space"), 1);
    assert_kept(&disk, "kept");
    temp_remove(&disk.folder, "filler");
    test_loop_until_log(&disk.loop, "event=state_written_again", 1);
    assert_kept(&disk, "newer");
    close_disk(&disk);
}

static void remount(const struct disk *disk, unsigned long flags)
{
    assert_int_equal(mount("tmpfs", disk->folder.path, "tmpfs", MS_REMOUNT | flags, NULL), 0);
}

static void a_read_only_disk_is_written_again_when_it_can_be(void **state)
{
    (void)state;
    struct disk disk;
    size_t len;
    open_disk(&disk);
    remount(&disk, MS_RDONLY);
    assert_null(state_store_read(disk.folder.path, &len));
    assert_int_equal(test_log_count("event=state_folder_unusable"), 1);
    state_store_changed(disk.store, true);
    test_loop_until_log(&disk.loop, "event=state_not_written", 1);
    assert_int_equal(test_log_count("mount it writable"), 2);
    remount(&disk, 0);
    test_loop_until_log(&disk.loop, "event=state_written_again", 1);
    assert_kept(&disk, "kept");
    close_disk(&disk);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_full_disk_keeps_the_old_file_until_there_is_room),
        cmocka_unit_test(a_read_only_disk_is_written_again_when_it_can_be),
    };
    if (unshare(CLONE_NEWNS) != 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0) {
        puts("1..0 # SKIP no right to mount a file system here");
        return 0;
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
