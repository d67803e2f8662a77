/* config.h - rhumb.yaml as typed, defaulted, range-checked structs.
 *
 * Built by config_load() in one arena: text -> nodes that remember their place -> structs ->
 * checks. Whoever compiles it later (snapshot/) finds every name already resolved to an index
 * and every unit normalised. Immutable after config_load(); any thread may read it. It knows
 * nothing of DNS wire form, of geography or of probes: domain names stay text.
 *
 * Strict: an unknown key is an error with the nearest allowed key; all errors are reported,
 * each with file, line, column and the line itself.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "rhumb/arena.h"
#include "rhumb/diag.h"
#include "rhumb/err.h"
#include "rhumb/ip.h"

enum {
    CONFIG_NONE = 0xffff,    /* an index that points at nothing */
    CONFIG_REGIONS_MAX = 64, /* regions of one service: one bit each in a 64-bit set */
    CONFIG_SERVICES_MAX = 4096,
    CONFIG_ENDPOINTS_MAX = 1024, /* of one region of one service */
    CONFIG_NESTING_MAX = 8,      /* services inside services: a query walks down them */
    CONFIG_DATABASES_MAX = 32,
    CONFIG_RECEIVERS_MAX = 32,
    CONFIG_ARGUMENTS_MAX = 64, /* of a command, its name included */
};

/* ---- server ---- */

struct config_listener {
    struct ip_addr addr;
    uint16_t port;
    struct diag_place place;
};

/* `rate_limit:` see answer_limit.h. */
struct config_rate_limit {
    uint32_t per_second; /* answers of one class to one network; 0..100000, default 1000;
                            0: no limit; 1/rate is rounded down to microseconds */
    uint32_t slip; /* of those over it one in so many is cut down instead; default 2; 0: none */
    uint32_t v4_prefix, v6_prefix;  /* bits that make a network; default 24 and 56 */
    const struct ip_prefix *exempt; /* default: the loopback networks */
    size_t exempt_count;
};

/* A file and the place that names it. */
struct config_tls_file {
    const char *path;
    struct diag_place place;
};

/* `tls: {listen: ["127.0.0.1:853"], certificate: server.pem, key: server.key}` */
struct config_tls {
    struct config_listener *listeners; /* default port 853; none: no DNS over TLS */
    size_t listener_count;
    struct config_tls_file certificate; /* PEM, with those of its authorities behind it */
    struct config_tls_file key;         /* PEM, no password */
};

struct config_server {
    struct config_listener *listeners; /* default 0.0.0.0:53 and [::]:53 */
    size_t listener_count;
    uint32_t workers;         /* `workers:` 1..256, `auto` = 0: one per core */
    const char *identity;     /* NSID and CH TXT id.server; NULL: not told */
    const char *version;      /* CH TXT version.bind and version.server; NULL: not told */
    const char *report_agent; /* domain: who is told of our faults (RFC 9567); NULL: nobody */
    const char *user;         /* dropped to after binding; NULL: stay */
    const char *state; /* `state:` folder of what outlives the process, joined to the config's;
                          NULL: nothing is kept */
    struct diag_place state_place;
    uint32_t udp_size_bytes; /* `udp_size:` largest UDP answer, 512..4096, default 1232 */
    /* `max_udp_without_cookie:` BYTES, 512..4096, default 4096; or Nx, 4..100 times the query */
    uint32_t udp_plain_bytes, udp_plain_ratio; /* ratio 0: the bytes count */
    struct config_rate_limit rate_limit;
    bool cookies;               /* `cookies: {enabled: true, secrets_file: FILE}` */
    const char *cookie_secrets; /* path; NULL: secrets of this process alone */
    struct diag_place cookie_secrets_place;
    uint32_t tcp_connections; /* `tcp: {connections: 1000}`; per worker, 1..100000 */
    uint32_t tcp_per_prefix;  /* `tcp: {per_prefix: N}`; of a /24 or /56, per worker, 1..100000,
                                 default a quarter of connections, at least 64 */
    uint32_t tcp_idle_ms;     /* `tcp: {idle: 10s}` between two queries, 100 ms..1 h */
    uint32_t tcp_message_ms;  /* `tcp: {message: 3s}` from first to last byte, 100 ms..1 min */
    struct config_tls tls;
    bool allow_shrink; /* `allow_shrink:` a reload may remove most names, or empty a service;
                          default false; see analysis_shrink.h */
    struct ip_prefix *proxies; /* `proxy:` networks whose PROXY headers are believed */
    size_t proxy_count;
    uint32_t drain_ms;         /* `drain: 2s`: how long SIGTERM waits for TCP clients */
    uint32_t probes_in_flight; /* `probes: {max_in_flight: 256, max_per_address: 8}` */
    uint32_t probes_per_address;
    double suspect_self; /* `probes: {suspect_self: 75%}`: the share of regions that must fail
                            together before we suspect ourselves; 0: never; see
                            health_self.h */
    uint32_t probe_commands; /* `probes: {max_commands: 16}` of `command:` checks at once */
};

