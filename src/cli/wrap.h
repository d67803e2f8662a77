/* wrap.h - paragraphs for people, broken at blanks. */
#pragma once

#include <stddef.h>
#include <stdio.h>

/* wrap_put - text from column `at` (from 0) on; further lines begin at `indent`, all end before
 * `width`. An empty line in the text stays one; a tab is a blank where no
 * line ends. Ends in a newline. A word that is too long has a
 * line of its own. */
void wrap_put(FILE *out, const char *text, size_t at, size_t indent, size_t width);
