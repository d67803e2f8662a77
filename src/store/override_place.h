/* override_place.h - where something stands in the text of overrides. jansson does not keep
 * places, so that they are looked for when there is something to complain about. */
#pragma once

#include <stddef.h>

#include "rhumb/diag.h"

/* override_place_at - of the byte at offset. The excerpt is the whole line in buffer, empty when
 * it does not fit. */
enum { OVERRIDE_EXCERPT_MAX = 512 };
struct diag_place override_place_at(const char *bytes, size_t len, size_t offset,
                                    const char *path, char buffer[OVERRIDE_EXCERPT_MAX]);

/* override_place_find - the offset of the idx-th entry, or of a key in it, or of a key beside
 * "overrides" (idx SIZE_MAX). The text is valid JSON; 0 when it is not there. */
size_t override_place_find(const char *bytes, size_t len, size_t idx, const char *key);