/* ---- geo ---- */

/* What the operator says about a place; empty strings and false are "not said". */
struct config_location {
    char country[3];     /* ISO 3166-1 alpha-2, upper case */
    char continent[3];   /* AF AN AS EU NA OC SA */
    char subdivision[4]; /* the part of ISO 3166-2 behind the dash: `subdivision: US-CA` -> "CA"
                            (and country "US" when not said otherwise) */
    uint32_t asn;        /* 0: not said */
    bool has_coordinates;       /* `location: [lat, lon]` */
    double latitude, longitude; /* degrees, -90..90 and -180..180 */
};

struct config_database {
    const char *path; /* absolute, or relative to the config's folder already joined */
    struct diag_place place;
};

struct config_network {
    struct ip_prefix prefix;
    struct config_location location;
    struct diag_place place;
};

struct config_geo {
    struct config_database *databases;
    size_t database_count;
    struct config_network *networks; /* no two alike */
    size_t network_count;
    struct config_location fallback; /* `default:`; all unsaid when absent */
    uint32_t max_age_days; /* `rhumb check` warns of older databases; default 60; 0: of none */
};

/* ---- regions ---- */

struct config_region {
    const char *name;
    struct config_location location;
    double capacity; /* `capacity:` what it can carry for all services together, 1..10^12 in the
                        operator's unit (requests a second); 0: not said; simulate alone asks */
    struct diag_place place;
};

/* ---- checks ---- */

enum config_check_kind {
    CONFIG_CHECK_NONE,
    CONFIG_CHECK_TCP,
    CONFIG_CHECK_TLS,
    CONFIG_CHECK_HTTP,
    CONFIG_CHECK_HTTPS,
    CONFIG_CHECK_GRPC,
    CONFIG_CHECK_DNS,
    CONFIG_CHECK_ICMP,
    CONFIG_CHECK_COMMAND,
    CONFIG_CHECK_FILE,
    CONFIG_CHECK_PARTS, /* made of other checks: all, any, at least N of them */
};

struct config_status_range {
    uint16_t first, last; /* 100..599 */
};

struct config_header {
    const char *name, *value;
};

/* Bytes that may hold a zero byte. */
struct config_bytes {
    const char *bytes; /* NULL: none */
    size_t len;
};

enum config_http_version { CONFIG_HTTP_1_1, CONFIG_HTTP_2 };

/* `metric:` beside http and https: a number in the answer. Its share is 1 at `degraded` and
 * better, 0 at `down` and worse, and falls linearly in between. */
struct config_metric {
    const char *json;      /* where it stands in the body: see json_path.h; NULL: not there */
    const char *header;    /* the header it stands in; NULL: not there; both NULL: no metric */
    double degraded, down; /* they differ; down < degraded: a low number is bad */
};

/* Where a probe's connections come from, per family; IP_NONE: as the kernel chooses. */
struct config_probe_source {
    struct ip_addr v4, v6;
};

/* `dns:` */
struct config_check_dns {
    const char *name;       /* what is asked for; absolute */
    uint16_t type;          /* default A */
    uint16_t rcode;         /* expected; default NOERROR; 0..4095 */
    struct ip_addr address; /* expected among the answers; IP_NONE: any answer will do */
    bool tcp;               /* over TCP from the start; default false */
};

/* `command:` never a shell */
struct config_check_command {
    const char **argv; /* argv[0] has a slash (joined with the folder), or is looked for */
    size_t count;      /* 1..64 */
};

/* `file:` the states of many addresses, written by somebody else */
struct config_check_file {
    const char *path;
    uint32_t max_age_ms; /* default 30 s; 1 s..1 day; an older file says nothing */
};

