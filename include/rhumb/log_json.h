/* log_json.h - a line of the log, as log_event() makes it, as JSON.
 *
 *     event=reload result=ok generation=7 reason="no \"x\""
 *     "event":"reload","result":"ok","generation":7,"reason":"no \"x\""
 *
 * Values in quotes are strings; others are numbers where they read as numbers of JSON. log_quote()
 * puts numbers among texts into quotes, so a key has one type.
 */
#pragma once

#include "rhumb/json_put.h"

/* log_json_put - the pairs of the line as members of the object that is open. What is no pair is
 * left out. */
void log_json_put(struct json_put *json, const char *line);
