#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "rhumb/hash.h"

#include "config_case.h"

struct sample {
    char path[512];
    char text[16384];
    size_t len;
};

static struct sample read_sample(void)
{
    struct sample sample;
    const char *data = getenv("RHUMB_TEST_DATA");
    assert_non_null(data);
    snprintf(sample.path, sizeof(sample.path), "%s/config/rhumb.yaml", data);
    FILE *file = fopen(sample.path, "rb");
    assert_non_null(file);
    sample.len = fread(sample.text, 1, sizeof(sample.text), file);
    fclose(file);
    assert_true(sample.len > 1000 && sample.len < sizeof(sample.text));
    return sample;
}

static struct loaded load_file(const char *path)
{
    struct loaded loaded = {.arena = arena_new(256 * 1024 * 1024), .diags = diag_list_new()};
    loaded.err = config_load(path, loaded.arena, loaded.diags, &loaded.config);
    return loaded;
}

static void the_full_sample_loads_without_a_word(void **state)
{
    (void)state;
    struct sample sample = read_sample();
    struct loaded loaded = load_file(sample.path);
    diag_print_all(loaded.diags, stderr);
    assert_int_equal(loaded.err, ERR_OK);
    assert_int_equal(diag_count(loaded.diags), 0);
    const struct config *config = loaded.config;
    assert_string_equal(config->path, sample.path);
    assert_int_equal(config->file_count, 1);
    assert_string_equal(config->files[0], sample.path);
    assert_int_equal(strlen(config->folder), strlen(sample.path) - strlen("/rhumb.yaml"));
    assert_int_equal(config->server.listener_count, 2);
    assert_int_equal(config->geo.network_count, 2);
    assert_int_equal(config->region_count, 3);
    assert_int_equal(config->check_count, 4);
    assert_int_equal(config->checks[1].fall, 3); /* merged */
    assert_int_equal(config->service_count, 4);
    assert_int_equal(config->services[1].order[0], 1);
    assert_int_equal(config->services[3].regions[0].service, 0);
    assert_int_equal(config->zone_count, 2);
    assert_int_equal(config->zones[0].name_count, 7);
    unload(&loaded);
}

static void a_file_that_cannot_be_read_is_one_clear_error(void **state)
{
    (void)state;

    static const struct {
        const char *path, *message;
    } cases[] = {
        {"/nonexistent/rhumb.yaml", "cannot open: No such file or directory"},
        {"/tmp", "cannot read: Is a directory"},
        {"/dev/null", "the file is empty"},
        {"/dev/zero", "the file is larger than 16 MiB"},
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        struct loaded loaded = load_file(cases[i].path);
        assert_int_equal(loaded.err, ERR_INVALID);
        assert_null(loaded.config);
        assert_int_equal(diag_count(loaded.diags), 1);
        const struct diag *diag = diag_get(loaded.diags, 0);
        assert_string_equal(diag->message, cases[i].message);
        assert_string_equal(diag->place.file, cases[i].path);
        unload(&loaded);
    }
}

static void a_file_of_twenty_megabytes_is_refused(void **state)
{
    (void)state;
    char path[] = "/tmp/rhumb-test-XXXXXX";
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    assert_int_equal(ftruncate(fd, 20 * 1024 * 1024), 0);
    close(fd);
    struct loaded loaded = load_file(path);
    unlink(path);
    assert_int_equal(loaded.err, ERR_INVALID);
    assert_int_equal(diag_count(loaded.diags), 1);
    assert_string_equal(diag_get(loaded.diags, 0)->message, "the file is larger than 16 MiB");
    unload(&loaded);
}

static void other_things_than_a_mapping_are_one_clear_error(void **state)
{
    (void)state;

    static const struct broken cases[] = {
        {"hello\n", 1, 1, "the file must be a mapping, not a single value", "server, geo", 0},
        {"- a\n", 1, 1, "the file must be a mapping, not a list", NULL, 0},
        {"", 0, 0, "the file is empty", NULL, 0},
        {"\x7f"
         "ELF\x02",
         1, 1, "not a text file: byte 0x7f", "UTF-8", 0},
        {"servers: {}\n", 1, 1, "unknown key 'servers'", "did you mean 'server'?", 0},
        {"fleet: []\n", 1, 1, "unknown key 'fleet'", "expected one of: server", 0},
        {"x: 1\n", 1, 1, "unknown key 'x'", NULL, 0},
    };

    expect_broken(cases, COUNT(cases));
}

static void variables_come_from_the_environment(void **state)
{
    (void)state;
    static const char text[] = "server:\n"
                               "  identity: \"${RHUMB_TEST_NAME}-1\"\n"
                               "  workers: ${RHUMB_TEST_WORKERS:-3}\n";
    assert_int_equal(setenv("RHUMB_TEST_NAME", "ams", 1), 0);
    struct loaded loaded = load_good(text);
    assert_string_equal(loaded.config->server.identity, "ams-1");
    assert_int_equal(loaded.config->server.workers, 3);
    unload(&loaded);
    assert_int_equal(unsetenv("RHUMB_TEST_NAME"), 0);
    expect_one_broken(
        &(struct broken){text, 2, 13, "'RHUMB_TEST_NAME' is not set", "set it, or write", 0});
}