struct config_check {
    const char *name; /* "none" is predefined at index 0 */
    enum config_check_kind kind;
    uint16_t port;    /* default 80 http, 443 https; required for tcp, tls and grpc */
    const char *host; /* Host header, name in the certificate, and SNI; NULL: the address */
    struct config_probe_source source; /* tcp, tls, http, https, grpc */
    /* tls, https and grpc */
    bool verify;            /* default true */
    const char *ca_file;    /* absolute; NULL: the system's */
    uint32_t min_cert_days; /* 0 = only "not expired" */
    /* tcp and tls */
    struct config_bytes send;   /* as soon as the connection stands */
    struct config_bytes expect; /* within the first 64 KiB that come */
    /* http and https */
    const char *path;   /* default "/" */
    const char *method; /* GET (default), HEAD, POST, OPTIONS */
    struct config_header *headers;
    size_t header_count;
    struct config_status_range *statuses; /* default 200-299 */
    size_t status_count;
    const char *body;       /* substring of the first 64 KiB; NULL: any */
    const char *body_regex; /* pattern in the first 64 KiB, see pattern.h; NULL: any */
    uint32_t follow;        /* redirects: 0 (default)..10 */
    enum config_http_version http_version; /* default 1.1 */
    struct config_metric metric;
    /* grpc */
    const char *grpc_service;            /* of grpc.health.v1; NULL: the server as a whole */
    bool grpc_tls;                       /* default false */
    struct config_check_dns dns;         /* port: default 53 */
    struct config_check_command command; /* port: told to the command; 0: none */
    struct config_check_file file;
    /* parts: the slowest of them gives interval, timeout and confirm; fall and rise are 1 and
     * min_down is 0 unless said otherwise */
    const uint16_t *parts; /* indexes into config.checks, none of them of kind parts */
    size_t part_count;
    uint32_t parts_needed; /* so many of them must be up: 1..part_count */
    /* timing */
    uint32_t interval_ms; /* default 10 s; 100 ms..1 h */
    uint32_t timeout_ms;  /* default 2 s; 10 ms..60 s; at most the interval */
    uint32_t confirm_ms;  /* default 100 ms: pause before the 2nd, 3rd ... after a failure */
    uint32_t fall;        /* default 3; 1..100 */
    uint32_t rise;        /* default 3; 1..100 */
    uint32_t min_down_ms; /* default 30 s; 0..1 h */
    uint32_t ramp_ms;     /* from the return to the whole weight; default 0: at once; 0..1 h */
    bool damped;          /* `damping: true` (default): who keeps failing comes back later */
    bool assume_up;       /* `assume: up` (default) or `down`: how UNKNOWN is answered */
    struct diag_place place;
};

/* ---- notifications ---- */

/* How much an event matters; `severity:` of a receiver names the least it wants. */
enum config_severity { CONFIG_INFO, CONFIG_WARNING, CONFIG_CRITICAL };

enum config_receiver_kind { CONFIG_WEBHOOK, CONFIG_COMMAND };

/* Who is told of events: one item of `notify:`. */
struct config_receiver {
    enum config_receiver_kind kind;
    const char *name; /* for messages, without secrets: "https://hooks.example.net" or
                                      the program */
    enum config_severity severity; /* default warning; this, and above */
    uint32_t timeout_ms;           /* default 5 s, command 10 s; 100 ms..1 min */
    /* webhook */
    const char *url; /* http or https, nothing else; `url:` or the first line of `url_file:` */
    struct config_header *headers; /* `headers:`, then those of `headers_file:`; none that
                                      rhumb sets itself */
    size_t header_count;
    bool verify;         /* https: default true */
    const char *ca_file; /* https; NULL: the system's */
    /* command */
    const char **argv; /* ends with NULL; a program with a slash is seen from the folder */
    size_t argument_count;
    struct diag_place place;
};

/* ---- admin API ---- */

/* What a token may do: bits. */
enum config_scope {
    CONFIG_SCOPE_READ = 1 << 0,    /* look at everything */
    CONFIG_SCOPE_OPERATE = 1 << 1, /* drain, fail over, undo it */
    CONFIG_SCOPE_CONFIG = 1 << 2,  /* reload, compare configurations */
    CONFIG_SCOPE_ALL = 7,
};

struct config_admin_listener {
    const char *path;    /* of a Unix socket, joined with the folder; NULL: an address */
    struct ip_addr addr; /* one that is not loopback comes with tokens only */
    uint16_t port;       /* default 8053 */
    struct diag_place place;
};

struct config_token {
    const char *name; /* who it is, for the log */
    unsigned scopes;  /* enum config_scope; default read */
    bool is_known;
    uint8_t sha256[32]; /* when secret is NULL */
    char *secret;       /* from `file:`, at least 16 bytes; whoever takes its digest wipes it */
    struct diag_place place;
};

struct config_admin {
    struct config_admin_listener *listeners; /* default: `admin.sock` in the state folder; none
                                                without one */
    size_t listener_count;
    bool is_default; /* nobody said where to listen */
    struct config_token *tokens;
    size_t token_count;
};

/* ---- logs and metrics ---- */

