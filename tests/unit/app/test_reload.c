#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>
#include <curl/curl.h>

#include "rhumb/notify.h"

#include "../../support/app_fixture.h"
#include "../../support/notify_socket.h"
#include "../../support/temp_folder.h"
#include "reload.h"

struct bed {
    struct test_loop loop;
    struct temp_folder folder;
    struct snapshot_slot *slot;
    struct monitor *monitor;
    struct notify *notify;
    struct reload *reload;
};

static void write_zone(struct bed *bed, unsigned serial)
{
    temp_printf(&bed->folder, "example.com.zone",
                "$TTL 300\n@ SOA ns h %u 2 3 4 5\n@ NS ns\nns A 192.0.2.53\n"
                "serial TXT \"%u\"\n",
                serial, serial);
}

static void write_config(struct bed *bed, const char *more)
{
    temp_printf(&bed->folder, "rhumb.yaml",
                "server: {listen: ['127.0.0.1:5300']}\n"
                "zones: {example.com: {file: example.com.zone}}\n%s",
                more);
}

static void open_bed(struct bed *bed)
{
    char path[TEMP_PATH_MAX];
    *bed = (struct bed){.slot = snapshot_slot_new()};
    assert_non_null(bed->slot);
    test_log_open();
    temp_folder_open(&bed->folder);
    test_loop_open(&bed->loop);
    write_zone(bed, 1);
    write_config(bed, "");
    assert_int_equal(
        monitor_new(&bed->loop.uv, &(struct herald){.tell = app_tell}, &bed->monitor), ERR_OK);
    assert_int_equal(notify_new(&bed->loop.uv, &bed->notify), ERR_OK);
    struct snapshot *first = app_compile(temp_path(&bed->folder, "rhumb.yaml", path));
    assert_int_equal(monitor_retarget(bed->monitor, first), ERR_OK);
    assert_null(snapshot_publish(bed->slot, first));
    struct reload_start from = {
        .config_path = path,
        .begun_ms = UINT64_MAX, /* the files are older, whatever the kernel's clock says */
        .slot = bed->slot,
        .monitor = bed->monitor,
        .notify = bed->notify,
    };
    assert_int_equal(reload_new(&bed->loop.uv, &from, &bed->reload), ERR_OK);
}

/* close_bed - what runs may end by itself; nothing leaks. */
static void close_bed(struct bed *bed)
{
    reload_close(bed->reload);
    monitor_close(bed->monitor);
    notify_close(bed->notify);
    test_loop_close(&bed->loop);
    snapshot_slot_free(bed->slot);
    temp_folder_close(&bed->folder);
    test_log_close();
}

static uint32_t serial_of(const struct snapshot *snapshot)
{
    return snapshot->zones.zones[0]->serial;
}

static void assert_served(const struct bed *bed, uint64_t generation, uint32_t serial)
{
    const struct snapshot *snapshot = snapshot_current(bed->slot);
    assert_int_equal(snapshot->generation, generation);
    assert_int_equal(serial_of(snapshot), serial);
}

static const char ok[] = "event=reload result=ok", failed[] = "event=reload result=failed";

static void a_request_publishes_what_the_files_say_now(void **state)
{
    (void)state;
    struct bed bed;
    open_bed(&bed);
    write_zone(&bed, 2);
    reload_request(bed.reload, "SIGHUP");
    assert_served(&bed, 1, 1); /* not on this thread */
    test_loop_until_log(&bed.loop, ok, 1);
    assert_served(&bed, 2, 2);
    assert_int_equal(test_log_count("event=reload_requested by=SIGHUP"), 1);
    assert_int_equal(test_log_count("generation=2 zones=1 targets=0"), 1);
    test_loop_until_log(&bed.loop, "event=snapshot_retired", 1);
    close_bed(&bed);
}

static void a_changed_file_is_reason_enough(void **state)
{
    (void)state;
    struct bed bed;
    open_bed(&bed);
    write_zone(&bed, 2);
    test_loop_until_log(&bed.loop, ok, 1);
    assert_served(&bed, 2, 2);
    assert_int_equal(test_log_count("example.com.zone"), 1);
    write_config(&bed, "x-comment: changed\n"); /* watched after the reload too */
    test_loop_until_log(&bed.loop, ok, 2);
    assert_served(&bed, 3, 2);
    close_bed(&bed);
}

