#include "steering_config.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

enum { YAML_MAX = 1 << 20, REGIONS_MAX = 8, KEYS_MAX = 16, KEY_TEXT_MAX = 80 };

/* How a region or service refers to what exists so far. */
struct writer {
    struct steering_config *config;
    struct rng *rng;
    struct text *out;
    unsigned region_count, service_count;
    bool placed[REGIONS_MAX]; /* regions of which the place is known */
};

/* Keys of one map, to write none twice. */
struct keys {
    char text[KEYS_MAX][KEY_TEXT_MAX];
    unsigned count;
};

static unsigned below(struct rng *rng, unsigned limit)
{
    return rng_below(rng, limit);
}

static bool chance(struct rng *rng, unsigned percent)
{
    return below(rng, 100) < percent;
}

static const char *one_of(struct rng *rng, const char *const *texts, unsigned count)
{
    return texts[below(rng, count)];
}

static bool add_key(struct keys *keys, const char *text)
{
    for (unsigned i = 0; i < keys->count; i++)
        if (strcmp(keys->text[i], text) == 0)
            return false;
    if (keys->count == KEYS_MAX)
        return false;
    snprintf(keys->text[keys->count++], KEY_TEXT_MAX, "%s", text);
    return true;
}

/* ---- networks ---------------------------------------------------------------------------- */

static void set_bit(struct ip_addr *addr, unsigned bit, bool value)
{
    uint8_t mask = (uint8_t)(0x80 >> bit % 8);
    addr->bytes[bit / 8] =
        (uint8_t)(value ? addr->bytes[bit / 8] | mask : addr->bytes[bit / 8] & ~mask);
}

static struct ip_addr fill_behind(struct rng *rng, struct ip_addr addr, unsigned len)
{
    for (unsigned bit = len; bit < ip_bits(addr.family); bit++)
        set_bit(&addr, bit, below(rng, 2) == 1);
    return addr;
}

static void make_bases(struct steering_config *config)
{
    static const char *const v6[STEERING_BASES] = {
        "2001:db8::", "2001:db8:1:2::",  "2a00:1450::",
        "2001::",     "2002:c000:200::", "64:ff9b::192.0.2.0"};
    for (unsigned i = 0; i < STEERING_BASES; i++) {
        struct ip_addr v4 = {.family = IP_V4};
        config->bases[0][i] = fill_behind(&config->rng, v4, 0);
        ip_parse(v6[i], &config->bases[1][i]);
    }
    /* two of IPv4 are neighbours */
    config->bases[0][1] = config->bases[0][0];
    config->bases[0][1].bytes[3] ^= 0x80;
}

static struct ip_addr random_addr(struct steering_config *config, bool v6)
{
    const struct ip_addr *base = &config->bases[v6][below(&config->rng, STEERING_BASES)];
    return fill_behind(&config->rng, *base, below(&config->rng, ip_bits(base->family) + 1));
}

static void add_point(struct steering_config *config, const struct ip_addr *addr)
{
    if (config->point_count < STEERING_POINTS_MAX)
        config->points[config->point_count++] = *addr;
}

static const char *random_network(struct steering_config *config, char buffer[IP_TEXT_MAX])
{
    struct rng *rng = &config->rng;
    bool v6 = chance(rng, 40);
    struct ip_prefix prefix = {.addr = random_addr(config, v6)};
    unsigned most = ip_bits(prefix.addr.family), middle = v6 ? 48 : 20;
    prefix.len =
        (uint8_t)(chance(rng, 70) ? middle - 8 + below(rng, 20) : below(rng, most + 1));
    prefix.addr = ip_masked(&prefix.addr, prefix.len);
    struct ip_addr last = prefix.addr;
    for (unsigned bit = prefix.len; bit < most; bit++)
        set_bit(&last, bit, true);
    add_point(config, &prefix.addr);
    add_point(config, &last);
    return ip_prefix_format(&prefix, buffer);
}

/* ---- places and matchers ----------------------------------------------------------------- */

