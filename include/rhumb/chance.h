/* chance.h - bytes that nobody can guess; nothing below this floor draws any. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

/* chance_fill - at most 256 bytes. False when the kernel gives none: then they mean nothing. */
bool chance_fill(void *out_bytes, size_t len);
