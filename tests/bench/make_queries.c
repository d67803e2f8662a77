/* make_queries - writes DNS queries for dns_load.
 *
 *   make_queries WORKLOAD OUT --zone ZONE --steered NAME... --static NAME... [--count N]
 *                [--seed N]
 *
 * steered-ecs    70 % steered names with a random client subnet (4 in 5 an IPv4 /24, else an
 *                IPv6 /48), 20 % static names, 10 % names that do not exist
 * steered-plain  steered names without a client subnet
 * static         names with ordinary records
 * nxdomain       random names below the zone, none of which exists
 *
 * NAME is relative to ZONE; --steered and --static may be repeated, and a static name may hold
 * one %u and a count, "host%u:1000", for host0 .. host999. Types are A and AAAA in turn. Every
 * query has an OPT record with 1232 bytes, as resolvers send. The same seed makes the same
 * file.
 */

#include <getopt.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "packet_file.h"

#define NAMES_MAX 64u

enum kind { STEERED_ECS, STEERED, STATIC, NXDOMAIN };

struct queries {
    const char *workload, *out_path, *zone;
    const char *steered[NAMES_MAX], *fixed[NAMES_MAX];
    unsigned steered_count, fixed_count;
    uint32_t count;
    uint64_t random; /* state: any number */
};

struct wire { /* a query under construction */
    uint8_t bytes[PACKET_BYTES_MAX];
    uint16_t len;
};

static uint64_t draw(struct queries *q)
{
    uint64_t x = q->random += 0x9e3779b97f4a7c15u; /* splitmix64 */
    x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9u;
    x = (x ^ x >> 27) * 0x94d049bb133111ebu;
    return x ^ x >> 31;
}

static void put(struct wire *w, uint64_t value, unsigned byte_count)
{
    while (byte_count-- > 0 && w->len < sizeof w->bytes)
        w->bytes[w->len++] = (uint8_t)(value >> (8 * byte_count));
}

/* Text without escapes; no final root label. */
static void put_labels(struct wire *w, const char *text)
{
    while (*text != '\0') {
        size_t len = strcspn(text, ".");
        put(w, len, 1);
        for (size_t i = 0; i < len; i++)
            put(w, (uint8_t)text[i], 1);
        text += len + (text[len] == '.');
    }
}

/* A client somewhere: not in 0/8, 10/8, 127/8 or above 223; the rest of special space is small
 * enough to be part of the noise. */
static void put_client_v4(struct wire *w, uint64_t chance)
{
    unsigned first = 1 + (unsigned)(chance % 223);
    if (first == 10 || first == 127)
        first++;
    put(w, 1, 2); /* family */
    put(w, 24, 1);
    put(w, 0, 1);
    put(w, (uint64_t)first << 16 | (chance >> 16 & 0xffff), 3);
}

static void put_client_v6(struct wire *w, uint64_t chance)
{
    static const uint16_t top[] = {0x2001, 0x2400, 0x2600, 0x2800, 0x2a00, 0x2c00};
    uint64_t first = top[chance % 6];
    uint64_t spread = chance >> 8 & (first == 0x2001 ? 0 : 0xf);
    put(w, 2, 2);
    put(w, 48, 1);
    put(w, 0, 1);
    put(w, first | spread, 2);
    put(w, chance >> 16 & 0xffffffffu, 4);
}

/* source: RFC 6891 section 6.1, RFC 7871 section 6 */
static void put_opt(struct wire *w, struct queries *q, bool with_ecs)
{
    uint64_t chance = draw(q);
    bool is_v6 = draw(q) % 5 == 0;
    unsigned address_bytes = is_v6 ? 6 : 3;

    put(w, 0, 1);    /* root */
    put(w, 41, 2);   /* OPT */
    put(w, 1232, 2); /* payload size */
    put(w, 0, 4);    /* extended rcode, version, flags */
    put(w, with_ecs ? 8u + address_bytes : 0, 2);
    if (!with_ecs)
        return;
    put(w, 8, 2); /* option code: client subnet */
    put(w, 4u + address_bytes, 2);
    if (is_v6)
        put_client_v6(w, chance);
    else
        put_client_v4(w, chance);
}

