/* command_output.h - what a command prints: its first line is kept for the reason. Pure. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "rhumb/probe.h"

enum { COMMAND_OUTPUT_MAX_BYTES = 64 * 1024 };

struct command_output {
    char line[PROBE_REASON_MAX]; /* printable, what is not became '?' */
    size_t len;
    bool ended;   /* the line has ended: the rest is counted only */
    size_t bytes; /* all that came */
};

/* command_output_feed - the next len bytes. False when that was more than anybody reads. */
bool command_output_feed(struct command_output *output, const char *bytes, size_t len);

/* command_output_judge - of a command that ended by itself: with an exit status, or by a signal
 * (0: none). */
void command_output_judge(const struct command_output *output, int exit_status, int signal,
                          struct probe_result *out_result);
