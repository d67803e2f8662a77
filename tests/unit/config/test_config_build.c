#include "config_build.h"
#include "config_case.h"

static void names_are_found_exactly_or_refused_with_a_suggestion(void **state)
{
    (void)state;
    struct arena *arena = arena_new(1024 * 1024);
    struct diag_list *diags = diag_list_new();
    struct config_reader reader = {.arena = arena, .diags = diags, .folder = "."};
    struct config_names names;
    assert_true(config_names_init(&reader, &names, 3));
    config_names_add(&reader, &names, &(struct config_node_entry){.key = "eu-west"}, "region");
    config_names_add(&reader, &names, &(struct config_node_entry){.key = "Us"}, "region");
    assert_int_equal(diag_count(diags), 0);

    const struct diag_place place = {.line = 4, .column = 2};
    assert_int_equal(config_names_find(&reader, &names, "Us", &place, "region"), 1);
    assert_int_equal(diag_count(diags), 0);
    static const char *const unknown[] = {"us", "eu-wets", "/us", "/eu-west", ""};
    for (size_t i = 0; i < COUNT(unknown); i++) {
        assert_int_equal(config_names_find(&reader, &names, unknown[i], &place, "region"),
                         CONFIG_NONE);
        assert_int_equal(diag_error_count(diags), i + 1);
        assert_non_null(diag_get(diags, i)->remedy);
    }
    assert_string_equal(diag_get(diags, 1)->remedy, "did you mean 'eu-west'?");
    config_names_add(&reader, &names, &(struct config_node_entry){.key = "US"}, "region");
    assert_string_equal(diag_get(diags, COUNT(unknown))->message,
                        "the region 'US' is there already, as 'Us'");
    diag_list_free(diags);
    arena_free(arena);
}

static void an_empty_entry_has_no_content(void **state)
{
    (void)state;
    const struct config_node nothing = {.kind = CONFIG_NODE_SCALAR, .is_empty = true};
    const struct config_node map = {.kind = CONFIG_NODE_MAP};
    assert_false(config_has_content(NULL));
    assert_false(config_has_content(&(struct config_node_entry){.value = &nothing}));
    assert_true(config_has_content(&(struct config_node_entry){.value = &map}));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_are_found_exactly_or_refused_with_a_suggestion),
        cmocka_unit_test(an_empty_entry_has_no_content),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
