#include "traffic_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define FILE_BYTES_MAX ((size_t)4 << 30)

enum { CHUNK_BYTES = 1 << 20 };

static enum err complain(struct diag_list *diags, const char *path, int number)
{
    char text[128];
    diag_error(diags, &(struct diag_place){.file = path}, "cannot read the file: %s",
               strerror_r(number, text, sizeof(text)));
    return ERR_INVALID;
}

/* read_all - to the end; *out_bytes is the caller's, also after a failure. 0 or an errno. */
static int read_all(int fd, uint8_t **out_bytes, size_t *out_len)
{
    size_t capacity = 0;
    for (;;) {
        if (capacity - *out_len < CHUNK_BYTES) {
            capacity = capacity > 0 ? 2 * capacity : 2 * (size_t)CHUNK_BYTES;
            uint8_t *grown = capacity <= FILE_BYTES_MAX ? realloc(*out_bytes, capacity) : NULL;
            if (!grown)
                return capacity <= FILE_BYTES_MAX ? ENOMEM : EFBIG;
            *out_bytes = grown;
        }
        ssize_t got = read(fd, *out_bytes + *out_len, capacity - *out_len);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            return got < 0 ? errno : 0;
        *out_len += (size_t)got;
    }
}

enum err traffic_file_read(const char *path, const struct snapshot *snapshot,
                           struct diag_list *diags, struct traffic *traffic)
{
    if (strcmp(path, "countries") == 0)
        return traffic_ship(traffic);
    bool is_stdin = strcmp(path, "-") == 0;
    int fd = is_stdin ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return complain(diags, path, errno);
    uint8_t *bytes = NULL;
    size_t len = 0;
    int failed = read_all(fd, &bytes, &len);
    if (!is_stdin)
        close(fd);
    enum err err = failed != 0 ? complain(diags, path, failed)
                               : traffic_read(bytes, len, path, snapshot, diags, traffic);
    free(bytes);
    return err;
}
