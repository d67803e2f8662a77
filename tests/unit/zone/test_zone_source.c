#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

#include "zone_source.h"
#include "zone_test.h"

/* What a disk may do; the program is linked with --wrap for these calls. */
static struct {
    int stat_error, read_error; /* 0: none */
    unsigned interrupts;        /* so many reads are interrupted first */
    size_t bytes_left;          /* then the file ends */
} disk;

static void disk_works(void)
{
    disk.stat_error = disk.read_error = 0;
    disk.interrupts = 0;
    disk.bytes_left = SIZE_MAX;
}

ssize_t __real_read(int fd, void *to, size_t size);
ssize_t __wrap_read(int fd, void *to, size_t size);
int __real_fstat(int fd, struct stat *st);
int __wrap_fstat(int fd, struct stat *st);
int __wrap_fstat64(int fd, struct stat *st);

ssize_t __wrap_read(int fd, void *to, size_t size)
{
    if (disk.interrupts > 0) {
        disk.interrupts--;
        errno = EINTR;
        return -1;
    }
    if (disk.read_error) {
        errno = disk.read_error;
        return -1;
    }
    ssize_t n = __real_read(fd, to, size < disk.bytes_left ? size : disk.bytes_left);
    disk.bytes_left -= (size_t)n;
    return n;
}

/* fstat() has either name, by the size of off_t. */
int __wrap_fstat(int fd, struct stat *st)
{
    if (!disk.stat_error)
        return __real_fstat(fd, st);
    errno = disk.stat_error;
    return -1;
}

int __wrap_fstat64(int fd, struct stat *st)
{
    return __wrap_fstat(fd, st);
}

static const char *data_path(const char *name, char path[512])
{
    const char *folder = getenv("RHUMB_TEST_DATA");
    assert_non_null(folder);
    snprintf(path, 512, "%s/zone/%s", folder, name);
    return path;
}

static void a_regular_file_is_read_whole(void **state)
{
    (void)state;
    char path[512], reason[ZONE_REASON_MAX];
    struct zone_source *source;
    assert_int_equal(zone_source_read(data_path("small.zone", path), SIZE_MAX, &source, reason),
                     ERR_OK);
    assert_string_equal(source->path, path);
    assert_true(source->len > 0 && source->text[source->len - 1] == '\n');
    assert_true(source->ino != 0);
    zone_source_free(source);
}

static void what_is_no_file_is_refused_with_a_reason(void **state)
{
    (void)state;

    static const struct {
        const char *name, *reason;
    } cases[] = {
        {"is-not-there.zone", "cannot open the file: No such file or directory"},
        {".", "this is a directory, expected a master file"},
        {"small.zone/x", "cannot open the file: Not a directory"},
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        char path[512], reason[ZONE_REASON_MAX];
        struct zone_source *source = NULL;
        enum err err =
            zone_source_read(data_path(cases[i].name, path), SIZE_MAX, &source, reason);
        assert_int_equal(err, ERR_INVALID);
        assert_string_equal(reason, cases[i].reason);
        assert_null(source);
    }
}

static void a_file_above_the_limit_is_not_read(void **state)
{
    (void)state;
    char path[512], reason[ZONE_REASON_MAX];
    struct zone_source *source = NULL;
    data_path("parts/plain.inc", path); /* 18 bytes */
    assert_int_equal(zone_source_read(path, 17, &source, reason), ERR_LIMIT);
    assert_null(source);
    assert_int_equal(zone_source_read(path, 18, &source, reason), ERR_OK);
    assert_int_equal(source->len, 18);
    zone_source_free(source);
}

static void a_device_does_not_hang_the_start(void **state)
{
    (void)state;
    char reason[ZONE_REASON_MAX];
    struct zone_source *source = NULL;
    assert_int_equal(zone_source_read("/dev/null", SIZE_MAX, &source, reason), ERR_INVALID);
    assert_string_equal(reason, "this is not a regular file, expected a master file");
}

static void a_file_that_cannot_be_read_is_refused(void **state)
{
    (void)state;
    char path[512], reason[ZONE_REASON_MAX];
    struct zone_source *source = NULL;
    data_path("small.zone", path);
    disk.stat_error = EIO;
    assert_int_equal(zone_source_read(path, SIZE_MAX, &source, reason), ERR_INVALID);
    assert_string_equal(reason, "cannot read the file: Input/output error");
    disk_works();
    disk.read_error = EIO;
    reason[0] = '\0';
    assert_int_equal(zone_source_read(path, SIZE_MAX, &source, reason), ERR_INVALID);
    assert_string_equal(reason, "cannot read the file: Input/output error");
    assert_null(source);
    disk_works();
}

