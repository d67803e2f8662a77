#include "config_build.h"

#include <string.h>

void config_list_file(struct config_builder *builder, const char *path)
{
    struct config *config = builder->config;
    const char **files = config_alloc(&builder->reader, config->file_count + 1, sizeof(*files));
    if (!files)
        return;
    memcpy(files, config->files, config->file_count * sizeof(*files));
    files[config->file_count++] = path;
    config->files = files;
}

bool config_has_content(const struct config_node_entry *entry)
{
    return entry && !entry->value->is_empty;
}

bool config_names_init(struct config_reader *reader, struct config_names *names, size_t max)
{
    *names = (struct config_names){0};
    config_index_init(&names->index, reader->arena);
    names->texts = config_alloc(reader, max, sizeof(*names->texts));
    return names->texts != NULL;
}

void config_names_add(struct config_reader *reader, struct config_names *names,
                      const struct config_node_entry *entry, const char *what)
{
    /* Lower-case forms are marked, to keep them apart from the names themselves. */
    const char *folded = arena_printf(reader->arena, "/%s", config_lower(reader, entry->key));
    uint32_t idx = (uint32_t)names->count;
    if (config_check_name(reader, entry, what) && folded) {
        uint32_t earlier = config_index_find(&names->index, folded);
        if (earlier != CONFIG_INDEX_NONE) {
            config_error(reader, &entry->key_place, "the %s '%s' is there already, as '%s'",
                         what, entry->key, names->texts[earlier]);
            config_remedy(reader, "names differ in more than case: give one of them another");
        }
    }
    names->texts[names->count++] = entry->key;
    if (!folded || !config_index_put(&names->index, folded, idx) ||
        !config_index_put(&names->index, entry->key, idx))
        reader->no_memory = true;
}

uint16_t config_names_find(struct config_reader *reader, const struct config_names *names,
                           const char *text, const struct diag_place *place, const char *what)
{
    uint32_t idx = text[0] == '/' ? CONFIG_INDEX_NONE : config_index_find(&names->index, text);
    if (idx != CONFIG_INDEX_NONE)
        return (uint16_t)idx;
    config_error(reader, place, "there is no %s '%.80s'", what, text);
    if (names->count > 0)
        config_remedy_nearest(reader, text, names->texts, names->count);
    else
        config_remedy(reader, "define it in '%ss:'", what);
    return CONFIG_NONE;
}
