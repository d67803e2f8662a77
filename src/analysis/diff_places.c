/* Regions, and what is known of clients: databases and networks. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rhumb/intern.h"

#include "diff_fields.h"
#include "diff_parts.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

enum { DETAIL_MAX = 1000 };

static bool same_location(const struct config_location *a, const struct config_location *b)
{
    return strcmp(a->country, b->country) == 0 && strcmp(a->continent, b->continent) == 0 &&
           strcmp(a->subdivision, b->subdivision) == 0 && a->asn == b->asn &&
           a->has_coordinates == b->has_coordinates && a->latitude == b->latitude &&
           a->longitude == b->longitude;
}

/* ---- regions ---- */

static const struct config_region *find_region(const struct config *config, const char *name)
{
    for (size_t r = 0; r < config->region_count; r++)
        if (strcmp(config->regions[r].name, name) == 0)
            return &config->regions[r];
    return NULL;
}

static void compare_region(struct differ *differ, const struct config_region *was,
                           const struct config_region *is)
{
    static const struct diff_field fields[] = {
        {"capacity", DIFF_FIELD_NUMBER, offsetof(struct config_region, capacity)},
    };

    struct text detail;
    text_init(&detail, DETAIL_MAX);
    if (!same_location(&was->location, &is->location))
        diff_note(&detail, "location");
    diff_fields((struct diff_object){.object = was}, (struct diff_object){.object = is}, fields,
                COUNT(fields), &detail);
    if (detail.len > 0)
        differ_add(differ, DIFF_CHANGED, DIFF_REGION, is->name, "%s", text_get(&detail));
    if (detail.no_memory)
        differ->err = ERR_NO_MEMORY;
    text_deinit(&detail);
}

void diff_regions(struct differ *differ)
{
    const struct config *before = differ->before->config, *after = differ->after->config;
    for (size_t r = 0; r < after->region_count; r++) {
        const struct config_region *is = &after->regions[r];
        const struct config_region *was = find_region(before, is->name);
        if (was)
            compare_region(differ, was, is);
        else
            differ_add(differ, DIFF_ADDED, DIFF_REGION, is->name, NULL);
    }
    for (size_t r = 0; r < before->region_count; r++)
        if (!find_region(after, before->regions[r].name))
            differ_add(differ, DIFF_REMOVED, DIFF_REGION, before->regions[r].name, NULL);
}

/* ---- geography ---- */

static const char *relative(const struct snapshot *snapshot, const char *path)
{
    return diff_relative(snapshot->config->folder, path);
}

static const struct snapshot_database *find_database(const struct snapshot *snapshot,
                                                     const char *path)
{
    for (size_t i = 0; i < snapshot->database_count; i++)
        if (strcmp(relative(snapshot, snapshot->databases[i].path), path) == 0)
            return &snapshot->databases[i];
    return NULL;
}

/* put_day - "2026-06-17" of seconds since 1970; the calendar of days (H. Hinnant, 2013). */
static void put_day(uint64_t seconds, char text[32])
{
    uint64_t days = seconds / 86400 + 719468, era = days / 146097, of_era = days % 146097;
    uint64_t year = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
    uint64_t of_year = of_era - (365 * year + year / 4 - year / 100);
    uint64_t shifted = (5 * of_year + 2) / 153, day = of_year - (153 * shifted + 2) / 5 + 1;
    uint64_t month = shifted < 10 ? shifted + 3 : shifted - 9;
    (void)snprintf(text, 32, "%04u-%02u-%02u",
                   (unsigned)((year + era * 400 + (month <= 2)) % 10000),
                   (unsigned)(month % 100), (unsigned)(day % 100));
}

static void diff_databases(struct differ *differ)
{
    const struct snapshot *before = differ->before, *after = differ->after;
    char was_day[32], is_day[32];
    for (size_t i = 0; i < after->database_count; i++) {
        const struct snapshot_database *is = &after->databases[i];
        const char *path = relative(after, is->path);
        const struct snapshot_database *was = find_database(before, path);
        put_day(is->built_s, is_day);
        put_day(was ? was->built_s : 0, was_day);
        if (!was)
            differ_add(differ, DIFF_ADDED, DIFF_GEO, path, "built %s", is_day);
        else if (was->built_s != is->built_s)
            differ_add(differ, DIFF_CHANGED, DIFF_GEO, path, "built %s -> %s", was_day, is_day);
    }
    for (size_t i = 0; i < before->database_count; i++) {
        const char *path = relative(before, before->databases[i].path);
        if (!find_database(after, path))
            differ_add(differ, DIFF_REMOVED, DIFF_GEO, path, NULL);
    }
}

/* A network as an interned item: its place in the list, by number, comes of itself. */
struct network_key {
    struct ip_prefix prefix;
    uint8_t zero[2];
};

_Static_assert(sizeof(struct network_key) % 4 == 0, "interned by words");

static enum err put_network(struct intern *seen, const struct ip_prefix *prefix,
                            uint32_t *out_idx)
{
    const struct network_key key = {.prefix = *prefix};
    return intern_put(seen, &key, out_idx);
}

/* compare_networks - before's have the numbers 0 to n - 1; found says which of them after has. */
static enum err compare_networks(struct differ *differ, struct intern *seen, bool *found)
{
    const struct config_geo *before = &differ->before->config->geo;
    const struct config_geo *after = &differ->after->config->geo;
    char text[IP_TEXT_MAX];
    enum err err = ERR_OK;
    uint32_t idx;
    for (size_t i = 0; i < before->network_count && err == ERR_OK; i++)
        err = put_network(seen, &before->networks[i].prefix, &idx);
    for (size_t i = 0; i < after->network_count && err == ERR_OK; i++) {
        const struct config_network *is = &after->networks[i];
        err = put_network(seen, &is->prefix, &idx);
        ip_prefix_format(&is->prefix, text);
        if (err == ERR_OK && idx >= before->network_count) {
            differ_add(differ, DIFF_ADDED, DIFF_GEO, text, NULL);
        } else if (err == ERR_OK) {
            found[idx] = true;
            if (!same_location(&before->networks[idx].location, &is->location))
                differ_add(differ, DIFF_CHANGED, DIFF_GEO, text, NULL);
        }
    }
    for (size_t i = 0; i < before->network_count && err == ERR_OK; i++)
        if (!found[i])
            differ_add(differ, DIFF_REMOVED, DIFF_GEO,
                       ip_prefix_format(&before->networks[i].prefix, text), NULL);
    return err;
}

static void diff_networks(struct differ *differ)
{
    struct intern seen;
    bool *found = calloc(differ->before->config->geo.network_count + 1, sizeof(*found));
    intern_init(&seen, sizeof(struct network_key), UINT32_MAX - 1);
    enum err err = found ? compare_networks(differ, &seen, found) : ERR_NO_MEMORY;
    if (err != ERR_OK)
        differ->err = err;
    intern_deinit(&seen);
    free(found);
}

void diff_geo(struct differ *differ)
{
    diff_databases(differ);
    diff_networks(differ);
    if (!same_location(&differ->before->config->geo.fallback,
                       &differ->after->config->geo.fallback))
        differ_add(differ, DIFF_CHANGED, DIFF_GEO, "default", NULL);
}