enum config_log_format { CONFIG_LOGFMT, CONFIG_JSON };

enum config_log_level {
    CONFIG_LOG_DEBUG,
    CONFIG_LOG_INFO,
    CONFIG_LOG_WARNING,
    CONFIG_LOG_ERROR
};

/* `log:` of the process, to standard error. */
struct config_log {
    enum config_log_format format; /* default logfmt */
    enum config_log_level level;   /* this, and above; default info */
};

/* How much of a client's address is written down. */
enum config_log_clients {
    CONFIG_CLIENTS_FULL,
    CONFIG_CLIENTS_PREFIX, /* /24 of IPv4, /56 of IPv6 */
    CONFIG_CLIENTS_NONE,
};

/* `query_log:` of a part of the queries, to a file or to a reader of dnstap. */
struct config_query_log {
    const char *file; /* joined with the folder; NULL: none */
    const char
        *dnstap;     /* Unix socket, joined with the folder; NULL: none. At most one of two */
    uint64_t chance; /* `sample:` of a query to be written, in 2^32; default 2^32: all */
    enum config_log_format format;   /* of the file; default logfmt */
    enum config_log_clients clients; /* default prefix */
    struct diag_place place;         /* of the file or socket */
};

enum { CONFIG_CHANCE_BITS = 32 };

/* `metrics:` */
struct config_metrics {
    bool by_country; /* `countries:` count answers by the client's country; default true */
};

/* ---- services ---- */

enum config_policy {
    CONFIG_POLICY_FAILOVER,
    CONFIG_POLICY_WEIGHTED,
    CONFIG_POLICY_GEO,
    CONFIG_POLICY_NEAREST,
    CONFIG_POLICY_LATENCY,
};

/* What a `serves:` item or a `residency:` key matches, from the most to the least specific. */
enum config_matcher_kind {
    CONFIG_MATCH_NETWORK,     /* 192.0.2.0/24 */
    CONFIG_MATCH_ASN,         /* AS64496 */
    CONFIG_MATCH_SUBDIVISION, /* US-CA */
    CONFIG_MATCH_COUNTRY,     /* DE */
    CONFIG_MATCH_UNION,       /* EU-union: the member states of the European Union */
    CONFIG_MATCH_CONTINENT,   /* EU; the seven continent codes win over equal country codes
                                 (AF, AS, NA, SA are countries too: write them `country:AF`) */
    CONFIG_MATCH_DEFAULT,     /* default */
};

struct config_matcher {
    enum config_matcher_kind kind;
    struct ip_prefix network;
    uint32_t asn;
    char code[3];        /* country or continent */
    char subdivision[4]; /* with code = its country */
    struct diag_place place;
};

struct config_service_region {
    const char *name;
    uint16_t region;  /* index into config.regions; CONFIG_NONE when `service:` makes it nested
                         and no region of that name is declared */
    uint16_t service; /* nested service, index into config.services; CONFIG_NONE: none */
    struct config_matcher *serves;
    size_t serves_count;
    uint32_t weight; /* default 1; 0..10000; 0: only when every other region is unusable */
    double capacity; /* `capacity:` of this service there; as config_region.capacity */
    double bias_km;  /* `bias_km:` added to the distance (negative draws clients); default 0 */
    struct ip_addr *addresses; /* endpoints; each family on its own */
    size_t address_count;
    const char **names; /* CNAME targets, absolute with a final dot; excludes addresses */
    size_t name_count;
    struct diag_place place;
};

/* config_region_seat_count - how many seats (health_guard.h) a region has: its addresses, or its
 * names, or one for a nested service. Seats are numbered through all services in this order. */
static inline size_t config_region_seat_count(const struct config_service_region *region)
{
    if (region->service != CONFIG_NONE)
        return 1;
    return region->name_count > 0 ? region->name_count : region->address_count;
}

struct config_residency {
    struct config_matcher who;
    uint64_t allowed; /* bit per index into config_service.regions; never 0 */
    struct diag_place place;
};

enum config_all_down { CONFIG_ALL_DOWN_ALL, CONFIG_ALL_DOWN_REGION, CONFIG_ALL_DOWN_EMPTY };

enum config_latency_source { CONFIG_LATENCY_PRIOR, CONFIG_LATENCY_POP };

struct config_ttl {
    uint32_t stable_s, unsettled_s, suspect_s; /* default 30, 5, 1; 0..86400; 500ms rounds up */
    uint32_t settle_ms;                        /* default 5 m */
    bool cap;                                  /* default false */
    bool from_proof; /* TTLs count from the latest successful probe; default false */
};

