/* Weights of countries: `country,weight` and a line for each, `#` begins a comment. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "rhumb/geo_place.h"

#include "traffic_kinds.h"

enum { LINE_BYTES_MAX = 200 };

static const char HEADER[] = "country,";

/* next_line - the line at *at, without its end and cut at LINE_BYTES_MAX; false behind the last. */
static bool next_line(const struct traffic_file *file, size_t *at,
                      char line[LINE_BYTES_MAX + 1])
{
    if (*at >= file->len)
        return false;
    const uint8_t *start = file->bytes + *at;
    const uint8_t *newline = memchr(start, '\n', file->len - *at);
    size_t len = newline ? (size_t)(newline - start) : file->len - *at;
    *at += len + 1;
    if (len > 0 && start[len - 1] == '\r')
        len--;
    len = len < LINE_BYTES_MAX ? len : LINE_BYTES_MAX;
    memcpy(line, start, len);
    line[len] = '\0';
    return true;
}

bool traffic_countries_is(const struct traffic_file *file)
{
    char line[LINE_BYTES_MAX + 1];
    size_t at = 0;
    while (next_line(file, &at, line))
        if (line[0] != '#' && line[0] != '\0')
            return strncmp(line, HEADER, sizeof(HEADER) - 1) == 0;
    return false;
}

/* parse_weight - a number of digits with at most one point; what follows a second comma is
 * the author's. */
static bool parse_weight(const char *text, double *out_weight)
{
    char *end;
    size_t digits = strspn(text, "0123456789.");
    if (digits == 0 || (text[digits] != '\0' && text[digits] != ','))
        return false;
    *out_weight = strtod(text, &end);
    return end == text + digits && isfinite(*out_weight);
}

/* read_country - one line. False: an error was added. */
static bool read_country(const struct traffic_file *file, const char *line,
                         struct diag_place *place, bool *seen, struct traffic *traffic)
{
    char code[3] = "";
    double weight;
    place->excerpt = line;
    place->column = 1;
    if (strcspn(line, ",") == 2)
        memcpy(code, line, 2);
    uint32_t country = policy_country_number(code);
    if (country == POLICY_COUNTRY_UNKNOWN || !geo_country_is_known(code)) {
        diag_error(file->diags, place, "'%.*s' is no country", (int)strcspn(line, ","), line);
        diag_remedy(file->diags, "write the two capital letters of ISO 3166-1, such as DE");
        return false;
    }
    if (seen[country]) {
        diag_error(file->diags, place, "the country %s stands here twice", code);
        return false;
    }
    seen[country] = true;
    place->column = 4;
    if (line[2] != ',' || !parse_weight(line + 3, &weight)) {
        diag_error(file->diags, place, "the weight of %s is no number", code);
        diag_remedy(file->diags, "write it as %s,12.5: any unit will do", code);
        return false;
    }
    traffic->weights[country] = weight;
    return true;
}

enum err traffic_countries_read(const struct traffic_file *file, struct traffic *traffic)
{
    char line[LINE_BYTES_MAX + 1];
    bool seen[POLICY_COUNTRY_COUNT] = {false}, good = true, headed = false;
    struct diag_place place = {.file = file->path};
    size_t at = 0;
    double sum = 0;
    while (next_line(file, &at, line)) {
        place.line++;
        if (line[0] == '#' || line[0] == '\0')
            continue;
        if (headed)
            good = read_country(file, line, &place, seen, traffic) && good;
        headed = true;
    }
    for (size_t i = 0; i < POLICY_COUNTRY_COUNT; i++)
        sum += traffic->weights[i];
    if (good && !(sum > 0)) {
        diag_error(file->diags, &(struct diag_place){.file = file->path},
                   "no country has a weight above 0");
        return ERR_INVALID;
    }
    return good ? ERR_OK : ERR_INVALID;
}

enum err traffic_ship(struct traffic *traffic)
{
    struct diag_list *diags = diag_list_new();
    const struct traffic_file file = {.bytes = traffic_shipped,
                                      .len = traffic_shipped_bytes,
                                      .path = "traffic.csv",
                                      .diags = diags};
    traffic->kind = TRAFFIC_COUNTRIES;
    enum err err = diags ? traffic_countries_read(&file, traffic) : ERR_NO_MEMORY;
    diag_list_free(diags);
    return err;
}
