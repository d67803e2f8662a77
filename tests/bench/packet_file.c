#include "packet_file.h"

#include <stdlib.h>
#include <string.h>

static uint8_t *read_all(const char *path, size_t *out_len)
{
    FILE *in = fopen(path, "rb");
    uint8_t *bytes = NULL;
    long len;

    if (in == NULL)
        return NULL;
    if (fseek(in, 0, SEEK_END) == 0 && (len = ftell(in)) > 0 && fseek(in, 0, SEEK_SET) == 0) {
        bytes = malloc((size_t)len);
        if (bytes != NULL && fread(bytes, 1, (size_t)len, in) != (size_t)len) {
            free(bytes);
            bytes = NULL;
        }
        *out_len = (size_t)len;
    }
    fclose(in);
    return bytes;
}

/* Counts the packets; with items, also notes where they are. 0: the framing is broken. */
static uint32_t split(const uint8_t *bytes, size_t len, struct packet *items)
{
    uint32_t count = 0;
    for (size_t at = 0; at < len; count++) {
        if (len - at < 2 || count == PACKET_COUNT_MAX)
            return 0;
        uint16_t size = (uint16_t)(bytes[at] << 8 | bytes[at + 1]);
        if (size < 12 || size > PACKET_BYTES_MAX || size > len - at - 2)
            return 0;
        if (items != NULL)
            items[count] = (struct packet){bytes + at + 2, size};
        at += 2u + size;
    }
    return count;
}

bool packet_file_load(struct packet_file *file, const char *path)
{
    size_t len = 0;

    memset(file, 0, sizeof *file);
    file->bytes = read_all(path, &len);
    if (file->bytes == NULL) {
        fprintf(stderr, "%s: cannot be read\n", path);
        return false;
    }
    file->count = split(file->bytes, len, NULL);
    if (file->count > 0)
        file->items = malloc(file->count * sizeof *file->items);
    if (file->items == NULL) {
        fprintf(stderr, "%s: no packet file\n", path);
        packet_file_deinit(file);
        return false;
    }
    split(file->bytes, len, file->items);
    return true;
}

void packet_file_deinit(struct packet_file *file)
{
    free(file->items);
    free(file->bytes);
    memset(file, 0, sizeof *file);
}

bool packet_put(FILE *out, const uint8_t *bytes, uint16_t len)
{
    uint8_t head[2] = {(uint8_t)(len >> 8), (uint8_t)len};
    return fwrite(head, 1, 2, out) == 2 && fwrite(bytes, 1, len, out) == len;
}
