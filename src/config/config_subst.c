#include "config_subst.h"

#include <stdbool.h>
#include <string.h>

#include "rhumb/text.h"

enum { NAME_MAX_BYTES = 128, RESULT_MAX_BYTES = 1024 * 1024 };

struct subst {
    const struct diag_place *place;
    config_lookup_fn *lookup;
    struct diag_list *diags;
    struct text result;
};

static bool is_name_byte(char c, bool first)
{
    bool letter = (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '_';
    return letter || (!first && c >= '0' && c <= '9');
}

static size_t name_len(const char *text)
{
    size_t len = 0;
    while (is_name_byte(text[len], len == 0))
        len++;
    return len;
}

/* put_variable - what stands between "${" and "}"; op is "", ":-" or ":?" and what follows. */
static bool put_variable(struct subst *subst, const char *name, const char *op, size_t op_len)
{
    const char *value = subst->lookup(name);
    if (op_len == 0 && value) {
        text_put(&subst->result, value, strlen(value));
        return true;
    }
    if (op_len >= 2 && value && value[0] != '\0') {
        text_put(&subst->result, value, strlen(value));
        return true;
    }
    if (op_len >= 2 && op[1] == '-') {
        text_put(&subst->result, op + 2, op_len - 2);
        return true;
    }
    if (op_len > 2) {
        diag_error(subst->diags, subst->place, "%s: %.*s", name, (int)(op_len - 2), op + 2);
        return false;
    }
    diag_error(subst->diags, subst->place, "the environment variable '%s' is %s", name,
               value ? "empty" : "not set");
    diag_remedy(subst->diags, "set it, or write ${%s:-default}", name);
    return false;
}

/* put_reference - one "${...}" at text; *out_len says how long it is. */
static bool put_reference(struct subst *subst, const char *text, size_t *out_len)
{
    char name[NAME_MAX_BYTES];
    const char *inside = text + 2, *end = strchr(inside, '}');
    size_t len = name_len(inside);
    const char *op = inside + len;
    bool known_op =
        end && (op == end || strncmp(op, ":-", 2) == 0 || strncmp(op, ":?", 2) == 0);
    if (len == 0 || len >= sizeof(name) || !known_op) {
        diag_error(subst->diags, subst->place, "malformed variable '%.40s'", text);
        diag_remedy(subst->diags, "write ${NAME}, ${NAME:-default} or ${NAME:?message}; "
                                  "$${ stands for ${ itself");
        return false;
    }
    memcpy(name, inside, len);
    name[len] = '\0';
    *out_len = (size_t)(end + 1 - text);
    return put_variable(subst, name, op, (size_t)(end - op));
}

static bool put_all(struct subst *subst, const char *text)
{
    while (*text != '\0') {
        size_t len = 1;
        if (strncmp(text, "$${", 3) == 0) {
            text_put(&subst->result, "${", 2);
            len = 3;
        } else if (strncmp(text, "${", 2) == 0) {
            if (!put_reference(subst, text, &len))
                return false;
        } else {
            len += strcspn(text + 1, "$");
            text_put(&subst->result, text, len);
        }
        text += len;
    }
    return true;
}

enum err config_subst(const char *text, const struct diag_place *place,
                      config_lookup_fn *lookup, struct arena *arena, struct diag_list *diags,
                      const char **out_text)
{
    if (!strstr(text, "${")) {
        *out_text = text;
        return ERR_OK;
    }
    struct subst subst = {.place = place, .lookup = lookup, .diags = diags};
    text_init(&subst.result, RESULT_MAX_BYTES);
    enum err err = put_all(&subst, text) ? ERR_OK : ERR_INVALID;
    if (err == ERR_OK && subst.result.no_memory) {
        err = ERR_NO_MEMORY;
    } else if (err == ERR_OK && subst.result.failed) {
        diag_error(diags, place, "the value is longer than %d bytes once its variables are in",
                   RESULT_MAX_BYTES);
        err = ERR_INVALID;
    }
    if (err == ERR_OK) {
        const char *copy = arena_strdup(arena, text_get(&subst.result));
        if (copy)
            *out_text = copy;
        else
            err = ERR_NO_MEMORY;
    }
    text_deinit(&subst.result);
    return err;
}
