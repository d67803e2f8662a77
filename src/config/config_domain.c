#include "config_domain.h"

#include <string.h>
#include <strings.h>

enum { NAME_MAX_BYTES = 253, LABEL_MAX_BYTES = 63 };

/* complaint - what is wrong with name; NULL: nothing. */
static const char *complaint(const char *name)
{
    static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                  "0123456789-_/";

    if (strcmp(name, ".") == 0)
        return NULL;
    size_t len = strlen(name);
    if (len - (len > 0 && name[len - 1] == '.') > NAME_MAX_BYTES)
        return "is longer than 253 bytes";
    const char *label = name;
    if (strncmp(name, "*.", 2) == 0)
        label += 2;
    else if (strcmp(name, "*") == 0)
        return NULL;
    do {
        size_t label_len = strcspn(label, ".");
        if (label_len == 0)
            return "has an empty label";
        if (label_len > LABEL_MAX_BYTES)
            return "has a label longer than 63 bytes";
        if (strspn(label, allowed) < label_len)
            return "has a character that does not belong there";
        label += label_len;
        label += label[0] == '.';
    } while (label[0] != '\0');
    return NULL;
}

bool config_check_domain(struct config_reader *reader, const char *name,
                         const struct diag_place *place)
{
    const char *wrong = complaint(name);
    if (!wrong)
        return true;
    config_error(reader, place, "the name '%.80s' %s", name, wrong);
    config_remedy(reader, "labels of letters, digits, '-' and '_' with dots between them, such "
                          "as www.example.com");
    return false;
}

const char *config_absolute(struct config_reader *reader, const char *name)
{
    size_t len = strlen(name);
    if (len > 0 && name[len - 1] == '.')
        return name;
    const char *absolute = arena_printf(reader->arena, "%s.", name);
    if (!absolute)
        reader->no_memory = true;
    return absolute ? absolute : name;
}

bool config_domain_is_within(const char *name, const char *domain)
{
    size_t name_len = strlen(name), domain_len = strlen(domain);
    if (strcmp(domain, ".") == 0)
        return true;
    if (name_len < domain_len || strcasecmp(name + name_len - domain_len, domain) != 0)
        return false;
    return name_len == domain_len || name[name_len - domain_len - 1] == '.';
}
