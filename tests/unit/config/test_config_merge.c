#include "config_case.h"
#include "config_merge.h"

static const struct config_node one = {.kind = CONFIG_NODE_SCALAR, .text = "1"};
static const struct config_node two = {.kind = CONFIG_NODE_SCALAR, .text = "2"};
static const struct config_node_entry base_entries[] = {{.key = "a", .value = &one},
                                                        {.key = "b", .value = &one}};
static const struct config_node base = {
    .kind = CONFIG_NODE_MAP, .entries = base_entries, .count = 2};
static const struct config_node_entry more_entries[] = {{.key = "b", .value = &two},
                                                        {.key = "c", .value = &two}};
static const struct config_node more = {
    .kind = CONFIG_NODE_MAP, .entries = more_entries, .count = 2};

static void written_keys_win_then_the_first_merged(void **state)
{
    (void)state;
    const struct config_node_entry both[] = {{.value = &base}, {.value = &more}};
    const struct config_node list = {.kind = CONFIG_NODE_LIST, .entries = both, .count = 2};
    const struct config_node_entry written[] = {{.key = CONFIG_MERGE_KEY, .value = &list},
                                                {.key = "a", .value = &two}};
    struct arena *arena = arena_new(1024 * 1024);
    struct diag_list *diags = diag_list_new();
    struct config_node node = {.kind = CONFIG_NODE_MAP};
    assert_int_equal(config_merge(written, 2, arena, arena, diags, &node), ERR_OK);
    assert_int_equal(node.count, 3);
    assert_string_equal(config_node_find(&node, "a")->value->text, "2");
    assert_string_equal(config_node_find(&node, "b")->value->text, "1");
    assert_string_equal(config_node_find(&node, "c")->value->text, "2");
    assert_int_equal(diag_count(diags), 0);
    diag_list_free(diags);
    arena_free(arena);
}

static void of_a_key_written_twice_the_first_counts(void **state)
{
    (void)state;
    const struct config_node_entry written[] = {{.key = "a", .value = &one},
                                                {.key = "a", .value = &two}};
    struct arena *arena = arena_new(1024 * 1024);
    struct diag_list *diags = diag_list_new();
    struct config_node node = {.kind = CONFIG_NODE_MAP};
    assert_int_equal(config_merge(written, 2, arena, arena, diags, &node), ERR_OK);
    assert_int_equal(node.count, 1);
    assert_string_equal(node.entries[0].value->text, "1");
    assert_int_equal(diag_error_count(diags), 1);
    diag_list_free(diags);
    arena_free(arena);
}

static void a_full_arena_is_reported(void **state)
{
    (void)state;
    const struct config_node_entry written[] = {{.key = "a", .value = &one}};
    struct arena *arena = arena_new(8);
    struct diag_list *diags = diag_list_new();
    struct config_node node = {.kind = CONFIG_NODE_MAP};
    assert_int_equal(config_merge(written, 1, arena, arena, diags, &node), ERR_NO_MEMORY);
    assert_int_equal(node.count, 0);
    diag_list_free(diags);
    arena_free(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(written_keys_win_then_the_first_merged),
        cmocka_unit_test(of_a_key_written_twice_the_first_counts),
        cmocka_unit_test(a_full_arena_is_reported),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