static const char *pick_name(struct queries *q, enum kind kind, char *buffer,
                             size_t buffer_bytes)
{
    if (kind == NXDOMAIN) {
        snprintf(buffer, buffer_bytes, "nx-%08x", (unsigned)draw(q));
        return buffer;
    }
    if (kind != STATIC)
        return q->steered[draw(q) % q->steered_count];

    const char *name = q->fixed[draw(q) % q->fixed_count];
    const char *hole = strstr(name, "%u"), *colon = strchr(name, ':');
    if (hole == NULL || colon == NULL || hole > colon)
        return name;
    unsigned long range = strtoul(colon + 1, NULL, 10);
    snprintf(buffer, buffer_bytes, "%.*s%lu%.*s", (int)(hole - name), name,
             (unsigned long)draw(q) % (range == 0 ? 1 : range), (int)(colon - hole - 2),
             hole + 2);
    return buffer;
}

static void make_query(struct queries *q, enum kind kind, struct wire *w)
{
    char buffer[64];
    const char *name = pick_name(q, kind, buffer, sizeof buffer);

    w->len = 0;
    put(w, 0, 2); /* id: dns_load's */
    put(w, 0, 2); /* a standard query, RD off */
    put(w, 1, 2); /* one question */
    put(w, 0, 4);
    put(w, 1, 2); /* one additional record */
    if (strcmp(name, "@") != 0)
        put_labels(w, name);
    put_labels(w, q->zone);
    put(w, 0, 1);
    put(w, draw(q) % 2 == 0 ? 1 : 28, 2); /* A or AAAA */
    put(w, 1, 2);                         /* IN */
    put_opt(w, q, kind == STEERED_ECS);
}

/* false: there is no such workload */
static bool pick_kind(struct queries *q, enum kind *out_kind)
{
    uint64_t percent = draw(q) % 100;
    if (strcmp(q->workload, "steered-ecs") == 0)
        *out_kind = percent < 70 ? STEERED_ECS : percent < 90 ? STATIC : NXDOMAIN;
    else if (strcmp(q->workload, "steered-plain") == 0)
        *out_kind = STEERED;
    else if (strcmp(q->workload, "static") == 0)
        *out_kind = STATIC;
    else if (strcmp(q->workload, "nxdomain") == 0)
        *out_kind = NXDOMAIN;
    else
        return false;
    return true;
}

static bool parse_options(struct queries *q, int argc, char **argv)
{
    static const struct option options[] = {
        {"zone", required_argument, NULL, 'z'},   {"steered", required_argument, NULL, 's'},
        {"static", required_argument, NULL, 'f'}, {"count", required_argument, NULL, 'c'},
        {"seed", required_argument, NULL, 'r'},   {NULL, 0, NULL, 0},
    };
    int option;

    while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
        if (option == 'z')
            q->zone = optarg;
        else if (option == 's' && q->steered_count < NAMES_MAX)
            q->steered[q->steered_count++] = optarg;
        else if (option == 'f' && q->fixed_count < NAMES_MAX)
            q->fixed[q->fixed_count++] = optarg;
        else if (option == 'c')
            q->count = (uint32_t)strtoul(optarg, NULL, 10);
        else if (option == 'r')
            q->random = strtoull(optarg, NULL, 10);
        else
            return false;
    }
    if (argc - optind != 2 || q->zone == NULL || q->steered_count == 0 || q->fixed_count == 0)
        return false;
    q->workload = argv[optind];
    q->out_path = argv[optind + 1];
    return q->count > 0 && q->count <= PACKET_COUNT_MAX && strlen(q->zone) < 200;
}

static bool write_queries(struct queries *q, FILE *out)
{
    struct wire wire;
    enum kind kind;
    for (uint32_t i = 0; i < q->count; i++) {
        if (!pick_kind(q, &kind)) {
            fprintf(stderr, "make_queries: no workload '%s'\n", q->workload);
            return false;
        }
        make_query(q, kind, &wire);
        if (!packet_put(out, wire.bytes, wire.len))
            return false;
    }
    return fflush(out) == 0;
}

int main(int argc, char **argv)
{
    struct queries q = {.count = 100000, .random = 1};

    if (!parse_options(&q, argc, argv)) {
        fprintf(stderr, "usage: make_queries WORKLOAD OUT --zone ZONE --steered NAME... "
                        "--static NAME... [--count N] [--seed N]\n");
        return 2;
    }
    FILE *out = fopen(q.out_path, "wb");
    if (out == NULL) {
        perror(q.out_path);
        return 1;
    }
    bool is_written = write_queries(&q, out);
    if (fclose(out) != 0 || !is_written) {
        fprintf(stderr, "make_queries: %s could not be written\n", q.out_path);
        return 1;
    }
    return 0;
}
