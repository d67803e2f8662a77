#include "rhumb/clock.h"
#include "rhumb/overrides.h"

#include "../../support/disk_case.h"

#define WHO   "\"by\": \"anna\", \"reason\": \"update\""
#define DRAIN "{\"overrides\": [{\"service\": \"app\", \"state\": \"drain\", " WHO "}]}\n"
#define DOWN  "{\"overrides\": [{\"service\": \"app\", \"state\": \"down\", " WHO "}]}\n"
#define NONE  "{\"overrides\": []}\n"

struct word {
    struct test_loop loop;
    struct temp_folder folder;
    struct overrides *overrides;
    size_t changes, durable, refused;
};

static void on_change(void *ctx)
{
    ((struct word *)ctx)->changes++;
}

static void on_durable(void *ctx, enum err err)
{
    struct word *word = ctx;
    if (err == ERR_OK)
        word->durable++;
    else
        word->refused++;
}

static void start(struct word *word)
{
    char path[TEMP_PATH_MAX];
    word->changes = word->durable = word->refused = 0;
    test_loop_open(&word->loop);
    test_log_open();
    assert_int_equal(overrides_new(&word->loop.uv,
                                   temp_path(&word->folder, "overrides.json", path), on_change,
                                   word, &word->overrides),
                     ERR_OK);
}

static void stop(struct word *word)
{
    overrides_close(word->overrides);
    test_loop_close(&word->loop);
    test_log_close();
}

static void write_file(const struct word *word, const char *text)
{
    temp_write(&word->folder, "overrides.json", text);
}

static void assert_state(const struct word *word, const char *service,
                         enum override_state wanted)
{
    const struct override *entry = overrides_find(word->overrides, service, NULL, NULL);
    assert_non_null(entry);
    assert_int_equal(entry->state, wanted);
}

static void assert_none(const struct word *word, const char *service)
{
    assert_null(overrides_find(word->overrides, service, NULL, NULL));
}

static enum err set(struct word *word, const char *service, enum override_state state)
{
    struct diag_list *diags = diag_list_new();
    struct override entry = {
        .service = service, .state = state, .by = "bob", .reason = "by the API"};
    enum err err = overrides_set(word->overrides, &entry, diags, on_durable, word);
    diag_list_free(diags);
    return err;
}

static void the_file_is_in_force_at_once(void **state)
{
    (void)state;
    struct word word;
    size_t count;
    temp_folder_open(&word.folder);
    write_file(&word, DRAIN);
    start(&word);
    assert_int_equal(word.changes, 0);
    assert_state(&word, "app", OVERRIDE_DRAIN);
    assert_none(&word, "web");
    const struct override *all = overrides_get(word.overrides, &count);
    assert_int_equal(count, 1);
    assert_string_equal(all[0].by, "anna");
    test_loop_run_for(&word.loop, 800); /* the same file, read again: no change */
    assert_int_equal(word.changes, 0);
    assert_int_equal(test_log_count("event=overrides "), 1);
    stop(&word);
    temp_folder_close(&word.folder);
}

static void a_missing_file_is_an_empty_one(void **state)
{
    (void)state;
    struct word word;
    size_t count = 1;
    temp_folder_open(&word.folder);
    start(&word);
    (void)overrides_get(word.overrides, &count);
    assert_int_equal(count, 0);
    assert_int_equal(test_log_count(""), 0);
    stop(&word);
    temp_folder_close(&word.folder);
}

static void every_way_to_edit_the_file_is_seen_within_a_second(void **state)
{
    (void)state;
    struct word word;
    temp_folder_open(&word.folder);
    start(&word);
    uint64_t begun_ms = uv_hrtime() / 1000000;
    write_file(&word, DRAIN); /* comes */
    test_loop_until_count(&word.loop, &word.changes, 1);
    assert_state(&word, "app", OVERRIDE_DRAIN);
    write_file(&word, DOWN); /* in place */
    test_loop_until_count(&word.loop, &word.changes, 2);
    assert_state(&word, "app", OVERRIDE_DOWN);
    temp_replace(&word.folder, "overrides.json", DRAIN);
    test_loop_until_count(&word.loop, &word.changes, 3);
    assert_state(&word, "app", OVERRIDE_DRAIN);
    temp_remove(&word.folder, "overrides.json");
    test_loop_until_count(&word.loop, &word.changes, 4);
    assert_none(&word, "app");
    assert_true(uv_hrtime() / 1000000 - begun_ms < 4000);
    stop(&word);
    temp_folder_close(&word.folder);
}