static void broken_files_leave_the_old_data_in_service(void **state)
{
    (void)state;

    static const struct {
        const char *file, *text, *diagnostic;
    } cases[] = {
        {"rhumb.yaml", "server: [\n", "not valid YAML"},
        {"rhumb.yaml", "severs: {}\n", "did you mean 'server'?"},
        {"rhumb.yaml", "server: {listen: ['127.0.0.1:5300']}\n", "no zone is left of the 1"},
        {"example.com.zone", "@ 60 NS ns\n", "SOA"},
        {"example.com.zone", "", "the file holds no records"},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct bed bed;
        open_bed(&bed);
        temp_write(&bed.folder, cases[i].file, cases[i].text);
        reload_request(bed.reload, "SIGHUP");
        test_loop_until_log(&bed.loop, failed, 1);
        assert_served(&bed, 1, 1);
        assert_int_equal(test_log_count(cases[i].diagnostic), 1);
        assert_int_equal(test_log_count("severity=critical"), 1);
        assert_int_equal(test_log_count("kept=1"), 1);
        write_zone(&bed, 3);
        write_config(&bed, "");
        reload_request(bed.reload, "SIGHUP");
        test_loop_until_log(&bed.loop, ok, 1);
        assert_served(&bed, 2, 3);
        close_bed(&bed);
    }
}

/* A zone cut short is valid, and no accident when the operator says so. */
static void most_names_are_not_thrown_away_unless_it_is_meant(void **state)
{
    (void)state;
    struct bed bed;
    open_bed(&bed);
    temp_write(&bed.folder, "example.com.zone",
               "@ 60 SOA ns.example. h 4 2 3 4 5\n@ 60 NS ns.example.\n");
    reload_request(bed.reload, "SIGHUP");
    test_loop_until_log(&bed.loop, failed, 1);
    assert_served(&bed, 1, 1);
    assert_int_equal(test_log_count("2 of 3 names would be gone, more than half"), 1);
    assert_int_equal(test_log_count("server: {allow_shrink: true}"), 1);
    temp_write(&bed.folder, "rhumb.yaml",
               "server: {listen: ['127.0.0.1:5300'], allow_shrink: true}\n"
               "zones: {example.com: {file: example.com.zone}}\n");
    test_loop_until_log(&bed.loop, ok, 1); /* the file has changed: reason enough */
    assert_served(&bed, 2, 4);
    close_bed(&bed);
}

/* The zone comes after the configuration that names it. */
static void receivers_are_those_of_the_latest_configuration_and_hear_of_failures(void **state)
{
    (void)state;
    struct bed bed;
    open_bed(&bed);
    write_config(&bed,
                 "notify: [{webhook: {url: 'http://127.0.0.1:1/', severity: critical}}]\n");
    reload_request(bed.reload, "SIGHUP");
    test_loop_until_log(&bed.loop, ok, 1);
    assert_int_equal(notify_waiting(bed.notify), 0);
    write_config(&bed, "notify: [{webhook: {url: 'http://127.0.0.1:1/'}}]\nzones: {\n");
    reload_request(bed.reload, "SIGHUP");
    test_loop_until_log(&bed.loop, "event=notify_failed receiver=http://127.0.0.1:1", 1);
    assert_int_equal(test_log_count("about=reload_failed"), 1);
    assert_int_equal(notify_waiting(bed.notify), 1); /* nobody listens there */
    write_config(&bed, "");
    reload_request(bed.reload, "SIGHUP");
    test_loop_until_log(&bed.loop, ok, 2);
    assert_int_equal(notify_waiting(bed.notify), 0);
    close_bed(&bed);
}

