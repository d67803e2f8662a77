/* geo_file - a private copy of a file that nobody can change or cut short.
 *
 * libmaxminddb maps what it reads, and a mapped file that is truncated or overwritten in place
 * kills the process with SIGBUS. So the bytes are copied once into a sealed memory file.
 */
#pragma once

#include "rhumb/diag.h"
#include "rhumb/err.h"

/* geo_file_copy - copy the regular file at path; the result is an open, sealed descriptor that
 * the caller closes.
 *
 * returns  ERR_OK; ERR_INVALID (not readable, not a regular file, over 1 GiB: diags has one
 *          error at place) */
WARN_UNUSED enum err geo_file_copy(const char *path, const struct diag_place *place,
                                   struct diag_list *diags, int *out_fd);
