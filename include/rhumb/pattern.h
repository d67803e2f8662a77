/* pattern.h - extended regular expressions (POSIX) that cost the same for every byte.
 *
 * Used for what strangers send, on a thread that must not stand still, so <regex.h> is no
 * choice: glibc's matcher starts anew at every byte (64 KiB of 'a' against "a.*b": 75 s)
 * and remembers states without a limit. Here a pattern is Glushkov's automaton: a position for
 * every character of the pattern, and for each of them the set of those that may follow. A step
 * joins sets of at most 128 bits; nothing of the text is kept, and it may come in pieces.
 *
 *   what     . [a-z] [^...] [[:alpha:]] ( ) | * + ? {n} {n,} {n,m} ^ $ and \ before a special one
 *   without  back-references, \d and the like, [.x.] and [=x=]
 *   bytes    are matched, not characters: . takes one byte, a line end too; ^ and $ are the
 *            ends of the whole text
 *   source   POSIX.1-2017 XBD chapter 9.4; V. M. Glushkov, The abstract theory of automata (1961)
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    PATTERN_POSITIONS_MAX = 128, /* x{30} has 30 of them */
    PATTERN_SYMBOLS = 256 + 2,   /* bytes, and the two ends of the text */
};

struct pattern_set {
    uint64_t words[PATTERN_POSITIONS_MAX / 64];
};

struct pattern {
    struct pattern_set first, last;                   /* where a match begins, where it ends */
    struct pattern_set follow[PATTERN_POSITIONS_MAX]; /* position -> which may come next */
    struct pattern_set takes[PATTERN_SYMBOLS];        /* symbol -> positions that take it */
    size_t count;                                     /* of positions */
};

/* Why a text is no pattern. */
struct pattern_fault {
    const char *why; /* static */
    size_t offset;   /* in bytes, of the character that is wrong */
};

/* pattern_compile - false, and why; *out_pattern is then of no use. A pattern that matches the
 * empty text is refused too: it would match everything. */
bool pattern_compile(const char *text, struct pattern *out_pattern,
                     struct pattern_fault *out_fault);

/* A search that is under way. */
struct pattern_search {
    const struct pattern *pattern; /* borrowed as long as the search is used */
    struct pattern_set at;         /* positions that the text so far may have reached */
    bool found;
};

void pattern_start(struct pattern_search *search, const struct pattern *pattern);

/* pattern_feed - the next len bytes of the text; returns whether the pattern occurs in what has
 * come so far. */
bool pattern_feed(struct pattern_search *search, const char *bytes, size_t len);

/* pattern_end - the text is over; returns whether the pattern occurs in it. */
bool pattern_end(struct pattern_search *search);