static void a_broken_file_leaves_the_last_good_set_in_force(void **state)
{
    (void)state;
    struct word word;
    temp_folder_open(&word.folder);
    write_file(&word, DRAIN);
    start(&word);
    write_file(&word,
               "{\"overrides\": [\n  {\"servce\": \"app\", \"state\": \"up\", " WHO "}]}");
    test_loop_until_log(&word.loop, "event=overrides_broken", 1);
    assert_state(&word, "app", OVERRIDE_DRAIN);
    assert_int_equal(test_log_count("overrides.json line=2 column=4 message=\"unknown key"), 1);
    assert_int_equal(test_log_count("did you mean 'service'"), 1);
    test_loop_run_for(&word.loop, 800);
    assert_int_equal(test_log_count("event=overrides_broken"), 1); /* said once */
    assert_int_equal(word.changes, 0);
    write_file(&word, DOWN);
    test_loop_until_count(&word.loop, &word.changes, 1);
    assert_state(&word, "app", OVERRIDE_DOWN);
    stop(&word);
    temp_folder_close(&word.folder);
}

static void a_broken_file_at_the_start_is_none(void **state)
{
    (void)state;
    struct word word;
    temp_folder_open(&word.folder);
    write_file(&word, "{");
    start(&word);
    assert_int_equal(test_log_count("event=overrides_broken"), 1);
    assert_int_equal(test_log_count("in_force=0 remedy=\"repair it; until then no override"),
                     1);
    assert_none(&word, "app");
    write_file(&word, DRAIN);
    test_loop_until_count(&word.loop, &word.changes, 1);
    stop(&word);
    temp_folder_close(&word.folder);
}

/* restart_with - text NULL: the file is gone. */
static void restart_with(struct word *word, const char *text)
{
    stop(word);
    if (text)
        write_file(word, text);
    else
        temp_remove(&word->folder, "overrides.json");
    start(word);
}

static void the_last_good_set_outlives_a_restart_with_a_broken_file(void **state)
{
    (void)state;
    struct word word;
    temp_folder_open(&word.folder);
    write_file(&word, DRAIN);
    start(&word);
    restart_with(&word, "{");
    assert_state(&word, "app", OVERRIDE_DRAIN);
    assert_int_equal(test_log_count("event=overrides_restored"), 1);
    assert_int_equal(test_log_count("event=overrides_broken"), 1);
    assert_int_equal(test_log_count("in_force=1 remedy=\"repair it; until then the last good"),
                     1);
    restart_with(&word, "{"); /* and the next one */
    assert_state(&word, "app", OVERRIDE_DRAIN);
    assert_int_equal(set(&word, "web", OVERRIDE_DOWN), ERR_OK);
    restart_with(&word, "{"); /* what we were told is good as well */
    assert_state(&word, "app", OVERRIDE_DRAIN);
    assert_state(&word, "web", OVERRIDE_DOWN);
    write_file(&word, DOWN);
    test_loop_until_count(&word.loop, &word.changes, 1);
    assert_state(&word, "app", OVERRIDE_DOWN);
    assert_none(&word, "web");
    stop(&word);
    temp_folder_close(&word.folder);
}

static void a_file_that_cannot_be_read_at_the_start_is_like_a_broken_one(void **state)
{
    (void)state;
    struct word word;
    char path[TEMP_PATH_MAX];
    temp_folder_open(&word.folder);
    write_file(&word, DRAIN);
    start(&word);
    stop(&word);
    temp_remove(&word.folder, "overrides.json");
    assert_int_equal(symlink("nowhere", temp_path(&word.folder, "overrides.json", path)), 0);
    start(&word);
    assert_state(&word, "app", OVERRIDE_DRAIN);
    assert_int_equal(test_log_count("event=overrides_not_read"), 1);
    assert_int_equal(test_log_count("in_force=1"), 1);
    stop(&word);
    temp_folder_close(&word.folder);
}

