/* Steps 1 to 6 of a reload (architecture.md section 6). Each step adds its errors to one list
 * and the next runs as long as it can, so that the operator sees everything that is wrong at
 * once.
 */
#include "rhumb/snapshot.h"

#include <string.h>

#include "rhumb/dns_name.h"
#include "rhumb/policy_audit.h"

#include "snapshot_bindings.h"
#include "snapshot_cookies.h"
#include "snapshot_targets.h"

enum { SNAPSHOT_SHIFT = 35 }; /* 32 GiB: a bound against a runaway, not a budget */

struct compile {
    const struct snapshot_options *options;
    const struct config *config;
    struct arena *arena;
    struct diag_list *diags;
    struct snapshot *snapshot;
};

/* ---- zones ---- */

/* The steered names of one zone, while the zones are loaded. */
struct steered_list {
    struct zone_steered *names;
    size_t count;
};

/* warn_shadowed - a name that lies in a deeper zone of ours is never looked up here: that zone
 * answers for it. */
static void warn_shadowed(struct compile *c, const struct zone *zone,
                          const struct steered_list *steered)
{
    char name[DNS_NAME_TEXT_MAX], origin[DNS_NAME_TEXT_MAX];
    for (size_t i = 0; i < steered->count; i++) {
        struct name_key key;
        name_key_init(&key, steered->names[i].name);
        const struct zone *answering = zone_set_find(&c->snapshot->zones, &key, false);
        if (!answering || answering == zone)
            continue;
        diag_warning(
            c->diags, &steered->names[i].place,
            "the steered name %.120s is never answered: the zone %.80s stands above it",
            dns_name_to_text(steered->names[i].name, name),
            dns_name_to_text(answering->origin, origin));
        diag_remedy(c->diags, "move it to the names: of %.200s", origin);
    }
}

static struct zone_limits limits_of(const struct config_limits *limits)
{
    return (struct zone_limits){
        .max_records = limits->records,
        .max_rrset_records = limits->records_per_rrset,
        .max_types = limits->types_per_name,
        .max_bytes = limits->bytes,
        .max_includes = limits->includes,
        .max_include_depth = limits->include_depth,
        .max_generate_records = limits->records_per_generate,
    };
}

static enum err load_zones(struct compile *c)
{
    const struct config *config = c->config;
    struct snapshot *snapshot = c->snapshot;
    struct snapshot_binder binder;
    struct zone **zones =
        arena_alloc_array(c->arena, config->zone_count, sizeof(struct zone *));
    struct steered_list *steered =
        arena_alloc_array(c->arena, config->zone_count, sizeof(*steered));
    if (!zones || !steered ||
        snapshot_binder_init(&binder, config, c->arena, c->diags, snapshot) != ERR_OK)
        return ERR_NO_MEMORY;
    size_t loaded = 0;
    for (size_t z = 0; z < config->zone_count; z++) {
        const struct config_zone *zone = &config->zones[z];
        enum err err = snapshot_bind_zone(&binder, zone, &steered[z].names, &steered[z].count);
        if (err != ERR_OK)
            return err;
        const struct zone_limits limits = limits_of(&zone->limits);
        err = zone_load(zone->origin, zone->file, steered[z].names, steered[z].count, &limits,
                        c->arena, c->diags, &zones[loaded]);
        if (err == ERR_OK)
            loaded++;
        else if (err != ERR_INVALID)
            return err;
    }
    if (diag_error_count(c->diags) > 0)
        return ERR_OK; /* the caller looks at the list */
    enum err err = zone_set_build(zones, loaded, c->arena, &snapshot->zones);
    for (size_t z = 0; err == ERR_OK && z < loaded; z++) /* no error: all are loaded */
        warn_shadowed(c, zones[z], &steered[z]);
    return err;
}

/* ---- geography and policies ---- */

_Static_assert((int)CONFIG_DATABASES_MAX <= (int)GEO_DATABASES_MAX,
               "config refuses what geo could not take");

struct geography {
    struct geo_db *databases[CONFIG_DATABASES_MAX];
    size_t count;
};

static void close_databases(struct geography *geography)
{
    for (size_t i = 0; i < geography->count; i++)
        geo_db_close(geography->databases[i]);
}

static enum err open_databases(struct compile *c, struct geography *geography)
{
    const struct config_geo *geo = &c->config->geo;
    c->snapshot->databases =
        arena_alloc_array(c->arena, geo->database_count, sizeof(*c->snapshot->databases));
    if (!c->snapshot->databases)
        return ERR_NO_MEMORY;
    for (size_t i = 0; i < geo->database_count; i++) {
        const struct config_database *database = &geo->databases[i];
        struct geo_db **db = &geography->databases[geography->count];
        enum err err = geo_db_open(database->path, &database->place, c->diags, db);
        if (err == ERR_OK)
            c->snapshot->databases[geography->count++] = (struct snapshot_database){
                .path = database->path, .built_s = geo_db_build_epoch(*db)};
        else if (err != ERR_INVALID)
            return err;
    }
    c->snapshot->database_count = geography->count;
    return ERR_OK;
}

static enum err build_map(struct compile *c, struct geography *geography,
                          struct geo_map **out_map)
{
    const struct config_geo *geo = &c->config->geo;
    struct geo_network *networks =
        arena_alloc_array(c->arena, geo->network_count, sizeof(*networks));
    struct ip_prefix *marks;
    size_t mark_count;
    if (!networks || policy_marks(c->config, c->arena, &marks, &mark_count) != ERR_OK)
        return ERR_NO_MEMORY;
    for (size_t i = 0; i < geo->network_count; i++)
        networks[i] = (struct geo_network){
            .prefix = geo->networks[i].prefix,
            .place = policy_place_of(&geo->networks[i].location),
        };
    struct geo_map_input input = {
        .databases = geography->databases,
        .database_count = geography->count,
        .networks = networks,
        .network_count = geo->network_count,
        .marks = marks,
        .mark_count = mark_count,
        .fallback = policy_place_of(&geo->fallback),
    };
    return geo_map_build(&input, out_map);
}

