#include "rhumb/json_path.h"

#include <string.h>

enum { INDEX_DIGITS_MAX = 5 };

static struct json_path_step index_step(const char **at)
{
    const char *digits = *at + 1;
    size_t len = strspn(digits, "0123456789");
    struct json_path_step step = {.kind = JSON_PATH_INDEX};
    if (len == 0 || len > INDEX_DIGITS_MAX || digits[len] != ']')
        return (struct json_path_step){.kind = JSON_PATH_WRONG};
    for (size_t i = 0; i < len; i++)
        step.index = step.index * 10 + (size_t)(digits[i] - '0');
    *at = digits + len + 1;
    return step;
}

struct json_path_step json_path_next(const char *start, const char **at)
{
    struct json_path_step step = {.kind = JSON_PATH_KEY};
    bool is_first = *at == start;
    if (**at == '\0')
        return (struct json_path_step){.kind = is_first ? JSON_PATH_WRONG : JSON_PATH_END};
    if (**at == '[')
        return index_step(at);
    if (!is_first && **at != '.')
        return (struct json_path_step){.kind = JSON_PATH_WRONG};
    step.key = *at + !is_first;
    step.len = strcspn(step.key, ".[]");
    if (step.len == 0)
        step.kind = JSON_PATH_WRONG;
    *at = step.key + step.len;
    return step;
}

bool json_path_is_good(const char *path)
{
    const char *at = path;
    struct json_path_step step;
    do
        step = json_path_next(path, &at);
    while (step.kind == JSON_PATH_KEY || step.kind == JSON_PATH_INDEX);
    return step.kind == JSON_PATH_END;
}
