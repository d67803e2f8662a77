#include "rhumb/require.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

static atomic_uint_fast64_t failed_checks;

void require_failed(const char *condition, const char *file, int line)
{
    fprintf(stderr, "rhumb is broken: %s does not hold at %s:%d\n", condition, file, line);
    abort();
}

void check_failed(void)
{
    atomic_fetch_add_explicit(&failed_checks, 1, memory_order_relaxed);
}

uint64_t check_failures(void)
{
    return atomic_load_explicit(&failed_checks, memory_order_relaxed);
}
