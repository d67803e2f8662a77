/* Each allocation of a load fails once. The program is linked with --wrap, so that calls from
 * rhumb's own files come here first; those inside ldns and libc do not. */
#include "../../support/temp_folder.h"
#include "zone_test.h"

/* 0: none; 1: the next one, 2: the one after that ... */
static size_t fail_at;

static bool fails(void)
{
    return fail_at > 0 && --fail_at == 0;
}

void *__real_malloc(size_t size);
void *__wrap_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__real_realloc(void *old, size_t size);
void *__wrap_realloc(void *old, size_t size);
char *__real_strdup(const char *text);
char *__wrap_strdup(const char *text);

void *__wrap_malloc(size_t size)
{
    return fails() ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t count, size_t size)
{
    return fails() ? NULL : __real_calloc(count, size);
}

void *__wrap_realloc(void *old, size_t size)
{
    return fails() ? NULL : __real_realloc(old, size);
}

char *__wrap_strdup(const char *text)
{
    return fails() ? NULL : __real_strdup(text);
}

#define TEN(text) text text text text text text text text text text

/* A name of a hundred labels: so many owners at once. */
#define DEEP TEN(TEN("a."))
#define LONG "a-label-of-60-bytes-that-is-here-to-fill-memory-with-names-."

/* Data of 15 and 50 kB; memory comes in chunks of 64 kB, but what is larger than 16 kB has a
 * chunk of its own. */
#define STRING "\"a string of 50 bytes that fills memory with data...\" "
#define DATA   " TXT " TEN(TEN(STRING STRING STRING)) "\n"
#define BIG    " TXT " TEN(TEN(TEN(STRING))) "\n"

#define INCLUDE "$INCLUDE more.inc\n"

/* Enough of everything: each array grows, and a full chunk is met by a name and by data. */
static const char zone_text[] =
    HEAD "$GENERATE 1-6 " DEEP "d$ A 192.0.2.1\n"
         "big" BIG "a" DATA "b" DATA "c" DATA "$GENERATE 1-99 " LONG LONG LONG
         "n$ A 192.0.2.1\n" INCLUDE INCLUDE INCLUDE INCLUDE INCLUDE INCLUDE INCLUDE INCLUDE;

enum { STEERED = 5 };

static struct zone_steered steered[STEERED];
static uint8_t steered_names[STEERED][DNS_NAME_MAX];

static void name_steered(void)
{
    for (unsigned i = 0; i < STEERED; i++) {
        char name[256];
        snprintf(name, sizeof(name), DEEP "steered-%u.example.com.", i);
        steered[i] = (struct zone_steered){.name = wire(name, steered_names[i])};
    }
}

/* load - with the n-th allocation failing (0: none); *out_failed: did it come to that? */
static enum err load(const char *path, size_t n, bool *out_failed)
{
    struct zone *zone = NULL;
    struct arena *arena = arena_new((size_t)1 << 30);
    struct diag_list *diags = diag_list_new();
    assert_non_null(arena);
    assert_non_null(diags);
    fail_at = n;
    enum err err = zone_load("example.com.", path, steered, STEERED, NULL, arena, diags, &zone);
    *out_failed = n > 0 && fail_at == 0;
    fail_at = 0;
    assert_true((err == ERR_OK) == (zone != NULL)); /* untouched after a failure */
    assert_int_equal(diag_count(diags), 0);         /* no mistake of the operator */
    diag_list_free(diags);
    arena_free(arena);
    return err;
}

static void a_load_without_memory_says_so_and_leaves_nothing(void **state)
{
    (void)state;
    struct temp_folder folder;
    char path[TEMP_PATH_MAX];
    bool failed = true;
    size_t n = 0;
    temp_folder_open(&folder);
    temp_write(&folder, "example.com.zone", zone_text);
    temp_write(&folder, "more.inc", "more TXT more\n");
    temp_path(&folder, "example.com.zone", path);
    name_steered();
    assert_int_equal(load(path, 0, &failed), ERR_OK);
    do {
        enum err err = load(path, ++n, &failed);
        if (err != (failed ? ERR_NO_MEMORY : ERR_OK))
            print_error("allocation %zu: %s\n", n, err_text(err));
        assert_int_equal(err, failed ? ERR_NO_MEMORY : ERR_OK);
    } while (failed);
    assert_in_range(n, 50, 10000);
    temp_folder_close(&folder);
}

/* A text in memory has a source, too, which may be all there is no room for. */
static void a_text_without_memory_says_so(void **state)
{
    (void)state;
    bool failed = true;
    for (size_t n = 1; failed; n++) {
        struct loaded l = {.arena = arena_new(1 << 20), .diags = diag_list_new()};
        fail_at = n;
        l.err = zone_load_text("example.com.", HEAD, strlen(HEAD), "t.zone", NULL, 0, NULL,
                               l.arena, l.diags, &l.zone);
        failed = fail_at == 0;
        fail_at = 0;
        assert_int_equal(l.err, failed ? ERR_NO_MEMORY : ERR_OK);
        assert_int_equal(l.zone != NULL, !failed);
        unload(&l);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_load_without_memory_says_so_and_leaves_nothing),
        cmocka_unit_test(a_text_without_memory_says_so),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
