/* zone_test.h - what the tests of zones share. */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "rhumb/zone.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* A head that makes any text a whole zone: three lines, the records start in line 4. */
#define HEAD                                                                                   \
    "$TTL 3600\n"                                                                              \
    "@ SOA ns.example.net. host 1 7200 900 1209600 300\n"                                      \
    "@ NS ns.example.net.\n"

struct loaded {
    struct arena *arena;
    struct diag_list *diags;
    struct zone *zone;
    enum err err;
};

static inline struct loaded load_with(const char *origin, const char *text,
                                      const struct zone_steered *steered, size_t steered_count,
                                      const struct zone_limits *limits)
{
    struct loaded l = {.arena = arena_new((size_t)1 << 30), .diags = diag_list_new()};
    assert_non_null(l.arena);
    assert_non_null(l.diags);
    l.err = zone_load_text(origin, text, strlen(text), "t.zone", steered, steered_count, limits,
                           l.arena, l.diags, &l.zone);
    return l;
}

static inline struct loaded load_text(const char *text)
{
    return load_with("example.com.", text, NULL, 0, NULL);
}

static inline void unload(struct loaded *l)
{
    diag_list_free(l->diags);
    arena_free(l->arena);
}

/* A zone and the only diagnostic it gets; message NULL: it gets none. line 0: no line is at
 * fault. */
struct broken {
    const char *text;
    enum diag_severity severity;
    uint32_t line, column;
    const char *message, *remedy;
};

#define CLEAN DIAG_WARNING, 0, 0, NULL, NULL

static inline void check_cases(const struct broken *cases, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct loaded l = load_text(cases[i].text);
        bool is_error = cases[i].message && cases[i].severity == DIAG_ERROR;
        if (diag_count(l.diags) != (cases[i].message != NULL))
            diag_print_all(l.diags, stderr);
        assert_int_equal(l.err, is_error ? ERR_INVALID : ERR_OK);
        assert_int_equal(l.zone != NULL, !is_error);
        assert_int_equal(diag_count(l.diags), cases[i].message != NULL);
        if (cases[i].message) {
            const struct diag *diag = diag_get(l.diags, 0);
            assert_string_equal(diag->message, cases[i].message);
            assert_string_equal(diag->remedy ? diag->remedy : "",
                                cases[i].remedy ? cases[i].remedy : "");
            assert_int_equal(diag->severity, cases[i].severity);
            assert_string_equal(diag->place.file, "t.zone");
            assert_int_equal(diag->place.line, cases[i].line);
            assert_int_equal(diag->place.column, cases[i].column);
            assert_int_equal(diag->place.excerpt != NULL, cases[i].line > 0);
        }
        unload(&l);
    }
}

/* load_clean - a zone without errors; what is wrong is shown. */
static inline struct loaded load_clean(const char *text)
{
    struct loaded l = load_text(text);
    if (l.err != ERR_OK)
        diag_print_all(l.diags, stderr);
    assert_int_equal(l.err, ERR_OK);
    return l;
}

/* wire - a lower name from text; the buffer is the caller's. */
static inline const uint8_t *wire(const char *text, uint8_t name[DNS_NAME_MAX])
{
    const char *reason;
    size_t len = dns_name_from_text(text, strlen(text), NULL, name, &reason);
    assert_true(len > 0);
    dns_name_lower(name, len);
    return name;
}

static inline const struct zone_node *node_of(const struct zone *zone, const char *name)
{
    uint8_t buffer[DNS_NAME_MAX];
    const uint8_t *lower = wire(name, buffer);
    return zone_find_node(zone, lower, dns_name_hash(lower));
}

/* hex - bytes as text. */
static inline const char *hex(const uint8_t *bytes, size_t len, char *text, size_t size)
{
    assert_true(2 * len < size);
    text[0] = '\0';
    for (size_t i = 0; i < len; i++)
        snprintf(text + 2 * i, size - 2 * i, "%02x", bytes[i]);
    return text;
}
