#include "rhumb/digest.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <openssl/crypto.h>
#include <openssl/evp.h>

enum { STEP_BYTES = 64 * 1024 };

struct digest {
    EVP_MD_CTX *context;
    bool failed;
};

bool digest_of(const void *bytes, size_t len, uint8_t out_digest[DIGEST_BYTES])
{
    unsigned made = DIGEST_BYTES;
    return EVP_Digest(bytes, len, out_digest, &made, EVP_sha256(), NULL) == 1;
}

struct digest *digest_new(void)
{
    struct digest *digest = calloc(1, sizeof(*digest));
    if (!digest)
        return NULL;
    digest->context = EVP_MD_CTX_new();
    digest->failed =
        !digest->context || EVP_DigestInit_ex(digest->context, EVP_sha256(), NULL) != 1;
    return digest;
}

void digest_add(struct digest *digest, const void *bytes, size_t len)
{
    if (!digest->failed)
        digest->failed = EVP_DigestUpdate(digest->context, bytes, len) != 1;
}

bool digest_finish(struct digest *digest, uint8_t out_digest[DIGEST_BYTES])
{
    unsigned made = DIGEST_BYTES;
    bool good = !digest->failed && EVP_DigestFinal_ex(digest->context, out_digest, &made) == 1;
    EVP_MD_CTX_free(digest->context);
    free(digest);
    return good;
}

/* add_all - from a descriptor to its end; errno says why it failed. */
static bool add_all(struct digest *digest, int fd, uint64_t *out_bytes)
{
    uint8_t buffer[STEP_BYTES];
    *out_bytes = 0;
    for (;;) {
        ssize_t got = read(fd, buffer, sizeof(buffer));
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            return got == 0;
        digest_add(digest, buffer, (size_t)got);
        *out_bytes += (uint64_t)got;
    }
}

/* open_regular - O_NONBLOCK, so that a FIFO is refused and not waited for. */
static int open_regular(const char *path)
{
    struct stat status;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (fd >= 0 && (fstat(fd, &status) != 0 || !S_ISREG(status.st_mode))) {
        close(fd);
        errno = EINVAL;
        return -1;
    }
    return fd;
}

enum err digest_file(const char *path, uint8_t out_digest[DIGEST_BYTES], uint64_t *out_bytes)
{
    int fd = open_regular(path);
    if (fd < 0)
        return ERR_IO;
    struct digest *digest = digest_new();
    bool read_all = digest && add_all(digest, fd, out_bytes);
    int why = errno;
    close(fd);
    bool made = digest && digest_finish(digest, out_digest);
    errno = why;
    if (digest && !read_all)
        return ERR_IO;
    return made ? ERR_OK : ERR_NO_MEMORY;
}

bool digest_equal(const uint8_t a[DIGEST_BYTES], const uint8_t b[DIGEST_BYTES])
{
    return CRYPTO_memcmp(a, b, DIGEST_BYTES) == 0;
}

const char *digest_format(const uint8_t digest[DIGEST_BYTES], char buffer[DIGEST_TEXT_MAX])
{
    for (unsigned i = 0; i < DIGEST_BYTES; i++)
        snprintf(buffer + 2 * (size_t)i, 3, "%02x", digest[i]);
    return buffer;
}