static void a_file_that_was_missing_is_noticed_when_it_comes(void **state)
{
    (void)state;
    struct bed bed;
    open_bed(&bed);
    temp_write(&bed.folder, "rhumb.yaml", "zones: {example.com: {file: other.zone}}\n");
    reload_request(bed.reload, "SIGHUP");
    test_loop_until_log(&bed.loop, failed, 1);
    temp_write(&bed.folder, "other.zone",
               "@ 60 SOA ns h 9 2 3 4 5\n@ 60 NS ns\nns 60 A 192.0.2.53\n");
    test_loop_until_log(&bed.loop, ok, 1);
    assert_served(&bed, 2, 9);
    close_bed(&bed);
}

/* Only the configuration that failed names it, in a folder that nothing else lies in. */
static void a_new_file_that_was_broken_is_noticed_when_it_is_corrected(void **state)
{
    (void)state;
    struct bed bed;
    struct temp_folder other;
    open_bed(&bed);
    temp_folder_open(&other);
    temp_write(&other, "other.zone", "@ 60 NS ns.example.\n");
    temp_printf(&bed.folder, "rhumb.yaml", "zones: {example.com: {file: %s/other.zone}}\n",
                other.path);
    reload_request(bed.reload, "SIGHUP");
    test_loop_until_log(&bed.loop, failed, 1);
    temp_write(&other, "other.zone", /* in place */
               "@ 60 SOA ns h 9 2 3 4 5\n@ 60 NS ns\nns 60 A 192.0.2.53\n");
    test_loop_until_log(&bed.loop, ok, 1);
    assert_served(&bed, 2, 9);
    close_bed(&bed);
    temp_folder_close(&other);
}

static void requests_meanwhile_become_one_more(void **state)
{
    (void)state;
    struct bed bed;
    open_bed(&bed);
    for (unsigned i = 0; i < 5; i++)
        reload_request(bed.reload, "SIGHUP");
    test_loop_until_log(&bed.loop, ok, 2);
    reload_request(bed.reload, "SIGHUP"); /* a third, by itself: no more were waiting */
    test_loop_until_log(&bed.loop, ok, 3);
    test_loop_until_log(&bed.loop, "event=snapshot_retired", 3);
    assert_served(&bed, 4, 1);
    close_bed(&bed);
}

static void nothing_is_published_after_closing(void **state)
{
    (void)state;
    struct bed bed;
    open_bed(&bed);
    write_zone(&bed, 2);
    reload_request(bed.reload, "SIGHUP");
    reload_request(bed.reload, "SIGHUP");
    reload_close(bed.reload);
    monitor_close(bed.monitor);
    notify_close(bed.notify);
    test_loop_close(&bed.loop); /* the compilation ends first */
    assert_served(&bed, 1, 1);
    assert_int_equal(test_log_count("event=reload result"), 0);
    snapshot_slot_free(bed.slot);
    temp_folder_close(&bed.folder);
    test_log_close();
}

static void health_is_kept_and_what_needs_a_restart_is_said(void **state)
{
    (void)state;
    struct bed bed;
    open_bed(&bed);
    temp_write(&bed.folder, "rhumb.yaml",
               "server: {listen: ['127.0.0.1:5301']}\n"
               "regions: {eu: {country: DE}}\n"
               "checks: {web: {tcp: {port: 1}, interval: 100ms, timeout: 90ms, confirm: 10ms, "
               "fall: 1}}\n"
               "services: {a: {check: web, regions: {eu: {addresses: [127.0.0.1]}}}}\n"
               "zones: {example.com: {file: example.com.zone}}\n");
    reload_request(bed.reload, "SIGHUP");
    test_loop_until_log(&bed.loop, ok, 1);
    assert_int_equal(test_log_count("event=restart_needed"), 1);
    test_loop_until_log(&bed.loop, "to=down", 1); /* into the snapshot that is published */
    reload_request(bed.reload, "SIGHUP");
    test_loop_until_log(&bed.loop, ok, 2);
    struct snapshot *snapshot = snapshot_current(bed.slot);
    assert_int_equal(snapshot->generation, 3);
    assert_int_equal(health_word_state(health_table_get(&snapshot->health, 0)), HEALTH_DOWN);
    assert_int_equal(test_log_count("to=down"), 1);
    assert_int_equal(test_log_count("event=restart_needed"), 1);
    close_bed(&bed);
}

