/* table_digest.h - SHA-256 of what a snapshot steers by: the same in `rhumb audit` and in the log of
 * the server that serves it. */
#pragma once

#include "rhumb/snapshot.h"

/* table_digest_make - into snapshot->table_sha256, before it is published. *out_bytes: of the table;
 * may be NULL. False: out of memory, and it stays empty. */
bool table_digest_make(struct snapshot *snapshot, uint64_t *out_bytes);
