#include "http_text.h"

#include <stddef.h>
#include <string.h>
#include <strings.h>

#include "rhumb/ip.h"

static int digit_value(char c)
{
    if ('0' <= c && c <= '9')
        return c - '0';
    if ('a' <= c && c <= 'f')
        return c - 'a' + 10;
    return 'A' <= c && c <= 'F' ? c - 'A' + 10 : -1;
}

bool http_decode(char *text, bool plus_is_blank)
{
    char *to = text;
    for (const char *from = text; *from != '\0'; from++) {
        if (*from == '+' && plus_is_blank) {
            *to++ = ' ';
        } else if (*from != '%') {
            *to++ = *from;
        } else {
            int high = digit_value(from[1]), low = high < 0 ? -1 : digit_value(from[2]);
            if (low < 0 || (high == 0 && low == 0))
                return false;
            *to++ = (char)(high << 4 | low);
            from += 2;
        }
    }
    *to = '\0';
    return true;
}

const char *http_bearer(const char *authorization)
{
    static const char scheme[] = "Bearer ";
    if (!authorization || strncasecmp(authorization, scheme, sizeof(scheme) - 1) != 0)
        return NULL;
    const char *token = authorization + sizeof(scheme) - 1;
    token += strspn(token, " ");
    return *token != '\0' ? token : NULL;
}

bool http_host_is_local(const char *host)
{
    static const char localhost[] = "localhost";

    char name[IP_TEXT_MAX];
    struct ip_addr addr;
    bool bracket = host[0] == '[';
    const char *start = host + bracket;
    size_t len = strcspn(start, bracket ? "]" : ":");
    if (len == 0 || len >= sizeof(name))
        return false;
    memcpy(name, start, len);
    name[len] = '\0';
    return (!bracket && strcasecmp(name, localhost) == 0) || ip_parse(name, &addr);
}
