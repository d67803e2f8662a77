#include "config_case.h"
#include "config_node.h"
#include "config_tree.h"
#include "config_yaml.h"

static const char *lookup(const char *name)
{
    return strcmp(name, "PORT") == 0 ? "8080" : NULL;
}

struct tree {
    struct arena *arena;
    struct diag_list *diags;
    const struct config_node *root;
    enum err err;
};

static struct tree read_tree(const char *text, size_t len)
{
    struct tree tree = {.arena = arena_new(256 * 1024 * 1024), .diags = diag_list_new()};
    tree.err = config_yaml_read(text, len, "f", lookup, tree.arena, tree.diags, &tree.root);
    return tree;
}

static void free_tree(struct tree *tree)
{
    arena_free(tree->arena);
    diag_list_free(tree->diags);
}

static const struct config_node *child(const struct config_node *node, const char *key)
{
    const struct config_node_entry *entry = config_node_find(node, key);
    assert_non_null(entry);
    return entry->value;
}

static void every_value_knows_its_place(void **state)
{
    (void)state;
    static const char text[] = "a: {b: [1, \"two\"], c: }\n"
                               "d:\n"
                               "  - 'x'\n"
                               "  - e: |\n"
                               "      text\n"
                               "f:\n";
    struct tree tree = read_tree(text, strlen(text));
    assert_int_equal(tree.err, ERR_OK);
    const struct config_node *a = child(tree.root, "a"), *b = child(a, "b");
    assert_int_equal(b->place.column, 8);
    assert_int_equal(b->entries[1].value->place.column, 12);
    assert_string_equal(b->entries[1].value->text, "two");
    assert_false(b->entries[1].value->is_empty);
    const struct config_node_entry *c = config_node_find(a, "c");
    assert_true(c->value->is_empty);
    assert_int_equal(c->key_place.column, 20);
    assert_int_equal(c->value->place.column, 20); /* nothing is written: the key's place */
    const struct config_node *d = child(tree.root, "d");
    assert_int_equal(d->kind, CONFIG_NODE_LIST);
    assert_int_equal(d->entries[0].value->place.line, 3);
    assert_int_equal(d->entries[0].value->place.column, 5); /* the quote */
    assert_string_equal(d->entries[0].value->place.excerpt, "  - 'x'");
    assert_string_equal(child(d->entries[1].value, "e")->text, "text\n");
    assert_int_equal(tree.root->height, 4);
    assert_int_equal(tree.root->size, 11);
    free_tree(&tree);
}

static void aliases_and_merges_are_followed(void **state)
{
    (void)state;
    static const char text[] = "base: &b {x: 1, y: 2}\n"
                               "more: &m {y: 3, z: 4}\n"
                               "own: {<<: [*b, *m], x: 0}\n"
                               "one: {<<: *b}\n"
                               "copy: *b\n"
                               "b2: &b 7\n"
                               "later: *b\n"
                               "quoted: {\"<<\": 5}\n"
                               "port: ${PORT}\n";
    struct tree tree = read_tree(text, strlen(text));
    assert_int_equal(tree.err, ERR_OK);
    assert_int_equal(diag_error_count(tree.diags), 0);
    const struct config_node *own = child(tree.root, "own");
    assert_int_equal(own->count, 3);
    assert_string_equal(child(own, "x")->text, "0"); /* written wins over merged */
    assert_string_equal(child(own, "y")->text, "2"); /* the first merged wins */
    assert_string_equal(child(own, "z")->text, "4");
    assert_int_equal(child(tree.root, "one")->count, 2);
    assert_ptr_equal(child(tree.root, "copy"), child(tree.root, "base"));
    assert_string_equal(child(tree.root, "later")->text, "7"); /* the latest anchor */
    assert_string_equal(child(child(tree.root, "quoted"), "<<")->text, "5");
    assert_string_equal(child(tree.root, "port")->text, "8080");
    free_tree(&tree);
}

