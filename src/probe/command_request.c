#include "command_request.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ENV_MAX = 4 };

/* The same whoever started rhumb, and from where. */
static const char PATH[] = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

static bool copy_argv(struct command_request *request, const struct config_check_command *from)
{
    request->argv = (char **)calloc(from->count + 1, sizeof(*request->argv));
    for (size_t i = 0; request->argv && i < from->count; i++) {
        request->argv[i] = strdup(from->argv[i]);
        if (!request->argv[i])
            return false;
    }
    return request->argv != NULL;
}

/* put_env - NAME=VALUE behind those that are there. */
static bool put_env(char **env, const char *name, const char *value)
{
    while (*env)
        env++;
    if (asprintf(env, "%s=%s", name, value) < 0) {
        *env = NULL;
        return false;
    }
    return true;
}

static bool build_env(struct command_request *request, const struct config_check *check,
                      const struct ip_addr *addr)
{
    char address[IP_TEXT_MAX], port[8];
    snprintf(port, sizeof(port), "%u", check->port);
    request->env = (char **)calloc(ENV_MAX + 1, sizeof(*request->env));
    if (!request->env)
        return false;
    request->env[0] = strdup(PATH);
    return request->env[0] &&
           put_env(request->env, "RHUMB_ADDRESS", ip_format(addr, address)) &&
           put_env(request->env, "RHUMB_CHECK", check->name ? check->name : "") &&
           (check->port == 0 || put_env(request->env, "RHUMB_PORT", port));
}

struct command_request *command_request_new(const struct config_check *check,
                                            const struct ip_addr *addr)
{
    struct command_request *request = (struct command_request *)calloc(1, sizeof(*request));
    if (request && copy_argv(request, &check->command) && build_env(request, check, addr))
        return request;
    command_request_free(request);
    return NULL;
}

static void free_list(char **list)
{
    for (char **item = list; item && *item; item++)
        free(*item);
    free(list);
}

void command_request_free(struct command_request *request)
{
    if (!request)
        return;
    free_list(request->argv);
    free_list(request->env);
    free(request);
}
