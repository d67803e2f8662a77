#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "rhumb/clock.h"
#include "rhumb/rng.h"

#include "override_index.h"
#include "override_list.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static const uint64_t now_ms = 1785585600000; /* 2026-08-01T12:00:00Z */

#define WHO "\"by\": \"anna\", \"reason\": \"update\""

/* parse_good - a text that must be fine. */
static struct override_list *parse_good(const char *text)
{
    struct override_list *list = NULL;
    struct diag_list *diags = diag_list_new();
    enum err err = override_list_parse(text, strlen(text), "o.json", now_ms, diags, &list);
    diag_print_all(diags, stderr);
    assert_int_equal(err, ERR_OK);
    diag_list_free(diags);
    return list;
}

static void an_entry_says_all_it_can(void **state)
{
    (void)state;
    struct ip_addr address;
    struct override_list *list = parse_good(
        "{ \"overrides\": [\n"
        "  { \"service\": \"app\", \"region\": \"us-east\", \"address\": \"192.0.2.10\",\n"
        "    \"state\": \"drain\", \"by\": \"anna\", \"reason\": \"kernel update\",\n"
        "    \"since\": \"2026-08-01T11:00:00Z\", \"until\": \"2026-08-01T13:00:00Z\" } ] }\n");
    assert_int_equal(list->count, 1);
    const struct override *entry = &list->items[0];
    assert_string_equal(entry->service, "app");
    assert_string_equal(entry->region, "us-east");
    assert_true(ip_parse("192.0.2.10", &address));
    assert_true(ip_equal(&entry->address, &address));
    assert_int_equal(entry->state, OVERRIDE_DRAIN);
    assert_string_equal(entry->by, "anna");
    assert_string_equal(entry->reason, "kernel update");
    assert_int_equal(entry->since_ms, now_ms - 3600000);
    assert_int_equal(entry->until_ms, now_ms + 3600000);
    override_list_free(list);
}

static void what_is_left_out_means_any_or_now(void **state)
{
    (void)state;
    struct override_list *list =
        parse_good("{\"overrides\":[{\"region\":\"eu\",\"state\":\"down\"," WHO "},"
                   "{\"service\":\"app\",\"state\":\"up\"," WHO "},"
                   "{\"address\":\"2001:db8::1\",\"state\":\"resume\"," WHO
                   ",\"since\":\"2026-08-01T12:00:00Z\"}]}");
    assert_int_equal(list->count, 3);
    assert_null(list->items[0].service);
    assert_int_equal(list->items[0].address.family, IP_NONE);
    assert_int_equal(list->items[0].since_ms, now_ms);
    assert_int_equal(list->items[0].until_ms, 0);
    assert_null(list->items[1].region);
    assert_int_equal(list->items[2].state, OVERRIDE_RESUME);
    override_list_free(list);
    list = parse_good("{\"overrides\": []}");
    assert_int_equal(list->count, 0);
    override_list_free(list);
}

/* In line 2, the entry begins in column 2. */
#define ENTRY(inside) "{\"overrides\": [\n {" inside "}\n]}\n"

