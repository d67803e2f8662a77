#include "wire_case.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../support/hex.h"
#include "wire_query.h"

enum { CASES_MAX = 1024 };

/* read_file - the whole file with a zero byte, on the heap. */
static char *read_file(const char *path)
{
    FILE *file = fopen(path, "re");
    size_t size = 0, capacity = (size_t)1 << 20;
    char *text = malloc(capacity);
    if (file && text)
        size = fread(text, 1, capacity - 1, file);
    bool good = file && text && size > 0 && size < capacity - 1;
    if (file)
        fclose(file);
    if (!good) {
        free(text);
        return NULL;
    }
    text[size] = '\0';
    return text;
}

/* squeeze - blanks to single spaces, in place; none at either end. Quoted text is kept. */
static void squeeze(char *line)
{
    char *to = line;
    bool quoted = false, blank = true;
    for (const char *at = line; *at != '\0'; at++) {
        quoted ^= *at == '"';
        if (quoted || !isspace((unsigned char)*at)) {
            *to++ = *at;
            blank = false;
        } else if (!blank) {
            *to++ = ' ';
            blank = true;
        }
    }
    if (to > line && blank)
        to--;
    *to = '\0';
}

/* behind - what follows the keyword of a line; NULL when it is another keyword. */
static char *behind(char *line, const char *keyword)
{
    size_t len = strlen(keyword);
    if (strncmp(line, keyword, len) != 0 || (line[len] != ' ' && line[len] != '\0'))
        return NULL;
    return line[len] == ' ' ? line + len + 1 : line + len;
}

static const char *add_target(struct wire_case *c, const char *text, bool suspect)
{
    if (c->target_count == WIRE_TARGETS_MAX)
        return "too many targets in one case";
    struct wire_target *target = &c->targets[c->target_count++];
    target->suspect = suspect;
    return ip_parse(text, &target->addr) ? NULL : "an address is wanted";
}

static const char *add_line(struct wire_case *c, char *line)
{
    char *rest;
    if ((rest = behind(line, "rfc"))) {
        c->rfc = rest;
    } else if ((rest = behind(line, "query"))) {
        return wire_query_parse(rest, c);
    } else if ((rest = behind(line, "raw"))) {
        char *bytes = behind(rest, "+tls");
        if (bytes) {
            c->transport = ANSWER_TLS;
            rest = bytes;
        }
        c->packet.len = hex_bytes(rest, c->packet.bytes, sizeof(c->packet.bytes));
        return c->packet.len == SIZE_MAX ? "malformed hexadecimal text" : NULL;
    } else if ((rest = behind(line, "down"))) {
        return add_target(c, rest, false);
    } else if ((rest = behind(line, "suspect"))) {
        return add_target(c, rest, true);
    } else if (behind(line, "reply") || behind(line, "header") || behind(line, "silence") ||
               behind(line, "answer") || behind(line, "authority") ||
               behind(line, "additional") || behind(line, "opt") || behind(line, "size")) {
        if (c->expected_count == WIRE_LINES_MAX)
            return "too many lines in one case";
        c->expected[c->expected_count++] = line;
    } else {
        return "unknown keyword";
    }
    return NULL;
}

/* check_whole - nothing a case needs is missing. */
static const char *check_whole(const struct wire_case *c)
{
    if (!c->rfc)
        return "the case names no RFC";
    if (c->expected_count == 0)
        return "the case expects nothing";
    return NULL;
}

static const char *read_line(struct wire_cases *cases, char *line, unsigned number)
{
    struct wire_case *current = cases->count > 0 ? &cases->cases[cases->count - 1] : NULL;
    char *title = behind(line, "case");
    if (!title)
        return current ? add_line(current, line) : "a line before the first case";
    const char *fault = current ? check_whole(current) : NULL;
    if (fault)
        return fault;
    if (cases->count == CASES_MAX)
        return "too many cases";
    cases->cases[cases->count++] = (struct wire_case){
        .title = title,
        .line = number,
        .client = {.family = IP_V4, .bytes = {192, 0, 2, 200}},
    };
    return NULL;
}

bool wire_cases_read(const char *path, struct wire_cases *out_cases)
{
    *out_cases = (struct wire_cases){.text = read_file(path)};
    out_cases->cases = calloc(CASES_MAX, sizeof(*out_cases->cases));
    if (!out_cases->text || !out_cases->cases) {
        fprintf(stderr, "%s cannot be read\n", path);
        wire_cases_free(out_cases);
        return false;
    }
    const char *fault = NULL;
    unsigned number = 0;
    char *rest = out_cases->text;
    for (char *line; !fault && (line = strsep(&rest, "\n"));) {
        number++;
        squeeze(line);
        if (line[0] != '\0' && line[0] != '#')
            fault = read_line(out_cases, line, number);
    }
    if (!fault && out_cases->count > 0)
        fault = check_whole(&out_cases->cases[out_cases->count - 1]);
    if (!fault)
        return true;
    fprintf(stderr, "%s:%u: %s\n", path, number, fault);
    wire_cases_free(out_cases);
    return false;
}

void wire_cases_free(struct wire_cases *cases)
{
    free(cases->cases);
    free(cases->text);
    *cases = (struct wire_cases){0};
}