/* What was lifted while the file was good does not come back with a broken one. */
static void what_is_lifted_is_not_restored(void **state)
{
    (void)state;
    static const char *const empty[] = {NONE, NULL};
    for (size_t i = 0; i < COUNT(empty); i++) {
        struct word word;
        temp_folder_open(&word.folder);
        write_file(&word, DRAIN);
        start(&word);
        restart_with(&word, empty[i]);
        assert_none(&word, "app");
        restart_with(&word, "{");
        assert_none(&word, "app");
        assert_int_equal(test_log_count("until then no override is in force"), 1);
        assert_int_equal(count_files(word.folder.path, "last-good"), 0);
        stop(&word);
        temp_folder_close(&word.folder);
    }
}

static void a_copy_that_is_broken_too_is_no_help(void **state)
{
    (void)state;
    struct word word;
    temp_folder_open(&word.folder);
    temp_write(&word.folder, "overrides.json.last-good", "{");
    write_file(&word, "{");
    start(&word);
    assert_none(&word, "app");
    assert_int_equal(test_log_count("event=overrides_restored"), 0);
    assert_int_equal(test_log_count("in_force=0"), 1);
    stop(&word);
    temp_folder_close(&word.folder);
}

/* Cut at every byte, as by a disk that lied: broken, never half of it. */
static void half_a_file_is_never_in_force(void **state)
{
    (void)state;
    struct word word;
    temp_folder_open(&word.folder);
    for (size_t len = 0; len < strlen(DRAIN) - 1; len++) {
        char text[sizeof(DRAIN)];
        size_t count;
        snprintf(text, sizeof(text), "%.*s", (int)len, DRAIN);
        write_file(&word, text);
        start(&word);
        (void)overrides_get(word.overrides, &count);
        assert_int_equal(count, 0);
        assert_int_equal(test_log_count("event=overrides_broken"), 1);
        stop(&word);
    }
    temp_folder_close(&word.folder);
}

static void an_entry_ends_when_it_says(void **state)
{
    (void)state;
    struct word word;
    char until[CLOCK_TEXT_MAX];
    temp_folder_open(&word.folder);
    uint64_t until_ms = clock_wall_ms() + 700;
    temp_printf(&word.folder, "overrides.json",
                "{\"overrides\": [{\"service\": \"app\", \"state\": \"down\", " WHO
                ", \"until\": \"%s\"},\n"
                "{\"service\": \"web\", \"state\": \"down\", " WHO
                ", \"until\": \"2020-01-01T00:00:00Z\"}]}",
                clock_format(until_ms, until));
    start(&word);
    assert_state(&word, "app", OVERRIDE_DOWN);
    assert_none(&word, "web");
    test_loop_until_count(&word.loop, &word.changes, 1);
    uint64_t late_ms = clock_wall_ms() - until_ms;
    assert_in_range(late_ms, 0, 1000);
    assert_none(&word, "app");
    assert_int_equal(test_log_count("event=override_ended"), 1);
    assert_int_equal(test_log_count("service=app"), 1);
    stop(&word);
    temp_folder_close(&word.folder);
}

/* Else it would count again whenever anything changes, until then. */
static void a_resume_of_the_future_counts_when_it_comes(void **state)
{
    (void)state;
    struct word word;
    char since[CLOCK_TEXT_MAX];
    temp_folder_open(&word.folder);
    uint64_t since_ms = clock_wall_ms() + 700;
    temp_printf(&word.folder, "overrides.json",
                "{\"overrides\": [{\"service\": \"app\", \"state\": \"resume\", " WHO
                ", \"since\": \"%s\"}]}",
                clock_format(since_ms, since));
    start(&word);
    assert_int_equal(overrides_resume_since(word.overrides, "app", NULL, NULL), 0);
    assert_int_equal(test_log_count("event=overrides file=overrides.json count=1 in_force=0"),
                     1);
    test_loop_until_count(&word.loop, &word.changes, 1);
    assert_in_range(clock_wall_ms() - since_ms, 0, 1000);
    assert_int_equal(overrides_resume_since(word.overrides, "app", NULL, NULL), since_ms);
    assert_int_equal(test_log_count("event=override_ended"), 0);
    stop(&word);
    temp_folder_close(&word.folder);
}

