#include "snapshot_cookies.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { LINE_MAX_BYTES = 1024, HEX_DIGITS = 2 * DNS_COOKIE_SECRET_BYTES };

static int hex_value(char digit)
{
    static const char digits[] = "0123456789abcdef";
    const char *found = digit == '\0' ? NULL : strchr(digits, tolower((unsigned char)digit));
    return found ? (int)(found - digits) : -1;
}

static bool parse_secret(const char *text, size_t len, uint8_t *out_secret)
{
    if (len != HEX_DIGITS)
        return false;
    for (size_t i = 0; i < HEX_DIGITS; i += 2) {
        int high = hex_value(text[i]), low = hex_value(text[i + 1]);
        if (high < 0 || low < 0)
            return false;
        out_secret[i / 2] = (uint8_t)(high << 4 | low);
    }
    return true;
}

/* read_line - one more secret, a comment, or nothing; false after an error. The line itself is
 * never shown: it is a secret, or nearly one. */
static bool read_line(const char *line, const struct diag_place *place, struct diag_list *diags,
                      struct dns_cookie_secrets *secrets)
{
    const char *text = line + strspn(line, " \t");
    size_t len = strcspn(text, "\r\n#");
    while (len > 0 && (text[len - 1] == ' ' || text[len - 1] == '\t'))
        len--;
    if (len == 0)
        return true;
    if (secrets->count == DNS_COOKIE_SECRETS_MAX) {
        diag_error(diags, place, "more than %d secrets", DNS_COOKIE_SECRETS_MAX);
        diag_remedy(diags, "keep the one in force first and one other behind it");
        return false;
    }
    if (parse_secret(text, len, secrets->secret[secrets->count])) {
        secrets->count++;
        return true;
    }
    diag_error(diags, place, "this is no secret: %d hexadecimal digits are", HEX_DIGITS);
    diag_remedy(diags, "make one with `openssl rand -hex %d`", DNS_COOKIE_SECRET_BYTES);
    return false;
}

/* open_regular - O_NONBLOCK, so that a FIFO is refused and not waited for. Warns of a file that
 * others than its owner may read. */
static FILE *open_regular(const char *path, const struct diag_place *place,
                          struct diag_list *diags)
{
    char text[128];
    struct stat status;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (fd < 0 || fstat(fd, &status) != 0) {
        diag_error(diags, place, "cannot read %.200s: %s", path,
                   strerror_r(errno, text, sizeof(text)));
    } else if (!S_ISREG(status.st_mode)) {
        diag_error(diags, place, "%.200s is no ordinary file", path);
    } else {
        if ((status.st_mode & (S_IRGRP | S_IROTH)) != 0) {
            diag_warning(diags, place, "others than its owner may read the secrets in %.200s",
                         path);
            diag_remedy(diags, "chmod 600 %.200s", path);
        }
        return fdopen(fd, "r");
    }
    if (fd >= 0)
        close(fd);
    return NULL;
}

void snapshot_read_cookies(const char *path, const struct diag_place *place,
                           struct diag_list *diags, struct dns_cookie_secrets *out_secrets)
{
    char line[LINE_MAX_BYTES];
    struct dns_cookie_secrets secrets = {0};
    struct diag_place at = {.file = path, .column = 1};
    FILE *file = open_regular(path, place, diags);
    if (!file)
        return;
    bool good = true;
    while (good && fgets(line, sizeof(line), file)) {
        at.line++;
        good = read_line(line, &at, diags, &secrets);
    }
    if (good && secrets.count == 0) {
        diag_error(diags, place, "no secret in %.200s", path);
        diag_remedy(diags, "make one with `openssl rand -hex %d`", DNS_COOKIE_SECRET_BYTES);
        good = false;
    }
    fclose(file);
    explicit_bzero(line, sizeof(line));
    if (good)
        *out_secrets = secrets;
}
