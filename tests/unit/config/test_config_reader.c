#include "config_case.h"
#include "config_reader.h"

struct fixture {
    struct arena *arena;
    struct diag_list *diags;
    struct config_reader reader;
};

static struct fixture fixture_new(void)
{
    struct fixture fixture = {.arena = arena_new(1024 * 1024), .diags = diag_list_new()};
    fixture.reader = (struct config_reader){
        .arena = fixture.arena, .diags = fixture.diags, .folder = "conf"};
    return fixture;
}

static void fixture_free(struct fixture *fixture)
{
    arena_free(fixture->arena);
    diag_list_free(fixture->diags);
}

static struct config_node scalar(const char *text)
{
    return (struct config_node){.kind = CONFIG_NODE_SCALAR, .text = text};
}

struct object {
    const char *text, *path;
    uint16_t small;
    uint32_t large, ms, s;
    double number, share;
    bool flag;
};

#define FIELD(name, type, member, low, high)                                                   \
    {                                                                                          \
        .key = (name), .kind = (type), .offset = offsetof(struct object, member),              \
        .min = (low), .max = (high)                                                            \
    }

static const struct config_field fields[] = {
    FIELD("text", CONFIG_FIELD_TEXT, text, 0, 0),
    FIELD("path", CONFIG_FIELD_PATH, path, 0, 0),
    FIELD("small", CONFIG_FIELD_UINT16, small, 1, 65535),
    FIELD("large", CONFIG_FIELD_UINT32, large, 0, UINT32_MAX),
    FIELD("ms", CONFIG_FIELD_DURATION_MS, ms, 0, 1000),
    FIELD("s", CONFIG_FIELD_DURATION_S, s, 0, 60),
    FIELD("number", CONFIG_FIELD_NUMBER, number, -1, 1),
    FIELD("share", CONFIG_FIELD_SHARE, share, 0, 1),
    FIELD("flag", CONFIG_FIELD_BOOL, flag, 0, 1),
};

static void each_kind_of_field_goes_to_its_member(void **state)
{
    (void)state;
    static const char *const values[][2] = {
        {"text", "a b"},         {"path", "sub/x"}, {"small", "65535"},
        {"large", "4294967295"}, {"ms", "1s"},      {"s", "1ms"},
        {"number", "-0.5"},      {"share", "25%"},  {"flag", "true"}};
    struct config_node nodes[COUNT(values)];
    struct config_node_entry entries[COUNT(values)];
    for (size_t i = 0; i < COUNT(values); i++) {
        nodes[i] = scalar(values[i][1]);
        entries[i] = (struct config_node_entry){.key = values[i][0], .value = &nodes[i]};
    }
    const struct config_node map = {
        .kind = CONFIG_NODE_MAP, .entries = entries, .count = COUNT(values)};
    struct fixture fixture = fixture_new();
    struct object object = {0};
    assert_true(config_read_fields(&fixture.reader,
                                   &(struct config_node_entry){.key = "x", .value = &map},
                                   fields, COUNT(fields), &object));
    assert_int_equal(diag_count(fixture.diags), 0);
    assert_string_equal(object.text, "a b");
    assert_string_equal(object.path, "conf/sub/x");
    assert_int_equal(object.small, 65535);
    assert_int_equal(object.large, UINT32_MAX);
    assert_int_equal(object.ms, 1000);
    assert_int_equal(object.s, 1);
    assert_true(object.number == -0.5);
    assert_true(object.share == 0.25);
    assert_true(object.flag);
    fixture_free(&fixture);
}