static void what_is_set_is_in_force_at_once_and_survives(void **state)
{
    (void)state;
    struct word word;
    temp_folder_open(&word.folder);
    write_file(&word, NONE);
    start(&word);
    assert_int_equal(set(&word, "app", OVERRIDE_DRAIN), ERR_OK);
    assert_int_equal(word.changes, 1);
    assert_state(&word, "app", OVERRIDE_DRAIN);
    assert_int_equal(word.durable, 0);
    assert_true(overrides_lag_ms(word.overrides) > 0);
    test_loop_until_count(&word.loop, &word.durable, 1);
    test_loop_run_for(&word.loop, 800); /* our own file is no news */
    assert_int_equal(word.changes, 1);
    assert_int_equal(set(&word, "app", OVERRIDE_DOWN), ERR_OK);
    assert_int_equal(set(&word, "web", OVERRIDE_RESUME), ERR_OK);
    stop(&word);
    assert_int_equal(word.durable, 3);
    start(&word);
    assert_state(&word, "app", OVERRIDE_DOWN);
    assert_none(&word, "web");
    assert_true(overrides_resume_since(word.overrides, "web", NULL, NULL) > 0);
    assert_int_equal(overrides_resume_since(word.overrides, "app", NULL, NULL), 0);
    struct override entry = {.service = "app"};
    assert_int_equal(overrides_remove(word.overrides, &entry, on_durable, &word), ERR_OK);
    assert_none(&word, "app");
    test_loop_until_count(&word.loop, &word.durable, 1);
    stop(&word);
    start(&word);
    assert_none(&word, "app");
    stop(&word);
    temp_folder_close(&word.folder);
}

static void what_the_file_may_not_say_cannot_be_set(void **state)
{
    (void)state;

    static const struct override cases[] = {
        {.state = OVERRIDE_UP, .by = "a", .reason = "b"},
        {.service = "app", .state = OVERRIDE_UP, .reason = "b"},
        {.service = "app", .state = OVERRIDE_UP, .by = "a", .reason = ""},
        {.service = "", .state = OVERRIDE_UP, .by = "a", .reason = "b"},
        {.service = "app", .by = "a", .reason = "b", .since_ms = 2000, .until_ms = 1000},
    };

    struct word word;
    temp_folder_open(&word.folder);
    start(&word);
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct diag_list *diags = diag_list_new();
        assert_int_equal(overrides_set(word.overrides, &cases[i], diags, on_durable, &word),
                         ERR_INVALID);
        assert_true(diag_error_count(diags) > 0);
        diag_list_free(diags);
    }
    assert_int_equal(word.changes, 0);
    stop(&word);
    assert_int_equal(word.durable + word.refused, 0);
    temp_folder_close(&word.folder);
}

static void an_edit_by_hand_and_one_by_us_both_hold(void **state)
{
    (void)state;
    struct word word;
    temp_folder_open(&word.folder);
    write_file(&word, NONE);
    start(&word);
    test_loop_run_for(&word.loop, 800);
    write_file(&word, DRAIN); /* nobody has looked yet */
    assert_int_equal(set(&word, "web", OVERRIDE_DOWN), ERR_OK);
    test_loop_until_count(&word.loop, &word.durable, 1);
    assert_state(&word, "app", OVERRIDE_DRAIN);
    assert_state(&word, "web", OVERRIDE_DOWN);
    stop(&word);
    start(&word);
    assert_state(&word, "app", OVERRIDE_DRAIN);
    assert_state(&word, "web", OVERRIDE_DOWN);
    stop(&word);
    temp_folder_close(&word.folder);
}

static void a_broken_file_is_kept_aside_when_we_write(void **state)
{
    (void)state;
    struct word word;
    temp_folder_open(&word.folder);
    write_file(&word, "{ oops");
    start(&word);
    assert_int_equal(set(&word, "web", OVERRIDE_DOWN), ERR_OK);
    test_loop_until_count(&word.loop, &word.durable, 1);
    assert_int_equal(count_files(word.folder.path, "overrides.json.broken-"), 1);
    stop(&word);
    start(&word);
    assert_state(&word, "web", OVERRIDE_DOWN);
    stop(&word);
    temp_folder_close(&word.folder);
}