static const char *const COUNTRIES[] = {"US", "DE", "CH", "JP", "NL", "GB", "BR", "ZA"};
static const char *const CONTINENTS[] = {"EU", "NA", "AS", "SA", "AF"};
static const char *const SUBDIVISIONS[] = {"US-CA", "US-NY", "DE-BE", "GB-ENG"};

#define ONE_OF(rng, texts) one_of(rng, texts, sizeof(texts) / sizeof(texts[0]))

/* put_location - the body of a location; returns whether distances can be measured from it. */
static bool put_location(struct writer *w)
{
    const char *comma = "";
    bool placed = false;
    text_printf(w->out, "{ ");
    if (chance(w->rng, 20)) {
        text_printf(w->out, "subdivision: %s", ONE_OF(w->rng, SUBDIVISIONS));
        comma = ", ";
        placed = true;
    } else if (chance(w->rng, 60)) {
        text_printf(w->out, "country: %s", ONE_OF(w->rng, COUNTRIES));
        comma = ", ";
        placed = true;
    } else if (chance(w->rng, 30)) {
        text_printf(w->out, "continent: %s", ONE_OF(w->rng, CONTINENTS));
        comma = ", ";
    }
    if (chance(w->rng, 50)) {
        text_printf(w->out, "%slocation: [%d, %d]", comma, (int)below(w->rng, 181) - 90,
                    (int)below(w->rng, 361) - 180);
        comma = ", ";
        placed = true;
    }
    if (comma[0] == '\0' || chance(w->rng, 30))
        text_printf(w->out, "%sasn: AS%u", comma, 64496 + below(w->rng, 4));
    text_printf(w->out, " }");
    return placed;
}

static const char *random_matcher(struct writer *w, char buffer[KEY_TEXT_MAX])
{
    char network[IP_TEXT_MAX];
    switch (below(w->rng, 9)) {
    case 0:
    case 1:
    case 2: snprintf(buffer, KEY_TEXT_MAX, "\"%s\"", random_network(w->config, network)); break;
    case 3: snprintf(buffer, KEY_TEXT_MAX, "AS%u", 64496 + below(w->rng, 4)); break;
    case 4: return ONE_OF(w->rng, SUBDIVISIONS);
    case 5: return ONE_OF(w->rng, COUNTRIES);
    case 6: return ONE_OF(w->rng, CONTINENTS);
    case 7: return "EU-union";
    default: return "default";
    }
    return buffer;
}

static void put_geo(struct writer *w)
{
    struct keys keys = {0};
    text_printf(w->out, "geo:\n  networks:\n");
    for (unsigned n = 2 + below(w->rng, 12); n > 0; n--) {
        char network[IP_TEXT_MAX];
        if (!add_key(&keys, random_network(w->config, network)))
            continue;
        text_printf(w->out, "    \"%s\": ", network);
        put_location(w);
        text_printf(w->out, "\n");
    }
    if (chance(w->rng, 40)) {
        text_printf(w->out, "  default: ");
        put_location(w);
        text_printf(w->out, "\n");
    }
}

static void put_regions(struct writer *w)
{
    w->region_count = 2 + below(w->rng, REGIONS_MAX - 1);
    text_printf(w->out, "regions:\n");
    for (unsigned i = 0; i < w->region_count; i++) {
        text_printf(w->out, "  r%u: ", i);
        w->placed[i] = put_location(w);
        text_printf(w->out, "\n");
    }
}

/* ---- services ---------------------------------------------------------------------------- */

static void put_addresses(struct writer *w, unsigned service, unsigned region)
{
    unsigned v4 = below(w->rng, 4), v6 = below(w->rng, 4);
    const char *comma = "";
    if (v4 + v6 == 0)
        v4 = 1;
    if (chance(w->rng, 15)) /* some share endpoints with another region */
        region = 0;
    text_printf(w->out, "addresses: [");
    for (unsigned i = 0; i < v4; i++, comma = ",")
        text_printf(w->out, "%s 10.%u.%u.%u", comma, service, region, i + 1);
    for (unsigned i = 0; i < v6; i++, comma = ",")
        text_printf(w->out, "%s \"2001:db8:ff%02x:%x::%x\"", comma, service, region, i + 1);
    text_printf(w->out, " ]");
}