static void an_interrupted_read_goes_on(void **state)
{
    (void)state;
    char path[512], reason[ZONE_REASON_MAX];
    struct zone_source *source = NULL;
    disk.interrupts = 3;
    assert_int_equal(
        zone_source_read(data_path("parts/plain.inc", path), SIZE_MAX, &source, reason),
        ERR_OK);
    assert_int_equal(disk.interrupts, 0);
    assert_int_equal(source->len, 18);
    zone_source_free(source);
}

static void a_file_that_shrinks_meanwhile_is_what_is_left(void **state)
{
    (void)state;
    char path[512], reason[ZONE_REASON_MAX];
    struct zone_source *source = NULL;
    disk.bytes_left = 7;
    assert_int_equal(
        zone_source_read(data_path("parts/plain.inc", path), SIZE_MAX, &source, reason),
        ERR_OK);
    disk_works();
    assert_int_equal(source->len, 7);
    assert_memory_equal(source->text, "plain A", 7);
    zone_source_free(source);
}

static void control_bytes_are_found(void **state)
{
    (void)state;

    static const struct {
        const char *text;
        size_t len;
        bool ok;
        uint32_t line, column;
    } cases[] = {
        {"a b\r\n\tc", 7, true, 0, 0},
        {"", 0, true, 0, 0},
        {"\xff\xc3\xa4", 3, true, 0, 0},
        {"a\n\0b", 4, false, 2, 1},
        {"ab\1", 3, false, 1, 3},
        {"a\x7f", 2, false, 1, 2},
        {"\x7f"
         "ELF",
         4, false, 1, 1},
        {"a\x1b[0m", 5, false, 1, 2},
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        const struct zone_source source = {.text = cases[i].text, .len = cases[i].len};
        struct zone_spot spot;
        assert_int_equal(zone_source_check(&source, &spot), cases[i].ok);
        if (cases[i].ok)
            continue;
        assert_int_equal(spot.line, cases[i].line);
        assert_int_equal(zone_spot_column(&spot), cases[i].column);
    }
}

static void a_spot_shows_its_line(void **state)
{
    (void)state;
    static const char text[] = "first\nsecond line\r\nthird";
    char path[] = "p.zone";
    const struct zone_source source = {.path = path, .text = text, .len = strlen(text)};

    static const struct {
        size_t at;
        uint32_t line, column;
        const char *excerpt;
    } cases[] = {
        {0, 1, 1, "first"},
        {13, 2, 8, "second line"},
        {19, 3, 1, "third"},
        {24, 3, 6, "third"}, /* the end of the file */
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        const struct zone_spot spot = {
            .source = &source, .at = text + cases[i].at, .line = cases[i].line};
        struct zone_place buffer;
        const struct diag_place *place = zone_spot_place(&spot, &buffer);
        assert_string_equal(place->file, "p.zone");
        assert_int_equal(place->line, cases[i].line);
        assert_int_equal(place->column, cases[i].column);
        assert_string_equal(place->excerpt, cases[i].excerpt);
    }
}

static void an_excerpt_is_cut_and_obeyed_by_no_terminal(void **state)
{
    (void)state;
    char text[2000];
    memset(text, 'x', sizeof(text));
    text[3] = '\x1b';
    const struct zone_source source = {.text = text, .len = sizeof(text)};
    const struct zone_spot spot = {.source = &source, .at = text + 1500, .line = 1};
    struct zone_place buffer;
    const struct diag_place *place = zone_spot_place(&spot, &buffer);
    assert_int_equal(strlen(place->excerpt), ZONE_EXCERPT_MAX - 1);
    assert_int_equal(place->excerpt[3], '?');
    assert_int_equal(place->column, 1501);
}

int main(void)
{
    disk_works();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_regular_file_is_read_whole),
        cmocka_unit_test(what_is_no_file_is_refused_with_a_reason),
        cmocka_unit_test(a_file_above_the_limit_is_not_read),
        cmocka_unit_test(a_device_does_not_hang_the_start),
        cmocka_unit_test(a_file_that_cannot_be_read_is_refused),
        cmocka_unit_test(an_interrupted_read_goes_on),
        cmocka_unit_test(a_file_that_shrinks_meanwhile_is_what_is_left),
        cmocka_unit_test(control_bytes_are_found),
        cmocka_unit_test(a_spot_shows_its_line),
        cmocka_unit_test(an_excerpt_is_cut_and_obeyed_by_no_terminal),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
