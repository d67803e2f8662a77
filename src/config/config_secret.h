/* config_secret.h - what stands in the file behind a `*_file:` key. The text is a secret: no
 * message shows any of it. */
#pragma once

#include "config_reader.h"

enum { CONFIG_SECRET_BYTES_MAX = 16 * 1024 };

/* config_read_secret - the whole of an ordinary file, in the arena. NULL after an error at
 * place: it cannot be read, is larger than that, or holds a zero byte. Warns of a file that
 * others than its owner may read. */
char *config_read_secret(struct config_reader *reader, const char *path,
                         const struct diag_place *place);
