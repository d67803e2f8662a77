#include "zone_test.h"

static const char *data_path(const char *name, char path[512])
{
    const char *folder = getenv("RHUMB_TEST_DATA");
    assert_non_null(folder);
    snprintf(path, 512, "%s/zone/%s", folder, name);
    return path;
}

static struct loaded load_file(const char *path, struct arena *arena)
{
    struct loaded l = {.arena = arena, .diags = diag_list_new()};
    assert_non_null(l.arena);
    assert_non_null(l.diags);
    l.err = zone_load("example.com.", path, NULL, 0, NULL, l.arena, l.diags, &l.zone);
    return l;
}

static void a_good_file_becomes_a_zone(void **state)
{
    (void)state;
    char path[512];
    struct loaded l = load_file(data_path("small.zone", path), arena_new(1 << 20));
    assert_int_equal(l.err, ERR_OK);
    assert_int_equal(diag_count(l.diags), 0);
    assert_int_equal(l.zone->serial, 2024010101);
    assert_int_equal(l.zone->negative_ttl_s, 300);
    assert_int_equal(l.zone->node_count, 3);
    assert_int_equal(l.zone->record_count, 4);
    assert_int_equal(l.zone->file_count, 1);
    assert_string_equal(l.zone->files[0], path);
    unload(&l);
}

static void a_file_that_is_no_zone_is_one_clear_error(void **state)
{
    (void)state;

    static const struct {
        const char *name, *message;
        uint32_t line, column;
    } cases[] = {
        {"is-not-there.zone", "cannot open the file: No such file or directory", 0, 0},
        {"parts", "this is a directory, expected a master file", 0, 0},
        {"empty.zone", "the file holds no records", 0, 0},
        {"comments.zone", "the file holds no records", 0, 0},
        {"parts/binary.inc", "byte 0x7f: this is not a text file", 1, 1},
        {"nul.zone", "byte 0x00: this is not a text file", 4, 7},
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        char path[512];
        struct loaded l = load_file(data_path(cases[i].name, path), arena_new(1 << 20));
        assert_int_equal(l.err, ERR_INVALID);
        assert_null(l.zone);
        assert_int_equal(diag_count(l.diags), 1);
        assert_string_equal(diag_get(l.diags, 0)->message, cases[i].message);
        assert_string_equal(diag_get(l.diags, 0)->place.file, path);
        assert_int_equal(diag_get(l.diags, 0)->place.line, cases[i].line);
        assert_int_equal(diag_get(l.diags, 0)->place.column, cases[i].column);
        unload(&l);
    }
}

static void an_origin_must_be_an_absolute_name(void **state)
{
    (void)state;
    static const char *const origins[] = {"example.com", "", "a..b.", "@"};
    for (size_t i = 0; i < COUNT(origins); i++) {
        struct loaded l = load_with(origins[i], HEAD, NULL, 0, NULL);
        assert_int_equal(l.err, ERR_INVALID);
        assert_int_equal(diag_count(l.diags), 1);
        unload(&l);
        l = (struct loaded){.arena = arena_new(1 << 20), .diags = diag_list_new()};
        l.err =
            zone_load(origins[i], "is-not-read.zone", NULL, 0, NULL, l.arena, l.diags, &l.zone);
        assert_int_equal(l.err, ERR_INVALID);
        assert_int_equal(diag_count(l.diags), 1);
        assert_non_null(strstr(diag_get(l.diags, 0)->message, "is no name of a zone"));
        unload(&l);
    }
}

static void an_origin_is_lowered(void **state)
{
    (void)state;
    struct loaded l = load_with("EXAMPLE.Com.", HEAD "WWW A 192.0.2.1\n", NULL, 0, NULL);
    assert_int_equal(l.err, ERR_OK);
    assert_memory_equal(l.zone->origin, "\7example\3com", 13);
    assert_non_null(node_of(l.zone, "www.example.com."));
    unload(&l);
}

static void warnings_do_not_stop_a_zone(void **state)
{
    (void)state;
    struct loaded l = load_text(HEAD "s NS ns.s\n");
    assert_int_equal(l.err, ERR_OK);
    assert_int_equal(diag_warning_count(l.diags), 1);
    assert_non_null(l.zone);
    unload(&l);
}

/* The list may hold errors of other files already. */
static void errors_of_others_are_not_ours(void **state)
{
    (void)state;
    struct arena *arena = arena_new(1 << 20);
    struct diag_list *diags = diag_list_new();
    struct zone *zone = NULL;
    assert_non_null(arena);
    assert_non_null(diags);
    diag_error(diags, NULL, "of another zone");
    assert_int_equal(zone_load_text("example.com.", HEAD, strlen(HEAD), "t.zone", NULL, 0, NULL,
                                    arena, diags, &zone),
                     ERR_OK);
    assert_non_null(zone);
    diag_list_free(diags);
    arena_free(arena);
}

