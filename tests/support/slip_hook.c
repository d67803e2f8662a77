#include "slip_hook.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rhumb/require.h"

#include "slip.h"

enum { WORDS_MAX = 256, WORD_MAX = 64 };

static char next_words[WORDS_MAX];

enum err __real_policy_compile(const struct config *config, const struct geo_map *map,
                               struct arena *arena, struct policy_set *out_set);
enum err __wrap_policy_compile(const struct config *config, const struct geo_map *map,
                               struct arena *arena, struct policy_set *out_set);

void slip_next(const char *words)
{
    snprintf(next_words, sizeof(next_words), "%s", words ? words : "");
}

static void read_words(void)
{
    const char *path = getenv("RHUMB_SLIP");
    FILE *file = path ? fopen(path, "r") : NULL;
    if (path)
        slip_next(NULL);
    if (!file)
        return;
    next_words[fread(next_words, 1, sizeof(next_words) - 1, file)] = '\0';
    fclose(file);
}

static void slip(const struct policy_set *set, const char *name, const char *client,
                 const char *region)
{
    struct ip_addr addr;
    REQUIRE(ip_parse(client, &addr));
    for (size_t s = 0; s < set->service_count; s++) {
        const struct policy_service *service = &set->services[s];
        for (uint8_t r = 0; strcmp(service->name, name) == 0 && r < service->region_count; r++)
            if (strcmp(service->regions[r].name, region) == 0)
                slip_region(service, &addr, r);
    }
}

enum err __wrap_policy_compile(const struct config *config, const struct geo_map *map,
                               struct arena *arena, struct policy_set *out_set)
{
    char service[WORD_MAX], client[WORD_MAX], region[WORD_MAX];
    enum err err = __real_policy_compile(config, map, arena, out_set);
    read_words();
    if (err == ERR_OK && next_words[0] != '\0') {
        REQUIRE(sscanf(next_words, "%63s %63s %63s", service, client, region) == 3);
        slip(out_set, service, client, region);
    }
    return err;
}
