/* show_text.c - what is no table: events as they come, and explanations. */
#include <string.h>

#include "rhumb/text.h"

#include "member.h"
#include "show.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static enum tone severity_tone(const char *severity, bool clears)
{
    if (!severity || clears)
        return clears ? TONE_GOOD : TONE_PLAIN;
    return strcmp(severity, "critical") == 0  ? TONE_BAD
           : strcmp(severity, "warning") == 0 ? TONE_DOUBTFUL
                                              : TONE_PLAIN;
}

/* put_subject - whom it is about, and from where to where it goes. */
static void put_subject(struct text *line, const json_t *event)
{
    static const char *const members[] = {"service", "region", "address", "check", "from"};

    const char *to = member_text(event, "to");
    for (size_t i = 0; i < COUNT(members); i++)
        if (member_has(event, members[i]))
            text_printf(line, "%s%s", line->len > 0 ? " " : "", member_text(event, members[i]));
    if (to)
        text_printf(line, "%s-> %s", line->len > 0 ? " " : "", to);
}

void show_event(const struct screen *screen, const json_t *event)
{
    enum { SEVERITY_COLUMN = 22, HEAD_COLUMNS = 50, LINE_BYTES_MAX = 64 * 1024 };

    static const char *const tails[] = {"reason", "remedy"};

    char time[MEMBER_TIME_MAX], head[128];
    bool clears = member_true(event, "clears");
    const char *severity = member_text(event, "severity"), *kind = member_text(event, "event");
    const char *when = member_time(event, "time", time);
    struct text line;
    (void)snprintf(head, sizeof(head), "%-20s  %-8s  %-17s ", when ? when : "",
                   clears     ? "clear"
                   : severity ? severity
                              : "",
                   kind ? kind : "");
    screen_put(screen, head, 0, severity_tone(severity, clears));
    text_init(&line, LINE_BYTES_MAX);
    put_subject(&line, event);
    for (size_t i = 0; i < COUNT(tails); i++)
        if (member_has(event, tails[i]))
            text_printf(&line, "%s%s",
                        line.len == 0 ? ""
                        : i == 0      ? ": "
                                      : "; ",
                        member_text(event, tails[i]));
    screen_fold(screen, text_get(&line), HEAD_COLUMNS, SEVERITY_COLUMN);
    text_deinit(&line);
    fputc('\n', screen->out);
}

bool show_explanation(const struct screen *screen, const json_t *answer)
{
    enum { LABEL_COLUMNS = 12, LINE_BYTES_MAX = 64 * 1024 };

    const char *text = member_text(answer, "text");
    while (text && *text != '\0') {
        size_t len = strcspn(text, "\n");
        struct text line;
        text_init(&line, LINE_BYTES_MAX);
        text_put(&line, text, len);
        screen_fold(screen, text_get(&line), 0, LABEL_COLUMNS);
        text_deinit(&line);
        fputc('\n', screen->out);
        text += len + (text[len] == '\n');
    }
    return true;
}
