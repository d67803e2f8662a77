/* From rings to a file, through the thread. What it has not done by itself it does when it is
 * closed, so that no test has to wait. */
#include <pthread.h>
#include <sched.h>
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

#include "rhumb/querylog.h"

#include "../../support/temp_folder.h"
#include "record_case.h"

enum { WORKERS = 2, FOR_EVER_MS = 60000, RECORDS = 20000 };

struct bed {
    struct temp_folder folder;
    char path[TEMP_PATH_MAX];
    struct config config;
    struct querylog *log;
};

static struct bed bed;

static int set_up(void **state)
{
    (void)state;
    memset(&bed, 0, sizeof(bed));
    temp_folder_open(&bed.folder);
    bed.config.query_log.file = temp_path(&bed.folder, "queries", bed.path);
    bed.config.query_log.chance = UINT64_C(1) << CONFIG_CHANCE_BITS;
    assert_int_equal(querylog_new(WORKERS, "test", &bed.log), ERR_OK);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    temp_folder_close(&bed.folder);
    return 0;
}

static struct querylog_totals totals(void)
{
    struct querylog_totals now;
    querylog_totals(bed.log, &now);
    return now;
}

static void set(void)
{
    assert_int_equal(querylog_set(bed.log, &bed.config), ERR_OK);
}

/* put - a record whose name is a number. False: there was no room. */
static bool put(size_t worker, unsigned number)
{
    uint8_t name[16] = {0};
    struct byte_ring *ring = querylog_ring(bed.log, worker);
    name[0] = (uint8_t)snprintf((char *)name + 1, sizeof(name) - 2, "%u", number);
    struct answer_record_view record = a_record(name);
    record.head.zone_bytes = 0;
    record.head.message_bytes = 0;
    size_t bytes = sizeof(record.head) + record.head.name_bytes + 3u + 7u;
    uint8_t *room = byte_ring_reserve(ring, bytes);
    if (!room)
        return false;
    memcpy(room, &record.head, sizeof(record.head));
    memcpy(room + sizeof(record.head), name, record.head.name_bytes);
    memcpy(room + sizeof(record.head) + record.head.name_bytes, "appeu-west", 10);
    byte_ring_put(ring, bytes);
    return true;
}

/* count_lines - of a file, each of them whole. */
static unsigned count_lines(const char *path)
{
    char line[4096];
    unsigned count = 0;
    FILE *in = fopen(path, "r");
    if (!in)
        return 0;
    while (fgets(line, sizeof(line), in)) {
        assert_int_equal(strncmp(line, "time=2026-", 10), 0);
        assert_int_equal(line[strlen(line) - 1], '\n');
        count++;
    }
    fclose(in);
    return count;
}

static void nothing_is_there_until_something_is_to_be_logged(void **state)
{
    (void)state;
    bed.config.query_log.chance = 0;
    set();
    assert_null(querylog_ring(bed.log, 0));
    querylog_reopen(bed.log);
    assert_int_equal(totals().written, 0);
    querylog_close(bed.log, FOR_EVER_MS);
    assert_int_equal(access(bed.path, F_OK), -1);
}

static void what_is_put_is_written_before_it_is_closed(void **state)
{
    (void)state;
    set();
    for (unsigned i = 0; i < 100; i++)
        assert_true(put(i % WORKERS, i));
    querylog_close(bed.log, FOR_EVER_MS);
    assert_int_equal(count_lines(bed.path), 100);
    struct stat status;
    assert_int_equal(stat(bed.path, &status), 0);
    assert_int_equal(status.st_mode & 07777 & ~0640u, 0);
}

static void *produce(void *worker)
{
    for (unsigned i = 0; i < RECORDS; i++)
        while (!put((size_t)(uintptr_t)worker, i))
            sched_yield();
    return NULL;
}