static void broken_yaml_is_one_error_with_its_place(void **state)
{
    (void)state;

    static const struct {
        const char *text;
        unsigned line, column;
        const char *message;
    } cases[] = {
        {"a: 1\n b: 2\n", 1, 4, "not valid YAML"},
        {"a: [1, 2\n", 2, 1, "not valid YAML"},
        {"\ta: 1\n", 1, 1, "not valid YAML"},
        {"a: \"open\nb: 1\n", 1, 4, "not valid YAML"},
        {"a: }\n", 1, 4, "not valid YAML"},
        {"a: 1\n---\nb: 1\n", 2, 1, "second document"},
        {"a: !!str 5\n", 1, 4, "tags are not used"},
        {"a: !x {b: 1}\n", 1, 4, "tags are not used"},
        {"? [a]\n: b\n", 1, 3, "a key cannot be"},
        {"? {a: 1}\n: b\n", 1, 3, "a key cannot be"},
        {": b\n", 1, 1, "a key is missing"},
        {"a: *no\n", 1, 4, "no anchor '&no'"},
        {"a: &a [*a]\n", 1, 8, "inside what it names"},
        {"a: &a {b: {c: *a}}\n", 1, 15, "inside what it names"},
        {"a: &a {<<: *a}\n", 1, 12, "inside what it names"},
        {"z: &z {a: */z}\n", 1, 11, "an alias cannot be a path"},
        {"a: &a k\n*a : 1\n", 2, 1, "an alias cannot be a key"},
        {"a: 1\na: 2\n", 2, 1, "the key 'a' stands here twice"},
        {"a: {b: 1, c: 2, b: 3}\n", 1, 17, "the key 'b' stands here twice"},
        {"a: {<<: 5}\n", 1, 9, "'<<' takes mappings"},
        {"a: {<<: [{b: 1}, [c]]}\n", 1, 18, "'<<' takes mappings"},
        {"a: &a {}\nb: {<<: *a, <<: *a}\n", 2, 13, "'<<' stands here twice"},
        {"a: \"x\\0y\"\n", 1, 4, "zero byte"},
        {"a: ${NONE}\n", 1, 4, "'NONE' is not set"},
        {"a: 'it is ${NONE:?the name of it}'\n", 1, 4, "NONE: the name of it"},
        {"a: b\x01\n", 1, 5, "not a text file"},
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        struct tree tree = read_tree(cases[i].text, strlen(cases[i].text));
        assert_int_equal(diag_error_count(tree.diags), 1);
        const struct diag *diag = diag_get(tree.diags, 0);
        if (!strstr(diag->message, cases[i].message) || diag->place.line != cases[i].line ||
            diag->place.column != cases[i].column)
            diag_print(diag, stderr);
        assert_non_null(strstr(diag->message, cases[i].message));
        assert_int_equal(diag->place.line, cases[i].line);
        assert_int_equal(diag->place.column, cases[i].column);
        free_tree(&tree);
    }
}

static void a_variable_in_a_flow_mapping_needs_quotes(void **state)
{
    (void)state;
    struct tree tree = read_tree("a: {b: ${PORT}}\n", 16);
    assert_int_equal(tree.err, ERR_INVALID);
    assert_non_null(strstr(diag_get(tree.diags, 0)->remedy, "write variables in quotes"));
    free_tree(&tree);
}

static void files_without_content_are_called_empty(void **state)
{
    (void)state;
    static const char *const texts[] = {"", "# only this\n", "---\n...\n", "\n\n",
                                        "\xef\xbb\xbf"};
    for (size_t i = 0; i < COUNT(texts); i++) {
        struct tree tree = read_tree(texts[i], strlen(texts[i]));
        assert_int_equal(tree.err, ERR_INVALID);
        assert_string_equal(diag_get(tree.diags, 0)->message, "the file is empty");
        free_tree(&tree);
    }
}

