/* screen.h - where output for people goes: how wide it is, whether colours make sense there, and
 * what time it is. Everything that came from outside is printed through screen_put(): a back end's
 * words must not steer the terminal. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

enum tone { TONE_PLAIN, TONE_GOOD, TONE_DOUBTFUL, TONE_BAD, TONE_FORCED, TONE_TITLE };

struct screen {
    FILE *out;
    unsigned width; /* columns; 0: no limit */
    bool colour;
    uint64_t now_ms; /* since 1970 */
};

/* screen_init - standard output: the width of a terminal, else COLUMNS; colours on a terminal,
 * unless NO_COLOR is set or TERM is dumb. */
void screen_init(struct screen *screen);

/* screen_columns - how many columns a text takes: one for each character. */
size_t screen_columns(const char *text);

/* screen_put - text in at most max columns (0: no limit; what is cut ends in an ellipsis), with each
 * control character as a '?'. NULL is "-". */
void screen_put(const struct screen *screen, const char *text, size_t max, enum tone tone);

/* screen_say - the whole text, plain. */
void screen_say(const struct screen *screen, const char *text);

/* screen_fold - a line that is told, from column `at` on: on a screen that is too narrow it goes on
 * below, at the column `indent`, broken at blanks. Without a newline at its end. */
void screen_fold(const struct screen *screen, const char *text, size_t at, size_t indent);
