#include "screen.h"

#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "rhumb/clock.h"

static bool is_set(const char *name)
{
    const char *value = getenv(name);
    return value && *value != '\0';
}

static unsigned columns_of_environment(void)
{
    const char *text = getenv("COLUMNS");
    size_t digits = text ? strspn(text, "0123456789") : 0;
    return digits > 0 && digits < 6 && text[digits] == '\0' ? (unsigned)strtoul(text, NULL, 10)
                                                            : 0;
}

void screen_init(struct screen *screen)
{
    struct winsize size;
    const char *terminal = getenv("TERM");
    bool is_terminal = isatty(STDOUT_FILENO);
    *screen = (struct screen){.out = stdout, .now_ms = clock_wall_ms()};
    if (is_terminal && ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0)
        screen->width = size.ws_col;
    if (screen->width == 0)
        screen->width = columns_of_environment();
    screen->colour =
        is_terminal && !is_set("NO_COLOR") && terminal && strcmp(terminal, "dumb") != 0;
}

static bool is_continuation(char byte)
{
    return ((unsigned char)byte & 0xc0) == 0x80;
}

size_t screen_columns(const char *text)
{
    size_t columns = 0;
    for (; text && *text != '\0'; text++)
        columns += !is_continuation(*text);
    return columns;
}

/* put_character - one with its continuation bytes; returns the bytes it took. U+0080 to U+009F steer
 * terminals, too. */
static size_t put_character(FILE *out, const char *text)
{
    size_t len = 1;
    while (is_continuation(text[len]))
        len++;
    unsigned char first = (unsigned char)text[0];
    if (first < 0x20 || first == 0x7f || is_continuation(text[0]) ||
        (first == 0xc2 && (unsigned char)text[1] < 0xa0))
        fputc('?', out);
    else
        fwrite(text, 1, len, out);
    return len;
}

void screen_put(const struct screen *screen, const char *text, size_t max, enum tone tone)
{
    static const char *const codes[] = {
        [TONE_PLAIN] = "", [TONE_GOOD] = "32",   [TONE_DOUBTFUL] = "33",
        [TONE_BAD] = "31", [TONE_FORCED] = "35", [TONE_TITLE] = "1",
    };

    if (!text)
        text = "-";
    bool is_cut = max > 0 && screen_columns(text) > max;
    bool is_coloured = screen->colour && tone != TONE_PLAIN;
    if (is_coloured)
        fprintf(screen->out, "\033[%sm", codes[tone]);
    for (size_t columns = 0; *text != '\0' && !(is_cut && columns + 1 == max); columns++)
        text += put_character(screen->out, text);
    if (is_cut)
        fputs("…", screen->out);
    if (is_coloured)
        fputs("\033[0m", screen->out);
}

void screen_say(const struct screen *screen, const char *text)
{
    screen_put(screen, text, 0, TONE_PLAIN);
}

void screen_fold(const struct screen *screen, const char *text, size_t at, size_t indent)
{
    size_t start = at; /* of the line; a word that does not fit into a whole one stays there */
    while (*text != '\0') {
        size_t blanks = strspn(text, " "), len = blanks + strcspn(text + blanks, " "),
               columns = 0;
        for (size_t i = 0; i < len; i++)
            columns += !is_continuation(text[i]);
        if (screen->width > 0 && at + columns > screen->width && at > start &&
            indent < screen->width) {
            fprintf(screen->out, "\n%*s", (int)indent, "");
            at = start = indent;
            text += blanks;
            len -= blanks;
            columns -= blanks;
        }
        at += columns;
        for (const char *end = text + len; text < end;)
            text += put_character(screen->out, text);
    }
}
