#include "rhumb/dns_type.h"

#include "zone_parse.h"
#include "zone_test.h"

static void broken_directives_are_shown(void **state)
{
    (void)state;

    static const struct broken cases[] = {
        {"$TTL 3600\n"
         " A 192.0.2.1\n"
         "@ SOA ns.example.net. host 1 7200 900 1209600 300\n"
         "@ NS ns.example.net.\n",
         DIAG_ERROR, 2, 2, "the line starts with white space, but no owner name stands above",
         NULL},
        {"@ 60 SOA ns.example.net. host 1 7200 900 1209600 300\n"
         "@ NS ns.example.net.\n"
         "$TTL 5x\n"
         "w A 192.0.2.1\n",
         DIAG_ERROR, 3, 6, "'5x' is no TTL, expected 3600 or 1h30m", NULL},
        {HEAD "$TTL\n", DIAG_ERROR, 4, 1, "expected $TTL 1h", NULL},
        {HEAD "$TTL 1h 2h\n", DIAG_ERROR, 4, 1, "expected $TTL 1h", NULL},
        {HEAD "$TTL 2147483648\n", DIAG_ERROR, 4, 6, "the TTL is above 2147483647 seconds",
         NULL},
        {HEAD "$ORIGIN a..b\n", DIAG_ERROR, 4, 9, "this is no origin: a label is empty", NULL},
        {HEAD "$ORIGIN\n", DIAG_ERROR, 4, 1, "expected $ORIGIN name", NULL},
        {HEAD "$ORIGIN \"sub\"\n", DIAG_ERROR, 4, 9, "this is no origin: it is quoted", NULL},
        {HEAD "$TTL \"1h\"\n", DIAG_ERROR, 4, 6, "'1h' is no TTL, expected 3600 or 1h30m",
         NULL},
        {HEAD "$FOO bar\n", DIAG_ERROR, 4, 1, "unknown directive '$FOO'",
         "expected one of: $ORIGIN, $TTL, $INCLUDE, $GENERATE"},
        {HEAD "$INCLUD x\n", DIAG_ERROR, 4, 1, "unknown directive '$INCLUD'",
         "did you mean '$INCLUDE'?"},
        {HEAD " $TTL 300\n", DIAG_ERROR, 4, 2, "unknown record type '$TTL'",
         "a directive starts in the first column"},
        {HEAD "$INCLUDE is-not-there.zone\n", DIAG_ERROR, 4, 10,
         "is-not-there.zone: cannot open the file: No such file or directory", NULL},
        {HEAD "$INCLUDE /\n", DIAG_ERROR, 4, 10,
         "/: this is a directory, expected a master file", NULL},
        {HEAD "$INCLUDE \"\"\n", DIAG_ERROR, 4, 10, "this is no file name", NULL},
        {HEAD "$INCLUDE a\\000b\n", DIAG_ERROR, 4, 10, "this is no file name", NULL},
        {HEAD "$INCLUDE a\\256b\n", DIAG_ERROR, 4, 10, "this is no file name", NULL},
        {HEAD "$GENERATE 1-2 m$ MX \"10 mail$ (\"\n", DIAG_ERROR, 4, 1,
         "in a generated record: the parenthesis is never closed", NULL},
        {HEAD "$GENERATE 1-3 a\n", DIAG_ERROR, 4, 1,
         "expected $GENERATE first-last[/step] owner [TTL] [class] type data", NULL},
        {HEAD "$GENERATE 3-1 a$ A 192.0.2.$\n", DIAG_ERROR, 4, 11,
         "expected a range first-last or first-last/step", NULL},
        {HEAD "$GENERATE 0-65536 a$ A 192.0.2.1\n", DIAG_ERROR, 4, 11,
         "the range has more than 65536 values",
         "to allow more, raise 'records_per_generate' in the limits: of the zone"},
        {HEAD "$GENERATE 250-260 a$ A 192.0.2.$\n", DIAG_ERROR, 4, 1,
         "in a generated record: expected an IPv4 address such as 192.0.2.1, found "
         "'192.0.2.256'",
         NULL},
        {HEAD "$GENERATE 1-3 a$ A 192.0.2.${x}\n", DIAG_ERROR, 4, 20,
         "expected ${offset}, ${offset,width} or ${offset,width,base} with base d, o, x, X, n "
         "or N",
         NULL},
        {HEAD "$GENERATE 1-3 a$ A \"192.0.2.$ ;\n", DIAG_ERROR, 4, 20,
         "the quoted string does not end on its line",
         "close it with \", and write a quote inside it as \\\""},
        {HEAD "$GENERATE 1-3 a$.example.org. A 192.0.2.$\n", DIAG_ERROR, 4, 1,
         "in a generated record: a1.example.org. is not in the zone example.com.", NULL},
    };

    check_cases(cases, COUNT(cases));
}

