#include "rhumb/chance.h"

#include <sys/random.h>

bool chance_fill(void *out_bytes, size_t len)
{
    return getrandom(out_bytes, len, 0) == (ssize_t)len;
}
