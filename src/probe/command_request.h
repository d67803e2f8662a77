/* command_request.h - a command with its arguments and environment, for one address. All text is
 * copied. */
#pragma once

#include "rhumb/config.h"
#include "rhumb/ip.h"

struct command_request {
    char **argv; /* ends in NULL; the first is a path or is looked for in PATH */
    char **env;  /* ends in NULL: PATH, RHUMB_ADDRESS, RHUMB_CHECK, perhaps RHUMB_PORT */
};

/* command_request_new - NULL when out of memory. */
struct command_request *command_request_new(const struct config_check *check,
                                            const struct ip_addr *addr);
void command_request_free(struct command_request *request);