/* The classic: ten levels of ten aliases each, 10^10 values when followed. */
static void an_alias_bomb_ends_at_the_budget(void **state)
{
    (void)state;
    static const char text[] = "a: &a [x,x,x,x,x,x,x,x,x,x]\n"
                               "b: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a,*a]\n"
                               "c: &c [*b,*b,*b,*b,*b,*b,*b,*b,*b,*b]\n"
                               "d: &d [*c,*c,*c,*c,*c,*c,*c,*c,*c,*c]\n"
                               "e: &e [*d,*d,*d,*d,*d,*d,*d,*d,*d,*d]\n"
                               "f: &f [*e,*e,*e,*e,*e,*e,*e,*e,*e,*e]\n"
                               "g: &g [*f,*f,*f,*f,*f,*f,*f,*f,*f,*f]\n";
    struct tree tree = read_tree(text, strlen(text));
    assert_int_equal(tree.err, ERR_INVALID);
    assert_non_null(strstr(diag_get(tree.diags, 0)->message, "more than 100000 values"));
    assert_int_equal(diag_get(tree.diags, 0)->place.line, 5);
    assert_true(arena_used_bytes(tree.arena) < 64 * 1024);
    free_tree(&tree);
}

/* Each mapping merges the one before twice: the keys are the same, the cost is not. */
static void a_merge_bomb_ends_at_the_budget(void **state)
{
    (void)state;
    struct arena *arena = arena_new(1024 * 1024);
    const char *text = "m0: &m0 {k: v}\n";
    for (int i = 1; i < 40; i++)
        text = arena_printf(arena, "%sm%d: &m%d {<<: [*m%d, *m%d], k%d: v}\n", text, i, i,
                            i - 1, i - 1, i);
    struct tree tree = read_tree(text, strlen(text));
    assert_int_equal(tree.err, ERR_INVALID);
    assert_non_null(strstr(diag_get(tree.diags, 0)->message, "more than 100000 values"));
    free_tree(&tree);
    arena_free(arena);
}

static void a_self_merge_through_a_path_is_refused(void **state)
{
    (void)state;
    static const char text[] = "z:\n  <<: */z\n  a:\n    <<: */z\n";
    struct tree tree = read_tree(text, strlen(text));
    assert_int_equal(tree.err, ERR_INVALID);
    assert_string_equal(diag_get(tree.diags, 0)->message, "an alias cannot be a path");
    free_tree(&tree);
}

static void depth_is_limited_also_through_aliases(void **state)
{
    (void)state;

    static const struct {
        int levels, aliased;
        bool good;
    } cases[] = {
        {63, 0, true}, {64, 0, false}, {30, 30, true}, {40, 40, false}, {100000, 0, false}};

    for (size_t i = 0; i < COUNT(cases); i++) {
        size_t len = 0, max = (size_t)(2 * (cases[i].levels + cases[i].aliased) + 64);
        char *text = test_malloc(max);
        len += (size_t)snprintf(text + len, max - len, "- &a ");
        for (int k = 0; k < cases[i].aliased; k++)
            text[len++] = '[';
        for (int k = 0; k < cases[i].aliased; k++)
            text[len++] = ']';
        len += (size_t)snprintf(text + len, max - len, "%s\n- ", cases[i].aliased ? "" : "x");
        for (int k = 1; k < cases[i].levels; k++)
            text[len++] = '[';
        text[len++] = '*';
        text[len++] = 'a';
        text[len++] = ' ';
        for (int k = 1; k < cases[i].levels; k++)
            text[len++] = ']';
        struct tree tree = read_tree(text, len);
        assert_int_equal(tree.err, cases[i].good ? ERR_OK : ERR_INVALID);
        if (!cases[i].good)
            assert_non_null(strstr(diag_get(tree.diags, 0)->message, "nested deeper than 64"));
        free_tree(&tree);
        test_free(text);
    }
}

static void too_many_values_are_refused(void **state)
{
    (void)state;

    enum { MANY = 100001 };

    char *text = test_malloc(MANY * 2 + 2);
    text[0] = '[';
    for (size_t i = 0; i < MANY; i++)
        memcpy(text + 1 + i * 2, "x,", 2);
    text[MANY * 2 + 1] = ']';
    struct tree tree = read_tree(text, MANY * 2 + 2);
    assert_int_equal(tree.err, ERR_INVALID);
    assert_non_null(strstr(diag_get(tree.diags, 0)->message, "more than 100000 values"));
    free_tree(&tree);
    test_free(text);
}