static void paths_join_the_folder_of_the_file(void **state)
{
    (void)state;

    static const struct {
        const char *path, *folder, *joined;
    } cases[] = {
        {"rhumb.yaml", ".", "z"},
        {"./rhumb.yaml", ".", "z"},
        {"/rhumb.yaml", "/", "/z"},
        {"a/b/rhumb.yaml", "a/b", "a/b/z"},
        {"/etc/rhumb/rhumb.yaml", "/etc/rhumb", "/etc/rhumb/z"},
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        static const char text[] = "zones: {example.com: {file: z}}\n";
        struct arena *arena = arena_new(1024 * 1024);
        struct diag_list *diags = diag_list_new();
        const struct config *config = NULL;
        assert_int_equal(
            config_load_text(text, strlen(text), cases[i].path, arena, diags, &config), ERR_OK);
        assert_string_equal(config->folder, cases[i].folder);
        assert_string_equal(config->zones[0].file, cases[i].joined);
        diag_list_free(diags);
        arena_free(arena);
    }
}

/* check_verdict - whatever the text, the result and the diagnostics agree. */
static void check_verdict(const char *text, size_t len)
{
    struct loaded loaded = load_bytes(text, len);
    assert_int_equal(loaded.err == ERR_OK, loaded.config != NULL);
    assert_int_equal(loaded.err == ERR_OK, diag_error_count(loaded.diags) == 0);
    assert_true(loaded.err == ERR_OK || loaded.err == ERR_INVALID);
    unload(&loaded);
}

static void a_file_cut_anywhere_is_survived(void **state)
{
    (void)state;
    struct sample sample = read_sample();
    for (size_t len = 0; len < sample.len; len += 16)
        check_verdict(sample.text, len);
}

static void flipped_bytes_are_survived(void **state)
{
    (void)state;

    enum { ROUNDS = 400, FLIPS_MAX = 8 };

    static const char likely[] = "{}[]:,&*!|>'\"%@`#-?<$ \n\t0az";

    struct sample sample = read_sample();
    uint64_t random = 1;
    for (int round = 0; round < ROUNDS; round++) {
        char text[sizeof(sample.text)];
        memcpy(text, sample.text, sample.len);
        random = hash_mix(random + 1);
        unsigned flips = 1 + random % FLIPS_MAX;
        for (unsigned i = 0; i < flips; i++) {
            random = hash_mix(random + 1);
            size_t at = random % sample.len;
            /* half of them at random, half of them what means something in YAML */
            if (random >> 60 & 1)
                text[at] = (char)(random >> 32);
            else
                text[at] = likely[(random >> 32) % (sizeof(likely) - 1)];
        }
        check_verdict(text, sample.len);
    }
}

static void lines_left_out_are_survived(void **state)
{
    (void)state;
    struct sample sample = read_sample();
    for (const char *line = sample.text; line < sample.text + sample.len;) {
        const char *end = memchr(line, '\n', (size_t)(sample.text + sample.len - line));
        assert_non_null(end);
        char text[sizeof(sample.text)];
        size_t before = (size_t)(line - sample.text);
        size_t after = (size_t)(sample.text + sample.len - end - 1);
        memcpy(text, sample.text, before);
        memcpy(text + before, end + 1, after);
        check_verdict(text, before + after);
        line = end + 1;
    }
}

static void a_full_arena_is_reported(void **state)
{
    (void)state;
    struct sample sample = read_sample();
    bool loaded_once = false;
    for (size_t room = 0; room < 64 * 1024; room += 333) {
        struct arena *arena = arena_new(room);
        struct diag_list *diags = diag_list_new();
        const struct config *config = NULL;
        enum err err =
            config_load_text(sample.text, sample.len, "rhumb.yaml", arena, diags, &config);
        assert_int_equal(err, config ? ERR_OK : ERR_NO_MEMORY);
        loaded_once = loaded_once || config;
        diag_list_free(diags);
        arena_free(arena);
    }
    assert_true(loaded_once);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_full_sample_loads_without_a_word),
        cmocka_unit_test(a_file_that_cannot_be_read_is_one_clear_error),
        cmocka_unit_test(a_file_of_twenty_megabytes_is_refused),
        cmocka_unit_test(other_things_than_a_mapping_are_one_clear_error),
        cmocka_unit_test(variables_come_from_the_environment),
        cmocka_unit_test(paths_join_the_folder_of_the_file),
        cmocka_unit_test(a_file_cut_anywhere_is_survived),
        cmocka_unit_test(flipped_bytes_are_survived),
        cmocka_unit_test(lines_left_out_are_survived),
        cmocka_unit_test(a_full_arena_is_reported),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
