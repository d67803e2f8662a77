#include "rhumb/switches.h"

#include "../../support/disk_case.h"

struct heard {
    size_t count;
    unsigned flags;
};

static void on_change(void *ctx, unsigned flags)
{
    struct heard *heard = ctx;
    heard->count++;
    heard->flags = flags;
}

static void a_file_is_a_switch(void **state)
{
    (void)state;

    static const struct {
        const char *name;
        unsigned flag;
    } cases[] = {
        {"freeze-health", SWITCH_FREEZE_HEALTH},
        {"ignore-geo", SWITCH_IGNORE_GEO},
        {"ignore-ecs", SWITCH_IGNORE_ECS},
    };

    struct test_loop loop;
    struct temp_folder folder;
    struct switches *switches;
    struct heard heard = {0};
    temp_folder_open(&folder);
    test_loop_open(&loop);
    test_log_open();
    assert_int_equal(switches_new(&loop.uv, folder.path, on_change, &heard, &switches), ERR_OK);
    assert_int_equal(switches_get(switches), 0);
    for (size_t i = 0; i < COUNT(cases); i++) {
        temp_write(&folder, cases[i].name, "");
        test_loop_until_count(&loop, &heard.count, 2 * i + 1);
        assert_int_equal(heard.flags, cases[i].flag);
        assert_int_equal(switches_get(switches), cases[i].flag);
        assert_int_equal(test_log_count(cases[i].name), 1);
        temp_remove(&folder, cases[i].name);
        test_loop_until_count(&loop, &heard.count, 2 * i + 2);
        assert_int_equal(heard.flags, 0);
    }
    assert_int_equal(test_log_count("event=switch"), 6);
    assert_int_equal(test_log_count("state=on"), 3);
    assert_int_equal(test_log_count(folder.path), 6);
    switches_close(switches);
    test_loop_close(&loop);
    test_log_close();
    temp_folder_close(&folder);
}

static void what_is_on_at_the_start_is_known_at_once(void **state)
{
    (void)state;
    struct test_loop loop;
    struct temp_folder folder;
    struct switches *switches;
    struct heard heard = {0};
    char path[TEMP_PATH_MAX];
    temp_folder_open(&folder);
    temp_write(&folder, "ignore-geo", "");
    assert_int_equal(symlink("nowhere", temp_path(&folder, "freeze-health", path)), 0);
    test_loop_open(&loop);
    test_log_open();
    assert_int_equal(switches_new(&loop.uv, folder.path, on_change, &heard, &switches), ERR_OK);
    assert_int_equal(switches_get(switches), SWITCH_IGNORE_GEO | SWITCH_FREEZE_HEALTH);
    assert_int_equal(test_log_count("event=switch"), 2);
    assert_int_equal(heard.count, 0);
    switches_close(switches);
    test_loop_close(&loop);
    test_log_close();
    temp_folder_close(&folder);
}

static void a_folder_that_goes_takes_its_switches_along(void **state)
{
    (void)state;
    struct test_loop loop;
    struct temp_folder folder;
    struct switches *switches;
    struct heard heard = {0};
    char path[TEMP_PATH_MAX], away[TEMP_PATH_MAX];
    temp_folder_open(&folder);
    temp_make_folder(&folder, "state");
    temp_write(&folder, "state/ignore-ecs", "");
    test_loop_open(&loop);
    test_log_open();
    temp_path(&folder, "state", path);
    assert_int_equal(switches_new(&loop.uv, path, on_change, &heard, &switches), ERR_OK);
    assert_int_equal(switches_get(switches), SWITCH_IGNORE_ECS);
    assert_int_equal(rename(path, temp_path(&folder, "away", away)), 0);
    test_loop_until_count(&loop, &heard.count, 1);
    assert_int_equal(heard.flags, 0);
    switches_close(switches);
    test_loop_close(&loop);
    test_log_close();
    temp_folder_close(&folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_file_is_a_switch),
        cmocka_unit_test(what_is_on_at_the_start_is_known_at_once),
        cmocka_unit_test(a_folder_that_goes_takes_its_switches_along),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
