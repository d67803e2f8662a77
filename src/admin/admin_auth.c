#include "admin_auth.h"

#include <stdlib.h>
#include <string.h>

#include <openssl/crypto.h>
#include <openssl/evp.h>

enum { DIGEST_BYTES = 32 };

struct known_token {
    uint8_t sha256[DIGEST_BYTES];
    unsigned scopes;
    char *name; /* owned */
};

struct admin_tokens {
    struct known_token *list;
    size_t count;
};

static bool take_digest(const char *text, uint8_t out_digest[DIGEST_BYTES])
{
    unsigned len = DIGEST_BYTES;
    return EVP_Digest(text, strlen(text), out_digest, &len, EVP_sha256(), NULL) == 1;
}

static bool add(struct admin_tokens *tokens, const struct config_token *from)
{
    struct known_token *token = &tokens->list[tokens->count];
    token->scopes = from->scopes;
    token->name = strdup(from->name);
    if (!token->name)
        return false;
    tokens->count++;
    if (!from->secret) {
        memcpy(token->sha256, from->sha256, DIGEST_BYTES);
        return true;
    }
    bool good = take_digest(from->secret, token->sha256);
    OPENSSL_cleanse(from->secret, strlen(from->secret));
    return good;
}

struct admin_tokens *admin_tokens_new(const struct config_admin *config)
{
    struct admin_tokens *tokens = calloc(1, sizeof(*tokens));
    if (!tokens)
        return NULL;
    tokens->list = calloc(config->token_count + 1, sizeof(*tokens->list));
    bool good = tokens->list != NULL;
    for (size_t i = 0; good && i < config->token_count; i++)
        good = add(tokens, &config->tokens[i]);
    if (good)
        return tokens;
    admin_tokens_free(tokens);
    return NULL;
}

void admin_tokens_free(struct admin_tokens *tokens)
{
    if (!tokens)
        return;
    for (size_t i = 0; i < tokens->count; i++)
        free(tokens->list[i].name);
    free(tokens->list);
    free(tokens);
}

unsigned admin_tokens_find(const struct admin_tokens *tokens, const char *token,
                           const char **out_name)
{
    uint8_t digest[DIGEST_BYTES];
    unsigned scopes = 0;
    if (!take_digest(token, digest))
        return 0;
    for (size_t i = 0; i < tokens->count; i++) {
        if (CRYPTO_memcmp(digest, tokens->list[i].sha256, DIGEST_BYTES) != 0)
            continue;
        scopes = tokens->list[i].scopes;
        *out_name = tokens->list[i].name;
    }
    return scopes;
}
