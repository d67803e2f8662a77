/* YAML: whatever the file says, config_load_text() ends with a configuration that keeps
 * config_promise.h, or with errors that stand in the file.
 *
 *   input   | text ...
 */
#include <string.h>

#include "config_promise.h"
#include "fuzz.h"

enum { ARENA_BYTES = 256 << 20, ASKED_SERVICES_MAX = 8 };

static const char path[] = "/etc/rhumb/rhumb.yaml";

/* line_of - where line `number` (from 1) starts; NULL when there are not so many. A line ends
 * at LF, CR LF or CR. */
static const char *line_of(const char *text, const char *end, uint32_t number)
{
    const char *at = text;
    while (--number > 0) {
        while (at < end && *at != '\n' && *at != '\r')
            at++;
        if (at == end)
            return NULL;
        at += *at == '\r' && at + 1 < end && at[1] == '\n' ? 2 : 1;
    }
    return at;
}

/* check_place - an error stands in this file, in a line that is there, and shows that line. */
static void check_place(const struct diag *diag, const char *text, size_t len)
{
    const struct diag_place *place = &diag->place;
    FUZZ_PROMISE(diag->message[0] != '\0', "an error says something");
    FUZZ_PROMISE(!place->file || strcmp(place->file, path) == 0, "an error is in this file");
    if (place->line == 0)
        return;
    const char *line = line_of(text, text + len, place->line);
    FUZZ_PROMISE(line, "an error stands in a line that is there");
    size_t left = (size_t)(text + len - line), width = 0;
    while (width < left && line[width] != '\n' && line[width] != '\r')
        width++;
    FUZZ_PROMISE(place->column <= width + 1, "an error stands inside its line");
}

static void run(const uint8_t *data, size_t size)
{
    struct arena *arena = arena_new(ARENA_BYTES);
    struct diag_list *diags = diag_list_new();
    const struct config *config = NULL;
    const char *text = (const char *)data;
    FUZZ_PROMISE(arena && diags, "there is memory");
    enum err err = config_load_text(text, size, path, arena, diags, &config);
    FUZZ_PROMISE(err == ERR_OK || err == ERR_INVALID, "it loads, or is refused");
    FUZZ_PROMISE((err == ERR_INVALID) == (diag_error_count(diags) > 0),
                 "it is refused exactly when there is an error to show");
    FUZZ_PROMISE((err == ERR_OK) == (config != NULL),
                 "a configuration comes with success only");
    for (size_t i = 0; i < diag_count(diags); i++)
        check_place(diag_get(diags, i), text, size);
    if (config) {
        config_promise_check(config);
        if (config->service_count <= ASKED_SERVICES_MAX)
            config_promise_ask(config, arena);
    }
    arena_free(arena);
    diag_list_free(diags);
}

const struct fuzz_harness fuzz_harness = {.limit_us = 50000, .run = run};
