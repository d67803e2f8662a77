/* wire_query.h - a query in words, as one would give them to dig, to bytes. */
#pragma once

#include "wire_case.h"

/* wire_query_parse - "www.example.com A +do +ecs=192.0.2.0/24 ...". NULL, or what is wrong.
 * words is cut into pieces. */
const char *wire_query_parse(char *words, struct wire_case *out_case);
