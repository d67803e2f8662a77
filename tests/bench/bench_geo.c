/* bench_geo - how long geography takes to compile, and what a look-up costs then.
 *
 *     bench_geo DATABASE.mmdb
 *
 * Builds what a policy `nearest` over eight regions needs: a class is the order of the four
 * nearest regions. Prints the time of each phase, the mean cost of a look-up, and the resident
 * memory after the temporary tables are freed. Linked with geo_dep alone.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "rhumb/arena.h"
#include "rhumb/diag.h"
#include "rhumb/geo_map.h"
#include "rhumb/geo_trie.h"
#include "rhumb/rng.h"

enum { REGIONS = 8, RANKED = 4, KNOWN_MAX = 1 << 20, PASS = 500 * 1000, PASSES = 30 };

static const double regions[REGIONS][2] = {
    {39.04, -77.49}, {45.84, -119.70}, {53.34, -6.26},  {50.11, 8.68},
    {35.68, 139.69}, {1.35, 103.82},   {-33.87, 151.2}, {-23.55, -46.63},
};

/* Seconds of processor time: one thread, nothing waits, and neighbours count less. */
static double now_s(void)
{
    struct timespec time;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static void print_memory(const char *when)
{
    char line[256];
    FILE *status = fopen("/proc/self/status", "r");
    while (status && fgets(line, sizeof(line), status)) {
        if (strncmp(line, "VmRSS:", 6) == 0 || strncmp(line, "VmHWM:", 6) == 0)
            printf("%-24s %s", when, line);
    }
    if (status)
        fclose(status);
}

/* class_of_place - the order of the nearest regions as a number; 0 without coordinates. */
static uint32_t class_of_place(const struct geo_place *place)
{
    double latitude, longitude, distances[REGIONS];
    if (!geo_place_coordinates(place, &latitude, &longitude))
        return 0;
    for (size_t r = 0; r < REGIONS; r++)
        distances[r] = geo_distance_km(latitude, longitude, regions[r][0], regions[r][1]);
    uint32_t class = 0;
    for (size_t rank = 0; rank < RANKED; rank++) {
        size_t best = 0;
        for (size_t r = 1; r < REGIONS; r++)
            best = distances[r] < distances[best] ? r : best;
        class = class * REGIONS + (uint32_t)best;
        distances[best] = INFINITY;
    }
    return class + 1;
}

struct known {
    const struct geo_map *map;
    struct ip_addr *addresses; /* one in each of a sample of the IPv6 networks with a country */
    size_t count, seen, next;
    struct rng rng;
};

static struct ip_addr random_inside(struct rng *rng, const struct ip_addr *start, unsigned len)
{
    struct ip_addr addr = {.family = start->family};
    for (unsigned i = 0; i < ip_bits(start->family) / 8; i++)
        addr.bytes[i] = (uint8_t)rng_next(rng);
    struct ip_addr kept = ip_masked(start, len), dropped = ip_masked(&addr, len);
    for (unsigned i = 0; i < sizeof(addr.bytes); i++)
        addr.bytes[i] = (uint8_t)(addr.bytes[i] ^ dropped.bytes[i] ^ kept.bytes[i]);
    return addr;
}

/* sample_v6 - walk the map from address to address; a reservoir of KNOWN_MAX stays. */
static void sample_v6(struct known *known)
{
    struct ip_addr at = {.family = IP_V6};
    for (;;) {
        struct ip_prefix prefix;
        size_t location = geo_map_find(known->map, &at, &prefix);
        if (geo_map_location(known->map, location)->place.country[0] != '\0') {
            uint64_t place = known->seen < KNOWN_MAX
                                 ? known->seen
                                 : rng_next(&known->rng) % (known->seen + 1);
            known->seen++;
            if (place < KNOWN_MAX)
                known->addresses[place] = random_inside(&known->rng, &prefix.addr, prefix.len);
        }
        int bit = (int)prefix.len - 1; /* add one to the prefix's last bit */
        while (bit >= 0 && (at.bytes[bit / 8] & 0x80 >> bit % 8)) {
            at.bytes[bit / 8] &= (uint8_t) ~(0x80 >> bit % 8);
            bit--;
        }
        if (bit < 0)
            break;
        at.bytes[bit / 8] |= (uint8_t)(0x80 >> bit % 8);
    }
    known->count = known->seen < KNOWN_MAX ? known->seen : KNOWN_MAX;
    for (size_t i = known->count; i > 1; i--) { /* shuffle, so that they are read in a row */
        size_t other = rng_below(&known->rng, (uint32_t)i);
        struct ip_addr moved = known->addresses[other];
        known->addresses[other] = known->addresses[i - 1];
        known->addresses[i - 1] = moved;
    }
}

/* One pass of look-ups; returns ns for each. */
typedef double (*look_up)(const struct geo_trie *trie, struct known *known, uint64_t *sum);

static double random_v4(const struct geo_trie *trie, struct known *known, uint64_t *sum)
{
    struct ip_addr addr = {.family = IP_V4};
    double start = now_s();
    for (size_t i = 0; i < PASS; i++) {
        uint8_t len;
        uint64_t random = rng_next(&known->rng);
        memcpy(addr.bytes, &random, 4);
        *sum += geo_trie_find(trie, &addr, &len) + len;
    }
    return (now_s() - start) / PASS * 1e9;
}

static double allocated_v6(const struct geo_trie *trie, struct known *known, uint64_t *sum)
{
    double start = now_s();
    for (size_t i = 0; i < PASS; i++) {
        uint8_t len;
        *sum += geo_trie_find(trie, &known->addresses[known->next], &len) + len;
        known->next = known->next + 1 < known->count ? known->next + 1 : 0;
    }
    return (now_s() - start) / PASS * 1e9;
}

/* bench - the mean is what was asked for; the best pass is what it is on a quiet machine. */
static void bench(const char *title, look_up one_pass, const struct geo_trie *trie,
                  struct known *known)
{
    double all = 0, best = INFINITY;
    uint64_t sum = 0;
    for (size_t i = 0; i < PASSES; i++) {
        double pass = one_pass(trie, known, &sum);
        all += pass;
        best = pass < best ? pass : best;
    }
    printf("%-24s mean %.1f ns, best pass %.1f ns (checksum %llx)\n", title, all / PASSES, best,
           (unsigned long long)sum);
}

static uint32_t *classes_of(const struct geo_map *map)
{
    size_t count = geo_map_location_count(map);
    uint32_t *class_of = calloc(count, sizeof(*class_of));
    for (size_t i = 0; class_of && i < count; i++)
        class_of[i] = class_of_place(&geo_map_location(map, i)->place);
    return class_of;
}

int main(int argc, char **argv)
{
    struct diag_list *diags = diag_list_new();
    struct arena *arena = arena_new((size_t)1 << 30);
    struct geo_db *db = NULL;
    struct geo_map *map = NULL;
    const struct geo_trie *trie = NULL;
    if (argc < 2 || !diags || !arena) {
        fprintf(stderr, "usage: bench_geo DATABASE.mmdb\n");
        return 1;
    }

    double t0 = now_s();
    if (geo_db_open(argv[1], NULL, diags, &db) != ERR_OK) {
        diag_print_all(diags, stderr);
        return 1;
    }
    double t1 = now_s();
    struct geo_map_input input = {.databases = &db, .database_count = 1};
    if (geo_map_build(&input, &map) != ERR_OK)
        return 1;
    double t2 = now_s();
    uint32_t *class_of = classes_of(map);
    double t3 = now_s();
    if (!class_of || geo_trie_build(map, class_of, arena, &trie) != ERR_OK)
        return 1;
    double t4 = now_s();
    printf("open and decode          %.3f s\n", t1 - t0);
    printf("map                      %.3f s, %zu networks, %zu locations\n", t2 - t1,
           geo_map_network_count(map), geo_map_location_count(map));
    printf("classes                  %.3f s\n", t3 - t2);
    printf("trie                     %.3f s, %zu leaves, %.1f MB\n", t4 - t3,
           geo_trie_leaf_count(trie), (double)geo_trie_bytes(trie) / 1e6);
    printf("all                      %.3f s\n", t4 - t0);
    print_memory("before freeing");

    struct known known = {.map = map, .addresses = calloc(KNOWN_MAX, sizeof(struct ip_addr))};
    if (!known.addresses)
        return 1;
    rng_init(&known.rng, 1);
    sample_v6(&known);
    free(class_of);
    geo_map_free(map);
    geo_db_close(db);
    print_memory("after freeing");
    printf("(of that, addresses to look up: %.1f MB)\n",
           (double)known.count * sizeof(struct ip_addr) / 1e6);

    bench("look-up, random IPv4", random_v4, trie, &known);
    if (known.count > 0)
        bench("look-up, allocated IPv6", allocated_v6, trie, &known);
    free(known.addresses);
    arena_free(arena);
    diag_list_free(diags);
    return 0;
}