static void too_many_brackets_never_reach_the_library(void **state)
{
    (void)state;

    enum { MANY = 3000000 };

    char *text = test_malloc(MANY);
    for (size_t i = 0; i < 2; i++) {
        memset(text, "[{"[i], MANY);
        struct tree tree = read_tree(text, MANY);
        assert_int_equal(tree.err, ERR_INVALID);
        assert_string_equal(diag_get(tree.diags, 0)->message, "more than 100000 brackets");
        assert_int_equal(diag_get(tree.diags, 0)->place.column, 100001);
        free_tree(&tree);
    }
    test_free(text);
}

static void quotes_in_single_quotes_are_read_right_or_refused(void **state)
{
    (void)state;

    static const struct {
        const char *text, *value; /* NULL: refused */
    } cases[] = {
        {"''", ""},
        {"''''", "'"},
        {"'it''s'", "it's"},
        {"'a''b''c'", "a'b'c"},
        {"'a\n  ''b'", "a 'b"},
        {"\"a''''b\"", "a''''b"},
        {"'a''''b'", NULL},
        {"''''''''''''''''''''", NULL},
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        struct tree tree = read_tree(cases[i].text, strlen(cases[i].text));
        assert_int_equal(tree.err, cases[i].value ? ERR_OK : ERR_INVALID);
        if (cases[i].value)
            assert_string_equal(tree.root->text, cases[i].value);
        else
            assert_string_equal(diag_get(tree.diags, 0)->remedy,
                                "write the value in double quotes");
        free_tree(&tree);
    }
}

static void a_block_of_blanks_at_the_end_is_refused(void **state)
{
    (void)state;

    static const char *const texts[] = {">\n    ", "a: |\n    "};

    for (size_t i = 0; i < COUNT(texts); i++) {
        struct tree tree = read_tree(texts[i], strlen(texts[i]));
        assert_int_equal(tree.err, ERR_INVALID);
        assert_string_equal(diag_get(tree.diags, 0)->message, "this value cannot be read");
        free_tree(&tree);
    }
}

static void too_many_bytes_are_refused(void **state)
{
    (void)state;
    size_t len = (size_t)CONFIG_BYTES_MAX + 1;
    char *text = test_malloc(len);
    memset(text, '\n', len);
    struct tree tree = read_tree(text, len);
    assert_int_equal(tree.err, ERR_INVALID);
    assert_string_equal(diag_get(tree.diags, 0)->message, "the file is larger than 16 MiB");
    free_tree(&tree);
    tree = read_tree(text, len - 1);
    assert_string_equal(diag_get(tree.diags, 0)->message, "the file is empty");
    free_tree(&tree);
    test_free(text);
}

static void a_full_arena_is_reported(void **state)
{
    (void)state;
    static const char text[] = "a: &x {b: [1, 2]}\nc: {<<: *x, d: '${PORT}'}\n";
    for (size_t room = 0; room < 1500; room += 16) {
        struct arena *arena = arena_new(room);
        struct diag_list *diags = diag_list_new();
        const struct config_node *root = NULL;
        enum err err = config_yaml_read(text, strlen(text), "f", lookup, arena, diags, &root);
        assert_int_equal(err, root ? ERR_OK : ERR_NO_MEMORY);
        diag_list_free(diags);
        arena_free(arena);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_value_knows_its_place),
        cmocka_unit_test(aliases_and_merges_are_followed),
        cmocka_unit_test(broken_yaml_is_one_error_with_its_place),
        cmocka_unit_test(a_variable_in_a_flow_mapping_needs_quotes),
        cmocka_unit_test(files_without_content_are_called_empty),
        cmocka_unit_test(an_alias_bomb_ends_at_the_budget),
        cmocka_unit_test(a_merge_bomb_ends_at_the_budget),
        cmocka_unit_test(a_self_merge_through_a_path_is_refused),
        cmocka_unit_test(depth_is_limited_also_through_aliases),
        cmocka_unit_test(too_many_values_are_refused),
        cmocka_unit_test(too_many_brackets_never_reach_the_library),
        cmocka_unit_test(quotes_in_single_quotes_are_read_right_or_refused),
        cmocka_unit_test(a_block_of_blanks_at_the_end_is_refused),
        cmocka_unit_test(too_many_bytes_are_refused),
        cmocka_unit_test(a_full_arena_is_reported),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