static void a_wrong_value_leaves_the_default(void **state)
{
    (void)state;
    struct object object = {.text = "t",
                            .path = "p",
                            .small = 7,
                            .large = 7,
                            .ms = 7,
                            .s = 7,
                            .number = 0.7,
                            .share = 0.7,
                            .flag = true};
    struct fixture fixture = fixture_new();
    const struct config_node list = {.kind = CONFIG_NODE_LIST, .text = ""};
    for (size_t i = 0; i < COUNT(fields); i++) {
        const struct config_node_entry entry = {
            .key = fields[i].key, .key_place = {.line = (uint32_t)i}, .value = &list};
        const struct config_node map = {.kind = CONFIG_NODE_MAP, .entries = &entry, .count = 1};
        config_read_fields(&fixture.reader,
                           &(struct config_node_entry){.key = "x", .value = &map}, fields,
                           COUNT(fields), &object);
    }
    assert_int_equal(diag_error_count(fixture.diags), COUNT(fields));
    assert_string_equal(object.text, "t");
    assert_string_equal(object.path, "p");
    assert_true(object.small == 7 && object.large == 7 && object.ms == 7 && object.s == 7);
    assert_true(object.number == 0.7 && object.share == 0.7 && object.flag);
    fixture_free(&fixture);
}

static void one_message_at_one_place_is_said_once(void **state)
{
    (void)state;
    struct fixture fixture = fixture_new();
    const struct diag_place here = {.line = 1, .column = 2}, there = {.line = 1, .column = 3};
    config_error(&fixture.reader, &here, "wrong");
    config_remedy(&fixture.reader, "first");
    config_error(&fixture.reader, &here, "wrong");
    config_remedy(&fixture.reader, "second");
    assert_string_equal(diag_get(fixture.diags, 0)->remedy, "first");
    config_error(&fixture.reader, &there, "wrong");
    config_error(&fixture.reader, &here, "also wrong");
    assert_int_equal(diag_error_count(fixture.diags), 3);
    fixture_free(&fixture);
}

static void messages_hold_no_control_characters(void **state)
{
    (void)state;
    struct fixture fixture = fixture_new();
    config_error(&fixture.reader, &(struct diag_place){.line = 1}, "'%s'", "a\x1b[31m\nb");
    assert_string_equal(diag_get(fixture.diags, 0)->message, "'a?[31m?b'");
    fixture_free(&fixture);
}

static void a_single_value_is_a_list_of_one(void **state)
{
    (void)state;
    struct fixture fixture = fixture_new();
    const struct config_node value = scalar("x");
    const struct config_node_entry entry = {.key = "k", .value = &value};
    const struct config_node_entry *items;
    size_t count;
    assert_true(config_read_list(&fixture.reader, &entry, 1, 2, &items, &count));
    assert_int_equal(count, 1);
    assert_ptr_equal(items[0].value, &value);
    assert_string_equal(items[0].key, "k");
    const struct config_node nothing = {
        .kind = CONFIG_NODE_SCALAR, .text = "", .is_empty = true};
    const struct config_node_entry empty = {.key = "k", .value = &nothing};
    assert_true(config_read_list(&fixture.reader, &empty, 0, 2, &items, &count));
    assert_int_equal(count, 0);
    assert_false(config_read_list(&fixture.reader, &empty, 1, 2, &items, &count));
    fixture_free(&fixture);
}

static void a_full_arena_sticks(void **state)
{
    (void)state;
    struct arena *arena = arena_new(8);
    struct config_reader reader = {.arena = arena, .folder = "conf"};
    assert_null(config_alloc(&reader, 100, 8));
    assert_true(reader.no_memory);
    reader.no_memory = false;
    assert_string_equal(config_join_path(&reader, "longer than that"), "longer than that");
    assert_true(reader.no_memory);
    reader.no_memory = false;
    assert_string_equal(config_lower(&reader, "LONGER THAN THAT"), "");
    assert_true(reader.no_memory);
    arena_free(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_kind_of_field_goes_to_its_member),
        cmocka_unit_test(a_wrong_value_leaves_the_default),
        cmocka_unit_test(one_message_at_one_place_is_said_once),
        cmocka_unit_test(messages_hold_no_control_characters),
        cmocka_unit_test(a_single_value_is_a_list_of_one),
        cmocka_unit_test(a_full_arena_sticks),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
