/* manual.h - rhumb(8) as scdoc reads it: a template, whose lines like @COMMANDS@ are filled from the
 * table. Used when rhumb is built, and by tests; no part of rhumb itself.
 */
#pragma once

#include <stdbool.h>
#include <stdio.h>

/* manual_fill - from template to out. False: it has a line @...@ that nobody knows; `errors` was
 * told. */
bool manual_fill(FILE *template, FILE *out, FILE *errors);