/* load_file - a zone of tests/data/zone. */
static struct loaded load_file(const char *name, const struct zone_limits *limits)
{
    char path[512];
    const char *folder = getenv("RHUMB_TEST_DATA");
    struct loaded l = {.arena = arena_new((size_t)1 << 30), .diags = diag_list_new()};
    assert_non_null(folder);
    assert_non_null(l.arena);
    assert_non_null(l.diags);
    snprintf(path, sizeof(path), "%s/zone/%s", folder, name);
    l.err = zone_load("example.com.", path, NULL, 0, limits, l.arena, l.diags, &l.zone);
    return l;
}

static void included_files_change_nothing_of_their_includer(void **state)
{
    (void)state;
    struct loaded l = load_file("include.zone", NULL);
    if (l.err != ERR_OK)
        diag_print_all(l.diags, stderr);
    assert_int_equal(l.err, ERR_OK);

    static const struct {
        const char *name;
        uint32_t ttl_s;
    } expected[] = {
        {"before.example.com.", 3600},    {"in.sub.example.com.", 60},
        {"deep.in.sub.example.com.", 60}, {"plain.example.com.", 3600},
        {"after.example.com.", 3600},     {"plain.again.example.com.", 3600},
    };

    for (size_t i = 0; i < COUNT(expected); i++) {
        const struct zone_node *node = node_of(l.zone, expected[i].name);
        assert_non_null(node);
        const struct rrset *set = zone_node_rrset(node, DNS_TYPE_A);
        assert_non_null(set);
        assert_int_equal(set->ttl_s, expected[i].ttl_s);
    }
    /* a line without an owner behind an $INCLUDE belongs to the one before it */
    assert_non_null(zone_node_rrset(node_of(l.zone, "before.example.com."), DNS_TYPE_TXT));
    unload(&l);
}

static void the_files_of_a_zone_are_listed_once(void **state)
{
    (void)state;
    struct loaded l = load_file("include.zone", NULL);
    assert_int_equal(l.err, ERR_OK);
    static const char *const ends[] = {"/include.zone", "/parts/sub.inc",
                                       "/parts/deep file.inc", "/parts/plain.inc"};
    assert_int_equal(l.zone->file_count, COUNT(ends));
    for (size_t i = 0; i < COUNT(ends); i++) {
        size_t len = strlen(l.zone->files[i]), end = strlen(ends[i]);
        assert_true(len > end);
        assert_string_equal(l.zone->files[i] + len - end, ends[i]);
    }
    unload(&l);
}

static void mistakes_in_included_files_have_their_own_place(void **state)
{
    (void)state;
    struct loaded l = load_file("include-broken.zone", NULL);
    assert_int_equal(l.err, ERR_INVALID);
    assert_int_equal(diag_count(l.diags), 2);
    const struct diag *inner = diag_get(l.diags, 0), *outer = diag_get(l.diags, 1);
    assert_non_null(strstr(inner->place.file, "parts/broken.inc"));
    assert_int_equal(inner->place.line, 2);
    assert_int_equal(inner->place.column, 10);
    assert_string_equal(inner->place.excerpt, "broken A 192.0.2.300");
    assert_non_null(strstr(outer->place.file, "include-broken.zone"));
    assert_int_equal(outer->place.line, 5);
    unload(&l);
}

static void a_file_that_includes_itself_is_refused(void **state)
{
    (void)state;

    static const struct {
        const char *name;
        uint32_t line;
    } cases[] = {
        {"include-self.zone", 4},
        {"include-loop.zone", 1},
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        struct loaded l = load_file(cases[i].name, NULL);
        assert_int_equal(l.err, ERR_INVALID);
        assert_int_equal(diag_count(l.diags), 1);
        assert_non_null(strstr(diag_get(l.diags, 0)->message, "includes itself"));
        assert_int_equal(diag_get(l.diags, 0)->place.line, cases[i].line);
        unload(&l);
    }
}

/* include.zone includes four files: one of them twice, and one by way of another. */
static void includes_are_limited(void **state)
{
    (void)state;

    enum { BYTES = 229 + 81 + 17 + 18 + 18 }; /* of all that is read, in this order */

    static const struct {
        struct zone_limits limits;
        const char *message, *key, *file;
        uint32_t line, column;
    } cases[] = {
        {{.max_include_depth = 1},
         "$INCLUDE is nested more than 1 deep",
         "include_depth",
         "parts/sub.inc",
         3,
         10},
        {{.max_includes = 3},
         "the zone has more than 3 includes",
         "includes",
         "include.zone",
         9,
         10},
        {{.max_bytes = BYTES - 1},
         "with this the zone has more than 362 bytes",
         "size",
         "include.zone",
         9,
         10},
        {{.max_bytes = 229}, /* the file itself fits */
         "with this the zone has more than 229 bytes",
         "size",
         "include.zone",
         5,
         10},
        {{.max_bytes = 228}, "the file has more than 228 bytes", "size", "include.zone", 0, 0},
    };

    const struct zone_limits enough = {
        .max_include_depth = 2, .max_includes = 4, .max_bytes = BYTES};
    struct loaded l = load_file("include.zone", &enough);
    assert_int_equal(l.err, ERR_OK);
    unload(&l);
    for (size_t i = 0; i < COUNT(cases); i++) {
        char remedy[96];
        snprintf(remedy, sizeof(remedy), "to allow more, raise '%s' in the limits: of the zone",
                 cases[i].key);
        l = load_file("include.zone", &cases[i].limits);
        assert_int_equal(l.err, ERR_INVALID);
        assert_int_equal(diag_count(l.diags), 1);
        const struct diag *diag = diag_get(l.diags, 0);
        assert_string_equal(diag->message, cases[i].message);
        assert_string_equal(diag->remedy, remedy);
        assert_non_null(strstr(diag->place.file, cases[i].file));
        assert_int_equal(diag->place.line, cases[i].line);
        assert_int_equal(diag->place.column, cases[i].column);
        unload(&l);
    }
}

