/* config_load.c - file -> text -> nodes -> structs -> checks. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "rhumb/config.h"

#include "config_build.h"
#include "config_check.h"
#include "config_yaml.h"

typedef void section_fn(struct config_builder *builder, const struct config_node_entry *entry);

/* In the order in which they are built: each may name things of those above it. */
static const struct {
    const char *key;
    section_fn *build;
} SECTIONS[] = {
    {"server", config_build_server},   {"admin", config_build_admin},
    {"log", config_build_log},         {"query_log", config_build_query_log},
    {"metrics", config_build_metrics}, {"notify", config_build_notify},
    {"geo", config_build_geo},         {"regions", config_build_regions},
    {"checks", config_build_checks},   {"services", config_build_services},
    {"limits", config_build_limits},   {"zones", config_build_zones},
};

enum { SECTION_COUNT = sizeof(SECTIONS) / sizeof(SECTIONS[0]) };

static const char *lookup_environment(const char *name)
{
    return getenv(name); // NOLINT(concurrency-mt-unsafe): nothing changes the environment
}

/* folder_of - the part of path before the last slash, "." when there is none. */
static const char *folder_of(const char *path, struct arena *arena)
{
    const char *slash = strrchr(path, '/');
    if (!slash)
        return ".";
    return arena_strndup(arena, path, slash == path ? 1 : (size_t)(slash - path));
}

static void check_keys(struct config_reader *reader, const struct config_node *root)
{
    const char *keys[SECTION_COUNT];
    for (size_t i = 0; i < SECTION_COUNT; i++)
        keys[i] = SECTIONS[i].key;
    for (uint32_t i = 0; i < root->count; i++) {
        const struct config_node_entry *entry = &root->entries[i];
        bool known = strncmp(entry->key, "x-", 2) == 0;
        for (size_t k = 0; k < SECTION_COUNT && !known; k++)
            known = strcmp(entry->key, keys[k]) == 0;
        if (known)
            continue;
        config_error(reader, &entry->key_place, "unknown key '%.80s'", entry->key);
        config_remedy_nearest(reader, entry->key, keys, SECTION_COUNT);
    }
}

static enum err build(struct config_builder *builder, const struct config_node *root)
{
    struct config_reader *reader = &builder->reader;
    if (root->kind != CONFIG_NODE_MAP) {
        config_error(reader, &root->place, "the file must be a mapping, not %s",
                     config_node_kind_name(root));
        config_remedy(reader,
                      "its keys are server, geo, regions, checks, services, zones and notify");
        return ERR_INVALID;
    }
    check_keys(reader, root);
    for (size_t i = 0; i < SECTION_COUNT; i++) {
        SECTIONS[i].build(builder, config_node_find(root, SECTIONS[i].key));
        if (reader->no_memory)
            return ERR_NO_MEMORY;
    }
    config_check(builder);
    return reader->no_memory ? ERR_NO_MEMORY : ERR_OK;
}

enum err config_load_text(const char *text, size_t len, const char *path, struct arena *arena,
                          struct diag_list *diags, const struct config **out_config)
{
    size_t errors_before = diag_error_count(diags);
    struct config *config = arena_alloc(arena, sizeof(*config));
    const char **files = arena_alloc(arena, sizeof(*files));
    const char *own_path = arena_strdup(arena, path), *folder = folder_of(path, arena);
    if (!config || !files || !own_path || !folder)
        return ERR_NO_MEMORY;
    files[0] = own_path;
    *config =
        (struct config){.path = own_path, .folder = folder, .files = files, .file_count = 1};

    const struct config_node *root;
    enum err err = config_yaml_read(text, len, path, lookup_environment, arena, diags, &root);
    if (err != ERR_OK)
        return err;
    struct config_builder builder = {
        .reader = {.arena = arena, .diags = diags, .folder = folder}, .config = config};
    err = build(&builder, root);
    if (err != ERR_OK)
        return err;
    if (diag_error_count(diags) > errors_before)
        return ERR_INVALID;
    *out_config = config;
    return ERR_OK;
}

/* refuse_file - the operating system's reason, in its own words. */
static enum err refuse_file(struct diag_list *diags, const char *path, const char *what)
{
    char buffer[128];
    diag_error(diags, &(struct diag_place){.file = path}, "cannot %s: %s", what,
               strerror_r(errno, buffer, sizeof(buffer)));
    diag_remedy(diags, "name the configuration file with -c FILE");
    return ERR_INVALID;
}

/* read_some - as read(), whatever signals come; -1 with errno set. */
static ssize_t read_some(int fd, char *to, size_t bytes)
{
    ssize_t got;
    do
        got = read(fd, to, bytes);
    while (got < 0 && errno == EINTR);
    return got;
}

/* read_all - all of fd, but at most one byte more than a file may have: it shows that there is
 * more. *out_text is the caller's to free in any case. ERR_INVALID: errno says why. */
static enum err read_all(int fd, char **out_text, size_t *out_len)
{
    enum { STEP_BYTES = 64 * 1024 };

    *out_text = NULL;
    *out_len = 0;
    for (size_t room = STEP_BYTES;; room *= 2) {
        if (room > CONFIG_BYTES_MAX)
            room = CONFIG_BYTES_MAX + 1;
        char *text = realloc(*out_text, room);
        if (!text)
            return ERR_NO_MEMORY;
        *out_text = text;
        while (*out_len < room) {
            ssize_t got = read_some(fd, text + *out_len, room - *out_len);
            if (got <= 0)
                return got == 0 ? ERR_OK : ERR_INVALID;
            *out_len += (size_t)got;
        }
        if (room > CONFIG_BYTES_MAX)
            return ERR_OK;
    }
}

static enum err load_open(int fd, const char *path, struct arena *arena,
                          struct diag_list *diags, const struct config **out_config)
{
    struct stat status;
    if (fstat(fd, &status) != 0)
        return refuse_file(diags, path, "read");
    if (S_ISDIR(status.st_mode)) {
        errno = EISDIR;
        return refuse_file(diags, path, "read");
    }
    char *text;
    size_t len;
    enum err err = read_all(fd, &text, &len);
    if (err == ERR_OK)
        err = config_load_text(text, len, path, arena, diags, out_config);
    else if (err == ERR_INVALID)
        err = refuse_file(diags, path, "read");
    free(text);
    return err;
}

enum err config_load(const char *path, struct arena *arena, struct diag_list *diags,
                     const struct config **out_config)
{
    int fd =
        open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY); /* a FIFO must not hold us */
    if (fd < 0)
        return refuse_file(diags, path, "open");
    enum err err = load_open(fd, path, arena, diags, out_config);
    close(fd);
    return err;
}
