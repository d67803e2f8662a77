/* admin_auth.h - who may do what: bearer tokens, kept as SHA-256. */
#pragma once

#include "rhumb/config.h"
#include "rhumb/err.h"

struct admin_tokens;

/* admin_tokens_new - those of the configuration; secrets from files are wiped there once their
 * digest is taken. NULL: out of memory, or no digest to be had. */
struct admin_tokens *admin_tokens_new(const struct config_admin *config);
void admin_tokens_free(struct admin_tokens *tokens);

/* admin_tokens_find - the scopes of a token and its name, borrowed; 0: it is none of ours. Takes
 * as long whatever the token. */
unsigned admin_tokens_find(const struct admin_tokens *tokens, const char *token,
                           const char **out_name);
