#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "admin_route.h"

static char params[ADMIN_PARAMS_MAX][256];
static char allowed[ADMIN_NAME_BYTES];

static const struct admin_route *find(const char *method, const char *path)
{
    memset(params, 0, sizeof(params));
    return admin_route_find(method, path, params, allowed);
}

static void a_route_is_found_by_method_and_path(void **state)
{
    static const struct {
        const char *method, *path, *pattern, *param;
    } cases[] = {
        {"GET", "/v1/status", "/v1/status", ""},
        {"GET", "/v1/services", "/v1/services", ""},
        {"GET", "/v1/services/app", "/v1/services/{service}", "app"},
        {"GET", "/v1/services/a b", "/v1/services/{service}", "a b"},
        {"POST", "/v1/services/app/failover", "/v1/services/{service}/failover", "app"},
        {"POST", "/v1/services/failover/failover", "/v1/services/{service}/failover",
         "failover"},
        {"DELETE", "/v1/overrides", "/v1/overrides", ""},
        {"GET", "/ready", "/ready", ""},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const struct admin_route *route = find(cases[i].method, cases[i].path);
        assert_non_null(route);
        assert_string_equal(route->method, cases[i].method);
        assert_string_equal(route->path, cases[i].pattern);
        assert_string_equal(params[0], cases[i].param);
    }
}

static void other_paths_are_nothing(void **state)
{
    static const char *const paths[] = {
        "",
        "/",
        "//v1/status",
        "/v1",
        "/v1/",
        "/v1/status/",
        "/v1/statuses",
        "/V1/status",
        "/v1/services/",
        "/v1/services//failover",
        "/v1/services/a/b",
        "/v1/services/a/failover/",
        "/v1/services/a/failoverx",
        "/v1/services/{service}/",
    };

    (void)state;
    for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
        assert_null(find("GET", paths[i]));
        assert_string_equal(allowed, "");
    }
}

static void another_method_tells_which_there_are(void **state)
{
    (void)state;
    assert_null(find("PUT", "/v1/overrides"));
    assert_string_equal(allowed, "GET, HEAD, POST, DELETE");
    assert_null(find("get", "/v1/status"));
    assert_string_equal(allowed, "GET, HEAD");
    assert_null(find("GET", "/v1/services/app/failover"));
    assert_string_equal(allowed, "POST");
    assert_null(find("", "/v1/reload"));
    assert_string_equal(allowed, "POST");
}

static void a_parameter_has_room_for_255_bytes(void **state)
{
    char path[400] = "/v1/services/";
    (void)state;
    memset(path + strlen(path), 'x', 255);
    assert_non_null(find("GET", path));
    assert_int_equal(strlen(params[0]), 255);
    path[strlen(path)] = 'x';
    assert_null(find("GET", path));
    assert_string_equal(allowed, "");
}

static void the_table_is_complete_and_without_doubles(void **state)
{
    size_t count = 0;
    (void)state;
    for (const struct admin_route *a; (a = admin_route_get(count)); count++) {
        assert_non_null(a->serve);
        assert_non_null(a->queries);
        assert_int_equal(a->path[0], '/');
        assert_true(a->scope <= CONFIG_SCOPE_ALL && (a->scope & (a->scope - 1)) == 0);
        /* who changes something needs more than to look */
        assert_true(strcmp(a->method, "GET") == 0 || a->scope > CONFIG_SCOPE_READ);
        assert_true(a->scope != 0 || strcmp(a->path, "/ready") == 0);
        for (size_t k = 0; k < count; k++)
            assert_false(strcmp(admin_route_get(k)->method, a->method) == 0 &&
                         strcmp(admin_route_get(k)->path, a->path) == 0);
    }
    assert_true(count > 10);
    assert_null(admin_route_get(count + 1));
    assert_null(admin_route_get(SIZE_MAX));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_route_is_found_by_method_and_path),
        cmocka_unit_test(other_paths_are_nothing),
        cmocka_unit_test(another_method_tells_which_there_are),
        cmocka_unit_test(a_parameter_has_room_for_255_bytes),
        cmocka_unit_test(the_table_is_complete_and_without_doubles),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