static void a_full_arena_is_told(void **state)
{
    (void)state;
    size_t needed;
    struct loaded l = load_clean(HEAD "a.b A 192.0.2.1\n");
    needed = arena_used_bytes(l.arena);
    unload(&l);
    for (size_t max = 0; max <= needed; max++) {
        static const char text[] = HEAD "a.b A 192.0.2.1\n";
        struct zone *zone = NULL;
        l = (struct loaded){.arena = arena_new(max), .diags = diag_list_new()};
        l.err = zone_load_text("example.com.", text, strlen(text), "t.zone", NULL, 0, NULL,
                               l.arena, l.diags, &zone);
        assert_int_equal(l.err, max < needed ? ERR_NO_MEMORY : ERR_OK);
        assert_int_equal(zone != NULL, max >= needed);
        unload(&l);
    }
}

/* write_generic - the whole zone as owner, TTL and RFC 3597 data: a form that needs no
 * knowledge of types. */
static char *write_generic(const struct zone *zone)
{
    enum { TEXT_BYTES = 1 << 20 };

    char *text = malloc(TEXT_BYTES);
    size_t used = 0;
    assert_non_null(text);
    for (size_t i = 0; i < zone->node_count; i++) {
        const struct zone_node *node = zone->nodes[i];
        for (unsigned j = 0; j < node->rrset_count; j++) {
            const struct rrset *set = &node->rrsets[j];
            const uint8_t *cursor = NULL, *rdata;
            uint16_t len;
            while ((rdata = rrset_next(set, &cursor, &len))) {
                char name[DNS_NAME_TEXT_MAX], data[8192];
                used += (size_t)snprintf(text + used, TEXT_BYTES - used,
                                         "%s %u IN TYPE%u \\# %u %s\n",
                                         dns_name_to_text(node->name, name), set->ttl_s,
                                         set->type, len, hex(rdata, len, data, sizeof(data)));
                assert_true(used < TEXT_BYTES);
            }
        }
    }
    return text;
}

static void print_and_reparse_gives_identity(void **state)
{
    (void)state;
    char path[512];
    struct loaded a = load_file(data_path("types.zone", path), arena_new(1 << 24));
    if (a.err != ERR_OK)
        diag_print_all(a.diags, stderr);
    assert_int_equal(a.err, ERR_OK);
    size_t type_count = 0;
    bool seen[UINT16_MAX + 1] = {false};
    char *text = write_generic(a.zone);
    struct loaded b = load_text(text);
    if (b.err != ERR_OK)
        diag_print_all(b.diags, stderr);
    assert_int_equal(b.err, ERR_OK);
    assert_int_equal(a.zone->node_count, b.zone->node_count);
    assert_int_equal(a.zone->record_count, b.zone->record_count);
    for (size_t i = 0; i < a.zone->node_count; i++) {
        const struct zone_node *x = a.zone->nodes[i], *y = b.zone->nodes[i];
        assert_true(dns_name_equal(x->name, y->name));
        assert_int_equal(x->flags, y->flags);
        assert_int_equal(x->rrset_count, y->rrset_count);
        for (unsigned j = 0; j < x->rrset_count; j++) {
            assert_int_equal(x->rrsets[j].type, y->rrsets[j].type);
            assert_int_equal(x->rrsets[j].ttl_s, y->rrsets[j].ttl_s);
            assert_int_equal(x->rrsets[j].rdata_bytes, y->rrsets[j].rdata_bytes);
            assert_memory_equal(x->rrsets[j].rdata, y->rrsets[j].rdata,
                                x->rrsets[j].rdata_bytes);
            type_count += !seen[x->rrsets[j].type];
            seen[x->rrsets[j].type] = true;
        }
    }
    assert_true(type_count >= 60);
    free(text);
    unload(&a);
    unload(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_good_file_becomes_a_zone),
        cmocka_unit_test(a_file_that_is_no_zone_is_one_clear_error),
        cmocka_unit_test(an_origin_must_be_an_absolute_name),
        cmocka_unit_test(an_origin_is_lowered),
        cmocka_unit_test(warnings_do_not_stop_a_zone),
        cmocka_unit_test(errors_of_others_are_not_ours),
        cmocka_unit_test(a_full_arena_is_told),
        cmocka_unit_test(print_and_reparse_gives_identity),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