static void a_link_is_not_followed_but_can_be_written_over(void **state)
{
    (void)state;
    struct word word;
    char path[TEMP_PATH_MAX];
    temp_folder_open(&word.folder);
    temp_write(&word.folder, "victim", DRAIN);
    assert_int_equal(symlink("victim", temp_path(&word.folder, "overrides.json", path)), 0);
    start(&word);
    assert_none(&word, "app");
    test_loop_run_for(&word.loop, 1300);
    assert_int_equal(test_log_count("event=overrides_not_read"), 1);
    assert_int_equal(set(&word, "web", OVERRIDE_DOWN), ERR_OK);
    test_loop_until_count(&word.loop, &word.durable, 1);
    char *victim = slurp(word.folder.path, "victim");
    assert_string_equal(victim, DRAIN);
    free(victim);
    stop(&word);
    start(&word);
    assert_state(&word, "web", OVERRIDE_DOWN);
    stop(&word);
    temp_folder_close(&word.folder);
}

static void a_disk_that_refuses_is_told_once_and_tried_again(void **state)
{
    (void)state;
    struct word word;
    temp_folder_open(&word.folder);
    start(&word);
    disk_fault_refuse(ENOSPC);
    assert_int_equal(set(&word, "web", OVERRIDE_DOWN), ERR_OK);
    test_loop_until_count(&word.loop, &word.refused, 1);
    assert_state(&word, "web", OVERRIDE_DOWN); /* in force all the same */
    assert_int_equal(test_log_count("event=state_not_written"), 1);
    test_loop_run_for(&word.loop, 600); /* that there is no file yet changes nothing */
    assert_state(&word, "web", OVERRIDE_DOWN);
    disk_fault_refuse(0);
    test_loop_until_log(&word.loop, "event=state_written_again", 1);
    assert_int_equal(word.refused, 1);
    assert_int_equal(word.durable, 0); /* told once */
    stop(&word);
    start(&word);
    assert_state(&word, "web", OVERRIDE_DOWN);
    stop(&word);
    temp_folder_close(&word.folder);
}

static void closing_leaves_a_disk_that_hangs(void **state)
{
    (void)state;
    struct word word;
    temp_folder_open(&word.folder);
    start(&word);
    disk_fault_hang();
    assert_int_equal(set(&word, "web", OVERRIDE_DOWN), ERR_OK);
    test_loop_until(&word.loop, is_hanging, NULL);
    assert_int_equal(set(&word, "app", OVERRIDE_DOWN), ERR_OK);
    uint64_t before_ms = uv_hrtime() / 1000000;
    stop(&word);
    assert_true(uv_hrtime() / 1000000 - before_ms < 2000);
    assert_int_equal(word.refused, 2);
    disk_fault_release();
    while (disk_fault_hanging() > 0)
        usleep(1000);
    temp_folder_close(&word.folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_file_is_in_force_at_once),
        cmocka_unit_test(a_missing_file_is_an_empty_one),
        cmocka_unit_test(every_way_to_edit_the_file_is_seen_within_a_second),
        cmocka_unit_test(a_broken_file_leaves_the_last_good_set_in_force),
        cmocka_unit_test(a_broken_file_at_the_start_is_none),
        cmocka_unit_test(the_last_good_set_outlives_a_restart_with_a_broken_file),
        cmocka_unit_test(a_file_that_cannot_be_read_at_the_start_is_like_a_broken_one),
        cmocka_unit_test(what_is_lifted_is_not_restored),
        cmocka_unit_test(a_copy_that_is_broken_too_is_no_help),
        cmocka_unit_test(half_a_file_is_never_in_force),
        cmocka_unit_test(an_entry_ends_when_it_says),
        cmocka_unit_test(a_resume_of_the_future_counts_when_it_comes),
        cmocka_unit_test(what_is_set_is_in_force_at_once_and_survives),
        cmocka_unit_test(what_the_file_may_not_say_cannot_be_set),
        cmocka_unit_test(an_edit_by_hand_and_one_by_us_both_hold),
        cmocka_unit_test(a_broken_file_is_kept_aside_when_we_write),
        cmocka_unit_test(a_link_is_not_followed_but_can_be_written_over),
        cmocka_unit_test(a_disk_that_refuses_is_told_once_and_tried_again),
        cmocka_unit_test(closing_leaves_a_disk_that_hangs),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
