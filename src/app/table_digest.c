#include "table_digest.h"

#include "rhumb/digest.h"
#include "rhumb/policy_dump.h"

_Static_assert(sizeof(((struct snapshot *)0)->table_sha256) == DIGEST_TEXT_MAX,
               "room for a digest as text");

struct table {
    struct digest *digest;
    uint64_t bytes;
};

static void on_bytes(void *ctx, const void *bytes, size_t len)
{
    struct table *table = ctx;
    digest_add(table->digest, bytes, len);
    table->bytes += len;
}

bool table_digest_make(struct snapshot *snapshot, uint64_t *out_bytes)
{
    uint8_t made[DIGEST_BYTES];
    struct table table = {.digest = digest_new()};
    if (!table.digest)
        return false;
    policy_dump(&snapshot->policies, on_bytes, &table);
    if (!digest_finish(table.digest, made))
        return false;
    digest_format(made, snapshot->table_sha256);
    if (out_bytes)
        *out_bytes = table.bytes;
    return true;
}
