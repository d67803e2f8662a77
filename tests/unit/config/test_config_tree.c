#include "config_case.h"
#include "config_tree.h"

static const char *lookup(const char *name)
{
    (void)name;
    return NULL;
}

static const struct diag_place here = {.file = "f", .line = 1, .column = 1};

struct fixture {
    struct arena *arena;
    struct diag_list *diags;
    struct config_tree tree;
};

static void fixture_init(struct fixture *fixture)
{
    fixture->arena = arena_new(1024 * 1024);
    fixture->diags = diag_list_new();
    assert_int_equal(config_tree_init(&fixture->tree, fixture->arena, fixture->diags, lookup),
                     ERR_OK);
}

static void fixture_deinit(struct fixture *fixture)
{
    config_tree_deinit(&fixture->tree);
    arena_free(fixture->arena);
    diag_list_free(fixture->diags);
}

static void keys_and_values_alternate(void **state)
{
    (void)state;
    struct fixture fixture;
    fixture_init(&fixture);
    struct config_tree *tree = &fixture.tree;
    assert_null(config_tree_current_place(tree));
    assert_int_equal(config_tree_begin(tree, CONFIG_NODE_MAP, NULL, &here), ERR_OK);
    assert_int_equal(config_tree_put_scalar(tree, "key", false, NULL, &here), ERR_OK);
    assert_int_equal(config_tree_begin(tree, CONFIG_NODE_LIST, NULL, &here), ERR_OK);
    assert_int_equal(config_tree_put_scalar(tree, "one", false, NULL, &here), ERR_OK);
    assert_int_equal(config_tree_put_scalar(tree, "two", true, NULL, &here), ERR_OK);
    assert_int_equal(config_tree_end(tree), ERR_OK);
    assert_null(tree->root);
    assert_int_equal(config_tree_end(tree), ERR_OK);
    assert_non_null(tree->root);
    const struct config_node *list = config_node_find(tree->root, "key")->value;
    assert_int_equal(list->count, 2);
    assert_string_equal(list->entries[1].value->text, "two");
    assert_int_equal(tree->root->size, 4);
    assert_int_equal(tree->root->height, 3);
    fixture_deinit(&fixture);
}

static void an_alias_counts_as_what_it_names(void **state)
{
    (void)state;
    struct fixture fixture;
    fixture_init(&fixture);
    struct config_tree *tree = &fixture.tree;
    assert_int_equal(config_tree_begin(tree, CONFIG_NODE_LIST, NULL, &here), ERR_OK);
    assert_int_equal(config_tree_begin(tree, CONFIG_NODE_LIST, "a", &here), ERR_OK);
    assert_int_equal(config_tree_put_scalar(tree, "x", false, NULL, &here), ERR_OK);
    assert_int_equal(config_tree_end(tree), ERR_OK);
    assert_int_equal(tree->node_count, 3);
    assert_int_equal(config_tree_put_alias(tree, "a", &here), ERR_OK);
    assert_int_equal(tree->node_count, 5);
    assert_int_equal(config_tree_end(tree), ERR_OK);
    assert_int_equal(tree->root->size, 5);
    assert_ptr_equal(tree->root->entries[0].value, tree->root->entries[1].value);
    fixture_deinit(&fixture);
}

static void aliases_that_cannot_be_followed_are_refused(void **state)
{
    (void)state;
    static const char *const names[] = {"open", "unknown", "/path", "a/b"};
    for (size_t i = 0; i < COUNT(names); i++) {
        struct fixture fixture;
        fixture_init(&fixture);
        assert_int_equal(config_tree_begin(&fixture.tree, CONFIG_NODE_LIST, "open", &here),
                         ERR_OK);
        assert_int_equal(config_tree_put_alias(&fixture.tree, names[i], &here), ERR_INVALID);
        assert_int_equal(diag_error_count(fixture.diags), 1);
        fixture_deinit(&fixture);
    }
}

static void depth_ends_at_its_maximum(void **state)
{
    (void)state;
    struct fixture fixture;
    fixture_init(&fixture);
    for (int i = 0; i < CONFIG_DEPTH_MAX; i++)
        assert_int_equal(config_tree_begin(&fixture.tree, CONFIG_NODE_LIST, NULL, &here),
                         ERR_OK);
    assert_int_equal(config_tree_begin(&fixture.tree, CONFIG_NODE_LIST, NULL, &here),
                     ERR_INVALID);
    assert_int_equal(config_tree_put_scalar(&fixture.tree, "x", false, NULL, &here),
                     ERR_INVALID);
    fixture_deinit(&fixture);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keys_and_values_alternate),
        cmocka_unit_test(an_alias_counts_as_what_it_names),
        cmocka_unit_test(aliases_that_cannot_be_followed_are_refused),
        cmocka_unit_test(depth_ends_at_its_maximum),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
