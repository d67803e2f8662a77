#include "config_case.h"
#include "config_node.h"

static void entries_are_found_by_key(void **state)
{
    (void)state;
    static const struct config_node value = {.kind = CONFIG_NODE_SCALAR, .text = "x"};
    static const struct config_node_entry entries[] = {{.key = "a", .value = &value},
                                                       {.key = "b", .value = &value}};
    const struct config_node map = {
        .kind = CONFIG_NODE_MAP, .entries = entries, .count = COUNT(entries)};
    assert_ptr_equal(config_node_find(&map, "b"), &entries[1]);
    assert_null(config_node_find(&map, "c"));
    assert_null(config_node_find(&value, "a"));
}

static void kinds_have_names_for_messages(void **state)
{
    (void)state;
    const struct config_node nothing = {.kind = CONFIG_NODE_SCALAR, .is_empty = true};
    const struct config_node value = {.kind = CONFIG_NODE_SCALAR};
    const struct config_node list = {.kind = CONFIG_NODE_LIST};
    const struct config_node map = {.kind = CONFIG_NODE_MAP};
    assert_string_equal(config_node_kind_name(&nothing), "nothing");
    assert_string_equal(config_node_kind_name(&value), "a single value");
    assert_string_equal(config_node_kind_name(&list), "a list");
    assert_string_equal(config_node_kind_name(&map), "a mapping");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(entries_are_found_by_key),
        cmocka_unit_test(kinds_have_names_for_messages),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