/* `protect:` how far automation may go; see health_guard.h. */
struct config_protect {
    uint32_t min_usable;        /* regions; default 0: when_all_down says what happens then */
    double max_down_per_minute; /* of the service's endpoints; 0..1, default 1: no limit */
};

#define CONFIG_PROTECT_DEFAULT ((struct config_protect){.max_down_per_minute = 1})

enum config_failback { CONFIG_FAILBACK_AUTO, CONFIG_FAILBACK_AFTER, CONFIG_FAILBACK_MANUAL };

struct config_service {
    const char *name;
    enum config_policy policy; /* default geo */
    uint16_t check;            /* index into config.checks; 0 = none */
    struct config_ttl ttl;
    struct config_service_region *regions; /* as in the file, inherited ones included */
    size_t region_count;                   /* 1..CONFIG_REGIONS_MAX */
    uint8_t *order; /* failover: indexes into regions, each once; those left out of `order:`
                       follow */
    struct config_residency *residency;
    size_t residency_count;
    enum config_all_down all_down;
    uint16_t all_down_region; /* index into regions */
    struct config_protect protect;
    enum config_failback failback; /* default auto */
    uint32_t failback_after_ms;    /* with CONFIG_FAILBACK_AFTER */
    double min_up;                 /* 0..1, default 0.5 */
    uint32_t max_answers;          /* 1..64, default 8 */
    uint32_t answers;              /* 1 (default) or 2 */
    uint32_t depth;                /* 1..16, default 4: groups that depend on the client */
    bool sticky;
    enum config_latency_source latency_source; /* `latency: {source: prior|pop}` */
    struct diag_place place;
};

/* ---- zones ---- */

struct config_name {
    const char *owner; /* as written: "@", "*.shop", "{region}.www", "x.example.com." */
    uint16_t service;  /* index into config.services */
    int sticky;        /* 1, 0, or -1: as the service says */
    bool has_region;   /* `{region}` occurs in the owner: one pinned name per region */
    struct diag_place place;
};

/* `limits:` of one zone, where those of all zones stand when it does not say; 0: nobody says,
 * and the default holds. How much a zone may have before its file is taken for a mistake: see
 * struct zone_limits. */
struct config_limits {
    uint32_t records;
    uint32_t records_per_rrset;
    uint32_t types_per_name;
    uint32_t records_per_generate;
    uint32_t includes, include_depth;
    uint64_t bytes; /* `size: 1GiB` */
};

struct config_zone {
    const char *origin; /* as written, made absolute with a final dot: "example.com." */
    const char *file;   /* path joined with the config's folder */
    struct config_name *names;
    size_t name_count;
    struct config_limits limits;
    struct diag_place place;
    struct diag_place file_place;
};

struct config {
    const char *path, *folder;
    struct config_server server;
    struct config_admin admin;
    struct config_log log;
    struct config_query_log query_log;
    struct config_metrics metrics;
    struct config_receiver *receivers; /* `notify:` */
    size_t receiver_count;
    struct config_geo geo;
    struct config_region *regions;
    size_t region_count;
    struct config_check *checks; /* [0] is "none" */
    size_t check_count;
    struct config_service *services;
    size_t service_count;
    struct config_limits limits; /* of every zone that does not say */
    struct config_zone *zones;
    size_t zone_count;
    const char **files; /* what a reload must watch beside zones and databases: the config,
                           certificate and key, secrets of receivers */
    size_t file_count;
};

/* config_load - read, build and check the file.
 *
 * owns     everything in *out_config lives in arena
 * returns  ERR_OK (warnings possible), ERR_INVALID (diags says why, complete), ERR_NO_MEMORY
 * threads  any; touches the file system and the environment (${VAR})
 */
WARN_UNUSED enum err config_load(const char *path, struct arena *arena, struct diag_list *diags,
                                 const struct config **out_config);

/* config_load_text - the same from memory; path names it in messages and anchors relative
 * paths. */
WARN_UNUSED enum err config_load_text(const char *text, size_t len, const char *path,
                                      struct arena *arena, struct diag_list *diags,
                                      const struct config **out_config);

/* config_recovery_worst_ms - the worst-case time in which clients leave a dead region of
 * service: max(interval + timeout + stable, detect + suspect) with detect = interval + timeout
 * + (fall - 1) * (confirm + timeout). 0 when nothing is checked. */
uint64_t config_recovery_worst_ms(const struct config *config,
                                  const struct config_service *service,
                                  uint64_t *out_detect_ms);

/* Names of enum values as the file writes them, for messages. */
const char *config_policy_name(enum config_policy policy);
const char *config_check_kind_name(enum config_check_kind kind);
