/* wire_case.h - the text file of golden packets, taken apart. The format is explained at the
 * top of tests/data/wire/golden.txt.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../support/answer_fixture.h"

enum { WIRE_LINES_MAX = 160, WIRE_TARGETS_MAX = 8 };

struct wire_target {
    bool suspect; /* else down */
    struct ip_addr addr;
};

struct wire_case {
    const char *title, *rfc; /* borrowed from the text, as are the lines */
    unsigned line;           /* of the file, where the case starts */
    struct packet packet;
    struct ip_addr client;
    enum answer_transport transport;
    bool has_opt; /* the query brings one */
    struct wire_target targets[WIRE_TARGETS_MAX];
    size_t target_count;
    const char *expected[WIRE_LINES_MAX]; /* "answer ...", blanks reduced to one */
    size_t expected_count;
};

struct wire_cases {
    char *text; /* owned */
    struct wire_case *cases;
    size_t count;
};

/* wire_cases_read - false after printing file, line and what is wrong. */
bool wire_cases_read(const char *path, struct wire_cases *out_cases);
void wire_cases_free(struct wire_cases *cases);
