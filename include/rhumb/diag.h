/* diag.h - what is wrong with the operator's files, and what to do about it.
 *
 * Every mistake becomes one struct diag with file, line, column, the line itself and a remedy.
 * All mistakes of a file are collected, not only the first:
 *
 *     rhumb.yaml:12:5: error: unknown key 'polcy'
 *        12 |     polcy: geo
 *           |     ^
 *           = did you mean 'policy'?
 *
 * A list is filled by one thread at a time. It copies every text it is given.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

enum diag_severity { DIAG_WARNING, DIAG_ERROR };

/* Where something stands in an operator's file. Kept in the model (config.h, zone.h) by
 * whatever a later stage may have to complain about. */
struct diag_place {
    const char *file;    /* borrowed from whoever made the place; NULL: no place */
    const char *excerpt; /* the whole line without its newline; NULL: unknown */
    uint32_t line;       /* from 1; 0: unknown */
    uint32_t column;     /* from 1, in bytes; 0: unknown */
};

struct diag {
    struct diag_place place; /* owned by the list */
    enum diag_severity severity;
    const char *message;
    const char *remedy; /* "did you mean 'policy'?"; NULL: none */
};

struct diag_list;

/* diag_list_new - an empty list; NULL when out of memory. It keeps at most DIAG_MAX entries and
 * counts the rest. */
enum { DIAG_MAX = 1000 };
struct diag_list *diag_list_new(void);
void diag_list_free(struct diag_list *list);

/* diag_error, diag_warning - add one entry. place may be NULL. */
void diag_error(struct diag_list *list, const struct diag_place *place, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
void diag_warning(struct diag_list *list, const struct diag_place *place, const char *format,
                  ...) __attribute__((format(printf, 3, 4)));

/* diag_remedy - say what to do about the entry added last. */
void diag_remedy(struct diag_list *list, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* diag_nearest - the candidate nearest to word, by an edit distance of at most 2 and at most half of
 * the word; NULL: none is near. */
const char *diag_nearest(const char *word, const char *const *candidates,
                         size_t candidate_count);

/* diag_remedy_nearest - "did you mean 'X'?" with diag_nearest(), else "expected one of: a, b, c". */
void diag_remedy_nearest(struct diag_list *list, const char *word,
                         const char *const *candidates, size_t candidate_count);

/* diag_nearest - the candidate that is so near to word; NULL: none is. */
const char *diag_nearest(const char *word, const char *const *candidates,
                         size_t candidate_count);

size_t diag_error_count(const struct diag_list *list);
size_t diag_warning_count(const struct diag_list *list);

/* diag_count, diag_get - the entries kept, in order of addition. Borrowed until
 * diag_list_free(). */
size_t diag_count(const struct diag_list *list);
const struct diag *diag_get(const struct diag_list *list, size_t idx);

/* diag_print, diag_print_all - one entry in the form above; all of them, in order. */
void diag_print(const struct diag *diag, FILE *out);
void diag_print_all(const struct diag_list *list, FILE *out);