static void mistakes_are_named_with_their_place_and_a_remedy(void **state)
{
    (void)state;

    static const struct {
        const char *text;
        unsigned line, column; /* 0: anywhere in the line */
        const char *message, *remedy;
    } cases[] = {
        {"", 1, 1, "not JSON", "compare with"},
        {"{", 1, 0, "not JSON", "compare with"},
        {"{\"overrides\": [\n{},\n]}", 3, 0, "not JSON", "no comma behind the last"},
        {"{\"overrides\": []} x", 1, 0, "not JSON", NULL},
        {"[]", 1, 1, "there must be a list", "overrides"},
        {"{}", 1, 1, "there must be a list", NULL},
        {"{\"overrides\": 5}", 1, 2, "there must be a list", NULL},
        {"{\"overrides\": [],\n \"version\": 1}", 2, 2, "unknown key 'version'", "overrides"},
        {"{\"overrides\": [\n 5]}", 2, 2, "an entry must be an object", NULL},
        {ENTRY("\"service\": \"a\", \"service\": \"b\""), 2, 0, "not JSON: duplicate", NULL},
        {ENTRY("\"servise\": \"a\", \"region\": \"b\", \"state\": \"up\", " WHO), 2, 3,
         "unknown key 'servise'", "did you mean 'service'"},
        {ENTRY("\"region\": 1, \"state\": \"up\", " WHO), 2, 3, "no text", "in quotes"},
        {ENTRY("\"region\": \"\", \"state\": \"up\", " WHO), 2, 3, "empty", "in quotes"},
        {ENTRY("\"address\": \"192.0.2.1:80\", \"state\": \"up\", " WHO), 2, 3,
         "not an address: '192.0.2.1:80'", "without a port"},
        {ENTRY("\"region\": \"b\", \"state\": \"drian\", " WHO), 2, 18, "unknown state 'drian'",
         "drain"},
        {ENTRY("\"region\": \"b\", " WHO), 2, 2, "missing key 'state'", NULL},
        {ENTRY("\"region\": \"b\", \"state\": \"up\", \"reason\": \"x\""), 2, 2,
         "missing key 'by'", "say who"},
        {ENTRY("\"region\": \"b\", \"state\": \"up\", \"by\": \"x\""), 2, 2,
         "missing key 'reason'", "say who"},
        {ENTRY("\"region\": \"b\", \"state\": \"up\", \"by\": \"\", \"reason\": \"x\""), 2, 33,
         "empty", NULL},
        {ENTRY("\"state\": \"up\", " WHO), 2, 2, "the word for everything", "name a service"},
        {ENTRY("\"region\": \"b\", \"state\": \"resume\", " WHO), 2, 2, "missing key 'since'",
         "2026-08-01T12:00:00Z"},
        {ENTRY("\"region\": \"b\", \"state\": \"up\", " WHO ", \"until\": \"noon\""), 2, 0,
         "not a time: 'noon'", "in UTC"},
        {ENTRY("\"region\": \"b\", \"state\": \"up\", " WHO
               ", \"since\": \"2026-08-01T12:00:00Z\", \"until\": \"2026-08-01T12:00:00Z\""),
         2, 0, "ends before it begins", "after 'since'"},
        {"{\"overrides\": [\n {\"region\": \"}\\\"{[,\", \"state\": \"up\", " WHO "},\n"
         " {\"region\": \"b\", \"state\": \"u\", " WHO "}]}",
         3, 18, "unknown state 'u'", "up"},
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        struct override_list *list = NULL;
        struct diag_list *diags = diag_list_new();
        enum err err = override_list_parse(cases[i].text, strlen(cases[i].text), "o.json",
                                           now_ms, diags, &list);
        const struct diag *diag = diag_count(diags) > 0 ? diag_get(diags, 0) : NULL;
        bool ok = err == ERR_INVALID && !list && diag && diag_error_count(diags) == 1 &&
                  diag->place.line == cases[i].line &&
                  (cases[i].column == 0 || diag->place.column == cases[i].column) &&
                  strstr(diag->message, cases[i].message) && diag->remedy &&
                  (!cases[i].remedy || strstr(diag->remedy, cases[i].remedy)) &&
                  strcmp(diag->place.file, "o.json") == 0;
        if (!ok) {
            diag_print_all(diags, stderr);
            fail_msg("case %zu: %s", i, cases[i].text);
        }
        diag_list_free(diags);
    }
}

static void every_mistake_is_told_but_not_without_end(void **state)
{
    (void)state;
    struct override_list *list = NULL;
    struct diag_list *diags = diag_list_new();
    struct text text;
    text_init(&text, 1024 * 1024);
    text_printf(&text, "{\"overrides\": [{}");
    for (int i = 0; i < 5000; i++)
        text_printf(&text, ",\n{}");
    text_printf(&text, "]}");
    assert_int_equal(override_list_parse(text.bytes, text.len, "o", now_ms, diags, &list),
                     ERR_INVALID);
    assert_in_range(diag_error_count(diags), 100, 110);
    text_deinit(&text);
    diag_list_free(diags);
}