static void put_region(struct writer *w, unsigned region, bool weightless)
{
    text_printf(w->out, "      r%u: { ", region);
    if (w->service_count > 0 && chance(w->rng, 25))
        text_printf(w->out, "service: s%u", below(w->rng, w->service_count));
    else if (chance(w->rng, 10))
        text_printf(w->out, "names: [ r%u.example.net, r%u.example.com ]", region, region);
    else
        put_addresses(w, w->service_count, region);
    if (weightless || chance(w->rng, 40))
        text_printf(w->out, ", weight: %u", weightless ? 0 : 1 + below(w->rng, 10));
    if (chance(w->rng, 30))
        text_printf(w->out, ", bias_km: %d", (int)below(w->rng, 4000) - 2000);
    unsigned serves = below(w->rng, 4);
    for (unsigned i = 0; i < serves; i++) {
        char buffer[KEY_TEXT_MAX];
        text_printf(w->out, "%s%s%s", i == 0 ? ", serves: [ " : ", ", random_matcher(w, buffer),
                    i + 1 == serves ? " ]" : "");
    }
    text_printf(w->out, " }\n");
}

/* put_region_list - "[ r1, r4 ]": some of the service's regions, at least one. */
static void put_region_list(struct writer *w, const unsigned *regions, unsigned count)
{
    unsigned first = below(w->rng, count);
    text_printf(w->out, "[ r%u", regions[first]);
    for (unsigned i = first + 1; i < count; i++)
        if (chance(w->rng, 40))
            text_printf(w->out, ", r%u", regions[i]);
    text_printf(w->out, " ]\n");
}

static void put_residency(struct writer *w, const unsigned *regions, unsigned count)
{
    struct keys keys = {0};
    if (chance(w->rng, 50))
        return;
    text_printf(w->out, "    residency:\n");
    for (unsigned n = 1 + below(w->rng, 5); n > 0; n--) {
        char buffer[KEY_TEXT_MAX];
        const char *who = random_matcher(w, buffer);
        if (!add_key(&keys, who))
            continue;
        text_printf(w->out, "      %s: ", who);
        put_region_list(w, regions, count);
    }
}

static void put_options(struct writer *w, const unsigned *regions, unsigned count)
{
    struct rng *rng = w->rng;
    if (chance(rng, 85))
        text_printf(w->out, "    check: tcp\n");
    if (chance(rng, 60))
        text_printf(w->out, "    min_up: %u%%\n",
                    chance(rng, 50) ? below(rng, 5) * 25 : below(rng, 101));
    if (chance(rng, 40))
        text_printf(w->out, "    max_answers: %u\n", 1 + below(rng, 4));
    if (chance(rng, 50))
        text_printf(w->out, "    answers: 2\n");
    if (chance(rng, 50))
        text_printf(w->out, "    depth: %u\n", 1 + below(rng, 6));
    if (chance(rng, 30))
        text_printf(w->out, "    sticky: true\n");
    if (chance(rng, 70))
        text_printf(w->out, "    ttl: { stable: %us, unsettled: %us, suspect: %us }\n",
                    20 + below(rng, 100), 5 + below(rng, 20), 1 + below(rng, 6));
    switch (below(rng, 4)) {
    case 0: text_printf(w->out, "    when_all_down: empty\n"); break;
    case 1:
        text_printf(w->out, "    when_all_down: { region: r%u }\n", regions[below(rng, count)]);
        break;
    default: break;
    }
    put_residency(w, regions, count);
}

