/* PROXY headers under libFuzzer. Besides the sanitizers: what is told of a header is the same
 * whether it comes at once or byte by byte, and never reaches behind what was given.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "../../src/net/proxy_header.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* parse_exact - from a block of exactly that size. */
static enum proxy_step parse_exact(const uint8_t *data, size_t count,
                                   struct proxy_header *header)
{
    uint8_t *exact = malloc(count > 0 ? count : 1);
    if (!exact)
        abort();
    if (count > 0)
        memcpy(exact, data, count);
    enum proxy_step step = proxy_header_parse(exact, count, header);
    free(exact);
    return step;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct proxy_header whole = {0}, part = {0};
    enum proxy_step at_once = parse_exact(data, size, &whole), step = PROXY_MORE;
    size_t count = 0; /* as a stream is read: as much as is known to belong to it */
    while ((step = parse_exact(data, count, &part)) == PROXY_MORE && part.bytes <= size) {
        if (part.bytes <= count)
            abort();
        count++;
    }
    if (step == PROXY_DONE && (count != part.bytes || at_once != PROXY_DONE))
        abort();
    if (at_once == PROXY_DONE && (whole.bytes > size || whole.bytes != part.bytes ||
                                  whole.has_client != part.has_client))
        abort();
    return 0;
}