static void the_number_and_the_size_of_entries_are_bounded(void **state)
{
    (void)state;
    for (size_t count = OVERRIDES_MAX; count <= OVERRIDES_MAX + 1; count++) {
        struct override_list *list = NULL;
        struct diag_list *diags = diag_list_new();
        struct text text;
        text_init(&text, OVERRIDE_LIST_MAX_BYTES);
        text_printf(&text, "{\"overrides\": [");
        for (size_t i = 0; i < count; i++)
            text_printf(&text, "%s{\"region\": \"r%zu\", \"state\": \"up\", " WHO "}",
                        i > 0 ? ",\n" : "", i);
        text_printf(&text, "]}");
        enum err err = override_list_parse(text.bytes, text.len, "o", now_ms, diags, &list);
        assert_int_equal(err, count == OVERRIDES_MAX ? ERR_OK : ERR_INVALID);
        if (err == ERR_OK) { /* one more by the other way is too many as well */
            struct override_list *more = NULL;
            struct override one = {.region = "one more", .by = "a", .reason = "b"};
            assert_int_equal(override_list_with(list, &one, now_ms, &more), ERR_LIMIT);
            one.region = "r5"; /* in the place of another */
            assert_int_equal(override_list_with(list, &one, now_ms, &more), ERR_OK);
            override_list_free(more);
        }
        override_list_free(list);
        text_deinit(&text);
        diag_list_free(diags);
    }
    for (size_t len = OVERRIDE_REASON_BYTES; len <= OVERRIDE_REASON_BYTES + 1; len++) {
        struct override_list *list = NULL;
        struct diag_list *diags = diag_list_new();
        char text[1024];
        int used = snprintf(text, sizeof(text),
                            "{\"overrides\": [{\"region\": \"r\", \"state\": \"up\", \"by\": "
                            "\"a\", \"reason\": \"%0*d\"}]}",
                            (int)len, 1);
        assert_int_equal(override_list_parse(text, (size_t)used, "o", now_ms, diags, &list),
                         len == OVERRIDE_REASON_BYTES ? ERR_OK : ERR_INVALID);
        override_list_free(list);
        diag_list_free(diags);
    }
}

static void what_is_put_is_parsed(void **state)
{
    (void)state;
    struct override_list *list = parse_good(
        "{\"overrides\":[{\"service\":\"a \\\"b\\\"\\n\",\"address\":\"2001:db8::1\","
        "\"state\":\"resume\",\"since\":\"2026-08-01T12:00:00.250Z\",\"by\":\"\\u20ac\","
        "\"reason\":\"r\"},{\"region\":\"eu\",\"state\":\"down\"," WHO
        ",\"until\":\"2027-01-01T00:00:00Z\"}]}");
    struct text text, again;
    text_init(&text, 4096);
    text_init(&again, 4096);
    override_list_put(list, &text);
    struct override_list *other = parse_good(text_get(&text));
    override_list_put(other, &again);
    assert_string_equal(text_get(&text), text_get(&again));
    assert_int_equal(other->items[0].since_ms, now_ms + 250);
    assert_string_equal(other->items[0].service, "a \"b\"\n");
    text_deinit(&text);
    text_deinit(&again);
    override_list_free(list);
    override_list_free(other);
}

/* damage - change, take out or double some bytes of the text. */
static size_t damage(struct rng *rng, char *text, size_t len, size_t capacity)
{
    static const char meant[] = "{}[]\":,\\ \n0u";
    for (unsigned hits = 1 + rng_below(rng, 3); hits > 0 && len > 1; hits--) {
        size_t at = rng_below(rng, (uint32_t)len);
        size_t piece = 1 + rng_below(rng, (uint32_t)(len - at));
        switch (rng_below(rng, 3)) {
        case 0: text[at] = meant[rng_below(rng, sizeof(meant) - 1)]; break;
        case 1:
            memmove(text + at, text + at + piece, len - at - piece);
            len -= piece;
            break;
        default:
            if (len + piece < capacity) {
                memmove(text + at + piece, text + at, len - at);
                len += piece;
            }
        }
    }
    text[len] = '\0';
    return len;
}

/* Whatever the text: a list or a mistake with a place, and no byte behind the end is read (the
 * address sanitizer sees to that). */