static void two_workers_lose_nothing_that_found_room(void **state)
{
    (void)state;
    pthread_t threads[WORKERS];
    set();
    for (size_t i = 0; i < WORKERS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, produce, (void *)(uintptr_t)i), 0);
    while (totals().written < RECORDS) /* read while it is written */
        sched_yield();
    for (size_t i = 0; i < WORKERS; i++)
        pthread_join(threads[i], NULL);
    assert_int_equal(totals().dropped_unwritten, 0);
    querylog_close(bed.log, FOR_EVER_MS);
    assert_int_equal(count_lines(bed.path), WORKERS * RECORDS);
}

static void a_file_that_was_moved_away_is_made_anew(void **state)
{
    (void)state;
    char moved[TEMP_PATH_MAX];
    temp_path(&bed.folder, "queries.1", moved);
    set();
    assert_true(put(0, 1));
    while (totals().written < 1)
        sched_yield();
    assert_int_equal(rename(bed.path, moved), 0);
    querylog_reopen(bed.log);
    while (access(bed.path, F_OK) != 0)
        sched_yield();
    assert_true(put(0, 2) && put(1, 3));
    querylog_close(bed.log, FOR_EVER_MS);
    assert_int_equal(count_lines(moved), 1);
    assert_int_equal(count_lines(bed.path), 2);
}

/* What comes while the thread has not heard of it yet is the old file's. */
static void a_reload_may_lead_to_another_file(void **state)
{
    (void)state;
    char other[TEMP_PATH_MAX];
    unsigned count = 1;
    set();
    assert_true(put(0, 0));
    while (totals().written < 1)
        sched_yield();
    bed.config.query_log.file = temp_path(&bed.folder, "others", other);
    set();
    set(); /* nothing new */
    while (access(other, F_OK) != 0 && count < 1000) {
        uint64_t before = totals().written;
        assert_true(put(0, count++));
        while (totals().written == before)
            sched_yield();
    }
    bed.config.query_log.chance = 0;
    set();
    querylog_close(bed.log, FOR_EVER_MS);
    assert_in_range(count_lines(other), 1, count - 1);
    assert_int_equal(count_lines(bed.path) + count_lines(other), count);
}

static void a_full_disk_costs_records_and_nothing_else(void **state)
{
    (void)state;
    bed.config.query_log.file = "/dev/full";
    set();
    for (unsigned i = 0; i < 10; i++)
        assert_true(put(0, i));
    while (totals().dropped_unwritten < 10)
        sched_yield();
    assert_int_equal(totals().written, 0);
    querylog_close(bed.log, FOR_EVER_MS);
}

static void a_folder_that_is_not_there_costs_the_same(void **state)
{
    (void)state;
    bed.config.query_log.file = temp_path(&bed.folder, "no/such/folder", bed.path);
    set();
    for (unsigned i = 0; i < 10; i++)
        assert_true(put(1, i));
    while (totals().dropped_unwritten < 10)
        sched_yield();
    querylog_close(bed.log, FOR_EVER_MS);
}

/* Nobody reads this pipe: opening it waits for ever, and with it the thread. */
static void a_thread_that_waits_holds_nobody_up(void **state)
{
    (void)state;
    assert_int_equal(mkfifo(bed.path, 0600), 0);
    set();
    unsigned count = 0;
    while (put(0, count))
        count++;
    assert_in_range(count, 4000, 20000); /* a megabyte of them */
    assert_int_equal(totals().dropped_full, 1);
    assert_int_equal(totals().written, 0);
    querylog_close(bed.log, 1);
    FILE *reader = fopen(bed.path, "r"); /* lets the thread that was left behind go */
    char line[4096];
    assert_non_null(reader);
    while (fgets(line, sizeof(line), reader))
        count--;
    fclose(reader);
    assert_int_equal(count, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
        CASE(nothing_is_there_until_something_is_to_be_logged),
        CASE(what_is_put_is_written_before_it_is_closed),
        CASE(two_workers_lose_nothing_that_found_room),
        CASE(a_file_that_was_moved_away_is_made_anew),
        CASE(a_reload_may_lead_to_another_file),
        CASE(a_full_disk_costs_records_and_nothing_else),
        CASE(a_folder_that_is_not_there_costs_the_same),
        CASE(a_thread_that_waits_holds_nobody_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