static void the_service_manager_hears_of_it(void **state)
{
    (void)state;
    struct bed bed;
    char name[64], buffer[NOTIFY_MAX];
    snprintf(name, sizeof(name), "@rhumb-test-%d", (int)getpid());
    int fd = notify_socket_open(name);
    open_bed(&bed);
    reload_request(bed.reload, "SIGHUP");
    test_loop_until_log(&bed.loop, ok, 1);
    assert_string_equal(notify_socket_next(fd, buffer), ""); /* nothing serves yet */
    reload_tell_ready(bed.reload);
    assert_string_equal(notify_socket_next(fd, buffer), "READY=1");
    for (size_t round = 2; round <= 3; round++) { /* a good one, and a failure */
        reload_request(bed.reload, "SIGHUP");
        assert_memory_equal(notify_socket_next(fd, buffer), "RELOADING=1\nMONOTONIC_USEC=", 27);
        test_loop_until_log(&bed.loop, "event=reload result=", round);
        assert_string_equal(notify_socket_next(fd, buffer), "READY=1");
        assert_string_equal(notify_socket_next(fd, buffer), "");
        temp_write(&bed.folder, "rhumb.yaml", "broken: [\n");
    }
    close_bed(&bed);
    notify_socket_close(fd);
}

/* Readers on another thread: generations and serials only rise, and belong together. */
struct readers {
    struct snapshot_slot *slot;
    atomic_bool stop;
    atomic_uint wrong, reads;
};

enum { RELOADS = 20 };

static void *read_on(void *arg)
{
    struct readers *readers = arg;
    uint64_t generation = 0;
    snapshot_reader_join();
    while (!atomic_load(&readers->stop)) {
        const struct snapshot *snapshot = snapshot_pin(readers->slot);
        if (snapshot->generation < generation ||
            serial_of(snapshot) != (uint32_t)snapshot->generation)
            atomic_fetch_add(&readers->wrong, 1);
        generation = snapshot->generation;
        snapshot_unpin();
        atomic_fetch_add(&readers->reads, 1);
    }
    snapshot_reader_leave();
    return NULL;
}

static void readers_see_the_old_or_the_new(void **state)
{
    (void)state;
    struct bed bed;
    pthread_t thread;
    open_bed(&bed);
    struct readers readers = {.slot = bed.slot};
    assert_int_equal(pthread_create(&thread, NULL, read_on, &readers), 0);
    for (unsigned i = 1; i <= RELOADS; i++) {
        write_zone(&bed, i + 1);
        reload_request(bed.reload, "SIGHUP");
        test_loop_until_log(&bed.loop, ok, i);
    }
    while (atomic_load(&readers.reads) <= RELOADS)
        sched_yield(); /* a busy machine may not have let it run yet */
    atomic_store(&readers.stop, true);
    assert_int_equal(pthread_join(thread, NULL), 0);
    assert_int_equal(atomic_load(&readers.wrong), 0);
    close_bed(&bed);
}

int main(void)
{
    signal(SIGPIPE, SIG_IGN);
    curl_global_init(CURL_GLOBAL_DEFAULT);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_request_publishes_what_the_files_say_now),
        cmocka_unit_test(a_changed_file_is_reason_enough),
        cmocka_unit_test(broken_files_leave_the_old_data_in_service),
        cmocka_unit_test(most_names_are_not_thrown_away_unless_it_is_meant),
        cmocka_unit_test(receivers_are_those_of_the_latest_configuration_and_hear_of_failures),
        cmocka_unit_test(a_file_that_was_missing_is_noticed_when_it_comes),
        cmocka_unit_test(a_new_file_that_was_broken_is_noticed_when_it_is_corrected),
        cmocka_unit_test(requests_meanwhile_become_one_more),
        cmocka_unit_test(nothing_is_published_after_closing),
        cmocka_unit_test(health_is_kept_and_what_needs_a_restart_is_said),
        cmocka_unit_test(the_service_manager_hears_of_it),
        cmocka_unit_test(readers_see_the_old_or_the_new),
    };
    int failures = cmocka_run_group_tests(tests, NULL, NULL);
    curl_global_cleanup();
    return failures;
}