static void no_damage_is_too_much(void **state)
{
    (void)state;
    static const char good[] =
        "{ \"overrides\": [\n  {\"service\": \"app\", \"region\": \"eu\", \"state\": "
        "\"down\",\n"
        "   \"by\": \"anna\", \"reason\": \"why\", \"since\": \"2026-08-01T12:00:00Z\"},\n"
        "  {\"address\": \"192.0.2.1\", \"state\": \"up\", \"by\": \"bob\", \"reason\": "
        "\"\\u20ac\",\n"
        "   \"until\": \"2027-08-01T12:00:00Z\"}\n] }\n";

    struct rng rng;
    size_t refused = 0;
    rng_init(&rng, 1);
    for (int round = 0; round < 5000; round++) {
        char text[2 * sizeof(good)];
        struct override_list *list = NULL;
        struct diag_list *diags = diag_list_new();
        memcpy(text, good, sizeof(good));
        size_t len = damage(&rng, text, sizeof(good) - 1, sizeof(text));
        char *exact = strndup(text, len); /* may be shorter: a zero byte */
        enum err err = override_list_parse(exact, strlen(exact), "o", now_ms, diags, &list);
        assert_int_equal(err == ERR_OK, diag_error_count(diags) == 0);
        for (size_t i = 0; i < diag_count(diags); i++)
            assert_true(diag_get(diags, i)->place.line > 0);
        refused += err == ERR_INVALID;
        override_list_free(list);
        free(exact);
        diag_list_free(diags);
    }
    assert_in_range(refused, 2500, 4999); /* the damage is neither none nor hopeless */
}

/* ---- which entry counts ---- */

static const struct override *find(const struct override_list *list, bool resumes,
                                   const char *service, const char *region, const char *address)
{
    struct ip_addr addr;
    struct override_index index;
    assert_int_equal(override_index_init(&index, list->items, list->count, resumes), ERR_OK);
    if (address)
        assert_true(ip_parse(address, &addr));
    const struct override *found =
        override_index_find(&index, service, region, address ? &addr : NULL);
    override_index_deinit(&index);
    return found;
}

static void the_last_entry_that_matches_counts(void **state)
{
    (void)state;
    struct override_list *list = parse_good(
        "{\"overrides\":["
        "{\"service\":\"app\",\"state\":\"down\"," WHO "},"                         /* 0 */
        "{\"region\":\"eu\",\"state\":\"drain\"," WHO "},"                          /* 1 */
        "{\"service\":\"app\",\"region\":\"us\",\"state\":\"up\"," WHO "},"         /* 2 */
        "{\"address\":\"192.0.2.1\",\"state\":\"down\"," WHO "},"                   /* 3 */
        "{\"service\":\"web\",\"address\":\"192.0.2.1\",\"state\":\"up\"," WHO "}," /* 4 */
        "{\"region\":\"eu\",\"state\":\"up\"," WHO "}"                              /* 5 */
        "]}");

    static const struct {
        const char *service, *region, *address;
        int idx;
    } cases[] = {
        {"app", "ap", "192.0.2.9", 0},  {"app", "eu", "192.0.2.9", 5},
        {"app", "us", "192.0.2.9", 2},  {"app", "us", "192.0.2.1", 3},
        {"web", "us", "192.0.2.1", 4},  {"web", "eu", "192.0.2.1", 5},
        {"web", "us", "192.0.2.9", -1}, {NULL, "us", NULL, -1},
        {NULL, "eu", NULL, 5},          {"app", NULL, NULL, 0},
        {"App", "us", NULL, -1},        {NULL, NULL, "192.0.2.1", 3},
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        const struct override *found =
            find(list, false, cases[i].service, cases[i].region, cases[i].address);
        assert_ptr_equal(found, cases[i].idx < 0 ? NULL : &list->items[cases[i].idx]);
        assert_null(find(list, true, cases[i].service, cases[i].region, cases[i].address));
    }
    override_list_free(list);
}

