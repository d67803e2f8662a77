/* config_case.h - load a text, look at what came out; shared by the tests of config. */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "rhumb/config.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* Two places to build services on, in one line, so that what follows begins in line 2. */
#define PLACES "regions: {eu: {country: DE}, us: {country: US}, asia: {}}\n"

struct loaded {
    struct arena *arena;
    struct diag_list *diags;
    const struct config *config; /* NULL after an error */
    enum err err;
};

static inline struct loaded load_bytes(const char *text, size_t len)
{
    struct loaded loaded = {.arena = arena_new(256 * 1024 * 1024), .diags = diag_list_new()};
    assert_non_null(loaded.arena);
    assert_non_null(loaded.diags);
    loaded.err = config_load_text(text, len, "dir/rhumb.yaml", loaded.arena, loaded.diags,
                                  &loaded.config);
    return loaded;
}

static inline void unload(struct loaded *loaded)
{
    arena_free(loaded->arena);
    diag_list_free(loaded->diags);
}

/* load_good - a text that must be fine; what is wrong otherwise goes to standard error. */
static inline struct loaded load_good(const char *text)
{
    struct loaded loaded = load_bytes(text, strlen(text));
    if (loaded.err != ERR_OK)
        diag_print_all(loaded.diags, stderr);
    assert_int_equal(loaded.err, ERR_OK);
    assert_non_null(loaded.config);
    return loaded;
}

/* A text that must be refused: where, and with which words. */
struct broken {
    const char *text;
    unsigned line, column;
    const char *message; /* part of the first error */
    const char *remedy;  /* part of its remedy; NULL: none is looked for */
    unsigned errors;     /* 0: exactly one */
};

static inline const struct diag *first_of(const struct diag_list *diags,
                                          enum diag_severity severity)
{
    for (size_t i = 0; i < diag_count(diags); i++) {
        if (diag_get(diags, i)->severity == severity)
            return diag_get(diags, i);
    }
    return NULL;
}

static inline void expect_one_broken(const struct broken *broken)
{
    struct loaded loaded = load_bytes(broken->text, strlen(broken->text));
    const struct diag *error = first_of(loaded.diags, DIAG_ERROR);
    size_t wanted = broken->errors ? broken->errors : 1;
    bool good = loaded.err == ERR_INVALID && error && error->place.line == broken->line &&
                error->place.column == broken->column &&
                strstr(error->message, broken->message) &&
                (!broken->remedy || (error->remedy && strstr(error->remedy, broken->remedy))) &&
                diag_error_count(loaded.diags) == wanted;
    if (!good) {
        fprintf(stderr, "--- wanted %u:%u %s / %s, %zu errors, for:\n%s--- got:\n",
                broken->line, broken->column, broken->message,
                broken->remedy ? broken->remedy : "-", wanted, broken->text);
        diag_print_all(loaded.diags, stderr);
    }
    assert_true(good);
    assert_null(loaded.config);
    unload(&loaded);
}

static inline void expect_broken(const struct broken *cases, size_t count)
{
    for (size_t i = 0; i < count; i++)
        expect_one_broken(&cases[i]);
}

/* expect_warning - the text is fine, but for a warning with these words at this line. */
static inline void expect_warning(const char *text, unsigned line, const char *message)
{
    struct loaded loaded = load_good(text);
    bool found = false;
    for (size_t i = 0; i < diag_count(loaded.diags); i++) {
        const struct diag *diag = diag_get(loaded.diags, i);
        found = found || (diag->severity == DIAG_WARNING && diag->place.line == line &&
                          strstr(diag->message, message));
    }
    if (!found)
        diag_print_all(loaded.diags, stderr);
    assert_true(found);
    unload(&loaded);
}

static inline bool has_warning(const struct loaded *loaded, const char *message)
{
    for (size_t i = 0; i < diag_count(loaded->diags); i++) {
        if (strstr(diag_get(loaded->diags, i)->message, message))
            return true;
    }
    return false;
}
