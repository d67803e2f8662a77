/* digest.h - SHA-256: of files and tables for an audit, of tokens. The home of the library's
 * digests is digest.c alone.
 *
 * source  FIPS 180-4
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "rhumb/err.h"

enum { DIGEST_BYTES = 32, DIGEST_TEXT_MAX = 2 * DIGEST_BYTES + 1 };

/* digest_of - of bytes in memory. False: out of memory. */
bool digest_of(const void *bytes, size_t len, uint8_t out_digest[DIGEST_BYTES]);

/* A digest that is made piece by piece. */
struct digest;

struct digest *digest_new(void); /* NULL: out of memory */
void digest_add(struct digest *digest, const void *bytes, size_t len);

/* digest_finish - the result; frees digest. False: some step has failed. */
bool digest_finish(struct digest *digest, uint8_t out_digest[DIGEST_BYTES]);

/* digest_file - of a regular file, and how long it is. ERR_OK, ERR_IO (errno says why),
 * ERR_NO_MEMORY. */
WARN_UNUSED enum err digest_file(const char *path, uint8_t out_digest[DIGEST_BYTES],
                                 uint64_t *out_bytes);

/* digest_equal - takes as long whatever the bytes are. */
bool digest_equal(const uint8_t a[DIGEST_BYTES], const uint8_t b[DIGEST_BYTES]);

/* digest_format - 64 hexadecimal digits, small letters; returns buffer. */
const char *digest_format(const uint8_t digest[DIGEST_BYTES], char buffer[DIGEST_TEXT_MAX]);