static void the_newest_resume_that_matches_counts(void **state)
{
    (void)state;
    struct override_list *list = parse_good(
        "{\"overrides\":["
        "{\"service\":\"app\",\"state\":\"resume\",\"since\":\"2026-08-01T12:00:00Z\"," WHO "},"
        "{\"service\":\"app\",\"state\":\"resume\",\"since\":\"2026-08-01T11:00:00Z\"," WHO "},"
        "{\"region\":\"eu\",\"state\":\"resume\",\"since\":\"2026-08-01T13:00:00Z\"," WHO "},"
        "{\"service\":\"app\",\"state\":\"down\"," WHO "}]}");
    assert_ptr_equal(find(list, true, "app", "us", NULL), &list->items[0]);
    assert_ptr_equal(find(list, true, "app", "eu", NULL), &list->items[2]);
    assert_null(find(list, true, "web", "us", NULL));
    assert_ptr_equal(find(list, false, "app", "eu", NULL), &list->items[3]);
    override_list_free(list);
}

static void one_region_of_a_service_is_active(void **state)
{
    (void)state;
    struct override_list *list =
        parse_good("{\"overrides\":["
                   "{\"service\":\"app\",\"region\":\"eu\",\"state\":\"active\"," WHO "},"
                   "{\"service\":\"web\",\"region\":\"us\",\"state\":\"active\"," WHO "},"
                   "{\"service\":\"app\",\"region\":\"eu\",\"state\":\"drain\"," WHO "}]}");
    struct override entry = {.service = "app",
                             .region = "us",
                             .state = OVERRIDE_ACTIVE,
                             .by = "bob",
                             .reason = "r",
                             .since_ms = 1};
    struct override_list *with, *without;
    assert_int_equal(override_list_with(list, &entry, now_ms, &with), ERR_OK);
    assert_int_equal(with->count, 3);
    assert_string_equal(with->items[0].service, "web");
    assert_int_equal(with->items[1].state, OVERRIDE_DRAIN);
    assert_string_equal(with->items[2].region, "us");
    assert_int_equal(override_list_without(with, &entry, now_ms, &without), ERR_OK);
    assert_int_equal(without->count, 2);
    override_list_free(list);
    override_list_free(with);
    override_list_free(without);
}

static void setting_replaces_the_same_target_and_removing_takes_it_away(void **state)
{
    (void)state;
    struct override_list *list = parse_good(
        "{\"overrides\":["
        "{\"service\":\"app\",\"state\":\"down\"," WHO "},"
        "{\"service\":\"app\",\"state\":\"resume\",\"since\":\"2026-08-01T12:00:00Z\"," WHO "},"
        "{\"service\":\"app\",\"region\":\"eu\",\"state\":\"up\"," WHO "},"
        "{\"region\":\"eu\",\"state\":\"up\",\"until\":\"2026-08-01T12:00:01Z\"," WHO "}]}");
    struct override entry = {
        .service = "app", .state = OVERRIDE_DRAIN, .by = "bob", .reason = "r", .since_ms = 1};
    struct override_list *with, *without;
    assert_int_equal(override_list_with(list, &entry, now_ms, &with), ERR_OK);
    assert_int_equal(with->count, 4);
    assert_int_equal(with->items[0].state, OVERRIDE_RESUME);
    assert_int_equal(with->items[3].state, OVERRIDE_DRAIN);
    assert_string_equal(with->items[3].by, "bob");
    assert_int_equal(override_list_without(with, &entry, now_ms + 1000, &without), ERR_OK);
    assert_int_equal(without->count, 2); /* the one with until is void by now */
    assert_int_equal(without->items[0].state, OVERRIDE_RESUME); /* another kind of word */
    assert_string_equal(without->items[1].region, "eu");
    override_list_free(list);
    override_list_free(with);
    override_list_free(without);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_entry_says_all_it_can),
        cmocka_unit_test(what_is_left_out_means_any_or_now),
        cmocka_unit_test(mistakes_are_named_with_their_place_and_a_remedy),
        cmocka_unit_test(every_mistake_is_told_but_not_without_end),
        cmocka_unit_test(the_number_and_the_size_of_entries_are_bounded),
        cmocka_unit_test(what_is_put_is_parsed),
        cmocka_unit_test(no_damage_is_too_much),
        cmocka_unit_test(the_last_entry_that_matches_counts),
        cmocka_unit_test(the_newest_resume_that_matches_counts),
        cmocka_unit_test(one_region_of_a_service_is_active),
        cmocka_unit_test(setting_replaces_the_same_target_and_removing_takes_it_away),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