static void put_service(struct writer *w)
{
    static const char *const policies[] = {"failover", "weighted", "geo", "nearest", "latency"};
    struct rng *rng = w->rng;
    const char *policy = ONE_OF(rng, policies);
    bool measures = policy[0] == 'n' || policy[0] == 'l';
    unsigned regions[REGIONS_MAX], count = 0;
    for (unsigned i = 0; i < w->region_count; i++)
        if ((!measures || w->placed[i]) && chance(rng, 65))
            regions[count++] = i;
    if (count == 0) {
        policy = "geo";
        regions[count++] = 0;
    }
    text_printf(w->out, "  s%u:\n    policy: %s\n", w->service_count, policy);
    if (policy[0] == 'l' && chance(rng, 40))
        text_printf(w->out, "    latency: { source: pop }\n");
    if (policy[0] == 'f' && chance(rng, 60)) {
        text_printf(w->out, "    order: ");
        put_region_list(w, regions, count);
    }
    put_options(w, regions, count);
    text_printf(w->out, "    regions:\n");
    for (unsigned i = 0; i < count; i++)
        put_region(w, regions[i], i > 0 && chance(rng, 15));
    w->service_count++;
}

void steering_config_init(struct steering_config *config, uint64_t seed)
{
    memset(config, 0, sizeof(*config));
    rng_init(&config->rng, seed);
    text_init(&config->yaml, YAML_MAX);
    make_bases(config);
    struct writer w = {.config = config, .rng = &config->rng, .out = &config->yaml};
    text_printf(w.out, "checks: { tcp: { tcp: { port: 80 } } }\n");
    put_geo(&w);
    put_regions(&w);
    text_printf(w.out, "services:\n");
    for (unsigned n = 1 + below(w.rng, 4); n > 0; n--)
        put_service(&w);
}

void steering_config_deinit(struct steering_config *config)
{
    text_deinit(&config->yaml);
}

/* ---- clients ----------------------------------------------------------------------------- */

/* embed - an IPv4 address in one of the transition forms. */
static struct ip_addr embed(struct rng *rng, const struct ip_addr *v4)
{
    static const char *const forms[] = {"::ffff:0:0", "64:ff9b::", "2002::", "2001::"};
    unsigned form = below(rng, 4), offset = form == 2 ? 2 : 12;
    struct ip_addr addr;
    ip_parse(forms[form], &addr);
    if (form == 2)
        addr = fill_behind(rng, addr, 16 + 32);
    if (form == 3)
        addr = fill_behind(rng, addr, 32);
    for (unsigned i = 0; i < 4; i++)
        addr.bytes[offset + i] = form == 3 ? (uint8_t)~v4->bytes[i] : v4->bytes[i];
    return addr;
}

struct policy_client steering_random_client(struct steering_config *config)
{
    struct rng *rng = &config->rng;
    struct policy_client client = {.is_ecs = chance(rng, 80)};
    struct ip_addr addr = random_addr(config, chance(rng, 40));
    if (config->point_count > 0 && chance(rng, 40))
        addr = config->points[below(rng, (unsigned)config->point_count)];
    if (addr.family == IP_V4 && chance(rng, 25))
        addr = embed(rng, &addr);
    unsigned len = ip_bits(addr.family);
    if (client.is_ecs && chance(rng, 80))
        len = 1 + below(rng, len);
    client.network = (struct ip_prefix){ip_masked(&addr, len), (uint8_t)len};
    return client;
}

struct ip_addr steering_random_inside(struct steering_config *config,
                                      const struct ip_addr *addr, unsigned len)
{
    struct rng *rng = &config->rng;
    unsigned bits = ip_bits(addr->family);
    struct ip_prefix inside = {ip_masked(addr, len), (uint8_t)len};
    for (unsigned tries = chance(rng, 50) ? 8 : 0; tries > 0 && config->point_count > 0;
         tries--) {
        struct ip_addr point = config->points[below(rng, (unsigned)config->point_count)];
        if (addr->family == IP_V6 && point.family == IP_V4)
            point = embed(rng, &point);
        if (ip_prefix_contains(&inside, &point))
            return point;
    }
    if (len < bits && chance(rng, 30)) {
        struct ip_addr next = *addr;
        set_bit(&next, len, below(rng, 2) == 1);
        return next;
    }
    return fill_behind(rng, inside.addr, len + below(rng, bits - len + 1));
}
