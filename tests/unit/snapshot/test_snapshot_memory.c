/* Each allocation of a compilation fails once. The program is linked with --wrap, so that calls
 * from rhumb's own files come here first; those inside ldns, libfyaml, libmaxminddb and libc do
 * not, since they are not ours to repair. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include <cmocka.h>

#include "rhumb/snapshot.h"

#include "../../support/temp_folder.h"

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
char *__real_strndup(const char *text, size_t len);
char *__wrap_strndup(const char *text, size_t len);
void *__real_mmap(void *at, size_t len, int protection, int flags, int fd, off_t offset);
void *__wrap_mmap(void *at, size_t len, int protection, int flags, int fd, off_t offset);
void *__wrap_mremap(void *old, size_t old_len, size_t new_len, int flags);
void *__real_mremap(void *old, size_t old_len, size_t new_len, int flags);

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

char *__wrap_strndup(const char *text, size_t len)
{
    return fails() ? NULL : __real_strndup(text, len);
}

void *__wrap_mmap(void *at, size_t len, int protection, int flags, int fd, off_t offset)
{
    if (!fails())
        return __real_mmap(at, len, protection, flags, fd, offset);
    errno = ENOMEM;
    return MAP_FAILED;
}

void *__wrap_mremap(void *old, size_t old_len, size_t new_len, int flags)
{
    if (!fails())
        return __real_mremap(old, old_len, new_len, flags);
    errno = ENOMEM;
    return MAP_FAILED;
}

static const char zone_text[] = "$TTL 300\n"
                                "@ SOA ns hostmaster 7 7200 900 1209600 60\n"
                                "  NS ns\n"
                                "ns A 192.0.2.53\n"
                                "txt TXT \"a text\" \"and another\"\n"
                                "mail MX 10 mx.example.net.\n"
                                "web HTTPS 1 . alpn=h2 port=443\n"
                                "generic TYPE65280 \\# 2 abcd\n"
                                "$GENERATE 1-3 host$ A 192.0.2.$\n"
                                "$INCLUDE more.inc sub\n";

/* Every section, every policy, every kind of location. */
static const char config_text[] =
    "x-base: &base {fall: 2}\n"
    "server: {listen: ['127.0.0.1:5300'], identity: '${RHUMB_TEST_NOTHING:-a}'}\n"
    "geo:\n"
    "  databases: ['%s']\n"
    "  networks: {192.0.2.0/24: {country: FR}, 2001:db8::/32: {asn: AS64496}}\n"
    "  default: {country: NL}\n"
    "regions: {eu: {country: DE}, us: {country: US}}\n"
    "checks:\n"
    "  web: {<<: *base, http: {path: /, headers: {X-A: b}, status: [200]}}\n"
    "services:\n"
    "  app: {policy: geo, check: web, regions: {\n"
    "    eu: {serves: [EU, AS64496, 192.0.2.0/25], addresses: [192.0.2.1, '2001:db8::1']},\n"
    "    us: {serves: [default], addresses: [192.0.2.2]}},\n"
    "    residency: {EU-union: [eu]}}\n"
    "  near: {inherit: app, policy: nearest}\n"
    "  fast: {policy: latency, regions: {eu: {addresses: [192.0.2.1]}}}\n"
    "  share: {policy: weighted, regions: {eu: {service: app}, us: {weight: 3, names: "
    "[cdn.example.net]}}}\n"
    "zones:\n"
    "  example.com: {file: example.com.zone, names: {app: app, '{region}.app': app, near: "
    "near,\n"
    "    fast: fast, share: share}}\n";

static void write_files(const struct temp_folder *folder, const char *zone)
{
    const char *data = getenv("RHUMB_TEST_DATA");
    char database[TEMP_PATH_MAX], text[sizeof(config_text) + TEMP_PATH_MAX];
    snprintf(database, sizeof(database), "%s/mmdb/good/GeoLite2-Country-Test.mmdb",
             data ? data : "tests/data");
    const char *mark = strstr(config_text, "%s");
    snprintf(text, sizeof(text), "%.*s%s%s", (int)(mark - config_text), config_text, database,
             mark + 2);
    temp_write(folder, "rhumb.yaml", text);
    temp_write(folder, "example.com.zone", zone);
    temp_write(folder, "more.inc", "www TXT \"more\"\n");
}

/* compile - with the n-th allocation failing (0: none); *out_failed: did it come to that?
 * *out_told: was an error reported? */
static enum err compile(const char *path, size_t n, bool *out_failed, bool *out_told)
{
    struct snapshot_options options = {.keep_map = n % 2 == 0};
    struct snapshot *snapshot = NULL;
    struct diag_list *diags = diag_list_new();
    assert_non_null(diags);
    fail_at = n;
    enum err err = snapshot_compile(path, &options, diags, &snapshot);
    *out_failed = n > 0 && fail_at == 0;
    fail_at = 0;
    *out_told = diag_error_count(diags) > 0;
    assert_true((err == ERR_OK) == (snapshot != NULL)); /* untouched after a failure */
    snapshot_free(snapshot);
    diag_list_free(diags);
    return err;
}

static void a_compilation_without_memory_says_so_and_leaves_nothing(void **state)
{
    (void)state;
    struct temp_folder folder;
    char path[TEMP_PATH_MAX];
    bool failed = true, told;
    size_t n = 0;
    temp_folder_open(&folder);
    write_files(&folder, zone_text);
    temp_path(&folder, "rhumb.yaml", path);
    assert_int_equal(compile(path, 0, &failed, &told), ERR_OK);
    do {
        enum err err = compile(path, ++n, &failed, &told);
        if (err != (failed ? ERR_NO_MEMORY : ERR_OK))
            print_error("allocation %zu: %s\n", n, err_text(err));
        assert_int_equal(err, failed ? ERR_NO_MEMORY : ERR_OK);
    } while (failed);
    assert_in_range(n, 100, 10000);
    temp_folder_close(&folder);
}

/* With mistakes in the files both outcomes are right: what is wrong, or that memory ran out. */
static void a_mistake_and_no_memory_are_one_failure(void **state)
{
    (void)state;
    struct temp_folder folder;
    char path[TEMP_PATH_MAX];
    bool failed = true, told;
    temp_folder_open(&folder);
    write_files(&folder, "$TTL 300\n@ SOA ns hostmaster 7 7200 900 1209600 60\n  NS ns\n"
                         "ns A 192.0.2.530\n@ CNAME x\n");
    temp_path(&folder, "rhumb.yaml", path);
    for (size_t n = 1; failed; n++) {
        enum err err = compile(path, n, &failed, &told);
        assert_true(err == ERR_NO_MEMORY || (err == ERR_INVALID && told));
        assert_true(failed || err == ERR_INVALID);
    }
    temp_folder_close(&folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_compilation_without_memory_says_so_and_leaves_nothing),
        cmocka_unit_test(a_mistake_and_no_memory_are_one_failure),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