static void a_binary_include_is_refused(void **state)
{
    (void)state;
    struct loaded l = load_file("include-binary.zone", NULL);
    assert_int_equal(l.err, ERR_INVALID);
    assert_int_equal(diag_count(l.diags), 1);
    assert_non_null(strstr(diag_get(l.diags, 0)->message, "this is not a text file"));
    assert_int_equal(diag_get(l.diags, 0)->place.line, 4);
    unload(&l);
}

static void an_include_by_its_whole_path_is_found_from_anywhere(void **state)
{
    (void)state;
    char text[1024], path[512];
    const char *folder = getenv("RHUMB_TEST_DATA");
    assert_non_null(folder);
    snprintf(path, sizeof(path), "%s/zone/parts/plain.inc", folder);
    snprintf(text, sizeof(text), "%s$INCLUDE \"%s\"\n", HEAD, path);
    struct loaded l = {.arena = arena_new(1 << 20), .diags = diag_list_new()};
    l.err = zone_load_text("example.com.", text, strlen(text), "else/where/t.zone", NULL, 0,
                           NULL, l.arena, l.diags, &l.zone);
    assert_int_equal(l.err, ERR_OK);
    assert_non_null(node_of(l.zone, "plain.example.com."));
    assert_int_equal(l.zone->file_count, 2);
    assert_string_equal(l.zone->files[1], path);
    unload(&l);
}

static void generated_records_are_records(void **state)
{
    (void)state;
    struct loaded l = load_clean(HEAD "$GENERATE 1-3 host${0,2} A 192.0.2.$\n"
                                      "$GENERATE 0-4/2 $.rev 60 IN PTR host$\n"
                                      "$GENERATE 1-2 m$ MX \"10 mail$\"\n"
                                      "$GENERATE 1-2 t TXT \"a $\" b\n"
                                      "$GENERATE 10-10 ${0,3,n} A 192.0.2.1\n"
                                      "after A 192.0.2.9\n");

    static const struct {
        const char *name;
        uint16_t type, count;
        uint32_t ttl_s;
    } expected[] = {
        {"host01.example.com.", DNS_TYPE_A, 1, 3600},
        {"host03.example.com.", DNS_TYPE_A, 1, 3600},
        {"0.rev.example.com.", DNS_TYPE_PTR, 1, 60},
        {"4.rev.example.com.", DNS_TYPE_PTR, 1, 60},
        {"m2.example.com.", DNS_TYPE_MX, 1, 3600},
        {"t.example.com.", DNS_TYPE_TXT, 2, 3600},
        {"a.0.example.com.", DNS_TYPE_A, 1, 3600},
        {"after.example.com.", DNS_TYPE_A, 1, 3600},
    };

    for (size_t i = 0; i < COUNT(expected); i++) {
        const struct zone_node *node = node_of(l.zone, expected[i].name);
        assert_non_null(node);
        const struct rrset *set = zone_node_rrset(node, expected[i].type);
        assert_non_null(set);
        assert_int_equal(set->count, expected[i].count);
        assert_int_equal(set->ttl_s, expected[i].ttl_s);
    }
    assert_null(node_of(l.zone, "1.rev.example.com."));
    unload(&l);
}

static void a_directive_generates_65536_records_and_more_when_allowed(void **state)
{
    (void)state;
    const struct zone_limits more = {.max_generate_records = 65537};
    struct loaded l = load_clean(HEAD "$GENERATE 0-65535 a$ A 192.0.2.1\n");
    assert_int_equal(l.zone->record_count, 65536 + 2);
    unload(&l);
    l = load_with("example.com.", HEAD "$GENERATE 0-65536 a$ A 192.0.2.1\n", NULL, 0, &more);
    assert_int_equal(l.err, ERR_OK);
    assert_int_equal(l.zone->record_count, 65537 + 2);
    unload(&l);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(broken_directives_are_shown),
        cmocka_unit_test(included_files_change_nothing_of_their_includer),
        cmocka_unit_test(the_files_of_a_zone_are_listed_once),
        cmocka_unit_test(mistakes_in_included_files_have_their_own_place),
        cmocka_unit_test(a_file_that_includes_itself_is_refused),
        cmocka_unit_test(includes_are_limited),
        cmocka_unit_test(a_binary_include_is_refused),
        cmocka_unit_test(an_include_by_its_whole_path_is_found_from_anywhere),
        cmocka_unit_test(generated_records_are_records),
        cmocka_unit_test(a_directive_generates_65536_records_and_more_when_allowed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