/* audit - nothing is served that has not shown to keep residency. */
static enum err audit(struct compile *c, const struct geo_map *map)
{
    struct policy_audit found;
    if (c->options->audited_by_caller)
        return ERR_OK;
    return policy_audit(c->config, map, &c->snapshot->policies, c->diags, &found);
}

static enum err compile_policies(struct compile *c)
{
    struct geography geography = {0};
    struct geo_map *map = NULL;
    enum err err = open_databases(c, &geography);
    if (err == ERR_OK && diag_error_count(c->diags) == 0)
        err = build_map(c, &geography, &map);
    close_databases(&geography);
    if (err == ERR_OK && map)
        err = policy_compile(c->config, map, c->arena, &c->snapshot->policies);
    if (err == ERR_OK && map)
        err = audit(c, map);
    if (err == ERR_LIMIT) { /* 2^24 locations, or as many orders of regions */
        diag_error(c->diags, NULL, "the geo databases and policies make too many combinations");
        diag_remedy(c->diags, "use fewer databases or networks, or policies with less detail");
        err = ERR_INVALID;
    }
    if (c->options->keep_map && err == ERR_OK)
        c->snapshot->map = map;
    else
        geo_map_free(map);
    return err;
}

/* ---- the rest ---- */

static enum err list_files(struct compile *c)
{
    const struct config *config = c->config;
    struct snapshot *snapshot = c->snapshot;
    size_t count = config->file_count + config->geo.database_count + 1;
    for (size_t z = 0; z < snapshot->zones.zone_count; z++)
        count += snapshot->zones.zones[z]->file_count;
    snapshot->files = arena_alloc_array(c->arena, count, sizeof(char *));
    if (!snapshot->files)
        return ERR_NO_MEMORY;
    for (size_t i = 0; i < config->file_count; i++)
        snapshot->files[snapshot->file_count++] = config->files[i];
    for (size_t i = 0; i < config->geo.database_count; i++)
        snapshot->files[snapshot->file_count++] = config->geo.databases[i].path;
    if (config->server.cookie_secrets)
        snapshot->files[snapshot->file_count++] = config->server.cookie_secrets;
    for (size_t z = 0; z < snapshot->zones.zone_count; z++)
        for (size_t i = 0; i < snapshot->zones.zones[z]->file_count; i++)
            snapshot->files[snapshot->file_count++] = snapshot->zones.zones[z]->files[i];
    return ERR_OK;
}

static enum err compile_server(struct compile *c)
{
    const struct config_server *server = &c->config->server;
    const char *agent = server->report_agent, *reason;
    if (server->cookies && server->cookie_secrets)
        snapshot_read_cookies(server->cookie_secrets, &server->cookie_secrets_place, c->diags,
                              &c->snapshot->cookie_secrets);
    if (!agent)
        return ERR_OK;
    uint8_t *name = arena_alloc(c->arena, DNS_NAME_MAX);
    if (!name)
        return ERR_NO_MEMORY;
    dns_name_lower(name, dns_name_from_text(agent, strlen(agent), NULL, name, &reason));
    c->snapshot->report_agent = name;
    return ERR_OK;
}

static enum err compile_all(struct compile *c)
{
    enum err err = compile_server(c);
    if (err == ERR_OK)
        err = load_zones(c);
    if (err == ERR_OK)
        err = snapshot_targets_build(c->config, c->arena, c->snapshot);
    if (err == ERR_OK && c->snapshot->target_count > SNAPSHOT_TARGETS_MAX) {
        diag_error(c->diags, NULL, "%zu addresses are to be probed, the limit is %d",
                   c->snapshot->target_count, SNAPSHOT_TARGETS_MAX);
        diag_remedy(c->diags, "share checks between services, or leave the check out of some");
    }
    if (err == ERR_OK)
        err = compile_policies(c);
    if (err == ERR_OK && diag_error_count(c->diags) > 0)
        err = ERR_INVALID;
    if (err == ERR_OK)
        err = list_files(c);
    if (err == ERR_OK)
        err = health_table_init(&c->snapshot->health, c->snapshot->seat_count,
                                c->config->service_count, c->arena);
    return err;
}

enum err snapshot_compile(const char *config_path, const struct snapshot_options *options,
                          struct diag_list *diags, struct snapshot **out_snapshot)
{
    struct arena *arena = arena_new((size_t)1 << SNAPSHOT_SHIFT);
    if (!arena)
        return ERR_NO_MEMORY;
    struct compile c = {.options = options, .arena = arena, .diags = diags};
    c.snapshot = arena_alloc(arena, sizeof(*c.snapshot));
    enum err err =
        c.snapshot ? config_load(config_path, arena, diags, &c.config) : ERR_NO_MEMORY;
    if (err == ERR_OK) {
        c.snapshot->arena = arena;
        c.snapshot->config = c.config;
        err = compile_all(&c);
    }
    if (err != ERR_OK) {
        if (c.snapshot)
            geo_map_free(c.snapshot->map);
        arena_free(arena);
        return err;
    }
    arena_close(arena);
    *out_snapshot = c.snapshot;
    return ERR_OK;
}

void snapshot_free(struct snapshot *snapshot)
{
    if (!snapshot)
        return;
    geo_map_free(snapshot->map);
    arena_free(snapshot->arena); /* the snapshot itself lies in it */
}
