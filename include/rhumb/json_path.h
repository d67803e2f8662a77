/* json_path.h - the way to a value in a JSON document: "load.cpu[0].share". Pure text; who has
 * a document walks it step by step.
 *
 *   path = step { "." key | "[" index "]" }     step = key | "[" index "]"
 *   key     any bytes but '.', '[' and ']', at least one
 *   index   0..99999
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

enum json_path_kind {
    JSON_PATH_KEY,   /* the member of that name */
    JSON_PATH_INDEX, /* the item of that number */
    JSON_PATH_END,   /* the path is over */
    JSON_PATH_WRONG, /* no path */
};

struct json_path_step {
    enum json_path_kind kind;
    const char *key; /* borrowed from the path, len bytes */
    size_t len;
    size_t index;
};

/* json_path_next - the step at *at, which moves behind it. start: the beginning of the path. */
struct json_path_step json_path_next(const char *start, const char **at);

/* json_path_is_good - has the path a step, and are all of them right? */
bool json_path_is_good(const char *path);
